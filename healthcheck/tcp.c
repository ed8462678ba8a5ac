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
 * A connect() to nowhere (AF_UNSPEC) sends the same RST as that close(), and
 * leaves a socket that can be used again: a quarter of the cost of a probe is
 * to make and to close its socket. So a few are kept for the next probes of the
 * spec; only such that are bound to nothing (an interface may be another one by
 * then) and that have just connected (others carry an error).
 *
 * With send, expect or tls the check is a talk (tcp_talk.c), which ends in
 * another way.
 *
 * Must not know intervals, results or the daemon.
 */
#include "healthcheck/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "healthcheck/socket.h"
#include "healthcheck/tcp_talk.h"
#include "lib/xalloc.h"

/* ---- of a spec */

#define IDLE_MAX 16 /* as many as begin in one turn of the loop, or so */

struct idle {
	int fds[IDLE_MAX];
	size_t n;
};

struct shared {
	struct tcp_talk *talk; /* NULL: a connection is all */
	struct idle idle4, idle6;
};

const char *tcp_prepare(struct spec *s, struct ev_loop *loop)
{
	struct tcp_talk *talk;
	const char *wrong = tcp_talk_prepare(&s->of, &talk);
	struct shared *shared;

	if (wrong)
		return wrong;
	shared = xcalloc(1, sizeof(*shared));
	shared->talk = talk;
	s->prepared = shared;
	return NULL;
}

static void idle_close(struct idle *idle)
{
	while (idle->n > 0)
		close(idle->fds[--idle->n]);
}

void tcp_release(struct spec *s)
{
	struct shared *shared = s->prepared;

	tcp_talk_release(shared->talk);
	idle_close(&shared->idle4);
	idle_close(&shared->idle6);
	free(shared);
	s->prepared = NULL;
}

/* Where sockets for this job are kept; NULL: nowhere. */
static struct idle *idle_of(const struct spec *spec, const struct hc_job *job)
{
	struct shared *shared = spec->prepared;
	bool v6 = job->family == AF_INET6;

	if (spec->of.interface || job->source_port ||
	    (v6 ? spec->of.source6.family : spec->of.source4.family))
		return NULL;
	return v6 ? &shared->idle6 : &shared->idle4;
}

/* ---- of a probe */

static int socket_take(const struct spec *spec, const struct hc_job *job)
{
	struct idle *idle = idle_of(spec, job);

	if (idle && idle->n > 0)
		return idle->fds[--idle->n];
	return probe_socket(spec, job, SOCK_STREAM);
}

/* Either way sends RST as the third packet of the handshake; see above. */
static void socket_give(struct check *c, int fd)
{
	static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	struct idle *idle = idle_of(c->spec, c->of.tcp.job);

	if (c->of.tcp.connected && idle && idle->n < IDLE_MAX &&
	    connect(fd, &nowhere, sizeof(nowhere)) == 0) {
		idle->fds[idle->n++] = fd;
		return;
	}
	probe_abort(fd);
}

int tcp_look(struct check *c)
{
	struct tcp_check *t = &c->of.tcp;
	int reason = probe_connect(t->io.fd, t->job);

	t->connected = reason == HC_OK;
	if (t->connected)
		check_phase_end(c, &c->phases.connect_us);
	return reason;
}

static void tcp_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct check *c = w->data;
	int reason = tcp_look(c);

	if (reason != CHECK_RUNNING)
		check_finish(c, (enum hc_reason)reason);
}

int tcp_start(struct check *c, const struct hc_job *job)
{
	const struct shared *shared = c->spec->prepared;
	struct tcp_check *t = &c->of.tcp;
	int fd, reason;

	if (shared->talk)
		return tcp_talk_start(c, job, shared->talk);
	fd = socket_take(c->spec, job);
	t->job = job;
	t->connected = false;
	ev_io_init(&t->io, tcp_cb, fd, EV_WRITE);
	t->io.data = c;
	if (fd < 0)
		return probe_reason(-fd);
	if (probe_speaks_first(fd) < 0)
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
		socket_give(c, t->io.fd);
}
