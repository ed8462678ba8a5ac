/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans, routes, texts, and the one-line answers to commands. */
#include <string.h>

#include "ctl/render.h"

void render_text(struct render *r, const json_t *answer)
{
	const char *text = json_string_value(json_object_get(answer, "text"));

	buf_append(r->out, text ? text : "", text ? strlen(text) : 0);
}

void render_version(struct render *r, const json_t *answer)
{
	const char *program =
	    json_string_value(json_object_get(answer, "program"));

	buf_printf(r->out, "%s %s\n", program ? program : "nftlbd",
		   field_text(answer, "version"));
}

/* ---- plans */

static void print_price(struct render *r, const json_t *p)
{
	const json_t *flows = json_object_get(p, "flows_ended");
	const json_t *moved = json_object_get(p, "flows_moved");

	buf_printf(r->out,
		   "services: %lld added, %lld removed, %lld changed; "
		   "%lld backends removed\n",
		   (long long)field_int(p, "services_added"),
		   (long long)field_int(p, "services_removed"),
		   (long long)field_int(p, "services_changed"),
		   (long long)field_int(p, "backends_removed"));
	buf_printf(r->out,
		   "slots that move: %lld of %lld; clients that move: %.1f%%\n",
		   (long long)field_int(p, "slots_moved"),
		   (long long)field_int(p, "slots_total"),
		   100. * field_real(p, "clients_moved"));
	if (json_is_number(moved))
		buf_printf(r->out,
			   "flows of modes that track nothing that move: "
			   "%.1f%%\n",
			   100. * json_number_value(moved));
	if (json_is_integer(flows))
		buf_printf(r->out, "UDP flows that end: %lld\n",
			   (long long)json_integer_value(flows));
	else
		buf_printf(r->out, "UDP flows that end: not known\n");
}

void render_plan(struct render *r, const json_t *answer)
{
	if (json_is_true(json_object_get(answer, "empty"))) {
		buf_printf(r->out, "nothing to change\n");
		return;
	}
	render_text(r, answer);
	buf_printf(r->out, "\n");
	print_price(r, json_object_get(answer, "price"));
}

void render_dry_run(struct render *r, const json_t *answer)
{
	buf_printf(r->out, "%s\n", field_text(answer, "summary"));
	if (!json_is_true(json_object_get(answer, "empty"))) {
		buf_printf(r->out, "\n");
		render_text(r, answer);
	}
}

/* ---- routes */

static void print_shares(struct render *r, const json_t *shares)
{
	static const struct column columns[] = { { "BACKEND", LEFT },
						 { "SLOTS", RIGHT },
						 { "SHARE", RIGHT },
						 { "WEIGHT", RIGHT | OPTIONAL },
						 { "DYNAMIC",
						   RIGHT | OPTIONAL },
						 { "WHY", LEFT | OPTIONAL } };
	const json_t *b;
	struct table t;
	size_t i;

	table_begin(&t, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(shares, i, b) {
		table_cell(&t, PLAIN, "%s", field_text(b, "name"));
		table_cell(&t, PLAIN, "%lld", (long long)field_int(b, "slots"));
		cell_share(&t, b);
		if (json_is_number(json_object_get(json_object_get(b, "weight"),
						   "dynamic")))
			cell_weight(&t, b);
		else
			table_cell(&t, PLAIN, "%s", "");
		cells_dynamic(&t, b);
	}
	table_end(&t, r->out, r->colours);
}

/* How it came to that. */
static void print_steps(struct render *r, const json_t *steps)
{
	const json_t *e;
	size_t i;

	json_array_foreach(steps, i, e)
		buf_printf(r->out, "  %zu. %-7s  %s\n", i + 1,
			   field_text(e, "step"), field_text(e, "text"));
}

static void print_choice(struct render *r, const json_t *a)
{
	const json_t *b = json_object_get(a, "backend");

	bool slot = !strcmp(field_text(a, "by"), "slot");

	if (!json_is_object(b)) {
		buf_printf(r->out, "%s (%s): %s\n", field_text(a, "service"),
			   field_text(a, "scheduler"), field_text(a, "reason"));
		if (slot)
			print_shares(r, json_object_get(a, "shares"));
		return;
	}
	buf_printf(r->out, "%s -> %s, %s", field_text(a, "client"),
		   field_text(b, "name"), field_text(b, "address"));
	if (field_int(b, "port"))
		buf_printf(r->out, " port %lld",
			   (long long)field_int(b, "port"));
	buf_printf(r->out, ", state %s\n", field_text(b, "state"));
	if (!slot) {
		buf_printf(r->out, "%s: %s\n", field_text(a, "service"),
			   field_text(a, "reason"));
		return;
	}
	buf_printf(r->out, "%s: slot %lld of %lld by hash of %s",
		   field_text(a, "service"), (long long)field_int(a, "slot"),
		   (long long)field_int(a, "slots"), field_text(a, "hash_key"));
	if (!strcmp(field_text(a, "hash_key"), "5-tuple"))
		buf_printf(r->out, ", to %s port %lld %s",
			   field_text(a, "address"),
			   (long long)field_int(a, "service_port"),
			   field_text(a, "protocol"));
	buf_printf(r->out, "\n");
}

void render_route(struct render *r, const json_t *a)
{
	print_choice(r, a);
	print_steps(r, json_object_get(a, "steps"));
}

/* ---- one line */

/* "weight 2.5 (dynamic 1.25, moving)" */
static void print_weight(struct render *r, const json_t *w)
{
	char text[DECIMAL_MAX];

	buf_printf(r->out, "weight %s", field_decimal(w, "effective", text));
	if (json_is_number(json_object_get(w, "dynamic")))
		buf_printf(r->out, " (dynamic %s, %s)",
			   field_decimal(w, "dynamic", text),
			   why_text(field_text(w, "why")));
}

void render_backend_line(struct render *r, const json_t *b)
{
	const char *state = field_text(b, "state");
	const char *said = field_text(b, "said");

	buf_printf(r->out, "%s/%s: ", field_text(b, "service"),
		   field_text(b, "name"));
	colour_text(r->out, r->colours, state_colour(state), state);
	buf_printf(r->out, ", admin %s", field_text(b, "admin"));
	if (strcmp(said, "-") != 0 && strcmp(said, "enabled") != 0)
		buf_printf(r->out, ", its checks say %s", said);
	buf_printf(r->out, ", health %s, ", field_text(b, "health"));
	if (json_is_string(json_object_get(b, "path")))
		buf_printf(r->out, "path %s, ", field_text(b, "path"));
	print_weight(r, json_object_get(b, "weight"));
	buf_printf(r->out, ", share %.1f%%\n", 100. * field_real(b, "share"));
}

void render_service_line(struct render *r, const json_t *s)
{
	const char *state = field_text(s, "state");

	buf_printf(r->out, "%s: ", field_text(s, "name"));
	colour_text(r->out, r->colours, state_colour(state), state);
	buf_printf(r->out, ", %zu backends\n",
		   json_array_size(json_object_get(s, "backends")));
}

void render_checked(struct render *r, const json_t *a)
{
	buf_printf(r->out, "%s: good, %lld services\n", field_text(a, "path"),
		   (long long)field_int(a, "services"));
}

void render_reloaded(struct render *r, const json_t *a)
{
	buf_printf(r->out, "revision %lld is in effect\n",
		   (long long)field_int(a, "revision"));
}

void render_synced(struct render *r, const json_t *a)
{
	buf_printf(r->out, "the kernel is as it should be\n");
}

void render_flushed(struct render *r, const json_t *a)
{
	buf_printf(r->out, "our tables are removed, until sync, reload or "
			   "restart\n");
}
