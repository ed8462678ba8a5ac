/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: the daemon's routes, served on a UNIX socket; and what
 * its handlers have in common.
 *
 * Must not know: how HTTP is spoken, what the handlers do.
 */
#include "control/control.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/handlers.h"
#include "control/impl.h"
#include "http/reply.h"
#include "lib/xalloc.h"

#define PROBLEM_CONFIGURATION "urn:nftlb:problem:configuration"

int control_open(struct control **out, struct daemon *d, struct err *err)
{
	struct control *c = xcalloc(1, sizeof(*c));
	int ret;

	c->d = d;
	c->site = (struct http_site){ .loop = d->loop,
				      .name = "control",
				      .routes = &control_routes,
				      .context = c };
	ret = http_open_unix(&c->http, &c->site, d->model->conf->control_socket,
			     d->model->conf->control_group, err);
	if (ret < 0) {
		free(c);
		return ret;
	}
	*out = c;
	return 0;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	http_close(c->http);
	free(c);
}

struct control *request_control(const struct request *rq)
{
	return rq->context;
}

struct daemon *request_daemon(const struct request *rq)
{
	return request_control(rq)->d;
}

struct author request_author(const struct request *rq)
{
	return (struct author){ .uid = rq->peer.uid,
				.pid = rq->peer.pid,
				.token = rq->peer.token };
}

uint64_t control_revision(const void *context)
{
	return ((const struct control *)context)->d->model->generation;
}

void reply_errors(struct request *rq, const struct conf_errors *errors)
{
	json_t *list = json_array();
	char detail[64];

	for (size_t i = 0; i < errors->n; i++) {
		const struct conf_error *e = &errors->list[i];

		json_array_append_new(
		    list, json_pack("{s:o, s:i, s:o}", "file",
				    json_safe(e->file ? e->file : ""), "line",
				    (int)e->line, "text", json_safe(e->text)));
	}
	snprintf(detail, sizeof(detail), "the configuration has %zu error%s",
		 errors->n, errors->n == 1 ? "" : "s");
	reply_problem_list(rq, PROBLEM_CONFIGURATION,
			   MHD_HTTP_UNPROCESSABLE_CONTENT, detail, list);
}
