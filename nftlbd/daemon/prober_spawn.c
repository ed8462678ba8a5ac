/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the prober gets: raw ICMP sockets, where we may open them, which it
 * could not open itself.
 *
 * Must not know jobs or health.
 */
#include "daemon/prober_spawn.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/* After the C library's, whose names they respect. */
#include <linux/icmp.h>

#include "daemon/spawn.h"
#include "healthcheck/protocol.h"

#define NOFILE_WANTED 1048576   /* one descriptor for each probe under way */
#define ICMP_BUFFER   (4 << 20) /* replies to thousands of probes at once */

_Static_assert(HC_PROBER_FD == SPAWN_SOCK_FD, "where it looks");
_Static_assert(HC_ICMP4_FD == SPAWN_MORE_FD, "where it looks");
_Static_assert(HC_ICMP6_FD == SPAWN_MORE_FD + 1, "where it looks");

/* Deaf until the prober wants it; 10,000 replies a second need room. */
static int icmp_open(int family)
{
	static const int room = ICMP_BUFFER;
	static const struct icmp_filter nothing = { .data = ~0u };
	struct icmp6_filter nothing6;
	bool v6 = family == AF_INET6;
	int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	if (fd < 0)
		return -1; /* the prober can do without */
	ICMP6_FILTER_SETBLOCKALL(&nothing6);
	if (v6)
		setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &nothing6,
			   sizeof(nothing6));
	else
		setsockopt(fd, SOL_RAW, ICMP_FILTER, &nothing, sizeof(nothing));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return fd;
}

int prober_spawn(const char *path, const char *role, const char *user,
		 pid_t *pid, int *fd, struct err *err)
{
	struct spawn_plan plan = {
		.name = "nftlb-prober",
		.path = path,
		.role = role,
		.user = user,
		.fds = { -1, -1 },
		.nfds = 2,
		.nofile = NOFILE_WANTED,
		.more = true,
	};
	int ret;

	if (!role) { /* who runs scripts sends no packets */
		plan.fds[0] = icmp_open(AF_INET);
		plan.fds[1] = icmp_open(AF_INET6);
	}
	ret = spawn_program(&plan, pid, fd, err);
	for (size_t i = 0; i < plan.nfds; i++)
		if (plan.fds[i] >= 0)
			close(plan.fds[i]);
	return ret;
}
