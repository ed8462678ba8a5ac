/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How answers look: JSON, and RFC 9457 for errors. Answers are ready-made
 * responses; request.c sends them.
 *
 * Must not know: what the answers are about.
 */
#include "http/reply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/mistakes.h"
#include "lib/xalloc.h"

static const struct {
	int ret;
	unsigned int status;
} statuses[] = {
	{ -ENOENT, MHD_HTTP_NOT_FOUND },
	{ -EINVAL, MHD_HTTP_BAD_REQUEST },
	{ -ERANGE, MHD_HTTP_BAD_REQUEST },
	{ -EPERM, MHD_HTTP_FORBIDDEN },
	{ -EACCES, MHD_HTTP_FORBIDDEN },
	{ -EAGAIN, MHD_HTTP_SERVICE_UNAVAILABLE },
	{ -EBUSY, MHD_HTTP_CONFLICT },
	{ -EALREADY, MHD_HTTP_CONFLICT },
	{ -EROFS, MHD_HTTP_CONFLICT },
	{ -EBADMSG, MHD_HTTP_GONE },
	{ -ENOSPC, MHD_HTTP_INSUFFICIENT_STORAGE },
	{ -EDQUOT, MHD_HTTP_INSUFFICIENT_STORAGE },
};

static void reply_text(struct request *rq, unsigned int status,
		       const char *content_type, json_t *value)
{
	char *text = json_dumps(value, JSON_FORM);
	size_t len;

	json_decref(value);
	if (!text) { /* a value that is no JSON: our fault, and nobody's end */
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
		text = xstrdup("null");
	}
	len = strlen(text);
	text = xreallocarray(text, len + 2, 1);
	strcpy(text + len, "\n");
	rq->response = MHD_create_response_from_buffer(len + 1, text,
						       MHD_RESPMEM_MUST_FREE);
	rq->status = status;
	MHD_add_response_header(rq->response, MHD_HTTP_HEADER_CONTENT_TYPE,
				content_type);
}

void reply_json(struct request *rq, json_t *value)
{
	reply_text(rq, MHD_HTTP_OK, "application/json", value);
}

void reply_response(struct request *rq, struct MHD_Response *response,
		    const char *content_type)
{
	rq->response = response;
	rq->status = MHD_HTTP_OK;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				content_type);
}

void reply_problem_list(struct request *rq, const char *type,
			unsigned int status, const char *detail, json_t *errors)
{
	const char *title = MHD_get_reason_phrase_for(status);

	if (!strcmp(type, PROBLEM_INPUT))
		title = "The request has mistakes";

	reply_text(rq, status, "application/problem+json",
		   json_pack("{s:s, s:s, s:i, s:o, s:o}", "type", type, "title",
			     title, "status", (int)status, "detail",
			     json_safe(detail), "errors", errors));
}

void reply_problem(struct request *rq, unsigned int status, const char *fmt,
		   ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(e.msg, sizeof(e.msg), fmt, ap) < 0)
		e.msg[0] = '\0';
	va_end(ap);
	reply_problem_list(rq, "about:blank", status, e.msg, json_array());
}

void reply_refused(struct request *rq, const char *allow)
{
	reply_problem(rq, MHD_HTTP_METHOD_NOT_ALLOWED, "allowed here: %s",
		      allow);
	MHD_add_response_header(rq->response, MHD_HTTP_HEADER_ALLOW, allow);
}

void reply_err(struct request *rq, int ret, const struct err *err)
{
	unsigned int status = MHD_HTTP_INTERNAL_SERVER_ERROR;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].ret == ret)
			status = statuses[i].status;
	if (ret != -EINVAL || json_array_size(rq->mistakes) == 0)
		reply_problem(rq, status, "%s", err->msg);
	else
		reply_problem_list(rq, PROBLEM_INPUT, status, err->msg,
				   json_incref(rq->mistakes));
}
