/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP check: the backend's kernel answers our SYN with SYN-ACK. Nothing is
 * sent on the connection.
 *
 * How it ends matters more than how it begins, ten thousand times a second:
 *
 *  - A plain close() sends FIN. We close first, so TIME_WAIT is ours: 60 s of
 *    kernel memory and one port towards this backend for each probe, and 120 s
 *    in conntrack. The server accepts a connection and logs an empty one.
 *  - SO_LINGER 0 sends RST instead: no TIME_WAIT, but a server that already
 *    accepted logs "connection reset by peer".
 *
 * So the RST must come before the server's accept(). With TCP_QUICKACK off the
 * kernel keeps back the third packet of the handshake (for up to 200 ms, in
 * the hope of data to send along); a close() with SO_LINGER 0 before that makes
 * RST the third packet. The server's kernel drops its half-open request:
 * nothing is accepted, nothing logged, and nobody keeps any state but
 * conntrack for 10 s. If we are later than 200 ms, the server sees one
 * connection that is reset.
 * A listener with a full accept queue does not answer SYN: that is a timeout,
 * as it should be. A server that no longer accepts looks well until its queue
 * is full; this check is about its kernel, and says so in the manual.
 *
 * Asking again is connect() again: 0, the error, or EALREADY. This is one
 * system call, clears the error, and is safe against spurious wake-ups.
 *
 * Must not know intervals, results or the daemon.
 */
#include "healthcheck/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "lib/addr.h"

static const struct {
	int error;
	int reason;
} reasons[] = {
	{ 0, HC_OK },
	{ EISCONN, HC_OK },
	{ EINPROGRESS, CHECK_RUNNING },
	{ EALREADY, CHECK_RUNNING },
	{ EINTR, CHECK_RUNNING }, /* goes on in the background */
	{ ECONNREFUSED, HC_REFUSED },
	{ ETIMEDOUT, HC_TIMEOUT },
	{ ECONNRESET, HC_RESET },
	{ ECONNABORTED, HC_RESET },
	{ EPIPE, HC_RESET },
	{ EMFILE, HC_LOCAL },
	{ ENFILE, HC_LOCAL },
	{ ENOMEM, HC_LOCAL },
	{ ENOBUFS, HC_LOCAL },
	{ EAGAIN, HC_LOCAL },        /* no free port */
	{ EADDRNOTAVAIL, HC_LOCAL }, /* no free port, no address */
	{ EADDRINUSE, HC_LOCAL },
	{ EAFNOSUPPORT, HC_LOCAL }, /* a kernel without IPv6 */
};

int tcp_reason(int error)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].error == error)
			return reasons[i].reason;
	/* No route, prohibited, blackholed, filtered, ICMP of all kinds: what
	 * we cannot reach, clients cannot reach through us. */
	return HC_UNREACHABLE;
}

/*
 * A connect() to a port of our own that nobody listens on, from the range of
 * ephemeral ports, can meet itself (simultaneous open). That is no server.
 */
static bool met_itself(const struct check *c)
{
	const struct tcp_check *t = &c->of.tcp;
	struct sockaddr_storage self = { 0 };
	socklen_t len = sizeof(self);
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)&self;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)&t->to;
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)&self;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)&t->to;

	if (getsockname(t->io.fd, (struct sockaddr *)&self, &len) < 0)
		return false;
	if (self.ss_family == AF_INET6)
		return a6->sin6_port == b6->sin6_port &&
		       !memcmp(&a6->sin6_addr, &b6->sin6_addr,
			       sizeof(a6->sin6_addr));
	return a4->sin_port == b4->sin_port &&
	       a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

int tcp_look(struct check *c)
{
	struct tcp_check *t = &c->of.tcp;
	int error = 0, reason;

	if (connect(t->io.fd, (struct sockaddr *)&t->to, t->to_len) < 0)
		error = errno;
	reason = tcp_reason(error);
	if (reason == HC_OK && met_itself(c))
		return HC_REFUSED;
	return reason;
}

static void tcp_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct check *c = w->data;
	int reason = tcp_look(c);

	if (reason != CHECK_RUNNING)
		check_finish(c, (enum hc_reason)reason);
}

/* Make close() send RST as the third packet of the handshake; see above. */
static int leave_no_trace(int fd)
{
	static const struct linger abort_now = { .l_onoff = 1, .l_linger = 0 };
	static const int off = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_now,
		       sizeof(abort_now)) < 0)
		return -errno;
	if (setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off)) < 0)
		return -errno;
	return 0;
}

int tcp_start(struct check *c, const struct hc_job *job)
{
	struct tcp_check *t = &c->of.tcp;
	struct addr to = { .family = job->family };
	int reason, fd;

	memcpy(to.ip, job->ip, sizeof(to.ip));
	t->to_len = addr_sockaddr(&to, job->port, &t->to);
	fd = socket(job->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    IPPROTO_TCP);
	ev_io_init(&t->io, tcp_cb, fd, EV_WRITE);
	t->io.data = c;
	if (fd < 0)
		return tcp_reason(errno);
	if (leave_no_trace(fd) < 0)
		return HC_LOCAL;
	reason = tcp_look(c);
	if (reason == CHECK_RUNNING)
		ev_io_start(c->loop, &t->io);
	return reason;
}

void tcp_cancel(struct check *c)
{
	struct tcp_check *t = &c->of.tcp;

	ev_io_stop(c->loop, &t->io);
	if (t->io.fd >= 0)
		close(t->io.fd);
}
