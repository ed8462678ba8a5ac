/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with a request, field by field: all of it, not just the first.
 * They become "errors" of a problem (RFC 9457).
 */
#ifndef NFTLB_HTTP_MISTAKES_H
#define NFTLB_HTTP_MISTAKES_H

#include <jansson.h>

#include "http/input.h"
#include "http/request.h"

#define MISTAKES_MAX  64u /* of a list: nobody reads more of them */
#define PROBLEM_INPUT "urn:nftlb:problem:input"

/**
 * mistake_query() - answer 400: a field of the query is not as it should be
 * @allowed: what is, separated by blanks; NULL = nothing can be listed
 * @fmt: the detail, which begins with the field's name
 */
void mistake_query(struct request *rq, const char *field, const char *allowed,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * request_input() - read the body of @rq, see input_read()
 * Mistakes are noted for reply_err().
 */
int request_input(struct request *rq, const struct input_field *fields,
		  size_t n, struct input_value *values, struct err *err);

/** mistake_note() - one more mistake in the body, for reply_err()
 * @pointer: RFC 6901; its last part names the field */
void mistake_note(struct request *rq, const char *pointer, const char *detail);

/** mistake_keys() - is each key of the query one of the route's? False: those
 * that are not are named, and the request is answered */
bool mistake_keys(struct request *rq);

#endif
