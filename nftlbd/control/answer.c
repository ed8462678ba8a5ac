/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/answer.h"

#include <stddef.h>
#include <stdlib.h>

#include "control/etags.h"
#include "daemon/revisions.h"
#include "http/json.h"
#include "http/reply.h"
#include "lib/xalloc.h"

/* ---- one that may have to load large lists first */

struct change_job {
	struct later later; /* first */
	struct reload_waiter waiter;
	void (*done)(struct request *rq);
};

static void change_abandon(struct later *l)
{
	struct change_job *job = (struct change_job *)l;

	daemon_reload_leave(&job->waiter);
	free(job);
}

static void on_changed(struct reload_waiter *w, int ret, const struct err *err)
{
	struct change_job *job =
	    (struct change_job *)((char *)w -
				  offsetof(struct change_job, waiter));
	struct request *rq = job->later.rq;

	if (ret == 0)
		job->done(rq);
	else
		reply_err(rq, ret, err);
	request_resume(rq);
	free(job);
}

static void change_wait(struct request *rq, void (*done)(struct request *rq))
{
	struct change_job *job = xcalloc(1, sizeof(*job));

	job->later = (struct later){ .rq = rq, .abandon = change_abandon };
	job->waiter.done = on_changed;
	job->done = done;
	daemon_reload_wait(request_daemon(rq), &job->waiter);
	request_suspend(rq, &job->later);
}

void reply_change(struct request *rq, int ret, struct conf_errors *errors,
		  const struct err *err, void (*done)(struct request *rq))
{
	if (ret == 1)
		change_wait(rq, done);
	else if (errors->n)
		reply_errors(rq, errors);
	else if (ret < 0)
		reply_err(rq, ret, err);
	else
		done(rq);
	conf_errors_free(errors);
}

/* ---- */

json_t *json_author(uid_t uid, const char *token)
{
	/* the kernel names nobody at the other end of TCP */
	return json_pack("{s:o, s:o}", "uid",
			 uid == (uid_t)-1 ? json_null()
					  : json_integer((json_int_t)uid),
			 "token", json_text(token));
}

json_t *json_pending(const struct daemon *d)
{
	const struct pending *p = revisions_pending(d->revisions);

	if (!p)
		return json_null();
	return json_pack(
	    "{s:I, s:I, s:o, s:I, s:o}", "revision", (json_int_t)d->revision,
	    "back_to", (json_int_t)p->back_to, "deadline",
	    json_time(p->deadline_ms), "left_s",
	    (json_int_t)((pending_left_ms(p, revisions_now_ms()) + 999) / 1000),
	    "author", json_author(p->uid, p->token));
}

void reply_revision(struct request *rq)
{
	struct daemon *d = request_daemon(rq);
	char etag[ETAG_STRLEN];

	reply_json(rq,
		   json_pack("{s:I, s:o}", "revision", (json_int_t)d->revision,
			     "pending", json_pending(d)));
	reply_etag(rq, etag_config(d, etag));
}
