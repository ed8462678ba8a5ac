/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection is a socketpair: one end goes to the daemon, in a packet that
 * says whose it is. Some are kept for the next request of the same token; after
 * a change of tokens none is.
 *
 * Must not know: HTTP.
 */
#include "api/upstream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/packet.h"
#include "lib/xalloc.h"

#define IDLE_MAX 16

static int introduce(struct upstreams *all, int fd, const char *said)
{
	struct api_packet p = { .magic = API_MAGIC,
				.type = API_CONNECT,
				.generation = all->generation };
	int ret;

	snprintf(p.text, sizeof(p.text), "%s", said);
	ret = api_packet_send(all->sock, &p, &fd, 1);
	explicit_bzero(p.text, sizeof(p.text));
	return ret;
}

static int connect_pair(struct upstreams *all, const char *said, int *fd)
{
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		       pair) < 0)
		return -errno;
	ret = introduce(all, pair[1], said);
	close(pair[1]);
	if (ret < 0)
		close(pair[0]);
	else
		*fd = pair[0];
	return ret;
}

static struct upstream *idle_take(struct upstreams *all, const char *name)
{
	for (struct upstream **at = &all->idle; *at; at = &(*at)->next) {
		struct upstream *u = *at;

		if (strcmp(u->name, name) != 0)
			continue;
		*at = u->next;
		all->nidle--;
		ev_io_stop(all->loop, &u->io);
		return u;
	}
	return NULL;
}

int upstream_get(struct upstreams *all, const char *name, const char *said,
		 bool fresh, struct upstream **out)
{
	struct upstream *u = fresh ? NULL : idle_take(all, name);
	int fd = -1, ret = 0;

	if (!u && all->n >= API_STREAMS)
		return -EMFILE;
	if (!u) {
		ret = connect_pair(all, said, &fd);
		if (ret < 0)
			return ret;
		u = xcalloc(1, sizeof(*u));
		u->fd = fd;
		u->all = all;
		u->generation = all->generation;
		snprintf(u->name, sizeof(u->name), "%s", name);
		all->n++;
	}
	*out = u;
	return 0;
}

/* Nobody asked: the daemon has ended it. */
static void on_idle(struct ev_loop *loop, ev_io *w, int revents)
{
	struct upstream *u = w->data;

	for (struct upstream **at = &u->all->idle; *at; at = &(*at)->next)
		if (*at == u) {
			*at = u->next;
			u->all->nidle--;
			break;
		}
	upstream_drop(u);
}

void upstream_put(struct upstream *u)
{
	struct upstreams *all = u->all;

	if (u->generation != all->generation || all->nidle >= IDLE_MAX) {
		upstream_drop(u);
		return;
	}
	ev_io_stop(all->loop, &u->io);
	ev_io_init(&u->io, on_idle, u->fd, EV_READ);
	u->io.data = u;
	ev_io_start(all->loop, &u->io);
	u->next = all->idle;
	all->idle = u;
	all->nidle++;
}

void upstream_drop(struct upstream *u)
{
	ev_io_stop(u->all->loop, &u->io);
	close(u->fd);
	u->all->n--;
	free(u);
}

void upstreams_clear(struct upstreams *all)
{
	while (all->idle) {
		struct upstream *u = all->idle;

		all->idle = u->next;
		all->nidle--;
		upstream_drop(u);
	}
}
