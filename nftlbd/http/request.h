/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One HTTP request, from its first header to the end of its answer. A handler
 * answers at once (control/reply.h), or suspends the request, starts something
 * that takes time, and answers later.
 */
#ifndef NFTLB_HTTP_REQUEST_H
#define NFTLB_HTTP_REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/peer.h"
#include "http/routes.h"
#include "lib/buf.h"

#define REQUEST_BODY_MAX ((size_t)1 << 20) /* where the site says nothing */

/* Something under way on behalf of a request. When the request goes away first,
 * @abandon is called once, and the request must not be touched afterwards. */
struct later {
	struct request *rq; /* NULL = gone */
	void (*abandon)(struct later *l);
};

struct request {
	struct http *http;
	void *context; /* the site's */
	struct MHD_Connection *conn;
	struct peer peer;
	const struct route *route;
	const char *method;
	char *target; /* as it was sent, where the site has no routes */
	bool begun;   /* its headers are here */
	char at[ROUTE_PARTS_MAX][ROUTE_PART_MAX + 1]; /* parts of the path */
	struct buf body;
	size_t dropped; /* bytes of body beyond the limit */
	bool handled;   /* the handler was called */
	bool suspended;
	unsigned int status;           /* of the answer */
	struct MHD_Response *response; /* NULL = none yet */
	struct later *later;
	struct json_t *mistakes;      /* array; NULL = none. http/mistakes.h */
	struct request *next, **prev; /* list of all */
};

/** request_announced() - MHD's URI logger; @cls: struct http. The request. */
void *request_announced(void *cls, const char *uri,
			struct MHD_Connection *conn);
/** request_handle() - MHD_AccessHandlerCallback; @cls: struct http */
enum MHD_Result request_handle(void *cls, struct MHD_Connection *conn,
			       const char *url, const char *method,
			       const char *version, const char *upload_data,
			       size_t *upload_data_size, void **con_cls);
/** request_completed() - MHD_RequestCompletedCallback: frees the request */
void request_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
		       enum MHD_RequestTerminationCode why);

/** request_endless() - its answer has no end of its own: no time is set */
void request_endless(struct request *rq);

/** request_suspend() - wait for @l; from inside a handler or content reader */
void request_suspend(struct request *rq, struct later *l);
/** request_resume() - go on; from the event loop. @rq->later is forgotten. */
void request_resume(struct request *rq);
/** request_left() - the client of an endless answer is gone; @arg: struct http.
 * What is under way hears of it, and the connection ends. */
void request_left(void *arg, struct MHD_Connection *conn);
/** request_abandon() - the daemon stops: give up what is under way */
void request_abandon(struct request *rq);

/**
 * request_query() - value of ?@key=, or NULL
 * The text belongs to the request.
 */
const char *request_query(const struct request *rq, const char *key);
/** request_openmetrics() - does the client ask for metrics in that form? */
bool request_openmetrics(const struct request *rq);

#endif
