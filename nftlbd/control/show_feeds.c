/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers that show the feeds of dynamic weights. */
#include "control/handlers.h"
#include "control/json.h"
#include "control/stream.h"
#include "http/reply.h"

static void item_feeds(struct stream *s, const struct service *svc,
		       size_t index)
{
	json_t *list = json_array(), *o;
	size_t i;

	for (i = 0; i < svc->nbackends; i++)
		json_feeds(s->d, svc, &svc->backends[i], list);
	json_array_foreach(list, i, o)
		stream_json(s, json_incref(o));
	json_decref(list);
}

static void uncounted_feeds(struct request *rq, struct counts *c)
{
	stream_array(rq, c, item_feeds);
}

void show_all_feeds(struct request *rq)
{
	counts_start(rq, NULL, false, uncounted_feeds);
}

static void reply_backend(struct request *rq, const struct service *s)
{
	const struct backend *b = service_backend(s, rq->at[AT_BACKEND]);
	json_t *list;

	if (!b) {
		reply_problem(rq, MHD_HTTP_NOT_FOUND,
			      "service \"%s\" has no backend \"%s\"",
			      rq->at[AT_SERVICE], rq->at[AT_BACKEND]);
		return;
	}
	list = json_array();
	json_feeds(request_daemon(rq), s, b, list);
	reply_json(rq, list);
}

void show_feeds(struct request *rq)
{
	const struct service *s =
	    model_service(request_daemon(rq)->model, rq->at[AT_SERVICE]);

	if (!s)
		reply_problem(rq, MHD_HTTP_NOT_FOUND, "no service \"%s\"",
			      rq->at[AT_SERVICE]);
	else if (rq->at[AT_BACKEND][0])
		reply_backend(rq, s);
	else
		counts_start(rq, rq->at[AT_SERVICE], false, uncounted_feeds);
}
