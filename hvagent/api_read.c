/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict reading of bindings: a field that we do not know, a value that is
 * nearly right, a name twice are errors, and nothing of the request counts.
 *
 * Must not know: which bindings there are.
 */
#include "hvagent/api_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/input.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define TEXT_MAX 80 /* bytes; longer ones are no address */

enum { FIELD_SERVICE, FIELD_VM, FIELD_TUNNEL, FIELD_NAME, FIELDS };

static const struct input_field fields[FIELDS] = {
	[FIELD_SERVICE] = { .name = "service",
			    .kind = INPUT_TEXT,
			    .max = TEXT_MAX,
			    .allowed = BINDING_SERVICE_ALLOWED },
	[FIELD_VM] = { .name = "vm",
		       .kind = INPUT_TEXT,
		       .max = TEXT_MAX,
		       .allowed = BINDING_VM_ALLOWED },
	[FIELD_TUNNEL] = { .name = "tunnel",
			   .kind = INPUT_TEXT,
			   .max = TEXT_MAX,
			   .allowed = BINDING_TUNNEL_ALLOWED },
	[FIELD_NAME] = { .name = "name",
			 .kind = INPUT_TEXT,
			 .max = TEXT_MAX,
			 .allowed = BINDING_NAME_ALLOWED },
};

static int refuse(const struct input_field *f, const char *text,
		  struct err *err)
{
	char quoted[2 * TEXT_MAX];

	if (!text)
		return err_set(err, -EINVAL, "%s: is missing; allowed: %s",
			       f->name, f->allowed);
	return err_set(err, -EINVAL, "%s: found %s; allowed: %s", f->name,
		       text_quote(text, strlen(text), quoted, sizeof(quoted)),
		       f->allowed);
}

/* The fields' texts as a binding; its name is not looked at. */
static int make(const struct input_value *v, struct binding *out,
		struct err *err)
{
	const char *service = v[FIELD_SERVICE].text, *vm = v[FIELD_VM].text;
	const char *tunnel = v[FIELD_TUNNEL].text;

	if (!service || binding_service_parse(service, out) < 0)
		return refuse(&fields[FIELD_SERVICE], service, err);
	if (!vm || binding_vm_parse(vm, out) < 0)
		return refuse(&fields[FIELD_VM], vm, err);
	if (tunnel && binding_tunnel_parse(tunnel, out) < 0)
		return refuse(&fields[FIELD_TUNNEL], tunnel, err);
	return 0;
}

/* What it has to be by itself; takes @name where it is. */
static int finish(char *name, struct binding *out, struct err *err)
{
	const char *field;
	int ret;

	out->name = name;
	out->origin = BINDING_OF_API;
	ret = binding_check(out, &field, err);
	if (ret < 0) {
		free(name);
		out->name = NULL;
	}
	return ret;
}

int api_read_one(const char *body, size_t len, const char *name,
		 struct binding *out, struct err *err)
{
	struct input_value v[FIELDS] = { 0 };
	int ret;

	*out = (struct binding){ 0 };
	if (!name_valid(name))
		return refuse(&fields[FIELD_NAME], name, err);
	if (len == 0)
		return err_set(
		    err, -EINVAL,
		    "body: is empty; allowed: {\"service\": \"...\", "
		    "\"vm\": \"...\"}");
	ret = input_read(body, len, fields, FIELD_NAME, v, NULL, err);
	if (ret == 0)
		ret = make(v, out, err);
	if (ret == 0)
		ret = finish(xstrdup(name), out, err);
	input_free(v, FIELDS);
	return ret;
}

/* ---- lists */

static int read_element(json_t *o, struct binding *out, struct err *err)
{
	struct input_value v[FIELDS];
	int ret = input_object(o, fields, FIELDS, v, NULL, err);

	if (ret == 0 &&
	    (!v[FIELD_NAME].text || !name_valid(v[FIELD_NAME].text)))
		ret = refuse(&fields[FIELD_NAME], v[FIELD_NAME].text, err);
	if (ret == 0)
		ret = make(v, out, err);
	if (ret == 0)
		ret = finish(xstrdup(v[FIELD_NAME].text), out, err);
	input_free(v, FIELDS);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	const struct binding *const *x = a, *const *y = b;
	int cmp = strcmp((*x)->name, (*y)->name);

	return cmp ? cmp : (*x > *y) - (*x < *y);
}

static int check_twice(const struct binding *list, size_t n, struct err *err)
{
	const struct binding **sorted = xcalloc(n + 1, sizeof(*sorted));
	int ret = 0;

	for (size_t i = 0; i < n; i++)
		sorted[i] = &list[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 1; i < n && ret == 0; i++)
		if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
			ret = err_set(err, -EINVAL,
				      "[%td].name: found \"%s\" a second time, "
				      "first in [%td]; allowed: each name once",
				      sorted[i] - list, sorted[i]->name,
				      sorted[i - 1] - list);
	free(sorted);
	return ret;
}

static int read_elements(json_t *root, struct binding **list, size_t *n,
			 struct err *err)
{
	size_t size = json_array_size(root), i;
	struct err why;
	json_t *o;
	int ret;

	if (!json_is_array(root))
		return err_set(err, -EINVAL,
			       "body: allowed: an array of bindings");
	if (size > BINDINGS_MAX)
		return err_set(err, -E2BIG,
			       "body: found %zu bindings; allowed: up to %d",
			       size, BINDINGS_MAX);
	*list = xcalloc(size + 1, sizeof(**list));
	json_array_foreach(root, i, o) {
		ret = read_element(o, &(*list)[i], &why);
		if (ret < 0)
			return err_set(err, ret, "[%zu].%s", i, why.msg);
		*n = i + 1;
	}
	return check_twice(*list, *n, err);
}

int api_read_list(const char *body, size_t len, struct binding **list,
		  size_t *n, struct err *err)
{
	json_t *root = input_parse(body, len, err);
	int ret;

	*list = NULL;
	*n = 0;
	if (!root)
		return -EINVAL;
	ret = read_elements(root, list, n, err);
	json_decref(root);
	if (ret < 0) {
		api_read_free(*list, *n);
		*list = NULL;
		*n = 0;
	}
	return ret;
}

void api_read_free(struct binding *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].name);
	free(list);
}

/* ---- writing */

void api_write_one(struct buf *out, const struct binding *b)
{
	buf_printf(out, "{");
	binding_put_members(out, b);
	buf_printf(out, "}");
}
