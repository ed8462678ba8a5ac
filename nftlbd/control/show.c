/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers that show the model and what has happened: read, answer.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "control/etags.h"
#include "control/follow.h"
#include "control/handlers.h"
#include "control/json.h"
#include "control/stream.h"
#include "http/mistakes.h"
#include "http/reply.h"
#include "lib/parse.h"

void show_version(struct request *rq)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	reply_json(rq, json_pack("{s:s, s:i, s:s, s:o}", "version",
				 PACKAGE_VERSION, "api", 1, "role",
				 rq->peer.reader ? "read-only" : "operator",
				 "host", json_safe(host)));
}

void show_status(struct request *rq)
{
	reply_json(rq, json_status(request_daemon(rq)));
}

void show_checks(struct request *rq)
{
	reply_json(rq, json_checks(request_daemon(rq)->model));
}

/* ---- events */

/* A number of the query; @value is left alone where it is not there. */
static bool query_number(struct request *rq, const char *key, uint32_t min,
			 uint32_t max, uint32_t *value)
{
	char range[32];
	const char *text = request_query(rq, key);

	if (!text || parse_number(text, min, max, value) == 0)
		return true;
	snprintf(range, sizeof(range), "%u..%u", min, max);
	mistake_query(rq, key, range, "%s: allowed: %s", key, range);
	return false;
}

/* ?KEY=VALUE with one VALUE only; *given: it is there. False: answered. */
static bool query_word(struct request *rq, const char *key, const char *value,
		       bool *given)
{
	const char *text = request_query(rq, key);

	*given = text != NULL;
	if (!text || !strcmp(text, value))
		return true;
	mistake_query(rq, key, value, "%s: allowed: %s", key, value);
	return false;
}

/* Server-sent events, asked for in the standard's way or by ?follow=yes. */
static bool wants_stream(const struct request *rq, bool follow)
{
	const char *accept = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	return follow || (accept && strstr(accept, "text/event-stream"));
}

/* Where a stream begins: after the event that the client has seen last, else
 * with what comes next. */
static void events_stream(struct request *rq, uint64_t last)
{
	const char *seen = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, "Last-Event-ID");
	uint32_t id = 0;

	if (request_query(rq, "since") &&
	    !query_number(rq, "since", 0, UINT32_MAX, &id))
		return;
	if (seen && parse_number(seen, 0, UINT32_MAX, &id) < 0)
		seen = NULL; /* of no daemon of ours */
	if (!seen && !request_query(rq, "since"))
		id = (uint32_t)last;
	/* of another life of the daemon: all that there is of this one */
	follow_events(rq, id <= last ? id : 0, request_query(rq, "service"),
		      request_query(rq, "backend"));
}

/* With `since` the first ones after it, for who follows; else the last ones. */
void show_events(struct request *rq)
{
	const struct events *ev = &request_daemon(rq)->events;
	uint32_t since = 0, limit = EVENTS_KEPT;
	json_t *list;
	bool follow;
	uint64_t id;

	if (!query_word(rq, "follow", "yes", &follow))
		return;
	if (wants_stream(rq, follow)) {
		events_stream(rq, ev->last);
		return;
	}
	if (!query_number(rq, "since", 0, UINT32_MAX, &since) ||
	    !query_number(rq, "limit", 1, EVENTS_KEPT, &limit))
		return;
	id = ev->last >= EVENTS_KEPT ? ev->last - EVENTS_KEPT + 1 : 1;
	if (request_query(rq, "since"))
		id = since >= id ? (uint64_t)since + 1 : id;
	list = json_array();
	for (; id <= ev->last; id++) {
		const struct event *e = events_get(ev, id);

		if (!event_matches(e, request_query(rq, "service"),
				   request_query(rq, "backend")))
			continue;
		if (json_array_size(list) == limit &&
		    request_query(rq, "since"))
			break;
		if (json_array_size(list) == limit)
			json_array_remove(list, 0);
		json_array_append_new(list, json_event(e));
	}
	reply_json(rq, list);
}

/* ---- services and backends */

static struct service *find_service(struct request *rq)
{
	struct service *s =
	    model_service(request_daemon(rq)->model, rq->at[AT_SERVICE]);

	if (!s)
		reply_problem(rq, MHD_HTTP_NOT_FOUND, "no service \"%s\"",
			      rq->at[AT_SERVICE]);
	return s;
}

static void item_service(struct stream *s, const struct service *svc,
			 size_t index)
{
	stream_json(s, json_service(s->d, svc, s->counts));
}

static void item_backends(struct stream *s, const struct service *svc,
			  size_t index)
{
	json_t *list = json_backends(s->d, svc, NULL, s->counts), *b;
	size_t i;

	json_array_foreach(list, i, b)
		stream_json(s, json_incref(b));
	json_decref(list);
}

/* ---- services in one state; nftlbctl status asks for those that are not well
 */

#define STATE_NOT_UP "not-up"
#define STATES_ALL   (-1)
#define STATES_BAD   (-2) /* not up */

static bool is_in_state(const struct service *s, int state)
{
	return state == STATES_BAD ? s->state != SERVICE_UP
				   : (int)s->state == state;
}

/* False: answered. */
static bool query_state(struct request *rq, int *state)
{
	const char *text = request_query(rq, "state");

	*state = STATES_ALL;
	if (!text)
		return true;
	*state = strcmp(text, STATE_NOT_UP) != 0
		     ? word_find(service_state_words, text)
		     : STATES_BAD;
	if (*state != -1)
		return true;
	mistake_query(
	    rq, "state", "up degraded down disabled " STATE_NOT_UP,
	    "state: allowed: up, degraded, down, disabled, " STATE_NOT_UP);
	return false;
}

/* Where there is none, connections need not be counted. */
static bool any_in_state(const struct model *m, int state)
{
	for (size_t i = 0; i < m->nservices; i++)
		if (state == STATES_ALL || is_in_state(&m->services[i], state))
			return true;
	return false;
}

void services_reply(struct request *rq, struct counts *c,
		    void (*item)(struct stream *s, const struct service *svc,
				 size_t index))
{
	int state;

	if (query_state(rq, &state))
		stream_some(rq, c, item,
			    state == STATES_ALL ? NULL : is_in_state, state);
	else
		counts_free(c);
}

static void counted_services(struct request *rq, struct counts *c)
{
	services_reply(rq, c, item_service);
}

/* For completion: as quick as ten thousand names can be. */
static void item_name(struct stream *s, const struct service *svc, size_t index)
{
	buf_printf(stream_raw(s), "{\"name\":\"%s\"}", svc->conf->name);
}

static void uncounted_names(struct request *rq, struct counts *c)
{
	services_reply(rq, c, item_name);
}

static void counted_all_backends(struct request *rq, struct counts *c)
{
	stream_array(rq, c, item_backends);
}

void show_services(struct request *rq)
{
	const char *fields = request_query(rq, "fields");
	bool uncounted;
	int state;

	if (!query_word(rq, "connections", "no", &uncounted) ||
	    !query_state(rq, &state))
		return;
	if (!fields)
		counts_start(rq, NULL,
			     !uncounted &&
				 any_in_state(request_daemon(rq)->model, state),
			     counted_services);
	else if (!strcmp(fields, "name"))
		counts_start(rq, NULL, false, uncounted_names);
	else if (!strcmp(fields, "summary"))
		show_summary(rq);
	else
		mistake_query(rq, "fields", "name summary",
			      "fields: allowed: name, summary");
}

void show_all_backends(struct request *rq)
{
	bool uncounted;

	if (query_word(rq, "connections", "no", &uncounted))
		counts_start(rq, NULL, !uncounted, counted_all_backends);
}

static void counted_service(struct request *rq, struct counts *c)
{
	const struct service *s = find_service(rq);
	char etag[ETAG_STRLEN];

	if (s)
		reply_json(rq, json_service(request_daemon(rq), s, c));
	if (s)
		reply_etag(rq, etag_service(s, etag));
	counts_free(c);
}

static void counted_backends(struct request *rq, struct counts *c)
{
	if (find_service(rq))
		stream_array(rq, c, item_backends);
	else
		counts_free(c);
}

static void counted_backend(struct request *rq, struct counts *c)
{
	const struct service *s = find_service(rq);
	const struct backend *b =
	    s ? service_backend(s, rq->at[AT_BACKEND]) : NULL;
	char etag[ETAG_STRLEN];
	json_t *list;

	if (b) {
		list = json_backends(request_daemon(rq), s, b, c);
		reply_json(rq, json_incref(json_array_get(list, 0)));
		reply_etag(rq, etag_backend(b, etag));
		json_decref(list);
	} else if (s) {
		reply_problem(rq, MHD_HTTP_NOT_FOUND,
			      "service \"%s\" has no backend \"%s\"",
			      rq->at[AT_SERVICE], rq->at[AT_BACKEND]);
	}
	counts_free(c);
}

static bool reads(const struct request *rq)
{
	return !strcmp(rq->route->method, "GET");
}

/* Also the answer to a change, which does not wait for conntrack. */
void show_service(struct request *rq)
{
	bool uncounted = false;

	if (query_word(rq, "connections", "no", &uncounted))
		counts_start(rq, rq->at[AT_SERVICE], reads(rq) && !uncounted,
			     counted_service);
}

void show_backends(struct request *rq)
{
	counts_start(rq, rq->at[AT_SERVICE], true, counted_backends);
}

void show_backend(struct request *rq)
{
	counts_start(rq, rq->at[AT_SERVICE], reads(rq), counted_backend);
}

void show_probes(struct request *rq)
{
	const struct service *s = find_service(rq);
	const char *name = rq->at[AT_BACKEND];
	json_t *list;

	if (!s)
		return;
	if (name[0] && !service_backend(s, name)) {
		reply_problem(rq, MHD_HTTP_NOT_FOUND,
			      "service \"%s\" has no backend \"%s\"",
			      rq->at[AT_SERVICE], name);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < s->nbackends; i++)
		if (!name[0] || !strcmp(s->backends[i].conf->name, name))
			json_probes(request_daemon(rq), s, &s->backends[i],
				    list);
	reply_json(rq, list);
}

/* ---- slots */

/* By hand: a service may have a million slots, and names need no escapes. */
static void slots_of_family(struct stream *s, const char *service,
			    uint8_t family)
{
	const struct ruleset *rs = s->d->ruleset;
	uint32_t m = ruleset_slots(rs, service, family);
	struct buf *out;

	if (m == 0)
		return;
	out = stream_raw(s);
	buf_printf(out,
		   "{\"service\":\"%s\",\"family\":\"%s\",\"slots\":%u,"
		   "\"owners\":[",
		   service, family == AF_INET6 ? "ipv6" : "ipv4", m);
	for (uint32_t i = 0; i < m; i++) {
		const char *name = ruleset_slot(rs, service, family, i);
		const char *quote = name ? "\"" : "";

		if (i)
			buf_append(out, ",", 1);
		buf_append(out, quote, strlen(quote));
		buf_append(out, name ? name : "null",
			   name ? strlen(name) : strlen("null"));
		buf_append(out, quote, strlen(quote));
	}
	buf_append(out, "]}", 2);
}

static void item_slots(struct stream *s, const struct service *svc,
		       size_t index)
{
	slots_of_family(s, svc->conf->name, AF_INET);
	slots_of_family(s, svc->conf->name, AF_INET6);
}

static void uncounted_slots(struct request *rq, struct counts *c)
{
	stream_array(rq, c, item_slots);
}

void show_all_slots(struct request *rq)
{
	counts_start(rq, NULL, false, uncounted_slots);
}

void show_slots(struct request *rq)
{
	if (find_service(rq))
		counts_start(rq, rq->at[AT_SERVICE], false, uncounted_slots);
}
