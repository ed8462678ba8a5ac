/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a request: collect the body, find the route, call its handler,
 * send what it answered. MHD calls request_handle() again and again: with the
 * headers, with each piece of body, after the last piece, and after a resume.
 *
 * Invariants: who may not use the socket learns nothing but that. A body is
 * kept up to the site's body_max and no further, all of them up to its
 * bodies_max. A request is answered once.
 * What is under way for a request hears of its end, in whatever order things
 * end. Must not know: what any handler does.
 */
#include "http/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/admit.h"
#include "http/impl.h"
#include "http/mistakes.h"
#include "http/reply.h"
#include "lib/exposition.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define DROPPED_MAX (8u << 20) /* body beyond this ends the connection */

/* ---- begin and end */

void *request_announced(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct request *rq = xcalloc(1, sizeof(*rq));
	struct http *h = cls;

	rq->http = h;
	rq->target = h->site->all ? xstrdup(uri) : NULL;
	rq->context = h->site->context;
	rq->conn = conn;
	rq->next = h->requests;
	rq->prev = &h->requests;
	if (rq->next)
		rq->next->prev = &rq->next;
	h->requests = rq;
	return rq;
}

/* What is under way is not for us any more. */
static void request_forget(struct request *rq)
{
	struct later *l = rq->later;

	if (!l)
		return;
	rq->later = NULL;
	l->rq = NULL;
	l->abandon(l);
}

void request_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
		       enum MHD_RequestTerminationCode why)
{
	struct request *rq = *con_cls;

	if (!rq)
		return;
	*con_cls = NULL;
	conns_waiting(&rq->http->conns, conn);
	request_forget(rq);
	if (rq->response)
		MHD_destroy_response(rq->response);
	*rq->prev = rq->next;
	if (rq->next)
		rq->next->prev = rq->prev;
	rq->http->bodies -= rq->body.len;
	buf_free(&rq->body);
	json_decref(rq->mistakes);
	free(rq->target);
	free(rq);
}

void request_endless(struct request *rq)
{
	conns_endless(&rq->http->conns, rq->conn);
}

void request_suspend(struct request *rq, struct later *l)
{
	rq->later = l;
	rq->suspended = true;
	MHD_suspend_connection(rq->conn);
}

void request_resume(struct request *rq)
{
	struct http *h = rq->http;

	rq->later = NULL;
	rq->suspended = false;
	MHD_resume_connection(rq->conn);
	/* MHD only looks at it in its next run, and nothing on a descriptor
	 * tells that there is something to look at. */
	ev_timer_stop(h->site->loop, &h->wakeup);
	ev_timer_set(&h->wakeup, 0., 0.);
	ev_timer_start(h->site->loop, &h->wakeup);
}

void request_left(void *arg, struct MHD_Connection *conn)
{
	struct request *rq = ((struct http *)arg)->requests;

	while (rq && rq->conn != conn)
		rq = rq->next;
	if (!rq || !rq->suspended)
		return;
	request_forget(rq);
	request_resume(rq);
}

void request_abandon(struct request *rq)
{
	request_forget(rq);
	if (!rq->suspended)
		return;
	if (!rq->response)
		reply_problem(rq, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "the daemon is stopping");
	request_resume(rq);
}

/* ---- before the body: whose request is it, and is there such a route? */

static void request_route(struct request *rq, const char *method,
			  const char *url)
{
	char allow[ROUTES_ALLOW_MAX], quoted[128];

	rq->route = rq->http->site->all;
	if (rq->route)
		return;
	rq->route =
	    routes_find(rq->http->site->routes, method, url, rq->at, allow);
	if (rq->route && !admit_route(rq))
		return;
	if (rq->route)
		mistake_keys(rq);
	else if (allow[0])
		reply_refused(rq, allow);
	else
		reply_problem(
		    rq, MHD_HTTP_NOT_FOUND, "no such path: %s",
		    text_quote(url, strlen(url), quoted, sizeof(quoted)));
}

static size_t body_max(const struct request *rq)
{
	const struct route_table *t = rq->http->site->routes;
	size_t max = rq->http->site->body_max;

	for (size_t i = 0; t && t->large && t->large[i] && rq->route; i++)
		if (!strcmp(t->large[i], rq->route->path))
			return t->large_max;
	return max ? max : REQUEST_BODY_MAX;
}

static bool announces_too_much(struct request *rq)
{
	const char *length = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length && strtoull(length, NULL, 10) > body_max(rq);
}

static void reply_too_large(struct request *rq)
{
	reply_problem(rq, MHD_HTTP_CONTENT_TOO_LARGE,
		      "the body is larger than %zu bytes", body_max(rq));
}

/* Each may be large, all together may not. */
static bool lacks_room(const struct http *h, size_t more)
{
	size_t max = h->site->bodies_max;

	return max && (h->bodies > max || more > max - h->bodies);
}

static void reply_no_room(struct request *rq)
{
	reply_problem(rq, MHD_HTTP_SERVICE_UNAVAILABLE,
		      "the bodies of all requests that are under way are "
		      "larger than %zu bytes",
		      rq->http->site->bodies_max);
	MHD_add_response_header(rq->response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

/* ---- sending, and MHD's calls */

static enum MHD_Result request_send(struct request *rq)
{
	struct MHD_Response *response = rq->response;
	enum MHD_Result ret;

	rq->response = NULL;
	ret = MHD_queue_response(rq->conn, rq->status, response);
	MHD_destroy_response(response); /* MHD has its own reference */
	return ret;
}

static enum MHD_Result request_begin(struct request *rq, const char *method,
				     const char *url)
{
	rq->begun = true;
	rq->method = method;
	if (admit_request(rq, url))
		request_route(rq, method, url);
	if (announces_too_much(rq)) {
		if (!rq->response)
			reply_too_large(rq);
		return request_send(rq); /* the body is not waited for */
	}
	return MHD_YES;
}

static enum MHD_Result request_collect(struct request *rq, const char *data,
				       size_t size)
{
	size_t room = body_max(rq) - rq->body.len;
	size_t keep = size < room ? size : room;

	if (!rq->response && lacks_room(rq->http, keep))
		reply_no_room(rq);
	if (rq->response) /* refused already */
		keep = 0;
	buf_append(&rq->body, data, keep);
	rq->http->bodies += keep;
	rq->dropped += size - keep;
	if (rq->dropped && !rq->response)
		reply_too_large(rq);
	return rq->dropped > DROPPED_MAX ? MHD_NO : MHD_YES;
}

enum MHD_Result request_handle(void *cls, struct MHD_Connection *conn,
			       const char *url, const char *method,
			       const char *version, const char *upload_data,
			       size_t *upload_data_size, void **con_cls)
{
	struct request *rq = *con_cls;
	enum MHD_Result ret;

	if (!rq->begun)
		return request_begin(rq, method, url);
	if (*upload_data_size) {
		ret = request_collect(rq, upload_data, *upload_data_size);
		*upload_data_size = 0;
		return ret;
	}
	if (!rq->handled && !rq->response) {
		rq->handled = true;
		conns_busy(&rq->http->conns, conn);
		rq->route->handle(rq);
	}
	/* No answer yet: suspended, and called again after the resume. */
	return rq->response ? request_send(rq) : MHD_YES;
}

const char *request_query(const struct request *rq, const char *key)
{
	return MHD_lookup_connection_value(rq->conn, MHD_GET_ARGUMENT_KIND,
					   key);
}

bool request_openmetrics(const struct request *rq)
{
	return expo_wanted(MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
}
