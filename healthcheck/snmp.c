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
 * Must not know intervals, results or the daemon.
 */
#include "healthcheck/snmp.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "healthcheck/clock.h"
#include "healthcheck/snmp_engine.h"
#include "healthcheck/socket.h"
#include "lib/xalloc.h"

#define PER_WAKE_MAX  8 /* datagrams; others have probes too */
#define NO_SUCH_NAME  2 /* error-status, version 1 */
#define MORE_TRIES    2 /* another engine, then another time */
#define ENGINE_ID_MIN 5
#define NOT_OURS      (-2) /* of a message: passed over */
#define UNREADABLE    (-3) /* the same, and remembered */

/* What the checks of one spec share. */
struct snmp_shared {
	unsigned long oid[OID_MAX];
	size_t noid;
	struct usm_keys user;         /* version 3: of the passwords */
	struct snmp_engines *engines; /* NULL = not version 3 */
};

/* A probe under way. */
struct snmp_run {
	struct ev_io io; /* its descriptor is the socket */
	const struct hc_job *job;
	int32_t id; /* of the last request */
	bool recalled, unreadable;
	unsigned int tries;
	struct snmp_engine engine; /* version 3 */
};

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

/* ---- requests ---- */

static const char *text_of(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

static bool is_v3(const struct check *c)
{
	return c->spec->of.snmp_version == SPEC_SNMP_3;
}

/* What answers have to have, at least. */
static uint8_t level_of(const struct hc_spec *of)
{
	if (of->snmp_auth == SPEC_AUTH_NONE)
		return 0;
	return of->snmp_priv == SPEC_PRIV_NONE
		   ? SNMP_FLAG_AUTH
		   : SNMP_FLAG_AUTH | SNMP_FLAG_PRIV;
}

static struct snmp_span engine_span(const struct snmp_engine *e)
{
	return (struct snmp_span){ e->id, e->id_len };
}

/* The scoped PDU becomes what it encrypts to. */
static bool scope_encrypt(const struct hc_spec *of, const struct snmp_engine *e,
			  const struct snmp_v3 *h, struct snmp_out *out)
{
	uint8_t secret[SNMP_MESSAGE_MAX + 8];
	size_t len = snmp_out_len(out), n;

	if (!len ||
	    !usm_encrypt(of, &e->keys, h->boots, h->time_s, h->salt.at,
			 out->bytes + out->at, len, secret, &n) ||
	    n > sizeof(out->bytes))
		return false;
	out->at = sizeof(out->bytes) - n;
	memcpy(out->bytes + out->at, secret, n);
	return true;
}

static bool request_sign(const struct hc_spec *of, const struct snmp_engine *e,
			 struct snmp_out *out)
{
	return snmp_out_len(out) &&
	       usm_mac(of, &e->keys, out->bytes + out->at, snmp_out_len(out),
		       out->bytes + out->mac_at);
}

/* Around the PDU in @out; an engine that is not known is asked for. */
static bool request_v3(const struct check *c, const struct snmp_run *r,
		       struct snmp_out *out)
{
	const struct hc_spec *of = &c->spec->of;
	const struct snmp_engine *e = &r->engine;
	bool known = e->id_len > 0;
	uint8_t level = known ? level_of(of) : 0, salt[SNMP_SALT_LEN];
	struct snmp_v3 h = {
		.id = r->id,
		.flags = level | SNMP_FLAG_REPORT,
		.engine = engine_span(e),
	};

	snmp_put_scope(out, h.engine, known ? text_of(of->context, "") : "");
	if (known) {
		h.boots = e->boots;
		h.time_s = snmp_engine_time(e, clock_now_us());
		h.user.at = (const uint8_t *)of->snmp_user;
		h.user.len = strlen(of->snmp_user);
	}
	if (level & SNMP_FLAG_AUTH)
		h.mac.len = usm_mac_len(of);
	if (level & SNMP_FLAG_PRIV) {
		if (getrandom(salt, sizeof(salt), 0) != sizeof(salt))
			return false;
		h.salt = (struct snmp_span){ salt, sizeof(salt) };
		if (!scope_encrypt(of, e, &h, out))
			return false;
	}
	snmp_put_v3(out, &h);
	return level & SNMP_FLAG_AUTH ? request_sign(of, e, out)
				      : snmp_out_len(out) > 0;
}

static bool request_make(const struct check *c, struct snmp_run *r,
			 struct snmp_out *out)
{
	const struct snmp_shared *s = c->spec->prepared;
	bool discover = is_v3(c) && !r->engine.id_len;

	if (getrandom(&r->id, sizeof(r->id), 0) != sizeof(r->id))
		return false;
	r->id &= INT32_MAX;
	snmp_put_get(out, r->id, s->oid, discover ? 0 : s->noid);
	if (is_v3(c))
		return request_v3(c, r, out);
	snmp_put_community(out, c->spec->of.snmp_version == SPEC_SNMP_2C,
			   text_of(c->spec->of.community, "public"));
	return snmp_out_len(out) > 0;
}

/* Returns CHECK_RUNNING once it has gone. */
static int request_send(struct check *c, struct snmp_run *r)
{
	struct snmp_out out;

	if (!request_make(c, r, &out))
		return HC_LOCAL;
	if (send(r->io.fd, out.bytes + out.at, snmp_out_len(&out), 0) < 0)
		return probe_reason(errno);
	return CHECK_RUNNING;
}

/* ---- answers: an enum hc_reason, CHECK_RUNNING, NOT_OURS, UNREADABLE ---- */

static int32_t clamp32(int64_t n)
{
	return n > INT32_MAX   ? INT32_MAX
	       : n < INT32_MIN ? INT32_MIN
			       : (int32_t)n;
}

static int judge_value(struct check *c, const struct snmp_value *v)
{
	const struct hc_spec *of = &c->spec->of;
	bool bounds = of->min != INT64_MIN || of->max != INT64_MAX;

	if (v->kind == SNMP_NOTHING || (bounds && v->kind != SNMP_NUMBER))
		return HC_CONTENT;
	c->detail = clamp32(v->number);
	if (bounds && (v->number < of->min || v->number > of->max))
		return HC_RANGE;
	return HC_OK;
}

static int judge_response(struct check *c, const struct snmp_run *r,
			  const struct snmp_pdu *pdu)
{
	const struct snmp_shared *s = c->spec->prepared;

	if (pdu->type != SNMP_PDU_RESPONSE)
		return UNREADABLE;
	if (pdu->request != r->id)
		return NOT_OURS;
	if (pdu->status == NO_SUCH_NAME)
		return HC_CONTENT;
	if (pdu->status) {
		c->detail = pdu->status;
		return HC_STATUS;
	}
	if (!snmp_oid_is(pdu->oid, s->oid, s->noid))
		return UNREADABLE;
	return judge_value(c, &pdu->value);
}

/* The engine that a report names. */
static bool engine_learn(struct check *c, struct snmp_run *r,
			 const struct snmp_v3 *h)
{
	const struct snmp_shared *s = c->spec->prepared;
	struct snmp_engine *e = &r->engine;

	if (h->engine.len < ENGINE_ID_MIN)
		return false;
	memcpy(e->id, h->engine.at, h->engine.len);
	e->id_len = h->engine.len;
	e->boots = h->boots;
	e->time_s = h->time_s;
	e->learned_us = clock_now_us();
	return usm_engine_keys(&c->spec->of, &s->user, e->id, e->id_len,
			       &e->keys);
}

static int judge_report(struct check *c, struct snmp_run *r,
			const struct snmp_v3 *h, const struct snmp_pdu *pdu)
{
	const struct snmp_shared *s = c->spec->prepared;
	bool again = r->tries < MORE_TRIES &&
		     (pdu->report == SNMP_REPORT_ENGINE ||
		      (pdu->report == SNMP_REPORT_TIME && r->engine.id_len &&
		       h->flags & SNMP_FLAG_AUTH));

	if (again) {
		r->tries++;
		return engine_learn(c, r, h) ? request_send(c, r) : UNREADABLE;
	}
	snmp_engine_forget(s->engines, r->job);
	c->detail = pdu->report;
	return pdu->report == SNMP_REPORT_OTHER ? HC_STATUS : HC_AUTH;
}

/* @data: the message, whose code is zeroed on the way. */
static bool answer_authentic(const struct check *c, const struct snmp_run *r,
			     const struct snmp_v3 *h, uint8_t *data, size_t len)
{
	const struct hc_spec *of = &c->spec->of;
	const struct snmp_engine *e = &r->engine;
	uint8_t theirs[SNMP_MAC_MAX], ours[SNMP_MAC_MAX];

	if (h->mac.len == 0 || h->mac.len != usm_mac_len(of) ||
	    h->engine.len != e->id_len ||
	    memcmp(h->engine.at, e->id, e->id_len) != 0 ||
	    h->user.len != strlen(of->snmp_user) ||
	    memcmp(h->user.at, of->snmp_user, h->user.len) != 0)
		return false;
	memcpy(theirs, h->mac.at, h->mac.len);
	memset(data + (h->mac.at - data), 0, h->mac.len);
	return usm_mac(of, &e->keys, data, len, ours) &&
	       CRYPTO_memcmp(ours, theirs, h->mac.len) == 0;
}

/* @clear: room for SNMP_MESSAGE_MAX */
static bool answer_open(const struct check *c, const struct snmp_run *r,
			const struct snmp_v3 *h, uint8_t *clear,
			struct snmp_pdu *pdu)
{
	struct snmp_span scoped = h->scoped, bytes;

	if (h->flags & SNMP_FLAG_PRIV) {
		if (!(level_of(&c->spec->of) & SNMP_FLAG_PRIV) ||
		    !r->engine.id_len || h->salt.len != SNMP_SALT_LEN ||
		    !usm_decrypt(&c->spec->of, &r->engine.keys, h->boots,
				 h->time_s, h->salt.at, h->scoped.at,
				 h->scoped.len, clear, &scoped.len))
			return false;
		scoped.at = clear;
	}
	return snmp_take_scoped(scoped, &bytes) && snmp_take_pdu(bytes, pdu);
}

static int judge_v3(struct check *c, struct snmp_run *r,
		    const struct snmp_v3 *h, uint8_t *data, size_t len)
{
	const struct snmp_shared *s = c->spec->prepared;
	uint8_t level = level_of(&c->spec->of), clear[SNMP_MESSAGE_MAX];
	struct snmp_pdu pdu;
	int verdict;

	if (h->id != r->id)
		return NOT_OURS;
	if (h->flags & SNMP_FLAG_AUTH && !answer_authentic(c, r, h, data, len))
		return UNREADABLE;
	if (!answer_open(c, r, h, clear, &pdu))
		return UNREADABLE;
	if (pdu.type == SNMP_PDU_REPORT)
		return judge_report(c, r, h, &pdu);
	if ((h->flags & level) != level || !r->engine.id_len)
		return UNREADABLE;
	verdict = judge_response(c, r, &pdu);
	if (verdict >= 0 && (!r->recalled || r->tries))
		snmp_engine_keep(s->engines, r->job, &r->engine);
	return verdict;
}

static int judge(struct check *c, struct snmp_run *r, uint8_t *data, size_t len)
{
	int version = c->spec->of.snmp_version;
	struct snmp_message m;
	struct snmp_pdu pdu;

	if (len > SNMP_MESSAGE_MAX)
		return HC_TOO_LONG;
	if (!snmp_take(data, len, &m))
		return UNREADABLE;
	if (is_v3(c))
		return m.version == 3 ? judge_v3(c, r, &m.v3, data, len)
				      : UNREADABLE;
	if (m.version != (version == SPEC_SNMP_2C) ||
	    !snmp_take_pdu(m.pdu, &pdu))
		return UNREADABLE;
	return judge_response(c, r, &pdu);
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
		verdict = judge(c, r, data, (size_t)n);
		if (verdict >= 0)
			return verdict;
		r->unreadable |= verdict == UNREADABLE;
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

int snmp_look(struct check *c)
{
	struct snmp_run *r = c->of.own;
	int reason = answers_read(c, r);

	return reason == CHECK_RUNNING && r->unreadable ? HC_MALFORMED : reason;
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
	r->io.data = c;
	if (fd < 0)
		return probe_reason(-fd);
	if (s->engines)
		r->recalled = snmp_engine_recall(s->engines, job, &r->engine);
	reason = probe_connect(fd, job);
	if (reason != HC_OK)
		return reason;
	reason = request_send(c, r);
	if (reason == CHECK_RUNNING)
		ev_io_start(c->loop, &r->io);
	return reason;
}

void snmp_cancel(struct check *c)
{
	struct snmp_run *r = c->of.own;

	ev_io_stop(c->loop, &r->io);
	if (r->io.fd >= 0)
		close(r->io.fd);
	OPENSSL_cleanse(&r->engine.keys, sizeof(r->engine.keys));
	free(r);
}
