/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was counted, as a table: a line for each service, below it its
 * backends. */
#include <stdio.h>
#include <string.h>

#include "ctl/render.h"

#define NCOLUMNS(c) (sizeof(c) / sizeof((c)[0]))

static void cell_number(struct table *t, const json_t *n)
{
	if (json_is_integer(n))
		table_cell(t, PLAIN, "%lld", (long long)json_integer_value(n));
	else
		table_cell(t, PLAIN, "-");
}

static void cell_traffic(struct table *t, const json_t *o, const char *key)
{
	const json_t *way = json_object_get(o, key);

	cell_number(t, json_object_get(way, "packets"));
	cell_number(t, json_object_get(way, "bytes"));
}

/* New flows and both directions: what services and backends have alike. */
static void cells_alike(struct table *t, const json_t *o)
{
	cell_number(t, json_object_get(o, "new"));
	cell_traffic(t, o, "in");
	cell_traffic(t, o, "out");
}

static json_int_t overflow_sum(const json_t *s)
{
	const json_t *o = json_object_get(s, "overflow"), *n;
	json_int_t sum = 0;
	const char *key;

	json_object_foreach((json_t *)o, key, n)
		sum += json_integer_value(n);
	return sum;
}

static void service_row(struct table *t, const json_t *s)
{
	json_int_t found_full = overflow_sum(s);

	table_cell(t, PLAIN, "%s", field_text(s, "name"));
	table_cell(t, PLAIN, "%s", "");
	cells_alike(t, s);
	cell_number(t, json_object_get(s, "refused"));
	cell_number(t, json_object_get(s, "limited"));
	cell_number(t, json_object_get(s, "denied"));
	table_cell(t, found_full ? WARN : PLAIN, "%lld", (long long)found_full);
}

static void backend_row(struct table *t, const char *service, const json_t *b)
{
	table_cell(t, PLAIN, "%s", service);
	table_cell(t, PLAIN, "%s", field_text(b, "name"));
	cells_alike(t, b);
	for (int i = 0; i < 4; i++)
		table_cell(t, PLAIN, "%s", "");
}

static bool counts(const json_t *s)
{
	return !json_is_false(json_object_get(s, "counters")) ||
	       overflow_sum(s) > 0;
}

void render_counters(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "SERVICE", LEFT },    { "BACKEND", LEFT },
		{ "NEW", RIGHT },       { "IN PACKETS", RIGHT },
		{ "IN BYTES", RIGHT },  { "OUT PACKETS", RIGHT },
		{ "OUT BYTES", RIGHT }, { "REFUSED", RIGHT },
		{ "LIMITED", RIGHT },   { "DENIED", RIGHT },
		{ "FULL", RIGHT },
	};
	size_t i, j, silent = 0;
	const json_t *s, *b;
	struct table t;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, s) {
		if (json_is_string(json_object_get(s, "service"))) {
			backend_row(&t, field_text(s, "service"), s);
			continue;
		}
		if (!counts(s)) {
			silent++;
			continue;
		}
		service_row(&t, s);
		json_array_foreach(json_object_get(s, "backends"), j, b)
			backend_row(&t, "", b);
	}
	table_end(&t, r->out, r->colours);
	if (silent)
		buf_printf(r->out, "%zu service%s counters = no\n", silent,
			   silent == 1 ? " has" : "s have");
}
