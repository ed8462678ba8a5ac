/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small HTTP server inside a libev loop (libmicrohttpd in external-epoll
 * mode) on a UNIX socket, whose peers the kernel names, or on a TCP address.
 * What it serves is a table of routes (http/routes.h); whose it is it does not
 * know.
 */
#ifndef NFTLB_HTTP_HTTP_H
#define NFTLB_HTTP_HTTP_H

#include <ev.h>
#include <stddef.h>

#include "http/routes.h"
#include "lib/err.h"

/* What is served; the same for all sockets that serve it. Outlives them. */
struct http_site {
	struct ev_loop *loop;
	const char *name; /* of the socket in the log: "control" */
	const struct route_table *routes;
	void *context; /* for the handlers: rq->context */
};

struct http; /* one listening socket and its connections */

/**
 * http_open_unix() - serve @site on the socket file @path
 * @group: name of the group that may connect, NULL = only root and our user
 * A stale file is replaced; a live one (another daemon answers) is -EADDRINUSE.
 * Peers are checked by the file's mode and SO_PEERCRED.
 */
int http_open_unix(struct http **out, const struct http_site *site,
		   const char *path, const char *group, struct err *err);

/** http_close() - give up what is under way, close, remove the socket file
 * @h: may be NULL */
void http_close(struct http *h);

#endif
