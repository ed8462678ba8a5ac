/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loopback servers for tests of checks: well, refusing, silent. */
#ifndef TESTS_UNIT_LISTENER_H
#define TESTS_UNIT_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#define LISTENER_FILL 16

struct listener {
	int family;
	int fd;
	uint16_t port;
	int filler[LISTENER_FILL]; /* connections that fill the queue */
	int nfiller;
};

/** listener_open() - bound to loopback; with @backlog < 0 it refuses */
void listener_open(struct listener *l, int family, int backlog);
void listener_close(struct listener *l);
/** listener_refuse() - stop listening; the port stays bound, so nobody else
 * gets it */
void listener_refuse(struct listener *l);
/** listener_listen() - listen (again) */
void listener_listen(struct listener *l, int backlog);
/** listener_fill() - fill the accept queue: from now on it is silent */
void listener_fill(struct listener *l);
/** listener_drain() - accept and drop what waits; returns how many there were
 */
int listener_drain(struct listener *l);

/** tcp_sockets() - sockets to @port in kernel state @state (/proc/net/tcp),
 * IPv4 only */
int tcp_sockets(uint16_t port, unsigned int state);

/** now_ms() - monotonic */
uint64_t now_ms(void);

/** WAIT_FOR() - until @cond, at most 20 s, else the test fails */
#define WAIT_FOR(cond)                                                         \
	do {                                                                   \
		uint64_t until_ = now_ms() + 90000;                            \
		while (!(cond)) {                                              \
			assert_true(now_ms() < until_);                        \
			usleep(1000);                                          \
		}                                                              \
	} while (0)

#endif
