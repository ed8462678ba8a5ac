/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober's end of the socketpair: packets of the daemon come in, results of
 * one turn of the loop leave together.
 *
 * Invariants: the first bad packet ends the process, since both ends are of one
 * build and a daemon that we misunderstand is worse than none. A full socket
 * loses no result: they wait in the queue (one per job at most, one per run)
 * until it can be written. Only statistics are left out: the next ones count
 * the same things. Results that say what the one before said wait for others,
 * ROUTINE_S at most.
 *
 * Must not know what packets say, how checks work or when they run.
 */
#include "healthcheck/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define PACKETS_PER_TURN 16 /* then let the checks have their turn */
#define ROUTINE_S        0.02

struct packet_out {
	struct hc_header head;
	union {
		struct hc_result results[HC_RECORDS_MAX];
		struct hc_ran rans[HC_RECORDS_MAX];
		struct hc_stats stats;
	} of;
};

static void link_end(struct link *l, int status)
{
	l->status = status;
	ev_break(l->loop, EVBREAK_ALL);
}

static void in_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct link *l = w->data;
	_Alignas(struct hc_header) char p[PACKETS_BYTES_MAX];

	for (int i = 0; i < PACKETS_PER_TURN; i++) {
		ssize_t n = recv(w->fd, p, sizeof(p), MSG_DONTWAIT | MSG_TRUNC);
		const char *wrong;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == 0 || (n < 0 && errno == ECONNRESET)) {
			link_end(l, 0);
			return;
		}
		if (n < 0) {
			log_error("link: %s", strerror(errno));
			link_end(l, 1);
			return;
		}
		wrong = packets_take(&l->packets, p, (size_t)n);
		if (wrong) {
			log_error("link: bad packet of %zd bytes: %s", n,
				  wrong);
			link_end(l, 1);
			return;
		}
	}
}

/* Returns whether the packet has gone. */
static bool packet_send(struct link *l, const void *packet, size_t len)
{
	if (send(l->in.fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS ||
	    errno == ENOMEM) {
		ev_io_start(l->loop, &l->out);
		return false;
	}
	/* The daemon is gone: in_cb() will say so. */
	return false;
}

static bool results_send(struct link *l)
{
	struct packet_out p = { .head = { .version = HC_VERSION,
					  .type = HC_MSG_RESULT } };
	struct link_result *r;

	while (!TAILQ_EMPTY(&l->queue)) {
		p.head.count = 0;
		TAILQ_FOREACH(r, &l->queue, entry)
		{
			p.of.results[p.head.count++] = r->result;
			if (p.head.count == HC_RECORDS_MAX)
				break;
		}
		if (!packet_send(l, &p,
				 sizeof(p.head) +
				     p.head.count * sizeof(r->result)))
			return false;
		while (p.head.count--)
			link_drop(l, TAILQ_FIRST(&l->queue));
	}
	return true;
}

static bool rans_send(struct link *l)
{
	struct packet_out p = { .head = { .version = HC_VERSION,
					  .type = HC_MSG_RAN } };

	while (l->nrans > 0) {
		size_t n =
		    l->nrans < HC_RECORDS_MAX ? l->nrans : HC_RECORDS_MAX;
		size_t bytes = n * sizeof(l->rans[0]);

		p.head.count = (uint32_t)n;
		memcpy(p.of.rans, l->rans, bytes);
		if (!packet_send(l, &p, sizeof(p.head) + bytes))
			return false;
		l->nrans -= n;
		memmove(l->rans, l->rans + n, l->nrans * sizeof(l->rans[0]));
	}
	return true;
}

static void all_send(struct link *l)
{
	if (!results_send(l) || !rans_send(l))
		return;
	ev_io_stop(l->loop, &l->out);
	ev_timer_stop(l->loop, &l->lazy);
	l->due = false;
}

static void out_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	all_send(w->data);
}

/* Before the loop sleeps: what this turn found out. */
static void flush_cb(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct link *l = w->data;

	if (l->due)
		link_flush(l);
}

static void lazy_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	link_flush(w->data);
}

void link_flush(struct link *l)
{
	if (!ev_is_active(&l->out))
		all_send(l);
}

void link_push(struct link *l, struct link_result *r, bool routine)
{
	r->queued = true;
	TAILQ_INSERT_TAIL(&l->queue, r, entry);
	l->nqueued++;
	if (!routine || l->nqueued >= HC_RECORDS_MAX) {
		l->due = true;
	} else if (!ev_is_active(&l->lazy)) {
		ev_timer_set(&l->lazy, ROUTINE_S, 0);
		ev_timer_start(l->loop, &l->lazy);
	}
}

void link_drop(struct link *l, struct link_result *r)
{
	if (!r->queued)
		return;
	r->queued = false;
	TAILQ_REMOVE(&l->queue, r, entry);
	l->nqueued--;
}

void link_ran(struct link *l, const struct hc_ran *ran)
{
	*VEC_PUSH(l->rans, l->nrans, l->caprans) = *ran;
	l->due = true;
}

void link_stats(struct link *l, const struct hc_stats *stats)
{
	struct packet_out p = { .head = { HC_VERSION, HC_MSG_STATS, 1 },
				.of.stats = *stats };

	if (!ev_is_active(&l->out))
		packet_send(l, &p, sizeof(p.head) + sizeof(*stats));
}

static int hello_send(int fd)
{
	const struct hc_header hello = { .version = HC_VERSION,
					 .type = HC_MSG_HELLO };

	if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int link_open(struct link *l, struct ev_loop *loop, int fd,
	      const struct packets_ops *ops, void *arg)
{
	int type, rc;
	socklen_t len = sizeof(type);

	memset(l, 0, sizeof(*l));
	l->loop = loop;
	packets_init(&l->packets, ops, arg);
	TAILQ_INIT(&l->queue);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return -errno;
	if (type != SOCK_SEQPACKET)
		return -EPROTOTYPE;
	rc = hello_send(fd);
	if (rc < 0)
		return rc;
	ev_io_init(&l->in, in_cb, fd, EV_READ);
	ev_io_init(&l->out, out_cb, fd, EV_WRITE);
	ev_prepare_init(&l->flush, flush_cb);
	ev_init(&l->lazy, lazy_cb);
	l->in.data = l->out.data = l->flush.data = l->lazy.data = l;
	ev_io_start(loop, &l->in);
	ev_prepare_start(loop, &l->flush);
	return 0;
}

void link_close(struct link *l)
{
	ev_io_stop(l->loop, &l->in);
	ev_io_stop(l->loop, &l->out);
	ev_prepare_stop(l->loop, &l->flush);
	ev_timer_stop(l->loop, &l->lazy);
	packets_free(&l->packets);
	free(l->rans);
}
