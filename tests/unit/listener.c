/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loopback servers for tests of checks. A port is bound for as long as the
 * listener lives, listening or not: no other process gets it meanwhile.
 */
#include "listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static socklen_t loopback(int family, uint16_t port,
			  struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)family;
	if (family == AF_INET6) {
		in6->sin6_addr = in6addr_loopback;
		in6->sin6_port = htons(port);
		return sizeof(*in6);
	}
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->sin_port = htons(port);
	return sizeof(*in);
}

static void listener_bind(struct listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(l->family, l->port, &ss);
	int on = 1;

	l->fd =
	    socket(l->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(l->fd >= 0);
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(l->fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(getsockname(l->fd, (struct sockaddr *)&ss, &len), 0);
	l->port = ntohs(l->family == AF_INET6
			    ? ((struct sockaddr_in6 *)&ss)->sin6_port
			    : ((struct sockaddr_in *)&ss)->sin_port);
}

void listener_open(struct listener *l, int family, int backlog)
{
	memset(l, 0, sizeof(*l));
	l->family = family;
	listener_bind(l);
	if (backlog >= 0)
		listener_listen(l, backlog);
}

void listener_listen(struct listener *l, int backlog)
{
	assert_int_equal(listen(l->fd, backlog), 0);
}

/* shutdown() ends listening and keeps the port. */
void listener_refuse(struct listener *l)
{
	assert_int_equal(shutdown(l->fd, SHUT_RD), 0);
}

void listener_fill(struct listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = loopback(l->family, l->port, &ss);

	/* Until one is left waiting: the queue is full, its SYN was dropped. */
	while (l->nfiller < LISTENER_FILL) {
		int fd = socket(l->family,
				SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		assert_true(fd >= 0);
		l->filler[l->nfiller++] = fd;
		if (connect(fd, (struct sockaddr *)&ss, len) == 0)
			continue;
		assert_int_equal(errno, EINPROGRESS);
		if (poll(&p, 1, 100) == 0)
			return;
	}
	fail_msg("the queue of the listener does not fill");
}

int listener_drain(struct listener *l)
{
	int n = 0, fd;

	while ((fd = accept(l->fd, NULL, NULL)) >= 0) {
		close(fd);
		n++;
	}
	assert_int_equal(errno, EAGAIN);
	return n;
}

void listener_close(struct listener *l)
{
	while (l->nfiller > 0)
		close(l->filler[--l->nfiller]);
	close(l->fd);
}

int tcp_sockets(uint16_t port, unsigned int state)
{
	FILE *f = fopen("/proc/net/tcp", "r");
	unsigned int remote, st;
	char line[256];
	int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: %*x:%*x %*x:%x %x", &remote, &st) == 2)
			n += remote == port && st == state;
	fclose(f);
	return n;
}
