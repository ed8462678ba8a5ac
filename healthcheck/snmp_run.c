/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A probe by SNMP: a request at a time, until an answer is the last one.
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
 * Must not know what is asked for, intervals, results or the daemon.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "healthcheck/snmp.h"
#include "healthcheck/snmp_run.h"
#include "lib/xalloc.h"

/* ---- once for each spec ---- */

static const char *v3_prepare(const struct hc_spec *of, struct snmp_shared *s,
			      bool feed)
{
	const char *wrong;

	if (!of->snmp_user || strlen(of->snmp_user) > SNMP_USER_MAX)
		return "a user of 1 to 32 characters is needed";
	wrong = usm_user_keys(of, &s->user);
	if (!wrong && !feed)
		s->engines = snmp_engines_open();
	return wrong;
}

const char *snmp_shared_make(struct spec *s, struct ev_loop *loop, bool feed)
{
	struct snmp_shared *shared = xcalloc(1, sizeof(*shared));
	const char *wrong = NULL;

	if (s->of.snmp_version == SPEC_SNMP_3)
		wrong = v3_prepare(&s->of, shared, feed);
	if (wrong) {
		free(shared);
		return wrong;
	}
	shared->loop = loop;
	if (feed)
		shared->sessions = shared_hold(loop, &snmp_sessions_kind);
	s->prepared = shared;
	return NULL;
}

void snmp_release(struct spec *s)
{
	struct snmp_shared *shared = s->prepared;

	if (shared->engines)
		snmp_engines_close(shared->engines);
	if (shared->sessions)
		shared_drop(shared->loop, &snmp_sessions_kind);
	OPENSSL_cleanse(&shared->user, sizeof(shared->user));
	free(shared);
	s->prepared = NULL;
}

/* ---- engines ---- */

bool snmp_recall(const struct check *c, struct snmp_run *r)
{
	const struct snmp_shared *shared = c->spec->prepared;

	if (!snmp_is_v3(c))
		return false;
	if (shared->engines)
		return snmp_engine_recall(shared->engines, r->job, &r->engine);
	r->engine = r->session->engine;
	return r->engine.id_len > 0;
}

void snmp_keep(const struct check *c, const struct snmp_run *r)
{
	const struct snmp_shared *shared = c->spec->prepared;

	if (shared->engines)
		snmp_engine_keep(shared->engines, r->job, &r->engine);
	else
		r->session->engine = r->engine;
}

void snmp_forget(const struct check *c, struct snmp_run *r)
{
	const struct snmp_shared *shared = c->spec->prepared;

	if (shared->engines)
		snmp_engine_forget(shared->engines, r->job);
	else
		r->session->engine.id_len = 0;
}

/* ---- the probe ---- */

static void doubt_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct snmp_run *r = w->data;

	snmp_doubt(r->check, r);
}

int snmp_run_start(struct check *c, struct snmp_run *r,
		   const struct hc_job *job, struct snmp_session *session)
{
	int reason;

	r->check = c;
	r->job = job;
	r->verdict = CHECK_RUNNING;
	ev_timer_init(&r->doubt, doubt_cb, job->timeout_ms / 2e3, 0);
	r->doubt.data = r;
	r->session = session;
	if (session)
		session->users++;
	else
		r->session = snmp_session_new(c->loop);
	reason = snmp_session_open(r->session, c->spec, job);
	if (reason != HC_OK)
		return reason;
	LIST_INSERT_HEAD(&r->session->runs, r, entry);
	r->listed = true;
	r->recalled = snmp_recall(c, r);
	reason = snmp_request(c, r);
	if (reason == CHECK_RUNNING)
		ev_timer_start(c->loop, &r->doubt);
	return reason;
}

int snmp_look(struct check *c)
{
	struct snmp_run *r = c->of.own;

	snmp_session_read(r->session, r);
	return r->verdict;
}

int snmp_expire(struct check *c)
{
	const struct snmp_run *r = c->of.own;

	r->session->stale = true;
	if (r->plain_answered && !r->secret_answered) {
		c->detail = SNMP_REPORT_DECRYPT;
		return HC_AUTH;
	}
	return r->unreadable ? HC_MALFORMED : HC_TIMEOUT;
}

void snmp_run_end(struct check *c, struct snmp_run *r)
{
	ev_timer_stop(c->loop, &r->doubt);
	if (r->listed)
		LIST_REMOVE(r, entry);
	snmp_session_drop(r->session);
	OPENSSL_cleanse(&r->engine.keys, sizeof(r->engine.keys));
}
