/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The prober's end of the socketpair to the daemon. */
#ifndef HEALTHCHECK_LINK_H
#define HEALTHCHECK_LINK_H

#include <ev.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "healthcheck/packets.h"
#include "healthcheck/protocol.h"

/* A result on its way out. Embedded in its job: so the queue never holds more
 * than one of each job, and never allocates. */
struct link_result {
	struct hc_result result;
	bool queued;
	TAILQ_ENTRY(link_result) entry;
};

struct link {
	struct ev_loop *loop;
	struct packets packets;
	struct ev_io in, out;
	struct ev_prepare flush;
	struct ev_timer lazy; /* runs while only routine waits */
	bool due;             /* something is to leave in this turn */
	size_t nqueued;
	TAILQ_HEAD(link_queue, link_result) queue;
	struct hc_ran *rans; /* runs that are over, not sent yet */
	size_t nrans, caprans;
	int status; /* exit status of the process once the loop was left */
};

/**
 * link_open() - watch @fd and say hello
 * @fd: a connected SOCK_SEQPACKET socket; stays the caller's.
 * The loop is left (ev_break) when the daemon closes its end (status 0) or says
 * something that is not the protocol (status 1, one line in the log).
 * Return: 0; -errno where @fd is not such a socket.
 */
int link_open(struct link *l, struct ev_loop *loop, int fd,
	      const struct packets_ops *ops, void *arg);
void link_close(struct link *l);

/**
 * link_push() - send @r with the others of this turn; @r must not be queued
 * @routine: it can wait for others, 20 ms at most: ten thousand times a second
 * "still well" need not wake the daemon each time.
 */
void link_push(struct link *l, struct link_result *r, bool routine);
/** link_flush() - send what waits now, as far as the socket takes it */
void link_flush(struct link *l);
/** link_drop() - take @r back, if it has not gone */
void link_drop(struct link *l, struct link_result *r);

/** link_ran() - a run is over: say so with the results of this turn */
void link_ran(struct link *l, const struct hc_ran *ran);

/** link_stats() - send @stats now; left out where the socket is full */
void link_stats(struct link *l, const struct hc_stats *stats);

#endif
