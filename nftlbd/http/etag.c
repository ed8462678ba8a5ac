/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/etag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/reply.h"

uint64_t etag_add(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 0x100000001b3u;
	return sum;
}

uint64_t etag_add_text(uint64_t sum, const char *text)
{
	return etag_add(sum, text ? text : "", text ? strlen(text) + 1 : 1);
}

const char *etag_format(uint64_t sum, char etag[ETAG_STRLEN])
{
	snprintf(etag, ETAG_STRLEN, "\"%016" PRIx64 "\"", sum);
	return etag;
}

/* The end of the tag that begins at @p; a comma may be inside of its quotes. */
static const char *tag_end(const char *p)
{
	const char *open = strchr(p, '"'), *comma = strchr(p, ',');

	if (open && (!comma || open < comma)) {
		open = strchr(open + 1, '"');
		return open ? open + 1 : p + strlen(p);
	}
	return comma ? comma : p + strlen(p);
}

bool etag_listed(const char *list, const char *etag, bool weak)
{
	size_t len = etag ? strlen(etag) : 0;

	if (!etag)
		return false;
	while (*list) {
		const char *end;

		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		if (weak && !strncmp(list, "W/", 2))
			list += 2;
		end = tag_end(list);
		if ((size_t)(end - list) == len && !strncmp(list, etag, len))
			return true;
		list = end;
	}
	return false;
}

static const char *header(const struct request *rq, const char *name)
{
	return MHD_lookup_connection_value(rq->conn, MHD_HEADER_KIND, name);
}

bool request_fresh(struct request *rq, const char *etag)
{
	const char *match = header(rq, MHD_HTTP_HEADER_IF_MATCH);
	const char *none = header(rq, MHD_HTTP_HEADER_IF_NONE_MATCH);

	if (match && !etag_listed(match, etag, false))
		reply_problem(rq, MHD_HTTP_PRECONDITION_FAILED,
			      etag ? "If-Match: it was changed since you have "
				     "read it; read it again"
				   : "If-Match: it is not there (any more)");
	else if (none && etag_listed(none, etag, true))
		reply_problem(rq, MHD_HTTP_PRECONDITION_FAILED,
			      "If-None-Match: it is there already");
	else
		return true;
	if (etag)
		reply_etag(rq, etag);
	return false;
}

void reply_etag(struct request *rq, const char *etag)
{
	MHD_add_response_header(rq->response, MHD_HTTP_HEADER_ETAG, etag);
}
