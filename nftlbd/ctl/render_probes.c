/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What probes found, and one event as one line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/render.h"

#define NCOLUMNS(c) (sizeof(c) / sizeof((c)[0]))

static void cell_target(struct table *t, const json_t *p)
{
	const char *via =
	    strcmp(field_text(p, "via"), "service") ? "" : " (service)";
	const char *addr = field_text(p, "address");
	json_int_t port = field_int(p, "port");

	if (port)
		table_cell(t, PLAIN,
			   strchr(addr, ':') ? "[%s]:%lld%s" : "%s:%lld%s",
			   addr, (long long)port, via);
	else
		table_cell(t, PLAIN, "%s%s", addr, via);
}

/* The number where there is one. */
void cell_reason(struct table *t, const json_t *p)
{
	const char *reason = field_text(p, "reason");
	json_int_t detail = field_int(p, "detail");

	if (detail)
		table_cell(t, PLAIN, "%s %lld", reason, (long long)detail);
	else
		table_cell(t, PLAIN, "%s", reason);
}

/* How many of this kind in a row, of how many that decide. */
static void cell_streak(struct table *t, const json_t *p)
{
	json_int_t good = field_int(p, "successes");
	json_int_t bad = field_int(p, "failures");

	if (bad)
		table_cell(t, BAD, "%lld/%lld failed", (long long)bad,
			   (long long)field_int(p, "fall"));
	else
		table_cell(t, PLAIN, "%lld/%lld good", (long long)good,
			   (long long)field_int(p, "rise"));
}

/* Where its time went to, if there is more to say than how long it took. */
static void cell_phases(struct table *t, const json_t *p)
{
	static const struct {
		const char *key, *text;
	} phases[] = {
		{ "connect_ms", "connect" },
		{ "tls_ms", "TLS" },
		{ "first_byte_ms", "first byte" },
	};
	char text[128] = "";
	size_t used = 0, n = 0;

	for (size_t i = 0; i < NCOLUMNS(phases); i++) {
		if (!json_is_number(json_object_get(p, phases[i].key)))
			continue;
		used += (size_t)snprintf(
		    text + used, sizeof(text) - used, "%s%s %.1f",
		    n++ ? ", " : "", phases[i].text,
		    fmin(field_real(p, phases[i].key), 1e9));
	}
	table_cell(t, PLAIN, "%s", n > 1 ? text : "");
}

void render_probes(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "SERVICE", LEFT },
		{ "BACKEND", LEFT },
		{ "CHECK", LEFT },
		{ "TYPE", LEFT },
		{ "TARGET", LEFT },
		{ "HEALTH", LEFT },
		{ "LAST", LEFT },
		{ "TIME", RIGHT },
		{ "PHASES", LEFT | OPTIONAL },
		{ "STREAK", LEFT },
		{ "SAYS", LEFT },
	};
	static const char *const names[] = { "service", "backend", "check",
					     "type" };
	const json_t *p;
	char says[SAYS_MAX];
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, p) {
		for (size_t j = 0; j < NCOLUMNS(names); j++)
			table_cell(&t, PLAIN, "%s", field_text(p, names[j]));
		cell_target(&t, p);
		cell_state(&t, p, "health");
		cell_reason(&t, p);
		if (json_is_real(json_object_get(p, "last_ms")))
			table_cell(&t, PLAIN, "%.1f ms",
				   field_real(p, "last_ms"));
		else
			table_cell(&t, PLAIN, "-");
		cell_phases(&t, p);
		cell_streak(&t, p);
		table_cell(&t, PLAIN, "%s", field_says(p, says));
	}
	table_end(&t, r->out, r->colours);
}

static bool has(const json_t *o, const char *key)
{
	return json_is_string(json_object_get(o, key));
}

void render_event(struct render *r, const json_t *e)
{
	if (json_is_integer(json_object_get(e, "lost"))) {
		buf_printf(r->out, "(%lld events were lost)\n",
			   (long long)field_int(e, "lost"));
		return;
	}
	buf_printf(r->out, "%s %s", field_text(e, "time"),
		   field_text(e, "kind"));
	if (has(e, "service"))
		buf_printf(r->out, " %s", field_text(e, "service"));
	if (has(e, "backend"))
		buf_printf(r->out, "/%s", field_text(e, "backend"));
	if (has(e, "new")) {
		buf_printf(r->out, " %s -> ", field_text(e, "old"));
		colour_text(r->out, r->colours,
			    state_colour(field_text(e, "new")),
			    field_text(e, "new"));
	}
	buf_printf(r->out, ": %s\n", field_text(e, "reason"));
}
