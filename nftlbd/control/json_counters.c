/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was counted, as JSON. What a service does not count is null; what it
 * counts and has not seen is 0. Reads only.
 */
#include "control/json.h"
#include "daemon/counters.h"

static json_t *json_number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* One direction. */
static json_t *json_traffic(uint64_t packets, uint64_t bytes)
{
	return json_pack("{s:o, s:o}", "packets", json_number(packets), "bytes",
			 json_number(bytes));
}

/* Of all of a service, or null. */
static json_t *sum_traffic(const struct service *s,
			   const struct totals_service *t, const char *prefix)
{
	uint64_t packets, bytes;

	if (!s->conf->counters)
		return json_null();
	totals_sum(t, prefix, &packets, &bytes);
	return json_traffic(packets, bytes);
}

static json_t *sum_packets(const struct service *s,
			   const struct totals_service *t, const char *prefix)
{
	uint64_t packets, bytes;

	if (!s->conf->counters)
		return json_null();
	totals_sum(t, prefix, &packets, &bytes);
	return json_number(packets);
}

/* Packets that found no room in each set; null: there is no such set. */
static json_t *json_overflow(const struct totals_service *t)
{
	json_t *o = json_object();

	for (int i = 0; i < OVERFLOW_SETS; i++) {
		const struct overflow_word *w = &overflow_words[i];
		uint64_t packets, bytes;
		bool known = totals_sum(t, w->counter, &packets, &bytes);

		json_object_set_new(o, w->name,
				    known ? json_number(packets) : json_null());
	}
	return o;
}

static json_t *backend_traffic(const struct service *s,
			       const struct totals_service *t,
			       const char *prefix, const struct backend *b)
{
	const struct total *at = totals_find(t, prefix, b->conf->name);

	if (!s->conf->counters)
		return json_null();
	return at ? json_traffic(total_packets(at), total_bytes(at))
		  : json_traffic(0, 0);
}

static json_t *json_backend_totals(const struct service *s,
				   const struct totals_service *t,
				   const struct backend *b)
{
	const struct total *fresh = totals_find(t, "new", b->conf->name);

	return json_pack("{s:s, s:o, s:o, s:o}", "name", b->conf->name, "in",
			 backend_traffic(s, t, "in", b), "out",
			 backend_traffic(s, t, "out", b), "new",
			 s->conf->counters
			     ? json_number(fresh ? total_packets(fresh) : 0)
			     : json_null());
}

json_t *json_backend_counters(const struct daemon *d, const struct service *s,
			      const struct backend *b)
{
	const struct totals_service *t =
	    counters_of(d->counters, s->conf->name);
	json_t *o = json_backend_totals(s, t, b);

	json_object_set_new(o, "service", json_string(s->conf->name));
	return o;
}

json_t *json_counters(const struct daemon *d, const struct service *s)
{
	const struct totals_service *t =
	    counters_of(d->counters, s->conf->name);
	json_t *list = json_array();

	for (size_t i = 0; i < s->nbackends; i++)
		json_array_append_new(
		    list, json_backend_totals(s, t, &s->backends[i]));
	return json_pack(
	    "{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
	    s->conf->name, "counters", (int)s->conf->counters, "in",
	    sum_traffic(s, t, "in"), "out", sum_traffic(s, t, "out"), "new",
	    sum_packets(s, t, "new"), "refused", sum_packets(s, t, "refused"),
	    "limited", sum_packets(s, t, "limited"), "denied",
	    sum_packets(s, t, "denied"), "overflow", json_overflow(t),
	    "backends", list);
}

json_t *json_overflows(const struct daemon *d)
{
	struct counters_overflow all;
	json_t *o;

	counters_overflow(d->counters, &all);
	o = json_pack("{s:o}", "full", json_number(all.full));
	for (int i = 0; i < OVERFLOW_SETS; i++)
		json_object_set_new(o, overflow_words[i].name,
				    json_number(all.packets[i]));
	return o;
}
