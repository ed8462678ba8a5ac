/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server in its owner's loop: libmicrohttpd keeps its descriptors in an
 * epoll set of its own, and the loop watches that set. MHD has no thread and
 * never blocks; one MHD_run() does what is ready.
 *
 * Invariant: after every MHD_run() the timer is set to what MHD asks for, so
 * that neither a time-out nor work that is left over waits for an event.
 * Must not know: what the routes do.
 */
#include "http/http.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/impl.h"
#include "http/limits.h"
#include "lib/log.h"
#include "lib/xalloc.h"

/*
 * Headers and one piece of body. Each piece wakes who reads it: on this machine
 * long answers go in longer ones.
 */
#define CONNECTION_MEMORY ((size_t)64 << 10)
#define LOCAL_MEMORY      ((size_t)256 << 10)

static void http_run(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(h->mhd);
	ev_timer_stop(h->site->loop, &h->wakeup);
	if (MHD_get_timeout(h->mhd, &wait_ms) != MHD_YES)
		return;
	ev_timer_set(&h->wakeup, (double)wait_ms / 1000., 0.);
	ev_timer_start(h->site->loop, &h->wakeup);
}

static void on_ready(struct ev_loop *loop, ev_io *w, int revents)
{
	http_run(w->data);
}

static void on_wakeup(struct ev_loop *loop, ev_timer *w, int revents)
{
	http_run(w->data);
}

__attribute__((format(printf, 2, 0))) static void
log_mhd(void *cls, const char *fmt, va_list ap)
{
	char line[256];

	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		return;
	line[strcspn(line, "\n")] = '\0';
	log_debug("%s: %s", ((const struct http *)cls)->site->name, line);
}

/* A NUL would end the path for us, and leave out what was to be deleted: it
 * becomes a byte that no name has. */
static size_t unescape(void *cls, struct MHD_Connection *conn, char *text)
{
	size_t n = MHD_http_unescape(text);

	for (char *nul = memchr(text, '\0', n); nul;
	     nul = memchr(nul, '\0', n - (size_t)(nul - text)))
		*nul = '\1';
	return n;
}

static unsigned int connections(const struct http_site *site)
{
	return site->connections ? site->connections : CONNECTIONS_MAX;
}

/* Those that not every server has. */
static void mhd_options(const struct http *h, struct MHD_OptionItem *to)
{
	if (!h->given)
		*to++ = (struct MHD_OptionItem){ MHD_OPTION_LISTEN_SOCKET,
						 h->listener.fd, NULL };
	if (h->tls.key) {
		*to++ = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
						 h->tls.cert };
		*to++ = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0,
						 h->tls.key };
	}
	*to = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
}

static int mhd_start(struct http *h, struct err *err)
{
	struct MHD_OptionItem some[4];
	const union MHD_DaemonInfo *info;
	unsigned int flags = h->given ? MHD_USE_NO_LISTEN_SOCKET : 0;

	if (h->tls.key)
		flags |= MHD_USE_TLS;
	mhd_options(h, some);
	h->mhd = MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
		flags,
	    0, NULL, NULL, request_handle, h, MHD_OPTION_EXTERNAL_LOGGER,
	    log_mhd, h, MHD_OPTION_ARRAY, some, MHD_OPTION_URI_LOG_CALLBACK,
	    request_announced, h, MHD_OPTION_NOTIFY_COMPLETED,
	    request_completed, h, MHD_OPTION_NOTIFY_CONNECTION, conns_notify,
	    &h->conns, MHD_OPTION_CONNECTION_LIMIT, connections(h->site),
	    MHD_OPTION_CONNECTION_TIMEOUT, h->given ? 0u : IDLE_TIMEOUT_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    h->given || h->listener.path ? LOCAL_MEMORY : CONNECTION_MEMORY,
	    MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_END);
	if (!h->mhd)
		return err_set(err, -EIO, "cannot start the HTTP server%s",
			       h->tls.key ? ": is that a certificate and its "
					    "key, in PEM?"
					  : "");
	info = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return err_set(err, -EIO, "the HTTP server has no epoll");
	ev_io_init(&h->ready, on_ready, info->epoll_fd, EV_READ);
	h->ready.data = h;
	ev_io_start(h->site->loop, &h->ready);
	return 0;
}

static struct http *http_new(const struct http_site *site)
{
	struct http *h = xcalloc(1, sizeof(*h));

	h->site = site;
	h->listener = (struct listener){ .fd = -1, .group = GID_NONE };
	ev_init(&h->ready, on_ready);
	ev_timer_init(&h->wakeup, on_wakeup, 0., 0.);
	h->wakeup.data = h;
	conns_init(&h->conns, site->loop, connections(site));
	h->conns.left = request_left;
	h->conns.arg = h;
	return h;
}

/* Serve on the socket that is open, unless opening it gave @ret. */
static int http_start(struct http **out, struct http *h, int ret,
		      struct err *err)
{
	if (ret == 0)
		ret = mhd_start(h, err);
	if (ret < 0) {
		http_close(h);
		return ret;
	}
	*out = h;
	return 0;
}

int http_open_unix(struct http **out, const struct http_site *site,
		   const char *path, const char *group, struct err *err)
{
	struct http *h = http_new(site);

	return http_start(out, h, listener_open(&h->listener, path, group, err),
			  err);
}

int http_open_tcp(struct http **out, const struct http_site *site,
		  const struct addr *addr, uint16_t port,
		  const struct http_guard *guard, struct err *err)
{
	struct http *h = http_new(site);
	char text[ENDPOINT_STRLEN];
	int ret = 0;

	if (!addr_is_loopback(addr) &&
	    !(guard->token_file && guard->cert_file && guard->key_file))
		ret = err_set(err, -EACCES,
			      "%s is no loopback address: a token file, a "
			      "certificate and its key are needed to listen "
			      "there",
			      endpoint_format(addr, port, text));
	if (ret == 0 && guard->token_file) {
		ret = tokens_read(guard->token_file, &h->own, err);
		h->tokens = &h->own;
	}
	if (ret == 0)
		ret = tls_read(&h->tls, guard->cert_file, guard->key_file, err);
	if (ret == 0)
		ret = listener_open_tcp(&h->listener, addr, port, err);
	return http_start(out, h, ret, err);
}

int http_open_socket(struct http **out, const struct http_site *site, int fd,
		     const struct tokens *tokens, struct tls *tls,
		     struct err *err)
{
	struct http *h = http_new(site);

	h->listener.fd = fd;
	h->tokens = tokens;
	h->tls = *tls;
	*tls = (struct tls){ 0 };
	return http_start(out, h, 0, err);
}

void http_leave(struct http *h)
{
	MHD_socket fd = MHD_quiesce_daemon(h->mhd);

	if (fd != MHD_INVALID_SOCKET)
		close(fd);
	conns_end_waiting(&h->conns);
}

bool http_empty(const struct http *h)
{
	return h->conns.n == 0;
}

int http_open_given(struct http **out, const struct http_site *site,
		    struct err *err)
{
	struct http *h = http_new(site);

	h->given = true;
	h->conns.trusted = true;
	return http_start(out, h, 0, err);
}

int http_take(struct http *h, int fd, const struct peer *peer)
{
	const struct sockaddr nobody = { .sa_family = AF_UNIX };
	int ret = h->conns.n < connections(h->site) ? 0 : -EMFILE;

	if (ret < 0) {
		close(fd);
		return ret;
	}
	h->conns.taking = peer;
	if (MHD_add_connection(h->mhd, fd, &nobody, sizeof(nobody)) != MHD_YES)
		ret = -ENOMEM; /* it is closed */
	h->conns.taking = NULL;
	http_run(h);
	return ret;
}

void http_end(struct http *h, bool (*which)(const struct peer *, void *arg),
	      void *arg)
{
	conns_end(&h->conns, which, arg);
}

void http_close(struct http *h)
{
	if (!h)
		return;
	ev_io_stop(h->site->loop, &h->ready);
	listener_remove(&h->listener);
	for (struct request *rq = h->requests; rq; rq = rq->next)
		request_abandon(rq);
	ev_timer_stop(h->site->loop, &h->wakeup);
	if (h->mhd)
		MHD_stop_daemon(h->mhd); /* closes the listening socket */
	else if (h->listener.fd >= 0)
		close(h->listener.fd);
	conns_stop(&h->conns);
	tls_free(&h->tls);
	free(h);
}
