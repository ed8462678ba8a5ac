/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a path is matched against a table of routes. Pure.
 *
 * Must not know: any single route, what the handlers do, where a request comes
 * from.
 */
#include "http/routes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef char route_at[ROUTE_PARTS_MAX][ROUTE_PART_MAX + 1];

/* The part that @pattern begins with; nparts: none. */
static size_t part_of(const struct route_table *t, const char *pattern)
{
	size_t i = 0;

	while (i < t->nparts && strncmp(pattern, t->parts[i].pattern,
					strlen(t->parts[i].pattern)) != 0)
		i++;
	return i;
}

/* Does @path have the form of @pattern? */
static bool path_match(const struct route_table *t, const char *pattern,
		       const char *path, route_at at)
{
	memset(at, 0, sizeof(route_at));
	while (*pattern && *path) {
		size_t part = part_of(t, pattern), len;

		if (part == t->nparts) {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		len = strcspn(path, t->parts[part].end);
		if (len == 0 || len > ROUTE_PART_MAX)
			return false;
		memcpy(at[part], path, len);
		pattern += strlen(t->parts[part].pattern);
		path += len;
	}
	return !*pattern && !*path;
}

static void allow_add(char allow[ROUTES_ALLOW_MAX], const char *method)
{
	size_t used = strlen(allow);

	snprintf(allow + used, ROUTES_ALLOW_MAX - used, "%s%s",
		 used ? ", " : "", method);
}

const struct route *routes_find(const struct route_table *table,
				const char *method, const char *path,
				route_at at, char allow[ROUTES_ALLOW_MAX])
{
	allow[0] = '\0';
	if (!strcmp(method, "HEAD"))
		method = "GET";
	for (size_t i = 0; i < table->n; i++) {
		if (!path_match(table, table->list[i].path, path, at))
			continue;
		if (!strcmp(table->list[i].method, method)) {
			allow[0] = '\0';
			return &table->list[i];
		}
		allow_add(allow, table->list[i].method);
	}
	return NULL;
}
