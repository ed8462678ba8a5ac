/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket in the daemon's loop: libmicrohttpd keeps its descriptors
 * in an epoll set of its own, and the loop watches that set. MHD has no thread
 * and never blocks; one MHD_run() does what is ready.
 *
 * Invariant: after every MHD_run() the timer is set to what MHD asks for, so
 * that neither a time-out nor work that is left over waits for an event.
 * Must not know: what the routes do.
 */
#include "control/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/impl.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define CONNECTIONS_MAX 64u
#define IDLE_TIMEOUT_S  30u
#define CONNECTION_MEMORY                                                      \
	((size_t)64 << 10) /* headers and one piece of body                    \
			    */

static void control_run(struct control *c)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(c->mhd);
	ev_timer_stop(c->d->loop, &c->wakeup);
	if (MHD_get_timeout(c->mhd, &wait_ms) != MHD_YES)
		return;
	ev_timer_set(&c->wakeup, (double)wait_ms / 1000., 0.);
	ev_timer_start(c->d->loop, &c->wakeup);
}

static void on_ready(struct ev_loop *loop, ev_io *w, int revents)
{
	control_run(w->data);
}

static void on_wakeup(struct ev_loop *loop, ev_timer *w, int revents)
{
	control_run(w->data);
}

__attribute__((format(printf, 2, 0))) static void
log_mhd(void *cls, const char *fmt, va_list ap)
{
	char line[256];

	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		return;
	line[strcspn(line, "\n")] = '\0';
	log_debug("control: %s", line);
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

static int mhd_start(struct control *c, struct err *err)
{
	const union MHD_DaemonInfo *info;

	c->mhd = MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
	    NULL, NULL, request_handle, c, MHD_OPTION_EXTERNAL_LOGGER, log_mhd,
	    NULL, MHD_OPTION_LISTEN_SOCKET, c->listener.fd,
	    MHD_OPTION_NOTIFY_COMPLETED, request_completed, c,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
	    MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_END);
	if (!c->mhd)
		return err_set(err, -EIO, "cannot start the HTTP server");
	info = MHD_get_daemon_info(c->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return err_set(err, -EIO, "the HTTP server has no epoll");
	ev_io_init(&c->ready, on_ready, info->epoll_fd, EV_READ);
	c->ready.data = c;
	ev_io_start(c->d->loop, &c->ready);
	return 0;
}

int control_open(struct control **out, struct daemon *d, struct err *err)
{
	struct control *c = xcalloc(1, sizeof(*c));
	int ret;

	c->d = d;
	ev_init(&c->ready, on_ready);
	ev_timer_init(&c->wakeup, on_wakeup, 0., 0.);
	c->wakeup.data = c;
	ret = listener_open(&c->listener, d->model->conf->control_socket,
			    d->model->conf->control_group, err);
	if (ret == 0)
		ret = mhd_start(c, err);
	if (ret < 0) {
		control_close(c);
		return ret;
	}
	*out = c;
	return 0;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	ev_io_stop(c->d->loop, &c->ready);
	listener_remove(&c->listener);
	for (struct request *rq = c->requests; rq; rq = rq->next)
		request_abandon(rq);
	ev_timer_stop(c->d->loop, &c->wakeup);
	if (c->mhd)
		MHD_stop_daemon(c->mhd); /* closes the listening socket */
	else if (c->listener.fd >= 0)
		close(c->listener.fd);
	free(c);
}
