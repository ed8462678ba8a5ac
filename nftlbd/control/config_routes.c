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
#include <string.h>

#include "control/answer.h"
#include "control/etags.h"
#include "control/handlers.h"
#include "control/json.h"
#include "control/price.h"
#include "daemon/members.h"
#include "daemon/revisions.h"
#include "http/mistakes.h"
#include "http/reply.h"

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
	int ret = request_input(rq, path_fields, 1, &v, &err);

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

/* The main file as it is in effect. */
static void reply_file(struct request *rq, const struct conf_file *f)
{
	reply_response(rq,
		       MHD_create_response_from_buffer(f->len, f->text,
						       MHD_RESPMEM_MUST_COPY),
		       "text/plain; charset=utf-8");
}

void show_config(struct request *rq)
{
	const char *accept = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	struct daemon *d = request_daemon(rq);
	const struct conf_file *file;
	struct buf text = { 0 };
	char etag[ETAG_STRLEN];
	size_t n;

	if (!may_read_files(rq))
		return;
	file = revisions_texts(d->revisions, &n);
	if (n && accept && !strncmp(accept, "text/plain", 10)) {
		reply_file(rq, file);
	} else {
		conf_print(d->model->conf, &text);
		reply_json(rq,
			   json_pack("{s:o, s:I, s:o, s:o}", "text",
				     json_safe(text.data ? text.data : ""),
				     "revision", (json_int_t)d->revision,
				     "path", json_safe(d->conf_path), "file",
				     n ? json_safe(file->text) : json_null()));
		buf_free(&text);
	}
	reply_etag(rq, etag_config(d, etag));
}

/* Members of pools count, wherever the text is from. */
static void check(struct request *rq, const char *path,
		  struct conf_source *source)
{
	struct conf_errors errors = { 0 };
	struct err err = { "" };
	struct conf *conf = NULL;
	int ret;

	members_source(request_daemon(rq)->members, source);
	ret = conf_load_from(path, source, &conf, &errors);
	if (ret == 0)
		ret = daemon_check(request_daemon(rq), conf, &err);
	if (errors.n)
		reply_errors(rq, &errors);
	else if (ret < 0)
		reply_err(rq, ret, &err);
	else
		reply_json(rq,
			   json_pack("{s:o, s:I}", "path", json_safe(path),
				     "services", (json_int_t)conf->nservices));
	conf_free(conf);
	conf_errors_free(&errors);
}

static bool is_text(const struct request *rq)
{
	const char *type = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);

	return type && !strncmp(type, "text/plain", 10);
}

/* The body is a text, as if it stood in the main file. */
static void check_text(struct request *rq)
{
	struct daemon *d = request_daemon(rq);
	const struct conf_file file = { (char *)d->conf_path, rq->body.data,
					rq->body.len };
	struct conf_source source = { .files = &file, .nfiles = 1 };

	if (rq->body.len == 0) {
		reply_problem(rq, MHD_HTTP_BAD_REQUEST,
			      "body: empty; allowed: the text of a "
			      "configuration file");
		return;
	}
	check(rq, d->conf_path, &source);
}

void config_check(struct request *rq)
{
	struct conf_source source = { 0 };
	char *path;

	if (is_text(rq)) {
		check_text(rq);
	} else if (read_path(rq, &path)) {
		check(rq, path ? path : request_daemon(rq)->conf_path, &source);
		free(path);
	}
}

void reply_diff(struct request *rq, const char *path,
		const struct conf_source *from)
{
	struct conf_errors errors = { 0 };
	struct err err = { "" };
	struct forecast f;
	int ret =
	    daemon_diff(request_daemon(rq), path, from, &f, &errors, &err);

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
	reply_diff(rq, path, NULL);
	free(path);
}

void config_reload(struct request *rq)
{
	struct conf_errors errors = { 0 };
	const struct author who = request_author(rq);
	struct err err = { "" };
	int ret = request_input(rq, NULL, 0, NULL, &err);
	bool dry;

	if (ret == 0 && !read_dry_run(rq, &dry))
		return;
	if (ret == 0 && dry) {
		reply_diff(rq, NULL, NULL);
		return;
	}
	if (ret == 0)
		ret = daemon_reload(request_daemon(rq), &who, &errors, &err);
	reply_change(rq, ret, &errors, &err, reply_revision);
}
