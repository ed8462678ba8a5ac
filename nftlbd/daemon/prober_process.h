/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of the prober process: start, hello, packets, death, start again.
 */
#ifndef NFTLB_DAEMON_PROBER_PROCESS_H
#define NFTLB_DAEMON_PROBER_PROCESS_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "healthcheck/protocol.h"

struct prober;

/* What happens. All of it from the loop; none may call prober_close(). */
struct prober_ops {
	/* a prober said hello: it has no jobs yet, @restarts came before it */
	void (*ready)(void *arg, unsigned int restarts);
	/* results came; NULL, or what is wrong with them: that ends it */
	const char *(*results)(void *arg, const struct hc_result *results,
			       size_t n);
	/* its counts, every second */
	void (*stats)(void *arg, const struct hc_stats *stats);
	/* runs are over */
	void (*ran)(void *arg, const struct hc_ran *ran, size_t n);
	/* it can be written again after -EAGAIN */
	void (*writable)(void *arg);
	/* it hangs, and was killed: `gone` follows */
	void (*stuck)(void *arg, const char *why);
	/* it is gone; another one comes by itself, unless it is not wanted.
	 * @why: one line of words */
	void (*gone)(void *arg, const char *why);
	/* who it is to run as, asked at each start */
	const char *(*user)(void *arg);
};

/**
 * prober_open() - a prober that is not wanted yet
 * @loop: the default loop (libev watches children nowhere else)
 * @path: the program; must outlive the prober
 * @role: its argument, a literal; NULL = none
 */
struct prober *prober_open(struct ev_loop *loop, const char *path,
			   const char *role, const struct prober_ops *ops,
			   void *arg);
/**
 * prober_want() - from now on it is to run, or not
 * Wanted: it is started, and again whenever it dies. Not wanted: it has 1 s to
 * leave by itself, without any call of `gone`. Neither waits for anything.
 */
void prober_want(struct prober *p, bool wanted);
/** prober_close() - end it: 1 s to leave by itself, then by force */
void prober_close(struct prober *p);

/**
 * prober_send() - one packet, without waiting
 * Return: 0; -EAGAIN full, `writable` will be called, and a prober that reads
 * nothing for 10 s is killed; -ENOTCONN there is none that said hello.
 */
int prober_send(struct prober *p, const void *packet, size_t len);

/** prober_pid() - 0 = not running now */
pid_t prober_pid(const struct prober *p);
unsigned int prober_restarts(const struct prober *p);

#endif
