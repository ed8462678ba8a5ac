/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of `show`. */
#include <stdio.h>
#include <string.h>

#include "ctl/render.h"

#define NCOLUMNS(c) (sizeof(c) / sizeof((c)[0]))
#define LIST_MAX    512

static size_t active_backends(const json_t *service)
{
	const json_t *list = json_object_get(service, "backends"), *b;
	size_t i, n = 0;

	json_array_foreach(list, i, b)
		n += !strcmp(field_text(b, "state"), "active");
	return n;
}

/* The sum over the backends; "-" where one of them is not known. */
static void cell_sum(struct table *t, const json_t *service)
{
	const json_t *list = json_object_get(service, "backends"), *b;
	json_int_t sum = 0;
	bool known = true;
	size_t i;

	json_array_foreach(list, i, b) {
		known =
		    known && json_is_integer(json_object_get(b, "connections"));
		sum += field_int(b, "connections");
	}
	if (known)
		table_cell(t, PLAIN, "%lld", (long long)sum);
	else
		table_cell(t, PLAIN, "-");
}

void render_services(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "SERVICE", LEFT },
		{ "ADDRESSES", LEFT },
		{ "PROTOCOL", LEFT },
		{ "PORTS", LEFT },
		{ "MODE", LEFT },
		{ "SCHEDULER", LEFT },
		{ "WEIGHTS", LEFT | OPTIONAL },
		{ "STATE", LEFT },
		{ "BACKENDS", RIGHT },
		{ "SLOTS", RIGHT },
		{ "CONNECTIONS", RIGHT },
	};
	static const char *const lists[] = { "addresses", "protocol", "ports" };
	char text[LIST_MAX];
	const json_t *s;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, s) {
		table_cell(&t, PLAIN, "%s", field_text(s, "name"));
		for (size_t j = 0; j < NCOLUMNS(lists); j++)
			table_cell(&t, PLAIN, "%s",
				   field_list(s, lists[j], text, sizeof(text)));
		table_cell(&t, PLAIN, "%s", field_text(s, "mode"));
		table_cell(&t, PLAIN, "%s", field_text(s, "scheduler"));
		cell_why(&t, json_object_get(s, "weights"));
		cell_service_state(&t, s);
		table_cell(&t, PLAIN, "%zu/%zu", active_backends(s),
			   json_array_size(json_object_get(s, "backends")));
		table_cell(&t, PLAIN, "%lld", (long long)field_int(s, "slots"));
		cell_sum(&t, s);
	}
	table_end(&t, r->out, r->colours);
}

void render_backends(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "SERVICE", LEFT },
		{ "BACKEND", LEFT },
		{ "ADDRESS", LEFT },
		{ "ADMIN", LEFT },
		{ "HEALTH", LEFT },
		{ "STATE", LEFT },
		{ "WEIGHT", RIGHT },
		{ "EFFECTIVE", RIGHT },
		{ "DYNAMIC", RIGHT | OPTIONAL },
		{ "WHY", LEFT | OPTIONAL },
		{ "LOAD", LEFT | OPTIONAL },
		{ "SLOTS", RIGHT },
		{ "SHARE", RIGHT },
		{ "CONNECTIONS", RIGHT },
		{ "PATH", LEFT | OPTIONAL },
		{ "CHECK", LEFT },
	};
	const json_t *b, *w;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, b) {
		w = json_object_get(b, "weight");
		table_cell(&t, PLAIN, "%s", field_text(b, "service"));
		table_cell(&t, PLAIN, "%s", field_text(b, "name"));
		cell_endpoint(&t, b);
		cell_state(&t, b, "admin");
		cell_state(&t, b, "health");
		cell_backend_state(&t, b);
		table_cell(&t, PLAIN, "%lld",
			   (long long)field_int(w, "configured"));
		cell_weight(&t, b);
		cells_dynamic(&t, b);
		cell_load(&t, b);
		table_cell(&t, PLAIN, "%lld", (long long)field_int(b, "slots"));
		cell_share(&t, b);
		cell_connections(&t, b);
		cell_path(&t, b);
		cell_check(&t, b);
	}
	table_end(&t, r->out, r->colours);
}

void render_checks(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "CHECK", LEFT },     { "TYPE", LEFT },
		{ "INTERVAL", RIGHT }, { "TIMEOUT", RIGHT },
		{ "RISE", RIGHT },     { "FALL", RIGHT },
		{ "JITTER", RIGHT },   { "START", LEFT },
		{ "UP", RIGHT },       { "DOWN", RIGHT },
		{ "UNKNOWN", RIGHT },
	};
	static const char *const counts[] = { "up", "down", "unknown" };
	const json_t *c;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, c) {
		table_cell(&t, PLAIN, "%s", field_text(c, "name"));
		table_cell(&t, PLAIN, "%s", field_text(c, "type"));
		table_cell(&t, PLAIN, "%lldms",
			   (long long)field_int(c, "interval_ms"));
		table_cell(&t, PLAIN, "%lldms",
			   (long long)field_int(c, "timeout_ms"));
		table_cell(&t, PLAIN, "%lld", (long long)field_int(c, "rise"));
		table_cell(&t, PLAIN, "%lld", (long long)field_int(c, "fall"));
		table_cell(&t, PLAIN, "%lld%%",
			   (long long)field_int(c, "jitter_pct"));
		table_cell(&t, PLAIN, "%s", field_text(c, "start"));
		for (size_t j = 0; j < NCOLUMNS(counts); j++)
			table_cell(
			    &t, PLAIN, "%lld",
			    (long long)field_int(json_object_get(c, "backends"),
						 counts[j]));
	}
	table_end(&t, r->out, r->colours);
}

/* Lines of sixteen slots, each with the number of its first. */
static void slot_lines(struct buf *out, const json_t *owners)
{
	const json_t *v;
	size_t i;

	json_array_foreach(owners, i, v) {
		const char *name = json_string_value(v);

		if (i % 16 == 0)
			buf_printf(out, "%s%8zu ", i ? "\n" : "", i);
		buf_printf(out, " %s", name ? name : "-");
	}
	buf_printf(out, "\n");
}

void render_slots(struct render *r, const json_t *answer)
{
	const json_t *s;
	size_t i;

	json_array_foreach(answer, i, s) {
		buf_printf(r->out, "%sservice %s %s: %lld slots\n",
			   i ? "\n" : "", field_text(s, "service"),
			   field_text(s, "family"),
			   (long long)field_int(s, "slots"));
		slot_lines(r->out, json_object_get(s, "owners"));
	}
}

static void cell_change(struct table *t, const json_t *e)
{
	const char *old = field_text(e, "old"), *new = field_text(e, "new");

	if (old[0] == '-' && new[0] == '-')
		table_cell(t, PLAIN, "-");
	else
		table_cell(t, state_colour(new), "%s -> %s", old, new);
}

void render_events(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "ID", RIGHT },     { "TIME", LEFT },    { "KIND", LEFT },
		{ "SERVICE", LEFT }, { "BACKEND", LEFT }, { "CHANGE", LEFT },
		{ "REASON", LEFT },
	};
	static const char *const keys[] = { "time", "kind", "service",
					    "backend" };
	const json_t *e;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, e) {
		table_cell(&t, PLAIN, "%lld", (long long)field_int(e, "id"));
		for (size_t j = 0; j < NCOLUMNS(keys); j++)
			table_cell(&t, PLAIN, "%s", field_text(e, keys[j]));
		cell_change(&t, e);
		table_cell(&t, PLAIN, "%s", field_text(e, "reason"));
	}
	table_end(&t, r->out, r->colours);
}

void render_names(struct render *r, const json_t *answer)
{
	const json_t *o;
	size_t i;

	json_array_foreach(answer, i, o)
		buf_printf(r->out, "%s\n", field_text(o, "name"));
}
