/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mistakes of a request, collected until it is answered.
 *
 * Must not know: any route.
 */
#include "http/mistakes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/json.h"
#include "http/reply.h"
#include "lib/near.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define KEYS_MAX 16 /* of one route's query */

static json_t *mistakes_of(struct request *rq)
{
	if (!rq->mistakes)
		rq->mistakes = json_array();
	return rq->mistakes;
}

/* "a b c" as ["a","b","c"]. */
static json_t *json_words(const char *words)
{
	json_t *list = json_array();

	while (words && *words) {
		size_t len = strcspn(words, " ");

		json_array_append_new(list, json_stringn(words, len));
		words += len + (words[len] == ' ');
	}
	return list;
}

static void note_query(struct request *rq, const char *field,
		       const char *allowed, const char *detail)
{
	json_array_append_new(mistakes_of(rq),
			      json_pack("{s:s, s:o, s:o, s:o}", "in", "query",
					"field", json_safe(field), "detail",
					json_safe(detail), "allowed",
					json_words(allowed)));
}

void mistake_query(struct request *rq, const char *field, const char *allowed,
		   const char *fmt, ...)
{
	struct err err;
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(err.msg, sizeof(err.msg), fmt, ap) < 0)
		err.msg[0] = '\0';
	va_end(ap);
	note_query(rq, field, allowed, err.msg);
	reply_err(rq, -EINVAL, &err);
}

int request_input(struct request *rq, const struct input_field *fields,
		  size_t n, struct input_value *values, struct err *err)
{
	return input_read(rq->body.data, rq->body.len, fields, n, values,
			  mistakes_of(rq), err);
}

void mistake_note(struct request *rq, const char *pointer, const char *detail)
{
	const char *last = strrchr(pointer, '/');

	json_array_append_new(mistakes_of(rq),
			      json_pack("{s:s, s:o, s:o, s:o, s:[]}", "in",
					"body", "field",
					json_safe(last ? last + 1 : pointer),
					"pointer", json_safe(pointer), "detail",
					json_safe(detail), "allowed"));
}

/* ---- keys of the query */

/* The keys of a route, apart; returns how many. */
static size_t split(const char *keys, char *copy, const char *list[KEYS_MAX])
{
	size_t n = 0;
	char *save, *word;

	strcpy(copy, keys);
	for (word = strtok_r(copy, " ", &save); word && n < KEYS_MAX;
	     word = strtok_r(NULL, " ", &save))
		list[n++] = word;
	return n;
}

static void unknown_key(struct request *rq, const char *key, const char *value,
			const char *const *list, size_t n)
{
	const char *near = near_word(key, list, n), *keys = rq->route->query;
	struct err err;
	char quoted[64];

	text_quote(key, strlen(key), quoted, sizeof(quoted));
	if (!keys)
		err_set(&err, 0, "unknown query field %s: none is allowed here",
			quoted);
	else if (!value)
		err_set(&err, 0, "query field %s: allowed with a value: %s",
			quoted, keys);
	else
		err_set(&err, 0, "unknown query field %s: allowed: %s%s%s%s",
			quoted, keys, near ? "; did you mean \"" : "",
			near ? near : "", near ? "\"?" : "");
	note_query(rq, key, keys, err.msg);
}

static enum MHD_Result check_key(void *cls, enum MHD_ValueKind kind,
				 const char *key, const char *value)
{
	struct request *rq = cls;
	const char *keys = rq->route->query, *list[KEYS_MAX];
	char *copy = xmalloc(keys ? strlen(keys) + 1 : 1);
	size_t n = keys ? split(keys, copy, list) : 0, i = 0;

	while (i < n && strcmp(list[i], key) != 0)
		i++;
	if (i == n || !value)
		unknown_key(rq, key, value, list, n);
	free(copy);
	return MHD_YES;
}

bool mistake_keys(struct request *rq)
{
	const json_t *first;
	struct err err;

	MHD_get_connection_values(rq->conn, MHD_GET_ARGUMENT_KIND, check_key,
				  rq);
	if (!rq->mistakes)
		return true;
	first = json_array_get(rq->mistakes, 0);
	err_set(&err, 0, "%s",
		json_string_value(json_object_get(first, "detail")));
	reply_err(rq, -EINVAL, &err);
	return false;
}
