/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The description of the API has the routes that there are, with their keys of
 * the query, and no others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "control/handlers.h"
#include "tests/unit/control_rig.h"
#include "web/assets.h"

static json_t *document(void)
{
	const struct asset a = asset_openapi();
	json_error_t where;
	json_t *o = json_loadb(a.data, a.size, JSON_REJECT_DUPLICATES, &where);

	if (!o)
		fail_msg("openapi.json:%d: %s", where.line, where.text);
	return o;
}

static json_t *operation(json_t *doc, const struct route *r)
{
	char method[16];
	size_t n = 0;

	for (; r->method[n] && n + 1 < sizeof(method); n++)
		method[n] = (char)tolower((unsigned char)r->method[n]);
	method[n] = '\0';
	return json_object_get(
	    json_object_get(json_object_get(doc, "paths"), r->path), method);
}

/* Is @name one of @keys, which are separated by blanks? */
static bool has_key(const char *keys, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = keys; at && (at = strstr(at, name)); at += len)
		if ((at == keys || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

static void same_keys(const struct route *r, const json_t *op)
{
	size_t i, described = 0, there = r->query && r->query[0];
	json_t *p;

	for (const char *c = r->query; c && *c; c++)
		there += *c == ' ';
	json_array_foreach(json_object_get(op, "parameters"), i, p) {
		const char *name =
		    json_string_value(json_object_get(p, "name"));

		if (strcmp(json_string_value(json_object_get(p, "in")),
			   "query") != 0)
			continue;
		described++;
		if (!has_key(r->query, name))
			fail_msg("%s %s: no ?%s=", r->method, r->path, name);
	}
	if (described != there)
		fail_msg("%s %s: %zu keys are described of \"%s\"", r->method,
			 r->path, described, r->query ? r->query : "");
}

static void test_routes(void **state)
{
	json_t *doc = document(), *path, *op;
	size_t described = 0;
	const char *name, *method;

	for (size_t i = 0; i < control_routes.n; i++) {
		const struct route *r = &control_routes.list[i];

		op = operation(doc, r);
		if (!op)
			fail_msg("%s %s is not described", r->method, r->path);
		same_keys(r, op);
	}
	json_object_foreach(json_object_get(doc, "paths"), name, path)
		json_object_foreach(path, method, op)
			described += strcmp(method, "parameters") != 0;
	assert_int_equal(described, control_routes.n);
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
