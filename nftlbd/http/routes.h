/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An API as a table: method, path, handler; and how a path is looked up. */
#ifndef NFTLB_HTTP_ROUTES_H
#define NFTLB_HTTP_ROUTES_H

#include <stddef.h>

struct request;

#define ROUTE_PARTS_MAX 6  /* kinds of parts in one table */
#define ROUTE_PART_MAX  63 /* bytes of one part */

/* What stands for a part of a path. Its index in the table of parts is where
 * the text is found in rq->at; "" where a path has none. */
struct route_part {
	const char *pattern; /* "{service}" */
	const char *end;     /* bytes that are not of it: "/", "" = the rest */
};

struct route {
	const char *method;
	const char *path; /* "/v1/services/{service}" */
	void (*handle)(struct request *rq);
	const char *query; /* allowed ?keys, separated by blanks; NULL = none */
};

struct route_table {
	const struct route *list;
	size_t n;
	const struct route_part *parts;
	size_t nparts; /* up to ROUTE_PARTS_MAX */
	/* Paths of routes that change nothing though their method is not GET,
	 * up to a NULL; NULL = none. */
	const char *const *looks;
	/* Paths of routes whose body may have large_max bytes, the same way. */
	const char *const *large;
	size_t large_max;
};

#define ROUTES_ALLOW_MAX 64

/**
 * routes_find() - the route of a request
 * @path: without query, percent-decoded. HEAD is answered as GET.
 * @at: parts of @path, by their index in the table
 * @allow: where the path is known and the method is not: "GET, PATCH"; else ""
 * Return: NULL where there is none (404, or 405 where @allow is not empty).
 */
const struct route *routes_find(const struct route_table *table,
				const char *method, const char *path,
				char at[ROUTE_PARTS_MAX][ROUTE_PART_MAX + 1],
				char allow[ROUTES_ALLOW_MAX]);

#endif
