/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persistent clients. */
#include <stdio.h>

#include "ctl/render.h"

#define NCOLUMNS(c) (sizeof(c) / sizeof((c)[0]))
#define OWNER_MAX   512

/* "www", or of a group "web: www,www-tls". */
static const char *owner_text(const json_t *table, char *buf, size_t size)
{
	const char *group = json_string_value(json_object_get(table, "group"));
	int n = group ? snprintf(buf, size, "%s: ", group) : 0;

	field_list(table, "services", buf + n, size - (size_t)n);
	return buf;
}

/* Seconds, rounded up: what is there has some left. */
static void cell_expires(struct table *t, const json_t *session)
{
	long long s = (field_int(session, "expires_ms") + 999) / 1000;

	if (s < 60)
		table_cell(t, PLAIN, "%llds", s);
	else if (s < 3600)
		table_cell(t, PLAIN, "%lldm%02llds", s / 60, s % 60);
	else
		table_cell(t, PLAIN, "%lldh%02lldm", s / 3600, s / 60 % 60);
}

static void table_rows(struct table *t, const json_t *table)
{
	const json_t *s;
	char owner[OWNER_MAX];
	size_t i;

	owner_text(table, owner, sizeof(owner));
	json_array_foreach(json_object_get(table, "sessions"), i, s) {
		table_cell(t, PLAIN, "%s", owner);
		table_cell(t, PLAIN, "%s", field_text(s, "client"));
		table_cell(t, PLAIN, "%s", field_text(s, "backend"));
		cell_expires(t, s);
	}
}

void render_sessions(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "SERVICE", LEFT },
		{ "CLIENT", LEFT },
		{ "BACKEND", LEFT },
		{ "EXPIRES", RIGHT },
	};
	char owner[OWNER_MAX];
	const json_t *table;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, table)
		table_rows(&t, table);
	table_end(&t, r->out, r->colours);
	json_array_foreach(answer, i, table)
		buf_printf(r->out, "%s%s %s: %lld of %lld entries\n",
			   i ? "" : "\n",
			   owner_text(table, owner, sizeof(owner)),
			   field_text(table, "family"),
			   (long long)field_int(table, "count"),
			   (long long)field_int(table, "size"));
}

void render_forgotten(struct render *r, const json_t *a)
{
	if (json_is_string(json_object_get(a, "client")))
		buf_printf(r->out, "%s: %s is forgotten\n",
			   field_text(a, "service"), field_text(a, "client"));
	else
		buf_printf(r->out, "%s: all clients are forgotten\n",
			   field_text(a, "service"));
}
