/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Admission. On a UNIX socket the kernel says who asks. On TCP a token does; if
 * there is none, the address is a loopback one, and who asks must have meant
 * us: a browser that was led here by another name (DNS rebinding) has not.
 *
 * Invariant: who is not admitted learns nothing but that.
 * Must not know: what is asked for.
 */
#include "http/admit.h"

#include <string.h>
#include <strings.h>

#include "http/impl.h"
#include "http/reply.h"
#include "lib/addr.h"
#include "lib/log.h"

#define SCHEME "Bearer "

static bool admit_peer(struct request *rq)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    rq->conn, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info)
		peer_read(info->connect_fd, rq->http->listener.group,
			  &rq->peer);
	if (rq->peer.allowed)
		return true;
	log_warning("%s: uid=%ld pid=%ld refused: not root and not in "
		    "control-group",
		    rq->http->site->name, (long)rq->peer.uid,
		    (long)rq->peer.pid);
	reply_problem(rq, MHD_HTTP_FORBIDDEN,
		      "uid %ld may not use the control socket",
		      (long)rq->peer.uid);
	return false;
}

static bool is_listed(const char *const *list, const char *path)
{
	while (list && *list && strcmp(path, *list) != 0)
		list++;
	return list && *list;
}

static bool is_open(const struct request *rq, const char *url)
{
	return is_listed(rq->http->site->open_paths, url);
}

const char *admit_token_said(const struct request *rq)
{
	const char *said = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

	if (said && !strncasecmp(said, SCHEME, strlen(SCHEME)))
		return said + strlen(SCHEME);
	return NULL;
}

static bool refuse_stranger(struct request *rq, const char *said)
{
	reply_problem(rq, MHD_HTTP_UNAUTHORIZED,
		      said ? "Authorization: the token is not the right one"
			   : "Authorization: needed: Bearer TOKEN");
	MHD_add_response_header(rq->response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
				"Bearer");
	return false;
}

static bool admit_token(struct request *rq, const char *url)
{
	const char *said = admit_token_said(rq);
	const struct token *k =
	    said ? tokens_find(rq->http->tokens, said) : NULL;

	rq->peer.stranger = !k;
	if (k) {
		rq->peer.reader = k->reader;
		rq->peer.token = k->name;
		conns_known(&rq->http->conns, rq->conn);
		return true;
	}
	return is_open(rq, url) || refuse_stranger(rq, said);
}

/* Who gave us the connection has looked. */
static bool admit_given(struct request *rq, const char *url)
{
	const struct peer *peer = conns_peer(&rq->http->conns, rq->conn);

	rq->peer.stranger = true;
	if (peer)
		rq->peer = *peer;
	return !rq->peer.stranger || is_open(rq, url) ||
	       refuse_stranger(rq, NULL);
}

/* An address, or localhost; with a port or not. */
static bool is_plain_host(const char *host)
{
	struct addr a;
	uint16_t port;

	return (!strncasecmp(host, "localhost", 9) &&
		(host[9] == '\0' || host[9] == ':')) ||
	       addr_parse(host, &a) == 0 ||
	       endpoint_parse(host, &a, &port) == 0;
}

/* A page that we served may ask us; its requests say where it is from. */
static bool is_own_page(const char *origin, const char *host)
{
	const char *rest = strstr(origin, "://");

	return rest && host && !strcasecmp(rest + 3, host);
}

static bool admit_local(struct request *rq)
{
	const char *host = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	const char *origin = MHD_lookup_connection_value(
	    rq->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);
	bool own = !origin || is_own_page(origin, host);

	rq->peer.reader = rq->http->site->untold_look;
	if (own && (!host || is_plain_host(host)))
		return true;
	reply_problem(rq, MHD_HTTP_FORBIDDEN,
		      "%s: allowed without a token: requests of no other web "
		      "page, to an address or localhost",
		      own ? "Host" : "Origin");
	return false;
}

bool admit_request(struct request *rq, const char *url)
{
	rq->peer = (struct peer){ .uid = (uid_t)-1 };
	if (rq->http->given)
		return admit_given(rq, url);
	if (rq->http->listener.path)
		return admit_peer(rq);
	return rq->http->tokens ? admit_token(rq, url) : admit_local(rq);
}

bool admit_route(struct request *rq)
{
	if (!rq->peer.reader || !strcmp(rq->route->method, "GET") ||
	    is_listed(rq->http->site->routes->looks, rq->route->path))
		return true;
	if (rq->peer.token)
		reply_problem(rq, MHD_HTTP_FORBIDDEN,
			      "needed: a token of role operator; %s is "
			      "read-only",
			      rq->peer.token);
	else
		reply_problem(rq, MHD_HTTP_FORBIDDEN,
			      "needed: a token of role operator; where there "
			      "are no tokens this API is read-only");
	return false;
}
