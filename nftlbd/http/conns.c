/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who waits for the longest is ended first: after RECEIVE_S, however lively he
 * drips, or at once where there is no room for new connections otherwise. MHD
 * closes what we have shut down.
 *
 * Invariant: in the list is who has not sent a whole request, in the order of
 * when that began.
 * Must not know: what is asked.
 */
#include "http/conns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "http/limits.h"
#include "lib/xalloc.h"

struct conn {
	int fd;
	ev_tstamp since;
	struct conn *next, **prev; /* prev NULL = not in the list */
};

static void on_oldest(struct ev_loop *loop, ev_timer *w, int revents);

static void plan_timer(struct conns *c)
{
	ev_timer_stop(c->loop, &c->oldest);
	if (!c->first)
		return;
	ev_timer_set(&c->oldest, c->first->since + RECEIVE_S - ev_now(c->loop),
		     0.);
	ev_timer_start(c->loop, &c->oldest);
}

static void list_add(struct conns *c, struct conn *k)
{
	bool was_empty = !c->first;

	k->since = ev_now(c->loop);
	k->next = NULL;
	k->prev = c->last;
	*c->last = k;
	c->last = &k->next;
	if (was_empty)
		plan_timer(c);
}

static void list_remove(struct conns *c, struct conn *k)
{
	if (!k->prev)
		return;
	*k->prev = k->next;
	if (k->next)
		k->next->prev = k->prev;
	else
		c->last = k->prev;
	k->prev = NULL;
}

/* Read and write end: MHD sees the end, and closes. */
static void end_first(struct conns *c)
{
	struct conn *k = c->first;

	list_remove(c, k);
	shutdown(k->fd, SHUT_RDWR);
}

static void on_oldest(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct conns *c = w->data;

	while (c->first && c->first->since + RECEIVE_S <= ev_now(loop))
		end_first(c);
	plan_timer(c);
}

void conns_init(struct conns *c, struct ev_loop *loop)
{
	*c = (struct conns){ .loop = loop, .last = &c->first };
	ev_timer_init(&c->oldest, on_oldest, 0., 0.);
	c->oldest.data = c;
}

void conns_stop(struct conns *c)
{
	ev_timer_stop(c->loop, &c->oldest);
}

static struct conn *conn_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static struct conn *conn_new(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct conn *k = xcalloc(1, sizeof(*k));

	k->fd = info ? info->connect_fd : -1;
	return k;
}

void conns_notify(void *cls, struct MHD_Connection *conn, void **context,
		  enum MHD_ConnectionNotificationCode toe)
{
	struct conns *c = cls;
	struct conn *k = *context;

	if (toe == MHD_CONNECTION_NOTIFY_STARTED) {
		k = conn_new(conn);
		*context = k;
		c->n++;
		if (c->n > CONNECTIONS_FULL && c->first)
			end_first(c);
		list_add(c, k);
	} else if (k) {
		list_remove(c, k);
		c->n--;
		free(k);
		*context = NULL;
	}
}

void conns_busy(struct conns *c, struct MHD_Connection *conn)
{
	struct conn *k = conn_of(conn);

	if (k)
		list_remove(c, k);
}

void conns_waiting(struct conns *c, struct MHD_Connection *conn)
{
	struct conn *k = conn_of(conn);

	if (k && !k->prev)
		list_add(c, k);
}
