/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of addresses. */
#include "ctl/render.h"

#define NCOLUMNS(c) (sizeof(c) / sizeof((c)[0]))
#define USERS_MAX   256

static long long number(const json_t *list, const char *key, const char *family)
{
	return (long long)field_int(json_object_get(list, key), family);
}

static long long both(const json_t *list, const char *key)
{
	return number(list, key, "ipv4") + number(list, key, "ipv6");
}

void render_lists(struct render *r, const json_t *answer)
{
	static const struct column columns[] = {
		{ "LIST", LEFT },     { "IPV4", RIGHT },    { "IPV6", RIGHT },
		{ "ADDED", RIGHT },   { "REMOVED", RIGHT }, { "STATE", LEFT },
		{ "SERVICES", LEFT },
	};
	char services[USERS_MAX];
	const json_t *l;
	struct table t;
	size_t i;

	table_begin(&t, columns, NCOLUMNS(columns));
	json_array_foreach(answer, i, l) {
		table_cell(&t, PLAIN, "%s", field_text(l, "name"));
		table_cell(&t, PLAIN, "%lld", number(l, "ranges", "ipv4"));
		table_cell(&t, PLAIN, "%lld", number(l, "ranges", "ipv6"));
		table_cell(&t, PLAIN, "%lld", both(l, "added"));
		table_cell(&t, PLAIN, "%lld", both(l, "removed"));
		table_cell(&t, PLAIN, "%s", field_text(l, "state"));
		table_cell(
		    &t, PLAIN, "%s",
		    field_list(l, "services", services, sizeof(services)));
	}
	table_end(&t, r->out, r->colours);
}

/* What the operator changed first, with a sign. */
void render_list(struct render *r, const json_t *answer)
{
	static const struct {
		const char *key, *sign;
	} parts[] = {
		{ "added", "+" },
		{ "removed", "-" },
		{ "entries", "" },
	};
	const json_t *v;
	size_t i;

	for (size_t p = 0; p < NCOLUMNS(parts); p++)
		json_array_foreach(json_object_get(answer, parts[p].key), i, v)
			buf_printf(r->out, "%s%s\n", parts[p].sign,
				   json_string_value(v) ? json_string_value(v)
							: "-");
}

void render_list_test(struct render *r, const json_t *answer)
{
	const json_t *entry = json_object_get(answer, "entry");

	buf_printf(r->out, "%s is %son %s (%s", field_text(answer, "address"),
		   json_is_true(json_object_get(answer, "listed")) ? ""
								   : "not ",
		   field_text(answer, "list"), field_text(answer, "why"));
	if (json_is_string(entry))
		buf_printf(r->out, ": %s", json_string_value(entry));
	buf_printf(r->out, ")\n");
}

void render_list_line(struct render *r, const json_t *answer)
{
	buf_printf(r->out,
		   "list %s: ranges in its files: %lld, added: %lld, removed: "
		   "%lld\n",
		   field_text(answer, "name"), both(answer, "ranges"),
		   both(answer, "added"), both(answer, "removed"));
}
