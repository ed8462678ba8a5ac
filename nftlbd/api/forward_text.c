/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon gets to read: a method and headers of our lists, a target of
 * the characters that RFC 3986 allows, a body of a length that is said. The
 * bytes that came from the network stay here.
 *
 * Must not know: how it gets there.
 */
#include "api/forward_text.h"

#include <string.h>

#include "http/reply.h"

#define TARGET_MAX 4096
#define VALUE_MAX  1024

static const char *const methods[] = { "GET",   "HEAD", "POST",
				       "PATCH", "PUT",  "DELETE" };

static const char *const headers[] = {
	"Accept",   "Content-Type",      "If-Match",      "If-None-Match",
	"If-Range", "If-Modified-Since", "Last-Event-ID", "Prefer",
};

#define N(table) (sizeof(table) / sizeof((table)[0]))

static bool method_is_known(const char *method)
{
	for (size_t i = 0; i < N(methods); i++)
		if (!strcmp(method, methods[i]))
			return true;
	return false;
}

static bool target_is_good(const char *target)
{
	static const char other[] = "-._~!$&'()*+,;=:@/?%";
	size_t len = strlen(target);

	if (target[0] != '/' || len > TARGET_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = target[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && !strchr(other, c))
			return false;
	}
	return true;
}

static bool value_is_good(const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return false;
	return len <= VALUE_MAX;
}

/* NULL, or the header that is refused. */
static const char *headers_write(struct request *rq, struct buf *out)
{
	for (size_t i = 0; i < N(headers); i++) {
		const char *value = MHD_lookup_connection_value(
		    rq->conn, MHD_HEADER_KIND, headers[i]);

		if (value && !value_is_good(value))
			return headers[i];
		if (value)
			buf_printf(out, "%s: %s\r\n", headers[i], value);
	}
	return NULL;
}

bool forward_text(struct request *rq, struct buf *out)
{
	const char *wrong;

	if (!method_is_known(rq->method)) {
		reply_refused(rq, "GET, HEAD, POST, PATCH, PUT, DELETE");
		return false;
	}
	if (!target_is_good(rq->target)) {
		reply_problem(rq, MHD_HTTP_BAD_REQUEST,
			      "the path: allowed: up to %d characters of a URI "
			      "(RFC 3986), others as %%XX",
			      TARGET_MAX);
		return false;
	}
	buf_printf(out, "%s %s HTTP/1.1\r\nHost: nftlb\r\n", rq->method,
		   rq->target);
	wrong = headers_write(rq, out);
	if (wrong) {
		buf_clear(out);
		reply_problem(rq, MHD_HTTP_BAD_REQUEST,
			      "%s: allowed: up to %d printable characters",
			      wrong, VALUE_MAX);
		return false;
	}
	if (rq->body.len || !strcmp(rq->method, "POST") ||
	    !strcmp(rq->method, "PUT") || !strcmp(rq->method, "PATCH"))
		buf_printf(out, "Content-Length: %zu\r\n", rq->body.len);
	buf_append(out, "\r\n", 2);
	buf_append(out, rq->body.data, rq->body.len);
	return true;
}
