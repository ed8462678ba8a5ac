/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers of configurations and plans: show, check, compare, adopt.
 *
 * Invariant: who is not root may ask about the daemon's own file only; error
 * messages quote what is in a file, and he may not be allowed to read others.
 * Must not know: how a file is read, how a plan is made.
 */
#include <errno.h>
#include <stdlib.h>

#include "control/handlers.h"
#include "control/json.h"
#include "control/price.h"
#include "http/input.h"
#include "http/reply.h"
#include "lib/xalloc.h"

void show_plan(struct request *rq)
{
	reply_sync_forecast(rq);
}

/* ---- files */

static const struct input_field path_fields[] = {
	{ .name = "path", .kind = INPUT_PATH },
};

/* The file that the body names, or NULL = the daemon's; false: answered. */
static bool read_path(struct request *rq, char **path)
{
	struct err err = { "" };
	struct input_value v;
	int ret =
	    input_read(rq->body.data, rq->body.len, path_fields, 1, &v, &err);

	if (ret == 0 && v.given && !rq->peer.owner)
		ret = err_set(&err, -EPERM, "path: for root only");
	if (ret < 0) {
		input_free(&v, 1);
		reply_err(rq, ret, &err);
		return false;
	}
	*path = v.text;
	return true;
}

void show_config(struct request *rq)
{
	struct daemon *d = request_daemon(rq);
	struct buf text = { 0 };

	conf_print(d->model->conf, &text);
	reply_json(rq, json_pack("{s:o, s:I, s:o}", "text",
				 json_safe(text.data ? text.data : ""),
				 "revision", (json_int_t)d->revision, "path",
				 json_safe(d->conf_path)));
	buf_free(&text);
}

void config_check(struct request *rq)
{
	struct conf_errors errors = { 0 };
	struct err err = { "" };
	struct conf *conf = NULL;
	const char *used;
	char *path;
	int ret;

	if (!read_path(rq, &path))
		return;
	used = path ? path : request_daemon(rq)->conf_path;
	ret = conf_load(used, &conf, &errors);
	if (ret == 0)
		ret = daemon_check(request_daemon(rq), conf, &err);
	if (errors.n)
		reply_errors(rq, &errors);
	else if (ret < 0)
		reply_err(rq, ret, &err);
	else
		reply_json(rq,
			   json_pack("{s:o, s:I}", "path", json_safe(used),
				     "services", (json_int_t)conf->nservices));
	conf_free(conf);
	conf_errors_free(&errors);
	free(path);
}

static void reply_diff(struct request *rq, const char *path)
{
	struct conf_errors errors = { 0 };
	struct err err = { "" };
	struct forecast f;
	int ret = daemon_diff(request_daemon(rq), path, &f, &errors, &err);

	if (ret == 0)
		reply_forecast(rq, &f);
	else if (errors.n)
		reply_errors(rq, &errors);
	else
		reply_err(rq, ret, &err);
	conf_errors_free(&errors);
}

void config_diff(struct request *rq)
{
	char *path;

	if (!read_path(rq, &path))
		return;
	reply_diff(rq, path);
	free(path);
}

/* ---- reload; it may have to load large lists first */

struct reload_job {
	struct later later; /* first */
	struct reload_waiter waiter;
};

static void reply_reloaded(struct request *rq, int ret, const struct err *err)
{
	if (ret == 0)
		reply_json(rq,
			   json_pack("{s:I}", "revision",
				     (json_int_t)request_daemon(rq)->revision));
	else
		reply_err(rq, ret, err);
}

static void reload_abandon(struct later *l)
{
	struct reload_job *job = (struct reload_job *)l;

	daemon_reload_leave(&job->waiter);
	free(job);
}

static void on_reloaded(struct reload_waiter *w, int ret, const struct err *err)
{
	struct reload_job *job =
	    (struct reload_job *)((char *)w -
				  offsetof(struct reload_job, waiter));
	struct request *rq = job->later.rq;

	reply_reloaded(rq, ret, err);
	request_resume(rq);
	free(job);
}

static void reload_wait(struct request *rq)
{
	struct reload_job *job = xcalloc(1, sizeof(*job));

	job->later = (struct later){ .rq = rq, .abandon = reload_abandon };
	job->waiter.done = on_reloaded;
	daemon_reload_wait(request_daemon(rq), &job->waiter);
	request_suspend(rq, &job->later);
}

void config_reload(struct request *rq)
{
	struct conf_errors errors = { 0 };
	const struct author who = request_author(rq);
	struct err err = { "" };
	int ret = input_read(rq->body.data, rq->body.len, NULL, 0, NULL, &err);
	bool dry;

	if (ret == 0 && !read_dry_run(rq, &dry))
		return;
	if (ret == 0 && dry) {
		reply_diff(rq, NULL);
		return;
	}
	if (ret == 0)
		ret = daemon_reload(request_daemon(rq), &who, &errors, &err);
	if (ret == 1)
		reload_wait(rq);
	else if (errors.n)
		reply_errors(rq, &errors);
	else
		reply_reloaded(rq, ret, &err);
	conf_errors_free(&errors);
}
