/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history as JSON: an array of services, as with all that is about them.
 * Samples are at even distances, the newest last; what is not known is null.
 */
#include <math.h>
#include <string.h>

#include "control/handlers.h"
#include "control/json.h"
#include "control/stream.h"
#include "daemon/history.h"
#include "http/reply.h"
#include "lib/parse.h"

/* One service's, on its way. */
struct view {
	const struct history *h;
	int64_t began_ms; /* Unix time */
	uint32_t points;
	uint32_t group; /* samples in each */
};

json_t *json_packed(uint16_t code, uint32_t parts)
{
	if (code == HISTORY_UNKNOWN)
		return json_null();
	if (parts == 1)
		return json_integer((json_int_t)history_unpack(code));
	return json_real((double)history_unpack(code) / parts);
}

/* ---- states */

static json_t *json_spans(const struct view *v, const struct history_spans *s,
			  const struct word *words)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n; i++) {
		const struct history_span *at = &s->list[i];

		json_array_append_new(
		    list,
		    json_pack("{s:o, s:s}", "since",
			      json_time(v->began_ms + at->begin_ds * 100LL),
			      "state",
			      at->state == HISTORY_MIXED
				  ? "mixed"
				  : word_text(words, at->state)));
	}
	return list;
}

/* ---- samples */

/* The mean of those of a group that are known; null where none is. */
static json_t *json_point(double sum, uint32_t n, bool whole)
{
	if (n == 0)
		return json_null();
	return whole ? json_integer((json_int_t)llround(sum / n))
		     : json_rounded(sum / n);
}

static json_t *json_samples(const struct view *v, const uint16_t *codes,
			    uint32_t parts)
{
	json_t *list = json_array();

	for (uint32_t p = v->points; p-- > 0;) {
		double sum = 0;
		uint32_t n = 0;

		for (uint32_t i = 0; i < v->group; i++) {
			int at = history_cell(v->h, p * v->group + i);

			if (at < 0 || codes[at] == HISTORY_UNKNOWN)
				continue;
			sum += (double)history_unpack(codes[at]) / parts;
			n++;
		}
		json_array_append_new(list, json_point(sum, n, parts == 1));
	}
	return list;
}

static json_t *json_shares(const struct view *v, const uint8_t *shares)
{
	json_t *list = json_array();

	for (uint32_t p = v->points; p-- > 0;) {
		double sum = 0;
		uint32_t n = 0;

		for (uint32_t i = 0; i < v->group; i++) {
			int at = history_cell(v->h, p * v->group + i);

			if (at < 0 || shares[at] == HISTORY_NO_SHARE)
				continue;
			sum += (double)shares[at] / HISTORY_SHARE_ONE;
			n++;
		}
		json_array_append_new(list, json_point(sum, n, false));
	}
	return list;
}

/* ---- services */

static json_t *json_history(const struct view *v,
			    const struct history_service *s)
{
	int64_t newest_ms =
	    v->began_ms + (v->h->tick < 0 ? 0 : v->h->tick) * v->h->step_ms;

	return json_pack("{s:s, s:o, s:o, s:f, s:o, s:o, s:o}", "name", s->name,
			 "since", json_time(v->began_ms), "newest",
			 json_time(newest_ms), "step_s",
			 v->h->step_ms * v->group / 1e3, "states",
			 json_spans(v, &s->spans, service_state_words),
			 "connections", json_samples(v, s->connections, 1),
			 "new_flows_s", json_samples(v, s->new_flows, 100));
}

static void add_backends(const struct view *v, const struct history_service *s,
			 json_t *o)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->nbackends; i++) {
		const struct history_backend *b = &s->backends[i];

		json_array_append_new(
		    list,
		    json_pack("{s:s, s:o, s:o, s:o}", "name", b->name, "states",
			      json_spans(v, &b->spans, backend_state_words),
			      "connections", json_samples(v, b->connections, 1),
			      "share", json_shares(v, b->share)));
	}
	json_object_set_new(o, "backends", list);
}

static void view_set(struct view *v, const struct daemon *d, uint32_t points)
{
	v->h = daemon_history_view(d->history, &v->began_ms);
	v->points = v->h && points > v->h->cells ? v->h->cells : points;
	v->group = 1;
	while (v->h && v->group * v->points < v->h->cells &&
	       v->h->tick >= v->group * v->points)
		v->group++;
}

/* All of them: without their backends, in few points. */
static void item_history(struct stream *s, const struct service *svc,
			 size_t index)
{
	struct view v;
	const struct history_service *hs;

	view_set(&v, s->d, HISTORY_POINTS);
	hs = v.h ? history_of(v.h, svc->conf->name) : NULL;
	if (hs)
		stream_json(s, json_history(&v, hs));
}

static void uncounted_history(struct request *rq, struct counts *c)
{
	stream_array(rq, c, item_history);
}

static void show_one(struct request *rq, const char *name)
{
	const struct daemon *d = request_daemon(rq);
	const struct history_service *hs;
	struct view v;
	json_t *o;

	if (!model_service(d->model, name)) {
		reply_problem(rq, MHD_HTTP_NOT_FOUND, "no such service");
		return;
	}
	view_set(&v, d, UINT32_MAX);
	hs = v.h ? history_of(v.h, name) : NULL;
	if (!hs) {
		reply_json(rq, json_array());
		return;
	}
	o = json_history(&v, hs);
	add_backends(&v, hs, o);
	reply_json(rq, json_pack("[o]", o));
}

void show_history(struct request *rq)
{
	const char *name = request_query(rq, "service");

	if (name)
		show_one(rq, name);
	else
		counts_start(rq, NULL, false, uncounted_history);
}
