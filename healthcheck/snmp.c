/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SNMP check: a GET of one object, and its value within bounds.
 *
 * Versions 1 and 2c are one datagram each way; a wrong community is not
 * answered at all, so it cannot be told from a host that is off. Version 3
 * first has to know the target's engine: a request without one is answered by
 * a report that names it (RFC 3414, 4), which later probes remember. Clocks
 * that disagree, and an engine that is another one now, are answered by reports
 * too: then once more, and what is said the second time counts.
 *
 * The socket is connected: only the target's packets and ICMP errors reach it.
 * Still anybody could send in its name, and late answers to earlier probes
 * come as well: what is no answer to this request is passed over. If nothing
 * better comes until the time-out, what could not be read makes the reason
 * `malformed`. With authentication, only answers that carry its code count;
 * reports that say that user or key are wrong cannot have it.
 *
 * Halfway to the time-out the request is sent once more: agents lose datagrams
 * when they are busy. What was encrypted with a wrong key is noise to the
 * agent, and most pass over it without a word. So two empty requests follow
 * then, one encrypted and one that is signed only: if only this one is
 * answered, it is the key.
 *
 * Must not know intervals, results or the daemon.
 */
#include "healthcheck/snmp.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "healthcheck/snmp_run.h"
#include "healthcheck/socket.h"
#include "lib/xalloc.h"

#define PER_WAKE_MAX 8 /* datagrams; others have probes too */

/* ---- once for each spec ---- */

static const char *v3_prepare(const struct hc_spec *of, struct snmp_shared *s)
{
	const char *wrong;

	if (!of->snmp_user || strlen(of->snmp_user) > SNMP_USER_MAX)
		return "a user of 1 to 32 characters is needed";
	wrong = usm_user_keys(of, &s->user);
	if (!wrong)
		s->engines = snmp_engines_open();
	return wrong;
}

const char *snmp_prepare(struct spec *s, struct ev_loop *loop)
{
	struct snmp_shared *shared = xcalloc(1, sizeof(*shared));
	const char *wrong = NULL;

	shared->noid = s->of.oid ? oid_numbers(s->of.oid, shared->oid) : 0;
	if (!shared->noid)
		wrong = "no OID";
	else if (s->of.snmp_version == SPEC_SNMP_3)
		wrong = v3_prepare(&s->of, shared);
	if (wrong)
		free(shared);
	else
		s->prepared = shared;
	return wrong;
}

void snmp_release(struct spec *s)
{
	struct snmp_shared *shared = s->prepared;

	if (shared->engines)
		snmp_engines_close(shared->engines);
	OPENSSL_cleanse(&shared->user, sizeof(shared->user));
	free(shared);
	s->prepared = NULL;
}

/* ---- the check ---- */

/* Datagrams that have come; CHECK_RUNNING: none of them was the answer. */
static int answers_read(struct check *c, struct snmp_run *r)
{
	uint8_t data[SNMP_MESSAGE_MAX];

	for (int i = 0; i < PER_WAKE_MAX; i++) {
		ssize_t n = recv(r->io.fd, data, sizeof(data), MSG_TRUNC);
		int verdict;

		if (n < 0)
			return errno == EAGAIN ? CHECK_RUNNING
					       : probe_reason(errno);
		verdict = snmp_judge(c, r, data, (size_t)n);
		if (verdict >= 0)
			return verdict;
		r->unreadable |= verdict == SNMP_UNREADABLE;
	}
	return CHECK_RUNNING;
}

static void snmp_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct check *c = w->data;
	int reason = answers_read(c, c->of.own);

	if (reason != CHECK_RUNNING)
		check_finish(c, (enum hc_reason)reason);
}

static void doubt_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct check *c = w->data;

	snmp_doubt(c, c->of.own);
}

int snmp_look(struct check *c)
{
	return answers_read(c, c->of.own);
}

int snmp_expire(struct check *c)
{
	const struct snmp_run *r = c->of.own;

	if (r->plain_answered && !r->secret_answered) {
		c->detail = SNMP_REPORT_DECRYPT;
		return HC_AUTH;
	}
	return r->unreadable ? HC_MALFORMED : HC_TIMEOUT;
}

int snmp_start(struct check *c, const struct hc_job *job)
{
	const struct snmp_shared *s = c->spec->prepared;
	struct snmp_run *r = xcalloc(1, sizeof(*r));
	int fd = probe_socket(c->spec, job, SOCK_DGRAM);
	int reason;

	c->of.own = r;
	r->job = job;
	ev_io_init(&r->io, snmp_cb, fd, EV_READ);
	ev_timer_init(&r->doubt, doubt_cb, job->timeout_ms / 2e3, 0);
	r->io.data = r->doubt.data = c;
	if (fd < 0)
		return probe_reason(-fd);
	if (s->engines)
		r->recalled = snmp_engine_recall(s->engines, job, &r->engine);
	reason = probe_connect(fd, job);
	if (reason != HC_OK)
		return reason;
	reason = snmp_request(c, r);
	if (reason != CHECK_RUNNING)
		return reason;
	ev_io_start(c->loop, &r->io);
	ev_timer_start(c->loop, &r->doubt);
	return reason;
}

void snmp_cancel(struct check *c)
{
	struct snmp_run *r = c->of.own;

	ev_io_stop(c->loop, &r->io);
	ev_timer_stop(c->loop, &r->doubt);
	if (r->io.fd >= 0)
		close(r->io.fd);
	OPENSSL_cleanse(&r->engine.keys, sizeof(r->engine.keys));
	free(r);
}
