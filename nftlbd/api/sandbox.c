/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API process uses sockets that it was given: it accepts, and makes pairs
 * of which the daemon gets one end. It opens no other socket, connects to
 * nobody, and has no files.
 */
#include "api/sandbox.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/sandbox.h"

#define CALL(name) SCMP_SYS(name)

static const int calls[] = {
	CALL(accept4),       CALL(accept),         CALL(getsockname),
	CALL(getpeername),   CALL(getsockopt),     CALL(shutdown),
	CALL(recvfrom),      CALL(recvmsg),        CALL(sendto),
	CALL(sendmsg),       CALL(read),           CALL(readv),
	CALL(pread64),       CALL(write),          CALL(writev),
	CALL(close),         CALL(fcntl),          CALL(fstat),
	CALL(newfstatat),    CALL(eventfd2),       CALL(pipe2),
	CALL(epoll_create1), CALL(epoll_ctl),      CALL(epoll_wait),
	CALL(epoll_pwait),   CALL(epoll_pwait2),   CALL(poll),
	CALL(ppoll),         CALL(timerfd_create), CALL(timerfd_settime),
};

static const struct sandbox_rule rules[] = {
	{ CALL(socketpair), 0, ~0u, AF_UNIX },
	{ CALL(ioctl), 1, ~0u, FIONBIO },
	{ CALL(ioctl), 1, ~0u, FIONREAD },
	{ CALL(ioctl), 1, ~0u, TCGETS },
};

static const struct sandbox_option options[] = {
	{ IPPROTO_TCP, TCP_NODELAY },
	{ IPPROTO_TCP, TCP_CORK },
	{ SOL_SOCKET, SO_LINGER },
};

#define N(table) (sizeof(table) / sizeof((table)[0]))

int api_sandbox_enter(struct err *err)
{
	static const struct sandbox own = {
		calls, N(calls), rules, N(rules), options, N(options),
	};

	return sandbox_close(&own, err);
}
