/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weights that follow the load: the cells that tables have of them, and the
 * table of feeds. Where a scheduler is static the cells are empty, and where
 * all are, the columns are left out.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/render.h"

#define NCOLUMNS(c) (sizeof(c) / sizeof((c)[0]))
#define LOAD_MAX    256

const char *field_decimal(const json_t *o, const char *key,
			  char buf[DECIMAL_MAX])
{
	const json_t *v = json_object_get(o, key);
	size_t end;

	snprintf(buf, DECIMAL_MAX, "-");
	if (json_is_integer(v))
		snprintf(buf, DECIMAL_MAX, "%lld",
			 (long long)json_integer_value(v));
	if (!json_is_real(v) || fabs(json_real_value(v)) > 1e15)
		return buf;
	snprintf(buf, DECIMAL_MAX, "%.3f", json_real_value(v));
	end = strlen(buf);
	while (buf[end - 1] == '0')
		end--;
	if (buf[end - 1] == '.')
		end--;
	buf[end] = '\0';
	return buf;
}

/* A word is what programs compare; some say more to people in other words. */
const char *why_text(const char *word)
{
	static const struct {
		const char *word, *text;
	} texts[] = {
		{ "one-reporter", "frozen: one reporter" },
		{ "slow-start", "slow start" },
	};

	for (size_t i = 0; i < NCOLUMNS(texts); i++)
		if (!strcmp(texts[i].word, word))
			return texts[i].text;
	return word;
}

void cell_why(struct table *t, const json_t *o)
{
	const char *word = json_string_value(json_object_get(o, "why"));

	table_cell(t, word ? state_colour(word) : PLAIN, "%s",
		   word ? why_text(word) : "");
}

void cell_weight(struct table *t, const json_t *b)
{
	char text[DECIMAL_MAX];

	table_cell(
	    t, PLAIN, "%s",
	    field_decimal(json_object_get(b, "weight"), "effective", text));
}

void cells_dynamic(struct table *t, const json_t *b)
{
	const json_t *w = json_object_get(b, "weight");
	bool dynamic = json_is_number(json_object_get(w, "dynamic"));
	char text[DECIMAL_MAX];

	table_cell(t, PLAIN, "%s",
		   dynamic ? field_decimal(w, "dynamic", text) : "");
	cell_why(t, w);
}

/* "connections 12, cpu 0.35" */
void cell_load(struct table *t, const json_t *b)
{
	const json_t *list = json_object_get(b, "load"), *v;
	char text[LOAD_MAX] = "", value[DECIMAL_MAX];
	size_t used = 0, i;

	json_array_foreach(list, i, v) {
		bool ms = json_is_number(json_object_get(v, "value")) &&
			  !strcmp(field_text(v, "unit"), "ms");

		if (used < sizeof(text))
			used += (size_t)snprintf(
			    text + used, sizeof(text) - used, "%s%s %s%s",
			    i ? ", " : "", field_text(v, "name"),
			    field_decimal(v, "value", value), ms ? " ms" : "");
	}
	table_cell(t, PLAIN, "%s", text);
}

/* ---- feeds */

static void cell_age(struct table *t, const json_t *f)
{
	if (json_is_integer(json_object_get(f, "age_ms")))
		table_cell(t, PLAIN, "%.1f s",
			   (double)field_int(f, "age_ms") / 1e3);
	else
		table_cell(t, PLAIN, "-");
}

/* An agent that was asked again before it looked at its figures again. */
static void cell_last(struct table *t, const json_t *f)
{
	if (!strcmp(field_text(f, "reason"), "ignored"))
		table_cell(t, PLAIN, "nothing new");
	else
		cell_reason(t, f);
}

void render_feeds(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "SERVICE", LEFT }, { "BACKEND", LEFT }, { "FEED", LEFT },
		{ "TYPE", LEFT },    { "VALUE", RIGHT },  { "LOAD", RIGHT },
		{ "AGE", RIGHT },    { "LAST", LEFT },
	};
	static const char *const names[] = { "service", "backend", "feed",
					     "type" };
	char text[DECIMAL_MAX];
	const json_t *f;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, f) {
		for (size_t j = 0; j < NCOLUMNS(names); j++)
			table_cell(&t, PLAIN, "%s", field_text(f, names[j]));
		table_cell(&t, PLAIN, "%s", field_decimal(f, "value", text));
		table_cell(&t, PLAIN, "%s", field_decimal(f, "load", text));
		cell_age(&t, f);
		cell_last(&t, f);
	}
	table_end(&t, r->out, r->colours);
}
