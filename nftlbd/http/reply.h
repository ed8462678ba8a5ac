/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers. Each of these answers a request; exactly one is called for each. */
#ifndef NFTLB_HTTP_REPLY_H
#define NFTLB_HTTP_REPLY_H

#include "http/json.h"
#include "http/request.h"
#include "lib/err.h"

/** reply_json() - 200 and @value, whose reference is taken */
void reply_json(struct request *rq, json_t *value);
/** reply_response() - 200 with a response made elsewhere; takes the reference*/
void reply_response(struct request *rq, struct MHD_Response *response,
		    const char *content_type);

/**
 * reply_problem() - an error as application/problem+json (RFC 9457)
 * @status: HTTP status; its phrase is the title
 * @fmt: the detail, for people
 */
void reply_problem(struct request *rq, unsigned int status, const char *fmt,
		   ...) __attribute__((format(printf, 3, 4)));
/** reply_refused() - 405 with the methods that are allowed */
void reply_refused(struct request *rq, const char *allow);
/**
 * reply_err() - what a command said, as a problem
 * @ret: -ENOENT 404, -EINVAL and -ERANGE 400, -EAGAIN 503, -EBUSY,
 * -EALREADY and -EROFS 409, -EBADMSG 410, -ENOSPC 507, else 500
 * Mistakes that were noted (http/mistakes.h) are its parts.
 */
void reply_err(struct request *rq, int ret, const struct err *err);
/**
 * reply_problem_list() - a problem of a type of its own, and its parts
 * @type: URI
 * @errors: an array of objects; takes the reference
 */
void reply_problem_list(struct request *rq, const char *type,
			unsigned int status, const char *detail,
			json_t *errors);

#endif
