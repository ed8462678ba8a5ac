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

#include "http/json.h"
#include "lib/buf.h"
#include "lib/near.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

#define QUOTED_MAX 80
#define FIELDS_MAX 16 /* that are looked through for one that is near */

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

/* ---- what is wrong, for programs */

static json_t *words_json(const struct word *words)
{
	json_t *list = json_array();

	for (; words->text; words++)
		json_array_append_new(list, json_string(words->text));
	return list;
}

static json_t *allowed_of(const struct input_field *f)
{
	char range[48];

	switch (f->kind) {
	case INPUT_NUMBER:
		snprintf(range, sizeof(range), "%ld..%ld", f->min, f->max);
		return json_pack("[s, s]", range, "null");
	case INPUT_PATH:
		return json_pack("[s]", "an absolute path");
	case INPUT_TEXT:
		return json_pack("[s]", f->allowed);
	case INPUT_WORD:
		break;
	}
	return words_json(f->words);
}

static json_t *names_json(const struct input_field *fields, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(fields[i].name));
	return list;
}

/* "/name", with what RFC 6901 escapes. */
static json_t *pointer_to(const char *name)
{
	struct buf out = { 0 };
	json_t *v;

	buf_append(&out, "/", name[0] != '\0');
	for (; *name; name++)
		if (*name == '~' || *name == '/')
			buf_printf(&out, "~%d", *name == '/');
		else
			buf_append(&out, name, 1);
	v = json_safe(out.data ? out.data : "");
	buf_free(&out);
	return v;
}

/* Takes @allowed. The first one's words are those of all. */
static void note(json_t *mistakes, const char *name, json_t *allowed,
		 const struct err *why, int *ret, struct err *err)
{
	if (*ret == 0)
		err_set(err, 0, "%s", why->msg);
	*ret = -EINVAL;
	if (mistakes)
		json_array_append_new(
		    mistakes,
		    json_pack("{s:s, s:o, s:o, s:o, s:O}", "in", "body",
			      "field", json_safe(name), "pointer",
			      pointer_to(name), "detail", json_safe(why->msg),
			      "allowed", allowed));
	json_decref(allowed);
}

static void unknown_field(const char *name, const struct input_field *fields,
			  size_t n, struct err *err)
{
	const char *names[FIELDS_MAX], *near;
	char list[128] = "", quoted[QUOTED_MAX];
	size_t used = 0;

	text_quote(name, strlen(name), quoted, sizeof(quoted));
	for (size_t i = 0; i < n && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", i ? ", " : "", fields[i].name);
	for (size_t i = 0; i < n && i < FIELDS_MAX; i++)
		names[i] = fields[i].name;
	near = near_word(name, names, n < FIELDS_MAX ? n : FIELDS_MAX);
	if (n == 0)
		err_set(err, 0, "unknown field %s: none is allowed here",
			quoted);
	else
		err_set(err, 0, "unknown field %s; allowed: %s%s%s%s", quoted,
			list, near ? "; did you mean \"" : "", near ? near : "",
			near ? "\"?" : "");
}

static int read_object(json_t *root, const struct input_field *fields, size_t n,
		       struct input_value *values, json_t *mistakes,
		       struct err *err)
{
	const char *name;
	int ret = 0;
	json_t *v;
	size_t i;

	json_object_foreach(root, name, v) {
		struct err why = { "" };

		for (i = 0; i < n && strcmp(fields[i].name, name) != 0; i++)
			;
		if (i == n) {
			unknown_field(name, fields, n, &why);
			note(mistakes, name, names_json(fields, n), &why, &ret,
			     err);
		} else if (read_field(&fields[i], v, &values[i], &why) < 0) {
			note(mistakes, name, allowed_of(&fields[i]), &why, &ret,
			     err);
		}
	}
	return ret;
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
		 struct input_value *values, json_t *mistakes, struct err *err)
{
	struct err why = { "" };
	int ret = 0;

	for (size_t i = 0; i < n; i++)
		values[i] = (struct input_value){ 0 };
	if (json_is_object(root))
		return read_object(root, fields, n, values, mistakes, err);
	err_set(&why, 0, "body: %s; allowed: an object",
		type_names[json_typeof(root)]);
	note(mistakes, "", json_pack("[s]", "an object"), &why, &ret, err);
	return ret;
}

int input_read(const char *body, size_t len, const struct input_field *fields,
	       size_t nfields, struct input_value *values, json_t *mistakes,
	       struct err *err)
{
	struct err why = { "" };
	json_t *root;
	int ret = 0;

	for (size_t i = 0; i < nfields; i++)
		values[i] = (struct input_value){ 0 };
	if (len == 0)
		return 0;
	root = input_parse(body, len, &why);
	if (root)
		ret =
		    input_object(root, fields, nfields, values, mistakes, err);
	else
		note(mistakes, "", json_pack("[s]", "an object"), &why, &ret,
		     err);
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
