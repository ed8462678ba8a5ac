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
 * With send, expect or tls the check is a talk (tcp_talk.c), which ends in
 * another way; the spec has a plan for it then.
 *
 * Must not know intervals, results or the daemon.
 */
#include "healthcheck/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "healthcheck/socket.h"
#include "healthcheck/tcp_talk.h"

int tcp_look(struct check *c)
{
	return probe_connect(c->of.tcp.io.fd, c->of.tcp.job);
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
	int fd, reason;

	if (c->spec->prepared)
		return tcp_talk_start(c, job);
	fd = probe_socket(c->spec, job, SOCK_STREAM);
	t->job = job;
	ev_io_init(&t->io, tcp_cb, fd, EV_WRITE);
	t->io.data = c;
	if (fd < 0)
		return probe_reason(-fd);
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
