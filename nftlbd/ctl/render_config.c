/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Revisions of the configuration, and pools. */
#include <string.h>

#include "ctl/render.h"

#define NCOLUMNS(c) (sizeof(c) / sizeof((c)[0]))

/* ---- revisions */

void render_pending(struct render *r, const json_t *p)
{
	struct buf text = { 0 };

	if (!json_is_object(p))
		return;
	buf_printf(&text,
		   "revision %lld waits for a confirm, %lld s left, then "
		   "revision %lld comes back",
		   (long long)field_int(p, "revision"),
		   (long long)field_int(p, "left_s"),
		   (long long)field_int(p, "back_to"));
	colour_text(r->out, r->colours, WARN, text.data);
	buf_free(&text);
}

void render_applied(struct render *r, const json_t *answer)
{
	const json_t *pending = json_object_get(answer, "pending");

	buf_printf(r->out, "revision %lld is in effect\n",
		   (long long)field_int(answer, "revision"));
	if (!json_is_object(pending))
		return;
	render_pending(r, pending);
	buf_printf(r->out, "; to keep it: nftlbctl config confirm\n");
}

static void cell_author(struct table *t, const json_t *o)
{
	const char *token = json_string_value(json_object_get(o, "token"));

	if (token)
		table_cell(t, PLAIN, "token %s", token);
	else
		table_cell(t, PLAIN, "uid %lld",
			   (long long)field_int(o, "uid"));
}

/* "2026-11-21 12:00:00Z", without what nobody reads. */
static void cell_time(struct table *t, const char *time)
{
	table_cell(
	    t, PLAIN, "%.10s%s%.8s%s", time, strlen(time) > 19 ? " " : "",
	    strlen(time) > 19 ? time + 11 : "", strlen(time) > 19 ? "Z" : "");
}

void render_history(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "", LEFT },       { "REVISION", RIGHT }, { "TIME", LEFT },
		{ "AUTHOR", LEFT }, { "CAUSE", LEFT },     { "LINES", LEFT },
	};
	const json_t *o;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, o) {
		bool current = json_is_true(json_object_get(o, "current"));

		table_cell(&t, GOOD, "%s", current ? "*" : "");
		table_cell(&t, PLAIN, "%lld",
			   (long long)field_int(o, "number"));
		cell_time(&t, field_text(o, "time"));
		cell_author(&t, json_object_get(o, "author"));
		table_cell(&t, PLAIN, "%s", field_text(o, "cause"));
		table_cell(&t, PLAIN, "+%lld -%lld",
			   (long long)field_int(o, "added"),
			   (long long)field_int(o, "removed"));
	}
	table_end(&t, r->out, r->colours);
}

static enum colour line_colour(const char *line)
{
	if (!strncmp(line, "+++", 3) || !strncmp(line, "---", 3))
		return PLAIN;
	return *line == '+'   ? GOOD
	       : *line == '-' ? BAD
	       : *line == '@' ? DIM
			      : PLAIN;
}

static void print_diff(struct render *r, const char *diff)
{
	struct buf line = { 0 };

	while (*diff) {
		size_t n = strcspn(diff, "\n");

		buf_clear(&line);
		buf_append(&line, diff, n);
		colour_text(r->out, r->colours, line_colour(diff), line.data);
		buf_append(r->out, "\n", 1);
		diff += n + (diff[n] == '\n');
	}
	buf_free(&line);
}

void render_revision(struct render *r, const json_t *answer)
{
	const char *diff = json_string_value(json_object_get(answer, "diff"));
	const json_t *list = json_pack("[O]", answer);
	const json_t *file;
	size_t i;

	render_history(r, list);
	json_decref((json_t *)list);
	if (diff) {
		print_diff(r, diff);
		return;
	}
	/* the first one that is kept */
	json_array_foreach(json_object_get(answer, "files"), i, file)
		buf_printf(r->out, "+++ %s\n%s", field_text(file, "path"),
			   field_text(file, "text"));
}

/* ---- pools */

static void pool_rows(struct table *t, const json_t *pool)
{
	bool dynamic = json_is_true(json_object_get(pool, "dynamic"));
	const json_t *m;
	size_t i;

	table_cell(t, PLAIN, "%s", field_text(pool, "name"));
	table_cell(t, PLAIN, "%s", dynamic ? "dynamic" : "");
	for (i = 2; i < 5; i++)
		table_cell(t, PLAIN, "%s", "");
	json_array_foreach(json_object_get(pool, "members"), i, m) {
		const char *source = field_text(m, "source");

		table_cell(t, PLAIN, "  %s", field_text(m, "name"));
		cell_endpoint(t, m);
		table_cell(t, PLAIN, "%lld", (long long)field_int(m, "weight"));
		table_cell(t, strcmp(source, "api") ? PLAIN : WARN, "%s",
			   source);
		table_cell(t, PLAIN, "%s",
			   json_string_value(json_object_get(m, "options")));
	}
}

void render_pools(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "POOL", LEFT },        { "ADDRESS", LEFT },
		{ "WEIGHT", RIGHT },     { "SOURCE", LEFT },
		{ "OPTIONS", OPTIONAL },
	};
	const json_t *pool;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, pool)
		pool_rows(&t, pool);
	table_end(&t, r->out, r->colours);
}

void render_member(struct render *r, const json_t *answer)
{
	const json_t *port = json_object_get(answer, "port");
	const char *address = field_text(answer, "address");
	bool six = strchr(address, ':') != NULL;

	buf_printf(r->out, "%s is a member now: ", field_text(answer, "name"));
	if (json_is_integer(port))
		buf_printf(r->out, "%s%s%s:%lld", six ? "[" : "", address,
			   six ? "]" : "", (long long)json_integer_value(port));
	else
		buf_printf(r->out, "%s", address);
	buf_printf(r->out, ", weight %lld\n",
		   (long long)field_int(answer, "weight"));
}

void render_removed(struct render *r, const json_t *answer)
{
	buf_printf(r->out, "it is no member any more\n");
}

void render_members(struct render *r, const json_t *answer)
{
	render_names(r, json_object_get(answer, "members"));
}

void render_numbers(struct render *r, const json_t *answer)
{
	const json_t *o;
	size_t i;

	json_array_foreach(answer, i, o)
		buf_printf(r->out, "%lld\n", (long long)field_int(o, "number"));
}
