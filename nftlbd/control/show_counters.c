/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers that show what was counted: the kernel is asked, piece by piece,
 * then the totals are shown.
 *
 * The job outlives its request: counters_read() answers once, whatever happened
 * to us.
 */
#include <stdlib.h>

#include "control/handlers.h"
#include "control/json.h"
#include "control/stream.h"
#include "daemon/counters.h"
#include "http/reply.h"
#include "lib/xalloc.h"

struct counters_job {
	struct later later; /* first */
	void (*answer)(struct request *rq);
};

static void job_abandon(struct later *l)
{
	/* job_done() frees it. */
}

static void job_done(void *arg, bool known)
{
	struct counters_job *job = arg;
	struct request *rq = job->later.rq;

	if (rq) {
		request_resume(rq);
		job->answer(rq);
	}
	free(job);
}

/* Read the counters of a service, or of all (NULL), then answer. */
static void start(struct request *rq, const char *service,
		  void (*answer)(struct request *rq))
{
	struct counters_job *job;

	if (!request_daemon(rq)->counters) {
		answer(rq);
		return;
	}
	job = xcalloc(1, sizeof(*job));
	job->later = (struct later){ .rq = rq, .abandon = job_abandon };
	job->answer = answer;
	request_suspend(rq, &job->later);
	counters_read(request_daemon(rq)->counters, service, job_done, job);
}

/* ---- answers */

static const struct service *find_service(struct request *rq)
{
	const struct service *s =
	    model_service(request_daemon(rq)->model, rq->at[AT_SERVICE]);

	if (!s)
		reply_problem(rq, MHD_HTTP_NOT_FOUND, "no service \"%s\"",
			      rq->at[AT_SERVICE]);
	return s;
}

static void item_counters(struct stream *s, const struct service *svc,
			  size_t index)
{
	stream_json(s, json_counters(s->d, svc));
}

static void stream_all(struct request *rq, struct counts *c)
{
	stream_array(rq, c, item_counters);
}

static void answer_all(struct request *rq)
{
	counts_start(rq, NULL, false, stream_all);
}

static void answer_service(struct request *rq)
{
	const struct service *s = find_service(rq);

	if (s)
		reply_json(rq, json_counters(request_daemon(rq), s));
}

static void answer_backend(struct request *rq)
{
	const struct service *s = find_service(rq);
	const struct backend *b =
	    s ? service_backend(s, rq->at[AT_BACKEND]) : NULL;

	if (b)
		reply_json(rq, json_backend_counters(request_daemon(rq), s, b));
	else if (s)
		reply_problem(rq, MHD_HTTP_NOT_FOUND,
			      "service \"%s\" has no backend \"%s\"",
			      rq->at[AT_SERVICE], rq->at[AT_BACKEND]);
}

/* ---- handlers */

void show_all_counters(struct request *rq)
{
	start(rq, NULL, answer_all);
}

void show_counters(struct request *rq)
{
	start(rq, rq->at[AT_SERVICE], answer_service);
}

void show_backend_counters(struct request *rq)
{
	start(rq, rq->at[AT_SERVICE], answer_backend);
}
