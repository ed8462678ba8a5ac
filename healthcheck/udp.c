/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The UDP check: one datagram (empty, if nothing is to be sent) on a connected
 * socket, so only the target's answers and ICMP errors about it come back. Not
 * repeated: lost datagrams are what `fall` is for.
 *
 * With expect, the first datagram decides: it begins with the pattern, or the
 * content is wrong. Without, any answer is good, and so is silence until the
 * time-out (keepalived's UDP_CHECK without require_reply): then only an ICMP
 * error speaks against the backend, and a good probe lasts as long as the
 * time-out. A dead machine behind the same link answers nothing, which looks
 * good for as long as its neighbour entry lives; the manual says so.
 *
 * Must not know intervals or the daemon.
 */
#include "healthcheck/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "healthcheck/pattern.h"
#include "healthcheck/socket.h"
#include "healthcheck/text.h"
#include "lib/xalloc.h"

#define DATAGRAM_MAX 65536

struct plan {
	struct buf send;
	struct pattern *expect; /* NULL: anything, or nothing */
};

/* ---- of a spec */

const char *udp_prepare(struct spec *s, struct ev_loop *loop)
{
	const struct hc_spec *of = &s->of;
	const char *wrong = of->send ? send_problem(of->send) : NULL;
	struct plan *plan;

	if (!wrong && of->expect)
		wrong = pattern_problem(of->expect);
	if (wrong)
		return wrong;
	plan = xcalloc(1, sizeof(*plan));
	if (of->send)
		send_bytes(of->send, &plan->send);
	if (of->expect)
		plan->expect = pattern_compile(of->expect);
	s->prepared = plan;
	return NULL;
}

void udp_release(struct spec *s)
{
	struct plan *plan = s->prepared;

	buf_free(&plan->send);
	pattern_free(plan->expect);
	free(plan);
	s->prepared = NULL;
}

/* ---- of a probe */

static int reply_reason(const struct plan *plan, const void *data, size_t len)
{
	uint64_t *match;
	int reason;

	if (!plan->expect)
		return HC_OK;
	match = pattern_begin(plan->expect);
	reason = pattern_feed(plan->expect, match, data, len) == PATTERN_MATCHES
		     ? HC_OK
		     : HC_CONTENT;
	free(match);
	return reason;
}

int udp_look(struct check *c)
{
	uint8_t data[DATAGRAM_MAX];
	ssize_t len = recv(c->of.udp.io.fd, data, sizeof(data), 0);

	if (len >= 0) {
		check_phase_end(c, &c->phases.first_us);
		return reply_reason(c->spec->prepared, data, (size_t)len);
	}
	if (errno == EAGAIN || errno == EINTR)
		return CHECK_RUNNING;
	return probe_reason(errno);
}

static void udp_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct check *c = w->data;
	int reason = udp_look(c);

	if (reason != CHECK_RUNNING)
		check_finish(c, (enum hc_reason)reason);
}

int udp_expire(struct check *c)
{
	const struct plan *plan = c->spec->prepared;

	return plan->expect ? HC_TIMEOUT : HC_OK;
}

int udp_start(struct check *c, const struct hc_job *job)
{
	const struct plan *plan = c->spec->prepared;
	struct udp_check *u = &c->of.udp;
	int fd = probe_socket(c->spec, job, SOCK_DGRAM);
	int reason;

	ev_io_init(&u->io, udp_cb, fd, EV_READ);
	u->io.data = c;
	if (fd < 0)
		return probe_reason(-fd);
	reason = probe_connect(fd, job);
	if (reason != HC_OK)
		return reason;
	check_phase_begin(c);
	if (send(fd, plan->send.data, plan->send.len, 0) < 0)
		return probe_reason(errno);
	ev_io_start(c->loop, &u->io);
	return CHECK_RUNNING;
}

void udp_cancel(struct check *c)
{
	struct udp_check *u = &c->of.udp;

	ev_io_stop(c->loop, &u->io);
	if (u->io.fd >= 0)
		close(u->io.fd);
}
