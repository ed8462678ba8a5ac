/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `top`: what is wrong first, then who has most connections; at the bottom what
 * has happened last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/render.h"
#include "lib/xalloc.h"

#define EVENTS_MAX      8
#define TRAFFIC_COLUMNS 4

/* Worst first. */
static int state_rank(const json_t *b)
{
	static const char *const ranks[] = { "down",     "full",    "drain",
					     "disabled", "standby", "active" };
	const char *state = field_text(b, "state");

	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++)
		if (!strcmp(ranks[i], state))
			return (int)i;
	return -1;
}

static const json_t *traffic_of(const json_t *traffic, const json_t *b)
{
	char key[160];

	snprintf(key, sizeof(key), "%s/%s", field_text(b, "service"),
		 field_text(b, "name"));
	return json_object_get(traffic, key);
}

/* By what they are ordered, largest first. */
struct ranked {
	const json_t *b;
	double key;
};

static double rank_of(const json_t *b, enum top_order order,
		      const json_t *traffic)
{
	const json_t *rate;

	switch (order) {
	case TOP_NAME:
		return 0;
	case TOP_WEIGHT:
		return field_real(json_object_get(b, "weight"), "effective");
	case TOP_SHARE:
		return field_real(b, "share");
	case TOP_CONNECTIONS:
		return field_real(b, "connections");
	case TOP_TRAFFIC:
		rate = json_object_get(traffic_of(traffic, b), "rate");
		if (rate)
			return field_real(rate, "bits");
		/* fallthrough */
	case TOP_STATE:
		break;
	}
	return -(double)(state_rank(b) + 2);
}

static int ranked_cmp(const void *pa, const void *pb)
{
	const struct ranked *x = pa, *y = pb;
	const json_t *a = x->b, *b = y->b;
	json_int_t na = field_int(a, "connections");
	json_int_t nb = field_int(b, "connections");
	int order = (y->key > x->key) - (y->key < x->key);

	if (order == 0 && x->key < 0) /* by state */
		order = (nb > na) - (nb < na);
	if (order == 0)
		order =
		    strcmp(field_text(a, "service"), field_text(b, "service"));
	return order ? order
		     : strcmp(field_text(a, "name"), field_text(b, "name"));
}

/* "1.5M": at most four characters and a unit. */
static void cell_rate(struct table *t, const json_t *rate, const char *what)
{
	static const char units[] = { ' ', 'k', 'M', 'G', 'T' };
	double n = field_real(rate, what);
	size_t unit = 0;

	if (!json_is_object(rate)) {
		table_cell(t, PLAIN, "-");
		return;
	}
	for (; n >= 1000 && unit + 1 < sizeof(units); unit++)
		n /= 1000;
	if (unit == 0)
		table_cell(t, PLAIN, n < 10 && n > 0 ? "%.1f" : "%.0f", n);
	else
		table_cell(t, PLAIN, "%.1f%c", n, units[unit]);
}

/* Rates, and what was counted in all; nothing of a backend that does not
 * count. */
static void cells_traffic(struct table *t, const json_t *o)
{
	const json_t *r = json_object_get(o, "rate");

	cell_rate(t, r, "new");
	cell_rate(t, r, "packets");
	cell_rate(t, r, "bits");
	if (o)
		table_cell(t, PLAIN, "%lld", (long long)field_int(o, "bytes"));
	else
		table_cell(t, PLAIN, "-");
}

/* Services that have no backends: mode local. */
static void top_local(struct table *t, const json_t *traffic)
{
	const char *key;
	const json_t *o;

	json_object_foreach((json_t *)traffic, key, o) {
		if (!json_is_true(json_object_get(o, "local")))
			continue;
		table_cell(t, PLAIN, "%s", key);
		for (size_t i = 1; i + TRAFFIC_COLUMNS < t->ncolumns; i++)
			table_cell(t, PLAIN, "%s",
				   t->columns[i].form & OPTIONAL ? "" : "-");
		cells_traffic(t, o);
	}
}

static void top_backends(struct render *r, const json_t *list, size_t lines,
			 enum top_order order)
{
	/* the last four only where anything is counted */
	static const struct column columns[] = {
		{ "SERVICE", LEFT },        { "BACKEND", LEFT },
		{ "ADDRESS", LEFT },        { "STATE", LEFT },
		{ "WEIGHT", RIGHT },        { "DYNAMIC", RIGHT | OPTIONAL },
		{ "WHY", LEFT | OPTIONAL }, { "SHARE", RIGHT },
		{ "CONNECTIONS", RIGHT },   { "CHECK", LEFT },
		{ "NEW/S", RIGHT },         { "PACKETS/S", RIGHT },
		{ "BITS/S", RIGHT },        { "BYTES", RIGHT },
	};
	const json_t *traffic = json_object_get(r->extra, "traffic");
	size_t columns_off = json_object_size(traffic) ? 0 : TRAFFIC_COLUMNS;
	size_t n = json_array_size(list), i;
	struct ranked *sorted = xcalloc(n + 1, sizeof(*sorted));
	struct table t;

	for (i = 0; i < n; i++) {
		sorted[i].b = json_array_get(list, i);
		sorted[i].key = rank_of(sorted[i].b, order, traffic);
	}
	qsort(sorted, n, sizeof(*sorted), ranked_cmp);
	table_begin(&t, columns,
		    sizeof(columns) / sizeof(columns[0]) - columns_off);
	for (i = 0; i < n && i < lines; i++) {
		const json_t *b = sorted[i].b;

		table_cell(&t, PLAIN, "%s", field_text(b, "service"));
		table_cell(&t, PLAIN, "%s", field_text(b, "name"));
		cell_endpoint(&t, b);
		cell_backend_state(&t, b);
		cell_weight(&t, b);
		cells_dynamic(&t, b);
		cell_share(&t, b);
		cell_connections(&t, b);
		cell_check(&t, b);
		if (!columns_off)
			cells_traffic(&t, traffic_of(traffic, b));
	}
	if (!columns_off)
		top_local(&t, traffic);
	table_end(&t, r->out, r->colours);
	if (n > lines)
		buf_printf(r->out, "(%zu more)\n", n - lines);
	free(sorted);
}

static void top_states(struct render *r, const char *what, const json_t *o)
{
	const char *key;
	json_t *v;

	buf_printf(r->out, "  %s %lld", what, (long long)field_int(o, "total"));
	json_object_foreach((json_t *)o, key, v) {
		if (!strcmp(key, "total") || json_integer_value(v) == 0)
			continue;
		buf_printf(r->out, " %lld ", (long long)json_integer_value(v));
		colour_text(r->out, r->colours, state_colour(key), key);
	}
}

static void top_head(struct render *r, const json_t *status)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	buf_printf(r->out, "nftlb %s", text);
	top_states(r, "services", json_object_get(status, "services"));
	top_states(r, "backends", json_object_get(status, "backends"));
	buf_printf(r->out, "\n");
	if (!json_is_object(json_object_get(status, "pending")))
		return;
	render_pending(r, json_object_get(status, "pending"));
	buf_printf(r->out, "\n");
}

void render_top(struct render *r, const json_t *status, unsigned int lines,
		enum top_order order)
{
	const json_t *events = json_object_get(r->extra, "events"), *e;
	size_t nevents = json_array_size(events), i;
	size_t shown = nevents < EVENTS_MAX ? nevents : EVENTS_MAX;
	size_t around = 4 + shown; /* head, columns, "more", title */

	around += json_is_object(json_object_get(status, "pending"));
	top_head(r, status);
	top_backends(r, json_object_get(r->extra, "backends"),
		     lines > around + 1 ? lines - around : 1, order);
	if (shown)
		buf_printf(r->out, "last events\n");
	json_array_foreach(events, i, e)
		if (i + shown >= nevents)
			render_event(r, e);
}
