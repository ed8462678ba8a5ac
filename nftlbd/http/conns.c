/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has waited for the longest is ended first: after RECEIVE_S without a
 * whole request, however lively he drips, after ANSWER_S with an answer that he
 * does not take, or at once where there is no room for new connections
 * otherwise. Of those that may go, strangers go first. MHD closes what we have
 * shut down.
 *
 * Invariant: the list is in the order of `since`.
 * Must not know: what is asked.
 */
#include "http/conns.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/limits.h"
#include "lib/addr.h"
#include "lib/xalloc.h"

#define LOOK_S          1.
#define ENDED_TIMEOUT_S 1u

enum conn_state { WAITING, BUSY, ENDLESS };

struct conn {
	struct MHD_Connection *mhd;
	int fd;
	enum conn_state state;
	bool known;
	bool ended;
	struct addr from; /* family 0 = no address of one */
	struct peer peer; /* of trusted ones */
	ev_tstamp since;  /* of its state */
	struct conn *next, **prev;
};

static void list_add(struct conns *c, struct conn *k, enum conn_state state)
{
	k->state = state;
	k->since = ev_now(c->loop);
	k->next = NULL;
	k->prev = c->last;
	*c->last = k;
	c->last = &k->next;
}

static void list_remove(struct conns *c, struct conn *k)
{
	*k->prev = k->next;
	if (k->next)
		k->next->prev = k->prev;
	else
		c->last = k->prev;
}

/*
 * Read and write end: MHD sees the end, and closes. Where an answer breaks off
 * and the peer has gone before, no event comes any more that makes it look:
 * connections with a time-out of their own it looks at in each run.
 */
static void end(struct conn *k)
{
	k->ended = true;
	shutdown(k->fd, SHUT_RDWR);
	if (k->prev) /* else it has just come, and is in none of MHD's lists */
		MHD_set_connection_option(k->mhd, MHD_CONNECTION_OPTION_TIMEOUT,
					  ENDED_TIMEOUT_S);
}

static bool is_due(const struct conns *c, const struct conn *k, ev_tstamp now)
{
	return !c->trusted &&
	       ((k->state == WAITING && k->since + RECEIVE_S <= now) ||
		(k->state == BUSY && k->since + ANSWER_S <= now));
}

/* MHD does not look at who waits for the next piece of an endless answer. He
 * has nothing more to say: what comes from him is the end, or TLS's word for
 * it. */
static bool has_left(const struct conn *k)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN | POLLRDHUP };

	return k->state == ENDLESS && poll(&p, 1, 0) > 0;
}

static void look(struct conns *c)
{
	for (struct conn *k = c->first; k; k = k->next) {
		if (k->ended)
			continue;
		if (has_left(k)) {
			end(k);
			c->left(c->arg, k->mhd);
		} else if (is_due(c, k, ev_now(c->loop))) {
			end(k);
		}
	}
}

static void on_look(struct ev_loop *loop, ev_timer *w, int revents)
{
	look(w->data);
}

void conns_init(struct conns *c, struct ev_loop *loop, unsigned int max)
{
	*c = (struct conns){ .loop = loop, .last = &c->first, .max = max };
	ev_timer_init(&c->look, on_look, LOOK_S, LOOK_S);
	c->look.data = c;
}

void conns_stop(struct conns *c)
{
	ev_timer_stop(c->loop, &c->look);
}

/* ---- room */

/* The one to go of those from @from (NULL = of all); NULL = nobody. */
static struct conn *slowest(const struct conns *c, const struct addr *from)
{
	struct conn *found = NULL;

	for (struct conn *k = c->first; k; k = k->next) {
		if (k->ended || k->state != WAITING ||
		    (from && addr_cmp(from, &k->from) != 0))
			continue;
		if (!k->known)
			return k;
		if (!found)
			found = k;
	}
	return found;
}

static unsigned int count_from(const struct conns *c, const struct addr *from)
{
	unsigned int n = 0;

	for (const struct conn *k = c->first; k; k = k->next)
		n += !k->ended && addr_cmp(from, &k->from) == 0;
	return n;
}

static unsigned int count_open(const struct conns *c)
{
	unsigned int n = 0;

	for (const struct conn *k = c->first; k; k = k->next)
		n += !k->ended;
	return n;
}

static bool is_crowd(const struct conns *c, const struct addr *from)
{
	return from->family && !addr_is_loopback(from) &&
	       count_from(c, from) >= c->max / CONNECTIONS_SOURCE;
}

static bool is_full(const struct conns *c)
{
	return count_open(c) + CONNECTIONS_SPARE >= c->max;
}

/* Before @k is in the list. Loopback is anybody: a proxy, an ssh tunnel. */
static void make_room(struct conns *c, struct conn *k)
{
	struct conn *goes;

	if (!is_crowd(c, &k->from) && !is_full(c))
		return;
	look(c); /* who has left makes no crowd */
	if (is_crowd(c, &k->from)) {
		goes = slowest(c, &k->from);
		end(goes ? goes : k);
	} else if (is_full(c)) {
		goes = slowest(c, NULL);
		if (goes)
			end(goes);
	}
}

/* ---- begin and end */

static struct conn *conn_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void source_of(struct MHD_Connection *conn, struct addr *from)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *sa = info ? info->client_addr : NULL;

	*from = (struct addr){ .family = AF_UNSPEC };
	if (sa && sa->sa_family == AF_INET) {
		from->family = AF_INET;
		memcpy(
		    from->ip,
		    &((const struct sockaddr_in *)(const void *)sa)->sin_addr,
		    4);
	} else if (sa && sa->sa_family == AF_INET6) {
		from->family = AF_INET6;
		memcpy(
		    from->ip,
		    &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		    16);
	}
}

static struct conn *conn_new(struct conns *c, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	static const int local_room = 512 << 10;
	struct conn *k = xcalloc(1, sizeof(*k));

	k->mhd = conn;
	k->fd = info ? info->connect_fd : -1;
	if (c->taking)
		k->peer = *c->taking;
	else
		source_of(conn, &k->from);
	/* long answers to this machine wait less often for who reads them */
	if (k->from.family == AF_UNSPEC)
		setsockopt(k->fd, SOL_SOCKET, SO_SNDBUFFORCE, &local_room,
			   sizeof(local_room));
	return k;
}

void conns_notify(void *cls, struct MHD_Connection *conn, void **context,
		  enum MHD_ConnectionNotificationCode toe)
{
	struct conns *c = cls;
	struct conn *k = *context;

	if (toe == MHD_CONNECTION_NOTIFY_STARTED) {
		k = conn_new(c, conn);
		*context = k;
		if (!c->trusted)
			make_room(c, k);
		list_add(c, k, WAITING);
		if (c->n++ == 0)
			ev_timer_again(c->loop, &c->look);
	} else if (k) {
		list_remove(c, k);
		if (--c->n == 0)
			ev_timer_stop(c->loop, &c->look);
		free(k);
		*context = NULL;
	}
}

/* ---- what they do */

static void change(struct conns *c, struct MHD_Connection *conn,
		   enum conn_state state)
{
	struct conn *k = conn_of(conn);

	if (!k || k->state == state)
		return;
	list_remove(c, k);
	list_add(c, k, state);
}

void conns_busy(struct conns *c, struct MHD_Connection *conn)
{
	change(c, conn, BUSY);
}

void conns_waiting(struct conns *c, struct MHD_Connection *conn)
{
	change(c, conn, WAITING);
}

void conns_endless(struct conns *c, struct MHD_Connection *conn)
{
	change(c, conn, ENDLESS);
}

void conns_known(struct conns *c, struct MHD_Connection *conn)
{
	struct conn *k = conn_of(conn);

	if (k)
		k->known = true;
}

const struct peer *conns_peer(const struct conns *c,
			      struct MHD_Connection *conn)
{
	const struct conn *k = conn_of(conn);

	return k && c->trusted ? &k->peer : NULL;
}

void conns_end(struct conns *c, bool (*which)(const struct peer *, void *arg),
	       void *arg)
{
	for (struct conn *k = c->first; k; k = k->next)
		if (!k->ended && which(&k->peer, arg))
			end(k);
}

void conns_end_waiting(struct conns *c)
{
	for (struct conn *k = c->first; k; k = k->next)
		if (!k->ended && k->state == WAITING)
			end(k);
}
