/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober opens sockets of IPv4 and IPv6 and reads files. On the daemon's
 * raw ICMP sockets it cannot write the IP header itself, and so send anything
 * in anybody's name.
 *
 * Must not know checks.
 */
#include "healthcheck/sandbox.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* After the C library's, whose names they respect. */
#include <linux/icmp.h>

#include "lib/sandbox.h"

#define CALL(name) SCMP_SYS(name)

static const int allowed[] = {
	/* sockets */
	CALL(connect),
	CALL(bind),
	CALL(getsockname),
	CALL(getpeername),
	CALL(getsockopt),
	CALL(shutdown),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(recvmmsg),
	CALL(sendto),
	CALL(sendmsg),
	CALL(sendmmsg),
	CALL(socketpair),
	/* setsockopt() is below */
	/* descriptors; open() and fcntl() are below */
	CALL(read),
	CALL(readv),
	CALL(pread64),
	CALL(write),
	CALL(writev),
	CALL(lseek),
	CALL(close),
	CALL(fcntl),
	CALL(pipe2),
	CALL(eventfd2),
	CALL(epoll_create1),
	CALL(epoll_ctl),
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(epoll_pwait2),
	CALL(poll),
	CALL(ppoll),
	CALL(select),
	CALL(pselect6),
	CALL(timerfd_create),
	CALL(timerfd_settime),
	/* files that are there */
	CALL(stat),
	CALL(lstat),
	CALL(fstat),
	CALL(newfstatat),
	CALL(statx),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(getcwd),
	CALL(getdents64),
};

static const struct sandbox_rule rules[] = {
	{ CALL(socket), 0, ~0u, AF_INET },
	{ CALL(socket), 0, ~0u, AF_INET6 },
	{ CALL(open), 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ CALL(openat), 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ CALL(ioctl), 1, ~0u, FIONBIO },
	{ CALL(ioctl), 1, ~0u, FIONREAD },
	{ CALL(ioctl), 1, ~0u, TCGETS },
	{ CALL(ioctl), 1, ~0u, SIOCGIFINDEX },
	{ CALL(ioctl), 1, ~0u, SIOCGIFNAME },
};

/* Options of sockets; not on the list: IP_HDRINCL, IPV6_HDRINCL. */
static const struct sandbox_option options[] = {
	{ SOL_SOCKET, SANDBOX_ANY },
	{ IPPROTO_TCP, SANDBOX_ANY },
	{ IPPROTO_UDP, SANDBOX_ANY },
	{ IPPROTO_IP, IP_TOS },
	{ IPPROTO_IP, IP_PKTINFO },
	{ IPPROTO_IP, IP_RECVERR },
	{ IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT },
	{ IPPROTO_IPV6, IPV6_V6ONLY },
	{ IPPROTO_IPV6, IPV6_RECVERR },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO },
	{ IPPROTO_IPV6, IPV6_TCLASS },
	{ IPPROTO_ICMPV6, ICMP6_FILTER },
	{ SOL_RAW, ICMP_FILTER },
};

#define N(table) (sizeof(table) / sizeof((table)[0]))

int sandbox_enter(bool filter, struct err *err)
{
	static const struct sandbox prober = {
		allowed, N(allowed), rules, N(rules), options, N(options),
	};

	return sandbox_close(filter ? &prober : NULL, err);
}
