/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `status`: the daemon in a few lines, then services and their backends on one
 * screen. Where there are too many, those that are well are left out.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/render.h"

#define LINES_MAX 200 /* services and backends shown whatever their state */

static const struct column columns[] = {
	{ "SERVICE", LEFT },
	{ "ADDRESS", LEFT },
	{ "STATE", LEFT },
	{ "WEIGHT", RIGHT },
	{ "DYNAMIC", RIGHT | OPTIONAL },
	{ "WHY", LEFT | OPTIONAL },
	{ "SHARE", RIGHT },
	{ "CONNECTIONS", RIGHT },
	{ "CHECK", LEFT },
};

/* "3: 2 up, 1 down"; states that nothing is in are left out. */
static void print_states(struct render *r, const char *what, const json_t *o)
{
	const char *sep = ": ", *key;
	json_t *v;

	buf_printf(r->out, "%-9s %lld", what, (long long)field_int(o, "total"));
	json_object_foreach((json_t *)o, key, v) {
		if (!strcmp(key, "total") || json_integer_value(v) == 0)
			continue;
		buf_printf(r->out, "%s%lld ", sep,
			   (long long)json_integer_value(v));
		colour_text(r->out, r->colours, state_colour(key), key);
		sep = ", ";
	}
	buf_printf(r->out, "\n");
}

static void print_prober(struct render *r, const json_t *p)
{
	if (!json_is_object(p))
		return;
	buf_printf(r->out, "prober    ");
	if (json_is_integer(json_object_get(p, "pid")))
		buf_printf(r->out, "pid %lld", (long long)field_int(p, "pid"));
	else
		colour_text(r->out, r->colours, BAD, "not running");
	buf_printf(r->out,
		   ", %lld probes for %lld checks, %lld results, %lld "
		   "restarts\n",
		   (long long)field_int(p, "jobs"),
		   (long long)field_int(p, "checks"),
		   (long long)field_int(p, "results"),
		   (long long)field_int(p, "restarts"));
}

/* Nothing where no set ever was full. */
static void print_overflow(struct render *r, const json_t *o)
{
	json_int_t full = field_int(o, "full");
	json_int_t sessions = field_int(o, "sessions");
	json_int_t fresh = field_int(o, "new");
	json_int_t connections = field_int(o, "connections");
	json_int_t flows = field_int(o, "flows");

	if (full + sessions + fresh + connections + flows == 0)
		return;
	buf_printf(r->out, "overflow  %lld set%s ", (long long)full,
		   full == 1 ? "" : "s");
	colour_text(r->out, r->colours, full ? WARN : PLAIN, "full now");
	buf_printf(r->out,
		   "; without room so far: %lld sessions, %lld new, %lld "
		   "connections, %lld flows\n",
		   (long long)sessions, (long long)fresh,
		   (long long)connections, (long long)flows);
}

/* Nothing where no service's connections are followed. */
static void print_tracking(struct render *r, const json_t *o)
{
	json_int_t lost = field_int(o, "lost");

	if (!json_is_object(o))
		return;
	buf_printf(r->out, "tracking  %lld flows, %lld events, ",
		   (long long)field_int(o, "entries"),
		   (long long)field_int(o, "events"));
	buf_printf(r->out, "lost %lld time%s, %lld dumps put %lld right",
		   (long long)lost, lost == 1 ? "" : "s",
		   (long long)field_int(o, "dumps"),
		   (long long)field_int(o, "drift"));
	if (json_is_true(json_object_get(o, "blind")))
		colour_text(r->out, r->colours, WARN,
			    "; no events (nf_conntrack_events is 0)");
	buf_append(r->out, "\n", 1);
}

/* Nothing where all services are routed to. */
static void print_paths(struct render *r, const json_t *o)
{
	json_int_t missing = field_int(o, "missing");

	if (!json_is_object(o))
		return;
	buf_printf(r->out, "paths     to %lld backends, %lld ",
		   (long long)field_int(o, "needed"), (long long)missing);
	colour_text(r->out, r->colours, missing ? BAD : PLAIN, "not known");
	buf_append(r->out, "\n", 1);
}

static void print_daemon(struct render *r, const json_t *a)
{
	const char *error = json_string_value(json_object_get(a, "last_error"));

	buf_printf(r->out, "nftlbd    %s, up ", field_text(a, "version"));
	append_duration(r->out, field_int(a, "uptime_s"));
	buf_printf(r->out, ", revision %lld, table %s, hash-seed %s\n",
		   (long long)field_int(a, "revision"), field_text(a, "table"),
		   field_text(a, "hash_seed"));
	print_states(r, "services", json_object_get(a, "services"));
	print_states(r, "backends", json_object_get(a, "backends"));
	print_prober(r, json_object_get(a, "prober"));
	print_overflow(r, json_object_get(a, "overflow"));
	print_tracking(r, json_object_get(a, "tracking"));
	print_paths(r, json_object_get(a, "paths"));
	if (json_is_object(json_object_get(a, "pending"))) {
		buf_printf(r->out, "pending   ");
		render_pending(r, json_object_get(a, "pending"));
		buf_printf(r->out, "\n");
	}
	if (json_is_true(json_object_get(a, "flushed")))
		colour_text(r->out, r->colours, WARN,
			    "flushed   our tables were removed; sync puts them "
			    "back\n");
	if (json_is_false(json_object_get(a, "last_reload_ok")))
		colour_text(r->out, r->colours, BAD,
			    "reload    the last one was refused\n");
	if (error) {
		buf_printf(r->out, "error     ");
		colour_text(r->out, r->colours, BAD, error);
		buf_printf(r->out, "\n");
	}
}

static void service_row(struct table *t, const json_t *s)
{
	char addresses[512], protocols[32], ports[256];

	table_cell(t, PLAIN, "%s", field_text(s, "name"));
	table_cell(t, PLAIN, "%s %s %s",
		   field_list(s, "addresses", addresses, sizeof(addresses)),
		   field_list(s, "protocol", protocols, sizeof(protocols)),
		   field_list(s, "ports", ports, sizeof(ports)));
	cell_service_state(t, s);
	for (size_t i = 3; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (!strcmp(columns[i].head, "WHY"))
			cell_why(t, json_object_get(s, "weights"));
		else
			table_cell(t, PLAIN, "%s", "");
}

static void backend_row(struct table *t, const json_t *b)
{
	table_cell(t, PLAIN, "  %s", field_text(b, "name"));
	cell_endpoint(t, b);
	cell_backend_state(t, b);
	cell_weight(t, b);
	cells_dynamic(t, b);
	cell_share(t, b);
	cell_connections(t, b);
	cell_check(t, b);
}

static json_int_t total(const json_t *answer, const char *what)
{
	return field_int(json_object_get(answer, what), "total");
}

/* All of ten thousand services would be 35 MB, to show none of them. */
const char *status_services(const json_t *answer)
{
	return total(answer, "services") + total(answer, "backends") <=
		       LINES_MAX
		   ? "/v1/services"
		   : "/v1/services?state=not-up";
}

static void print_services(struct render *r, const json_t *services)
{
	struct table t;
	const json_t *s, *b;
	size_t i, j;

	if (json_array_size(services) == 0)
		return;
	buf_printf(r->out, "\n");
	table_begin(&t, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(services, i, s) {
		service_row(&t, s);
		json_array_foreach(json_object_get(s, "backends"), j, b)
			backend_row(&t, b);
	}
	table_end(&t, r->out, r->colours);
}

void render_status(struct render *r, const json_t *answer)
{
	json_int_t left_out;

	if (json_object_get(answer, "program")) { /* the agent says so */
		render_agent(r, answer);
		return;
	}
	print_daemon(r, answer);
	print_services(r, r->extra);
	left_out =
	    total(answer, "services") - (json_int_t)json_array_size(r->extra);
	if (left_out > 0)
		buf_printf(r->out,
			   "%lld services that are up are not shown; nftlbctl "
			   "show services shows all\n",
			   (long long)left_out);
}
