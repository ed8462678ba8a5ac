/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of answers, and the cells that several tables share. */
#include <stdio.h>
#include <string.h>

#include "ctl/render.h"

const char *field_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "-";
}

json_int_t field_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

double field_real(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

const char *field_list(const json_t *o, const char *key, char *buf, size_t size)
{
	const json_t *list = json_object_get(o, key), *v;
	size_t used = 0, i;

	snprintf(buf, size, "-");
	json_array_foreach(list, i, v) {
		const char *text = json_string_value(v);

		if (used < size)
			used +=
			    (size_t)snprintf(buf + used, size - used, "%s%s",
					     i ? "," : "", text ? text : "-");
	}
	return buf;
}

const char *field_says(const json_t *check, char buf[SAYS_MAX])
{
	bool weight = json_is_string(json_object_get(check, "weight"));
	bool words = json_array_size(json_object_get(check, "says")) > 0;
	size_t n;

	field_list(check, "says", buf, SAYS_MAX);
	if (!weight)
		return buf;
	n = words ? strlen(buf) : 0;
	snprintf(buf + n, SAYS_MAX - n, "%sweight %s", words ? " " : "",
		 field_text(check, "weight"));
	return buf;
}

enum colour state_colour(const char *state)
{
	static const struct {
		const char *state;
		enum colour colour;
	} colours[] = {
		{ "up", GOOD },           { "active", GOOD },
		{ "degraded", WARN },     { "drain", WARN },
		{ "unknown", WARN },      { "down", BAD },
		{ "disabled", DIM },      { "standby", DIM },
		{ "panic", BAD },         { "drained", DIM },
		{ "full", WARN },         { "stale", WARN },
		{ "one-reporter", WARN }, { "saturated", WARN },
		{ "silent", WARN },       { "fresh", GOOD },
		{ "no-neighbour", BAD },  { "no-tunnel", BAD },
	};

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (!strcmp(colours[i].state, state))
			return colours[i].colour;
	return PLAIN;
}

void cell_endpoint(struct table *t, const json_t *b)
{
	const char *addr = field_text(b, "address");
	json_int_t port = field_int(b, "port");

	if (!port)
		table_cell(t, PLAIN, "%s", addr);
	else
		table_cell(t, PLAIN,
			   strchr(addr, ':') ? "[%s]:%lld" : "%s:%lld", addr,
			   (long long)port);
}

void cell_state(struct table *t, const json_t *o, const char *key)
{
	const char *state = field_text(o, key);

	table_cell(t, state_colour(state), "%s", state);
}

void cell_backend_state(struct table *t, const json_t *b)
{
	const json_t *n = json_object_get(b, "connections");
	const char *state = field_text(b, "state");

	if (!strcmp(state, "drain") && json_is_integer(n))
		table_cell(t, state_colour(state), "%s (%lld left)", state,
			   (long long)json_integer_value(n));
	else
		cell_state(t, b, "state");
}

void cell_path(struct table *t, const json_t *b)
{
	const char *gap = json_string_value(json_object_get(b, "path"));

	table_cell(t, gap ? state_colour(gap) : PLAIN, "%s", gap ? gap : "");
}

void cell_service_state(struct table *t, const json_t *s)
{
	const char *state = field_text(s, "state");

	table_cell(
	    t, state_colour(state), "%s%s%s%s", state,
	    json_is_true(json_object_get(s, "panic")) ? ", panic" : "",
	    json_is_true(json_object_get(s, "backups")) ? ", backups" : "",
	    json_is_true(json_object_get(s, "quorum_lost")) ? ", no quorum"
							    : "");
}

void cell_share(struct table *t, const json_t *b)
{
	table_cell(t, PLAIN, "%.1f%%", 100. * field_real(b, "share"));
}

void cell_connections(struct table *t, const json_t *b)
{
	const json_t *n = json_object_get(b, "connections");
	json_int_t max = field_int(b, "max_connections");
	char of[24] = "";

	if (max)
		snprintf(of, sizeof(of), "/%lld", (long long)max);
	if (json_is_integer(n))
		table_cell(t, PLAIN, "%lld%s", (long long)json_integer_value(n),
			   of);
	else
		table_cell(t, PLAIN, "-%s", of);
}

void cell_check(struct table *t, const json_t *b)
{
	const json_t *check = json_object_get(b, "check");
	char says[SAYS_MAX], ms[32] = "";
	bool tells;

	if (!json_is_object(check)) {
		table_cell(t, PLAIN, "-");
		return;
	}
	field_says(check, says);
	tells = strcmp(says, "-") != 0 && strcmp(says, "ready") != 0;
	if (json_is_real(json_object_get(check, "last_ms")))
		snprintf(ms, sizeof(ms), ", %.1f ms",
			 field_real(check, "last_ms"));
	table_cell(t, PLAIN, "%s: %s%s%s%s", field_text(check, "name"),
		   field_text(check, "reason"), tells ? ", " : "",
		   tells ? says : "", ms);
}

void append_duration(struct buf *out, json_int_t s)
{
	static const struct {
		json_int_t s;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	int shown = 0;

	for (size_t i = 0; i < 4 && shown < 2; i++) {
		if (s < units[i].s && !(i == 3 && shown == 0))
			continue;
		buf_printf(out, "%s%lld%c", shown ? " " : "",
			   (long long)(s / units[i].s), units[i].unit);
		s %= units[i].s;
		shown++;
	}
}
