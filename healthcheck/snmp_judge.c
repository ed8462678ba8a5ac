/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers to SNMP requests: which of them count. Each function returns an enum
 * hc_reason, CHECK_RUNNING after another request, SNMP_NOT_OURS or
 * SNMP_UNREADABLE.
 *
 * Invariant: a message's code is checked before anything else in it is used;
 * reports without one are believed only where their sender cannot have one.
 */
#include <openssl/crypto.h>
#include <string.h>

#include "healthcheck/clock.h"
#include "healthcheck/snmp_run.h"

#define NO_SUCH_NAME  2 /* error-status, version 1 */
#define MORE_TRIES    2 /* another engine, then another time */
#define ENGINE_ID_MIN 5

bool snmp_answers(const struct snmp_run *r, const struct snmp_pdu *pdu,
		  struct snmp_value values[SNMP_NAMES_MAX])
{
	struct snmp_span rest = pdu->variables;

	for (size_t i = 0; i < r->ask.n; i++) {
		const struct snmp_name *name = &r->ask.names[i];
		struct snmp_variable v = { .value.kind = SNMP_NOTHING };

		if (!(r->ask.lacking & 1u << i) &&
		    (!snmp_take_variable(&rest, &v) ||
		     !snmp_oid_is(v.oid, name->at, name->n)))
			return false;
		values[i] = v.value;
	}
	return true;
}

/*
 * Version 1 refuses a request as a whole because of one name. The others are
 * asked for once more, without it.
 */
static int judge_lacking(struct check *c, struct snmp_run *r,
			 const struct snmp_pdu *pdu)
{
	uint32_t all = (1u << r->ask.n) - 1;
	int32_t left = r->ask.n == 1 ? 1 : pdu->index; /* of those asked for */

	for (size_t i = 0; i < r->ask.n; i++) {
		if (!(r->ask.lacking & 1u << i) && --left == 0) {
			r->ask.lacking |= 1u << i;
			return r->ask.lacking == all ? r->answered(c, r, pdu)
						     : snmp_request(c, r);
		}
	}
	return HC_CONTENT;
}

static int judge_error(struct check *c, struct snmp_run *r,
		       const struct snmp_pdu *pdu)
{
	const struct snmp_pdu none = { .type = pdu->type,
				       .status = pdu->status,
				       .index = pdu->index };

	if (pdu->status != NO_SUCH_NAME) {
		c->detail = pdu->status;
		return HC_STATUS;
	}
	return r->ask.type == SNMP_PDU_GET ? judge_lacking(c, r, &none)
					   : r->answered(c, r, &none);
}

static int judge_response(struct check *c, struct snmp_run *r,
			  const struct snmp_pdu *pdu)
{
	if (pdu->type != SNMP_PDU_RESPONSE)
		return SNMP_UNREADABLE;
	if (pdu->request != r->id)
		return SNMP_NOT_OURS;
	check_phase_end(c, &c->phases.first_us);
	return pdu->status ? judge_error(c, r, pdu) : r->answered(c, r, pdu);
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
	bool again = r->tries < MORE_TRIES &&
		     (pdu->report == SNMP_REPORT_ENGINE ||
		      (pdu->report == SNMP_REPORT_TIME && r->engine.id_len &&
		       h->flags & SNMP_FLAG_AUTH));

	if (again) {
		r->tries++;
		return engine_learn(c, r, h) ? snmp_request(c, r)
					     : SNMP_UNREADABLE;
	}
	snmp_forget(c, r);
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
		if (!(snmp_level(&c->spec->of) & SNMP_FLAG_PRIV) ||
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
	uint8_t level = snmp_level(&c->spec->of), clear[SNMP_MESSAGE_MAX];
	struct snmp_pdu pdu;
	int verdict;

	if (h->id != r->id && h->id != r->plain_id && h->id != r->secret_id)
		return SNMP_NOT_OURS;
	if (h->flags & SNMP_FLAG_AUTH && !answer_authentic(c, r, h, data, len))
		return SNMP_UNREADABLE;
	if (h->id != r->id) {
		r->plain_answered |= h->id == r->plain_id;
		r->secret_answered |= h->id == r->secret_id;
		return SNMP_NOT_OURS;
	}
	if (!answer_open(c, r, h, clear, &pdu))
		return SNMP_UNREADABLE;
	if (pdu.type == SNMP_PDU_REPORT)
		return judge_report(c, r, h, &pdu);
	if ((h->flags & level) != level || !r->engine.id_len)
		return SNMP_UNREADABLE;
	verdict = judge_response(c, r, &pdu);
	if (verdict >= CHECK_RUNNING && (!r->recalled || r->tries))
		snmp_keep(c, r);
	return verdict;
}

int snmp_judge(struct check *c, struct snmp_run *r, uint8_t *data, size_t len)
{
	int version = c->spec->of.snmp_version;
	struct snmp_message m;
	struct snmp_pdu pdu;

	if (len > SNMP_MESSAGE_MAX)
		return HC_TOO_LONG;
	if (!snmp_take(data, len, &m))
		return SNMP_UNREADABLE;
	if (snmp_is_v3(c))
		return m.version == 3 ? judge_v3(c, r, &m.v3, data, len)
				      : SNMP_UNREADABLE;
	if (m.version != (version == SPEC_SNMP_2C) ||
	    !snmp_take_pdu(m.pdu, &pdu))
		return SNMP_UNREADABLE;
	return judge_response(c, r, &pdu);
}
