/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients send, read strictly: a table says which fields there may be and
 * of what kind; everything else is an error that names the field and what is
 * allowed. Pure.
 */
#ifndef NFTLB_HTTP_INPUT_H
#define NFTLB_HTTP_INPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/words.h"

enum input_kind {
	INPUT_WORD,   /* one of a table of words */
	INPUT_NUMBER, /* an integer in a range, or null */
	INPUT_PATH,   /* an absolute path */
	INPUT_TEXT    /* some text, of up to max bytes */
};

struct input_field {
	const char *name;
	enum input_kind kind;
	const struct word *words; /* INPUT_WORD */
	long min, max;            /* INPUT_NUMBER; max: INPUT_TEXT */
	const char *allowed;      /* INPUT_TEXT: what may be said, for people */
};

/* As many as there are fields, in their order. */
struct input_value {
	bool given;
	bool null;
	long number; /* or the word's value */
	char *text;  /* INPUT_PATH, INPUT_TEXT */
};

/**
 * input_read() - read a JSON object
 * @body: may be empty: the same as {}
 * @values: filled; the caller frees them with input_free(), also on error
 * @mistakes: an array; each mistake is appended, as an object: in (body),
 * field, pointer (RFC 6901), detail, allowed (strings). NULL: nobody wants them
 * all Return: 0 or -EINVAL with the words of the first.
 */
int input_read(const char *body, size_t len, const struct input_field *fields,
	       size_t nfields, struct input_value *values, json_t *mistakes,
	       struct err *err);
/** input_object() - the same for JSON that is parsed already */
int input_object(json_t *root, const struct input_field *fields, size_t n,
		 struct input_value *values, json_t *mistakes, struct err *err);
/** input_parse() - JSON of any type, duplicate names refused; NULL: -EINVAL */
json_t *input_parse(const char *body, size_t len, struct err *err);
void input_free(struct input_value *values, size_t n);

#endif
