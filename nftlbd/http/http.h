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
#include "lib/addr.h"
#include "lib/err.h"

/* What is served; the same for all sockets that serve it. Outlives them. */
struct http_site {
	struct ev_loop *loop;
	const char *name; /* of the socket in the log: "control" */
	const struct route_table *routes;
	void *context;         /* for the handlers: rq->context */
	size_t body_max;       /* bytes; 0 = REQUEST_BODY_MAX */
	const char *open_path; /* needs no token; NULL = all do */
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

/* What guards a server on TCP: paths, NULL = none. */
struct http_guard {
	const char *token_file; /* see token_read(): who asks must say it */
	const char *cert_file, *key_file; /* see tls_read() */
};

/**
 * http_open_tcp() - serve @site on an address
 * Where the address is no loopback one, a token, a certificate and its key are
 * needed: else the token would be read on its way.
 * Return: 0; -EACCES no loopback address, and not all of that; other -errno.
 */
int http_open_tcp(struct http **out, const struct http_site *site,
		  const struct addr *addr, uint16_t port,
		  const struct http_guard *guard, struct err *err);

/** http_close() - give up what is under way, close, remove the socket file
 * @h: may be NULL */
void http_close(struct http *h);

#endif
