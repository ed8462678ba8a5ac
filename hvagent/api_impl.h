/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the API; for api*.c only. */
#ifndef HVAGENT_API_IMPL_H
#define HVAGENT_API_IMPL_H

#include "http/http.h"
#include "http/reply.h"
#include "hvagent/api.h"
#include "hvagent/keep.h"

/* With all bindings that there can be, and some blanks. */
#define API_BODY_MAX ((size_t)16 << 20)

/* Parts of paths: rq->at[...]. */
enum { AT_NAME, AT_PARTS };

struct api {
	struct agent *a;
	struct http_site site;
	struct http *local, *remote; /* NULL = not open */
	struct keep *keep;
	ev_tstamp started;
};

extern const struct route_table api_routes;

static inline struct api *request_api(const struct request *rq)
{
	return rq->context;
}

/* Handlers: one answer each. */
void api_show_bindings(struct request *rq);
void api_show_binding(struct request *rq);
void api_put_binding(struct request *rq);
void api_delete_binding(struct request *rq);
void api_set_bindings(struct request *rq);
void api_add_bindings(struct request *rq);
void api_sync(struct request *rq);
void api_show_status(struct request *rq);
void api_show_check(struct request *rq);
void api_show_version(struct request *rq);
void api_show_metrics(struct request *rq);
void api_show_health(struct request *rq);

#endif
