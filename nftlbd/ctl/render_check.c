/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found of a host. Below the table: how to mend it, to be copied. */
#include <string.h>

#include "ctl/render.h"

#define NCOLUMNS(c) (sizeof(c) / sizeof((c)[0]))

static const struct {
	const char *level;
	enum colour colour;
} colours[] = {
	{ "ok", GOOD },
	{ "warning", WARN },
	{ "error", BAD },
};

static enum colour level_colour(const char *level)
{
	for (size_t i = 0; i < NCOLUMNS(colours); i++)
		if (!strcmp(level, colours[i].level))
			return colours[i].colour;
	return PLAIN;
}

bool render_host_failed(const json_t *answer)
{
	const json_t *f;
	size_t i;

	json_array_foreach(answer, i, f) {
		if (!strcmp(field_text(f, "level"), "error"))
			return true;
	}
	return false;
}

static void append_mends(struct render *r, const json_t *answer)
{
	const char *head = "\nTo mend it:\n";
	const json_t *f;
	size_t i;

	json_array_foreach(answer, i, f) {
		const char *mend =
		    json_string_value(json_object_get(f, "mend"));

		if (!mend || !mend[0])
			continue;
		buf_printf(r->out, "%s  %s\n", head, mend);
		head = "";
	}
}

void render_host(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "LEVEL", LEFT },
		{ "CHECK", LEFT },
		{ "SUBJECT", LEFT },
		{ "FOUND", LEFT },
	};
	const json_t *f;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, f) {
		const char *level = field_text(f, "level");

		table_cell(&t, level_colour(level), "%s", level);
		table_cell(&t, PLAIN, "%s", field_text(f, "check"));
		table_cell(&t, PLAIN, "%s", field_text(f, "subject"));
		table_cell(&t, PLAIN, "%s", field_text(f, "found"));
	}
	table_end(&t, r->out, r->colours);
	append_mends(r, answer);
}
