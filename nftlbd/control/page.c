/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status page, and what it asks for all the time: services in a few words
 * each. Neither asks the kernel; who has seen the answer already gets 304.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/handlers.h"
#include "control/json.h"
#include "control/stream.h"
#include "daemon/history.h"
#include "http/reply.h"
#include "web/page.h"

static void add_header(struct request *rq, const char *name, const char *value)
{
	MHD_add_response_header(rq->response, name, value);
}

/* Is @etag one that the client has? */
static bool has_seen(const struct request *rq, const char *etag)
{
	const char *seen = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);

	return seen && strstr(seen, etag);
}

static void reply_seen(struct request *rq, const char *etag)
{
	rq->response =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	rq->status = MHD_HTTP_NOT_MODIFIED;
	add_header(rq, MHD_HTTP_HEADER_ETAG, etag);
	add_header(rq, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
}

/* ---- the page */

void show_page(struct request *rq)
{
	static const char *const fixed[][2] = {
		{ MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
	};
	const struct page *p = page_get();

	if (has_seen(rq, p->etag)) {
		reply_seen(rq, p->etag);
		add_header(rq, "Content-Security-Policy", p->policy);
		return;
	}
	reply_response(rq,
		       MHD_create_response_from_buffer(p->size, (void *)p->text,
						       MHD_RESPMEM_PERSISTENT),
		       "text/html; charset=utf-8");
	add_header(rq, MHD_HTTP_HEADER_ETAG, p->etag);
	add_header(rq, "Content-Security-Policy", p->policy);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		add_header(rq, fixed[i][0], fixed[i][1]);
}

/* ---- services in a few words */

static json_t *count_states(const struct service *s)
{
	json_int_t n[BACKEND_DISABLED + 1] = { 0 };
	json_t *o = json_object();

	for (size_t i = 0; i < s->nbackends; i++)
		n[backend_state(&s->backends[i])]++;
	json_object_set_new(o, "total", json_integer((json_int_t)s->nbackends));
	for (const struct word *w = backend_state_words; w->text; w++)
		json_object_set_new(o, w->text, json_integer(n[w->value]));
	return o;
}

static void set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

/* The newest sample that is known. */
static const struct history_service *newest(const struct daemon *d,
					    const struct service *s,
					    const struct history **h)
{
	*h = daemon_history_view(d->history, NULL);
	return *h ? history_of(*h, s->conf->name) : NULL;
}

static void add_figures(const struct daemon *d, const struct service *s,
			json_t *o)
{
	const struct history *h;
	const struct history_service *hs = newest(d, s, &h);
	uint16_t connections = HISTORY_UNKNOWN, flows = HISTORY_UNKNOWN;

	for (uint32_t ago = 0; hs && history_cell(h, ago) >= 0 && ago < 8;
	     ago++) {
		int at = history_cell(h, ago);

		if (connections == HISTORY_UNKNOWN)
			connections = hs->connections[at];
		if (ago == 0)
			flows = hs->new_flows[at];
	}
	set(o, "connections", json_packed(connections, 1));
	set(o, "new_flows_s", json_packed(flows, 100));
}

static void item_summary(struct stream *s, const struct service *svc,
			 size_t index)
{
	json_t *o = json_service_head(svc);

	set(o, "backends", count_states(svc));
	add_figures(s->d, svc, o);
	stream_json(s, o);
}

static void uncounted_summary(struct request *rq, struct counts *c)
{
	services_reply(rq, c, item_summary);
}

void show_summary(struct request *rq)
{
	const struct daemon *d = request_daemon(rq);
	char etag[96];

	snprintf(etag, sizeof(etag),
		 "\"%.0f-%" PRIu64 "-%" PRIu64 "-%" PRIu64 "\"",
		 d->started * 1e3, d->model->generation, d->events.last,
		 daemon_history_changes(d->history));
	if (has_seen(rq, etag)) {
		reply_seen(rq, etag);
		return;
	}
	counts_start(rq, NULL, false, uncounted_summary);
	add_header(rq, MHD_HTTP_HEADER_ETAG, etag);
	add_header(rq, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
}
