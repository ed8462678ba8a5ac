/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcurl's transfers on libev. libcurl says which descriptors it waits for and
 * when it wants to be called at the latest; we call it then, and hand on what
 * is over.
 *
 * Rules of libcurl that this file is about:
 *
 *  - Nothing of it may be called from inside its callbacks. "At once" is
 *    therefore an event fed to the loop, after all others that are pending:
 *    transfers that begin in one turn begin together, and none waits for the
 *    loop to sleep.
 *  - It may take back descriptors that it never named: these have no watcher.
 *
 * There is one for all specs (shared.h): each has two descriptors and some tens
 * of kilobytes, and specs can be thousands.
 *
 * Must not know what is transferred.
 */
#include "healthcheck/http_loop.h"

#include <errno.h>
#include <stdlib.h>

#include "healthcheck/shared.h"
#include "lib/xalloc.h"

struct http_loop {
	struct ev_loop *loop;
	http_loop_done *done;
	CURLM *multi;
	struct ev_timer timer; /* also fed, for "at once" */
};

/* Hand on what is over. What is called may add and remove transfers. */
static void transfers_end(struct http_loop *h)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(h->multi, &left))) {
		CURL *easy = msg->easy_handle;
		CURLcode code = msg->data.result;
		void *private = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		curl_multi_remove_handle(h->multi, easy);
		h->done(private, code);
	}
}

static void transfers_run(struct http_loop *h, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(h->multi, fd, events, &running);
	transfers_end(h);
}

static void timer_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	transfers_run(w->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_loop *h = arg;

	ev_timer_stop(h->loop, &h->timer);
	if (timeout_ms == 0) {
		ev_feed_event(h->loop, &h->timer, EV_TIMER);
	} else if (timeout_ms > 0) {
		ev_timer_set(&h->timer, (double)timeout_ms / 1e3, 0);
		ev_timer_start(h->loop, &h->timer);
	}
	return 0;
}

static void io_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	int mask = (events & EV_READ ? CURL_CSELECT_IN : 0) |
		   (events & EV_WRITE ? CURL_CSELECT_OUT : 0);

	transfers_run(w->data, w->fd, mask);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		     void *watcher)
{
	struct http_loop *h = arg;
	struct ev_io *io = watcher;
	int events = (what & CURL_POLL_IN ? EV_READ : 0) |
		     (what & CURL_POLL_OUT ? EV_WRITE : 0);

	if (io)
		ev_io_stop(h->loop, io);
	if (what == CURL_POLL_REMOVE) {
		free(io);
		return 0;
	}
	if (!io) {
		io = xcalloc(1, sizeof(*io));
		io->data = h;
		curl_multi_assign(h->multi, fd, io);
	}
	ev_io_init(io, io_cb, fd, events);
	ev_io_start(h->loop, io);
	return 0;
}

static void *multi_open(struct ev_loop *loop)
{
	CURLM *multi = curl_multi_init();
	struct http_loop *h;

	if (!multi)
		return NULL;
	h = xcalloc(1, sizeof(*h));
	h->loop = loop;
	h->multi = multi;
	ev_init(&h->timer, timer_cb);
	ev_set_priority(&h->timer, EV_MINPRI);
	h->timer.data = h;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, h);
	/* a connection of its own for each probe, with HTTP/2 as well */
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	return h;
}

static void multi_close(void *object)
{
	struct http_loop *h = object;

	curl_multi_cleanup(h->multi);
	ev_timer_stop(h->loop, &h->timer);
	free(h);
}

static const struct shared_kind http_kind = { multi_open, multi_close };

struct http_loop *http_loop_get(struct ev_loop *loop, http_loop_done *done)
{
	struct http_loop *h = shared_hold(loop, &http_kind);

	if (h)
		h->done = done;
	return h;
}

void http_loop_put(struct http_loop *h)
{
	shared_drop(h->loop, &http_kind);
}

int http_loop_add(struct http_loop *h, CURL *easy)
{
	return curl_multi_add_handle(h->multi, easy) == CURLM_OK ? 0 : -ENOMEM;
}

void http_loop_remove(struct http_loop *h, CURL *easy)
{
	curl_multi_remove_handle(h->multi, easy);
}

void http_loop_look(struct http_loop *h, int fd)
{
	transfers_run(h, fd, CURL_CSELECT_IN);
}
