/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weights as JSON: what the file says, what stands in its place, what the load
 * makes of it, what the slot table uses; why; and what was measured. Reads
 * only.
 *
 * Invariant: keys are the same for static services; what they do not have is
 * null or empty.
 */
#include <math.h>

#include "control/json.h"
#include "model/load.h"

json_t *json_rounded(double value)
{
	return isfinite(value) ? json_real(round(value * 1e3) / 1e3)
			       : json_null();
}

/* A whole number is one: static weights are whole. */
static json_t *json_parts(uint32_t parts, uint32_t one)
{
	return parts % one ? json_real((double)parts / one)
			   : json_integer(parts / one);
}

/* What stands in place of the configured weight, the operator's or a check's;
 * null where nothing does. */
static json_t *json_set(const struct service *s, const struct backend *b)
{
	uint32_t weight_100 = backend_weight_100(s, b);

	if (weight_100 == b->conf->weight * 100)
		return json_null();
	return json_real(weight_100 / 100.);
}

static json_t *json_why(bool dynamic, enum weights_why why)
{
	return dynamic ? json_string(word_text(weights_why_words, (int)why))
		       : json_null();
}

json_t *json_weight(const struct service *s, const struct backend *b)
{
	bool dynamic = service_dynamic(s);

	return json_pack(
	    "{s:i, s:o, s:o, s:o, s:o}", "configured", (int)b->conf->weight,
	    "set", json_set(s, b), "dynamic",
	    dynamic ? json_real((double)backend_dynamic(s, b) / WEIGHTS_ONE)
		    : json_null(),
	    "effective", json_parts(b->now, RS_WEIGHT_UNIT), "why",
	    json_why(dynamic, backend_why(s, b)));
}

/* ---- what was measured */

/* What the value of a signal is shown in. */
static const struct {
	const char *unit;
	double one; /* of the value, in that unit */
} units[] = {
	[WEIGHTS_CONNECTIONS] = { "connections", 1 },
	[WEIGHTS_RESPONSE] = { "ms", 1e-3 },
	[WEIGHTS_LOAD] = { "load", 1 },
};

json_t *json_load(const struct service *s, const struct backend *b,
		  int64_t now_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < load_signals(s); i++) {
		struct load_view v = load_view(s, b, i, now_ms);

		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:o, s:o}", "name", v.name, "unit",
			      units[v.law].unit, "value",
			      v.known ? json_rounded(v.value * units[v.law].one)
				      : json_null(),
			      "age_ms",
			      v.known ? json_integer((json_int_t)v.age_ms)
				      : json_null()));
	}
	return list;
}

/* ---- of a service */

static json_t *json_feed_names(const struct conf_service *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->nfeeds; i++)
		json_array_append_new(list,
				      json_string(s->feeds[i]->probe.name));
	return list;
}

json_t *json_weights(const struct service *s)
{
	const struct weights_conf *c = &s->conf->weights;

	if (!service_dynamic(s))
		return json_null();
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:f, s:f, s:f, s:f}", "why",
			 json_why(true, service_why(s)), "feeds",
			 json_feed_names(s->conf), "tick_ms",
			 (json_int_t)c->tick_ms, "smoothing_ms",
			 (json_int_t)c->smoothing_ms, "blackout_ms",
			 (json_int_t)c->blackout_ms, "max_step_pct",
			 c->max_step * 100. / WEIGHTS_ONE, "dead_band_pct",
			 c->dead_band * 100. / WEIGHTS_ONE, "floor",
			 (double)c->floor / WEIGHTS_ONE, "ceiling",
			 (double)c->ceiling / WEIGHTS_ONE);
}
