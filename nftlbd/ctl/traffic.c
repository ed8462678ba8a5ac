/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates for `top`: the daemon tells totals, who looks twice has rates. */
#include "ctl/traffic.h"

#include <stdio.h>

#include "ctl/render.h"

/* Both ways together. */
static json_int_t both(const json_t *o, const char *what)
{
	return field_int(json_object_get(o, "in"), what) +
	       field_int(json_object_get(o, "out"), what);
}

/* {"new", "packets", "bytes"}; NULL where it does not count. */
static json_t *totals_of(const json_t *o)
{
	if (!json_is_object(json_object_get(o, "in")))
		return NULL;
	return json_pack("{s:I, s:I, s:I}", "new", field_int(o, "new"),
			 "packets", both(o, "packets"), "bytes",
			 both(o, "bytes"));
}

static void put(json_t *all, const char *service, const char *backend,
		const json_t *o)
{
	json_t *totals = totals_of(o);
	char key[160];

	if (!totals)
		return;
	snprintf(key, sizeof(key), "%s%s%s", service, backend ? "/" : "",
		 backend ? backend : "");
	json_object_set_new(all, key, totals);
}

/* An answer of /v1/counters by name. */
static json_t *by_name(const json_t *counters)
{
	json_t *all = json_object();
	const json_t *s, *b;
	size_t i, j;

	json_array_foreach(counters, i, s) {
		const char *name = field_text(s, "name");

		put(all, name, NULL, s);
		if (json_array_size(json_object_get(s, "backends")) == 0)
			json_object_set_new(json_object_get(all, name), "local",
					    json_true());
		json_array_foreach(json_object_get(s, "backends"), j, b)
			put(all, name, field_text(b, "name"), b);
	}
	return all;
}

static double rate(const json_t *before, const json_t *now, const char *what,
		   double seconds)
{
	json_int_t more = field_int(now, what) - field_int(before, what);

	return more > 0 && seconds > 0 ? (double)more / seconds : 0;
}

static json_t *rates(const json_t *before, const json_t *now, double seconds)
{
	if (!before)
		return json_null();
	return json_pack("{s:f, s:f, s:f}", "new",
			 rate(before, now, "new", seconds), "packets",
			 rate(before, now, "packets", seconds), "bits",
			 8 * rate(before, now, "bytes", seconds));
}

json_t *traffic_make(const json_t *before, const json_t *now, double seconds)
{
	json_t *was = before ? by_name(before) : json_object();
	json_t *all = by_name(now), *o;
	const char *name;

	json_object_foreach(all, name, o)
		json_object_set_new(
		    o, "rate", rates(json_object_get(was, name), o, seconds));
	json_decref(was);
	return all;
}
