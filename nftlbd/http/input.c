/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict reading of JSON objects by a table of fields. A mistake is never
 * skipped: a field that we do not know may be the one that mattered.
 *
 * Must not know: HTTP, what the fields mean.
 */
#include "http/input.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "lib/xalloc.h"

#define QUOTED_MAX 80

static const char *const type_names[] = {
	[JSON_OBJECT] = "an object",   [JSON_ARRAY] = "an array",
	[JSON_STRING] = "a string",    [JSON_INTEGER] = "an integer",
	[JSON_REAL] = "a real number", [JSON_TRUE] = "true",
	[JSON_FALSE] = "false",        [JSON_NULL] = "null",
};

/* What was found, for people. */
static const char *found(const json_t *v, char *buf, size_t size)
{
	if (json_is_string(v))
		return text_quote(json_string_value(v), json_string_length(v),
				  buf, size);
	if (json_is_integer(v))
		snprintf(buf, size, "%lld", (long long)json_integer_value(v));
	else
		snprintf(buf, size, "%s", type_names[json_typeof(v)]);
	return buf;
}

static int read_word(const struct input_field *f, const json_t *v,
		     struct input_value *out, struct err *err)
{
	char list[128], quoted[QUOTED_MAX];

	out->number =
	    json_is_string(v) ? word_find(f->words, json_string_value(v)) : -1;
	if (out->number >= 0)
		return 0;
	return err_set(err, -EINVAL, "%s: %s; allowed: %s", f->name,
		       found(v, quoted, sizeof(quoted)),
		       words_list(f->words, list, sizeof(list)));
}

static int read_number(const struct input_field *f, const json_t *v,
		       struct input_value *out, struct err *err)
{
	char quoted[QUOTED_MAX];

	out->null = json_is_null(v);
	if (out->null)
		return 0;
	if (json_is_integer(v) && json_integer_value(v) >= f->min &&
	    json_integer_value(v) <= f->max) {
		out->number = (long)json_integer_value(v);
		return 0;
	}
	return err_set(err, -EINVAL,
		       "%s: %s; allowed: an integer %ld..%ld, or null", f->name,
		       found(v, quoted, sizeof(quoted)), f->min, f->max);
}

static int read_path(const struct input_field *f, const json_t *v,
		     struct input_value *out, struct err *err)
{
	char quoted[QUOTED_MAX];

	if (!json_is_string(v) || json_string_value(v)[0] != '/')
		return err_set(err, -EINVAL,
			       "%s: %s; allowed: an absolute path", f->name,
			       found(v, quoted, sizeof(quoted)));
	out->text = xstrdup(json_string_value(v));
	return 0;
}

static int read_text(const struct input_field *f, const json_t *v,
		     struct input_value *out, struct err *err)
{
	char quoted[QUOTED_MAX];

	if (!json_is_string(v) || json_string_length(v) > (size_t)f->max)
		return err_set(err, -EINVAL, "%s: found %s; allowed: %s",
			       f->name, found(v, quoted, sizeof(quoted)),
			       f->allowed);
	out->text = xstrdup(json_string_value(v));
	return 0;
}

static int read_field(const struct input_field *f, const json_t *v,
		      struct input_value *out, struct err *err)
{
	static int (*const readers[])(const struct input_field *f,
				      const json_t *v, struct input_value *out,
				      struct err *err) = {
		[INPUT_WORD] = read_word,
		[INPUT_NUMBER] = read_number,
		[INPUT_PATH] = read_path,
		[INPUT_TEXT] = read_text,
	};

	out->given = true;
	return readers[f->kind](f, v, out, err);
}

static int unknown_field(const char *name, const struct input_field *fields,
			 size_t n, struct err *err)
{
	char list[128] = "", quoted[QUOTED_MAX];
	size_t used = 0;

	text_quote(name, strlen(name), quoted, sizeof(quoted));
	for (size_t i = 0; i < n && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", i ? ", " : "", fields[i].name);
	if (n == 0)
		return err_set(err, -EINVAL,
			       "unknown field %s: none is allowed here",
			       quoted);
	return err_set(err, -EINVAL, "unknown field %s; allowed: %s", quoted,
		       list);
}

static int read_object(json_t *root, const struct input_field *fields, size_t n,
		       struct input_value *values, struct err *err)
{
	const char *name;
	json_t *v;
	size_t i;
	int ret;

	json_object_foreach(root, name, v) {
		for (i = 0; i < n && strcmp(fields[i].name, name) != 0; i++)
			;
		if (i == n)
			return unknown_field(name, fields, n, err);
		ret = read_field(&fields[i], v, &values[i], err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

json_t *input_parse(const char *body, size_t len, struct err *err)
{
	json_error_t where;
	json_t *root =
	    json_loadb(body ? body : "", len,
		       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);

	if (!root)
		err_set(err, -EINVAL, "body: not JSON: line %d: %s", where.line,
			where.text);
	return root;
}

int input_object(json_t *root, const struct input_field *fields, size_t n,
		 struct input_value *values, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		values[i] = (struct input_value){ 0 };
	if (json_is_object(root))
		return read_object(root, fields, n, values, err);
	return err_set(err, -EINVAL, "body: %s; allowed: an object",
		       type_names[json_typeof(root)]);
}

int input_read(const char *body, size_t len, const struct input_field *fields,
	       size_t nfields, struct input_value *values, struct err *err)
{
	json_t *root;
	int ret;

	for (size_t i = 0; i < nfields; i++)
		values[i] = (struct input_value){ 0 };
	if (len == 0)
		return 0;
	root = input_parse(body, len, err);
	ret = root ? input_object(root, fields, nfields, values, err) : -EINVAL;
	json_decref(root);
	return ret;
}

void input_free(struct input_value *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(values[i].text);
		values[i].text = NULL;
	}
}
