/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hvagent answers: its status and its bindings. */
#include "ctl/render.h"

#define NCOLUMNS(c) (sizeof(c) / sizeof((c)[0]))

static void append_counts(struct render *r, const json_t *a)
{
	const json_t *bindings = json_object_get(a, "bindings");
	const json_t *received = json_object_get(a, "received");
	const json_t *drops = json_object_get(a, "drops");
	const json_t *commits = json_object_get(a, "commits");

	buf_printf(r->out,
		   "bindings  %lld: %lld of the file, %lld of the API\n",
		   (long long)field_int(bindings, "total"),
		   (long long)field_int(bindings, "file"),
		   (long long)field_int(bindings, "api"));
	if (json_is_object(drops))
		buf_printf(
		    r->out,
		    "packets   %lld out of tunnels, %lld bytes; dropped: "
		    "%lld of strangers, %lld for no binding, %lld stale\n",
		    (long long)field_int(received, "packets"),
		    (long long)field_int(received, "bytes"),
		    (long long)field_int(drops, "strangers"),
		    (long long)field_int(drops, "unbound"),
		    (long long)field_int(drops, "stale"));
	buf_printf(r->out, "commits   %lld, %lld refused; %lld repairs\n",
		   (long long)field_int(commits, "done"),
		   (long long)field_int(commits, "refused"),
		   (long long)field_int(a, "repairs"));
}

void render_agent(struct render *r, const json_t *a)
{
	const char *error = json_string_value(json_object_get(a, "error"));
	char gateways[512], uplinks[160];

	buf_printf(r->out, "%-9s %s, up ", field_text(a, "program"),
		   field_text(a, "version"));
	append_duration(r->out, field_int(a, "uptime_s"));
	buf_printf(r->out, ", table %s\nuplinks   %s\ngateways  %s\n",
		   field_text(a, "table"),
		   field_list(a, "uplinks", uplinks, sizeof(uplinks)),
		   field_list(a, "gateways", gateways, sizeof(gateways)));
	append_counts(r, a);
	if (error) {
		buf_printf(r->out, "error     ");
		colour_text(r->out, r->colours, BAD, error);
		buf_printf(r->out, "\n");
	}
}

void render_bindings(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "NAME", LEFT },   { "SERVICE", LEFT }, { "VM", LEFT },
		{ "TUNNEL", LEFT }, { "ORIGIN", LEFT },
	};
	const json_t *b;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, b) {
		table_cell(&t, PLAIN, "%s", field_text(b, "name"));
		table_cell(&t, PLAIN, "%s", field_text(b, "service"));
		table_cell(&t, PLAIN, "%s", field_text(b, "vm"));
		table_cell(&t, PLAIN, "%s", field_text(b, "tunnel"));
		table_cell(&t, PLAIN, "%s", field_text(b, "origin"));
	}
	table_end(&t, r->out, r->colours);
}

void render_bound(struct render *r, const json_t *answer)
{
	buf_printf(r->out, "%s: %s goes to %s\n", field_text(answer, "name"),
		   field_text(answer, "service"), field_text(answer, "vm"));
}

void render_unbound(struct render *r, const json_t *answer)
{
	buf_printf(r->out, "%s is bound no more\n", field_text(answer, "name"));
}
