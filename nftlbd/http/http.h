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
#include <stdbool.h>
#include <stddef.h>

#include "http/peer.h"
#include "http/routes.h"
#include "http/tls.h"
#include "http/tokens.h"
#include "lib/addr.h"
#include "lib/err.h"

/* What is served; the same for all sockets that serve it. Outlives them. */
struct http_site {
	struct ev_loop *loop;
	const char *name; /* of the socket in the log: "control" */
	const struct route_table *routes;
	void *context;            /* for the handlers: rq->context */
	size_t body_max;          /* bytes; 0 = REQUEST_BODY_MAX */
	size_t bodies_max;        /* of all together; 0 = no limit */
	unsigned int connections; /* at most; 0 = CONNECTIONS_MAX */
	/* Paths that need no token, up to a NULL; NULL = all need one. */
	const char *const *open_paths;
	/* Without a token file (on loopback then): clients may only look. */
	bool untold_look;
	/* Instead of routes: takes every request that is admitted, complete, to
	 * rq->target. */
	const struct route *all;
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
	const char *token_file; /* see tokens_read(): who asks must say one */
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

/**
 * http_open_socket() - serve @site on a socket that listens
 * @fd: taken, also on failure
 * @tokens: NULL = none is needed; they outlive the server, and may change
 * @tls: its texts are taken, also on failure
 * Return: 0; -EIO: @tls is no certificate and its key.
 */
int http_open_socket(struct http **out, const struct http_site *site, int fd,
		     const struct tokens *tokens, struct tls *tls,
		     struct err *err);
/** http_leave() - serve no new connections; those that there are end with the
 * request that is under way. http_empty() - they have */
void http_leave(struct http *h);
bool http_empty(const struct http *h);

/** http_open_given() - serve @site on connections that http_take() gives it */
int http_open_given(struct http **out, const struct http_site *site,
		    struct err *err);
/**
 * http_take() - serve the connected stream socket @fd, which is taken in any
 * case; no limits are set to who uses it.
 * @peer: who that is; what it points at outlives the server
 * Return: 0; -EMFILE: there are site->connections.
 */
int http_take(struct http *h, int fd, const struct peer *peer);
/** http_end() - end those connections for whose peers @which says so */
void http_end(struct http *h, bool (*which)(const struct peer *, void *arg),
	      void *arg);

/** http_close() - give up what is under way, close, remove the socket file
 * @h: may be NULL */
void http_close(struct http *h);

#endif
