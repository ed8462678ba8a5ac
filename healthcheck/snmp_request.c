/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SNMP requests, made and sent: what the run asks for; version 3
 * also without an engine (discovery), and empty ones. One that is sent again
 * keeps its id, so that a late answer to the first is an answer.
 *
 * Must not know answers.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "healthcheck/clock.h"
#include "healthcheck/snmp_run.h"
#include "healthcheck/socket.h"

#define SEND_TRIES 2

static const char *text_of(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

bool snmp_is_v3(const struct check *c)
{
	return c->spec->of.snmp_version == SPEC_SNMP_3;
}

/* What answers have to have, at least. */
uint8_t snmp_level(const struct hc_spec *of)
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
		       int32_t id, uint8_t level, struct snmp_out *out)
{
	const struct hc_spec *of = &c->spec->of;
	const struct snmp_engine *e = &r->engine;
	bool known = e->id_len > 0;
	uint8_t salt[SNMP_SALT_LEN];
	struct snmp_v3 h = {
		.id = id,
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

/* 1..INT32_MAX */
static bool id_make(int32_t *id)
{
	if (getrandom(id, sizeof(*id), 0) != sizeof(*id))
		return false;
	*id = (*id & INT32_MAX) | 1;
	return true;
}

/* An errno may be that of an earlier request, on a socket that was kept. */
static int out_send(const struct snmp_run *r, const struct snmp_out *out)
{
	const uint8_t *data = out->bytes + out->at;
	int fd = r->session->io.fd;

	for (int i = 0; i < SEND_TRIES; i++)
		if (send(fd, data, snmp_out_len(out), 0) >= 0)
			return CHECK_RUNNING;
	r->session->stale = true;
	return probe_reason(errno);
}

/* The one that has r->id. */
static int request_send(struct check *c, struct snmp_run *r)
{
	static const struct snmp_ask nothing = { .type = SNMP_PDU_GET };
	const struct hc_spec *of = &c->spec->of;
	bool discover = snmp_is_v3(c) && !r->engine.id_len;
	struct snmp_out out;

	snmp_put_ask(&out, r->id, discover ? &nothing : &r->ask);
	if (snmp_is_v3(c)) {
		if (!request_v3(c, r, r->id, discover ? 0 : snmp_level(of),
				&out))
			return HC_LOCAL;
	} else {
		snmp_put_community(&out, of->snmp_version == SPEC_SNMP_2C,
				   text_of(of->community, "public"));
	}
	return snmp_out_len(&out) ? out_send(r, &out) : HC_LOCAL;
}

int snmp_request(struct check *c, struct snmp_run *r)
{
	check_phase_begin(c);
	return id_make(&r->id) ? request_send(c, r) : HC_LOCAL;
}

/* A request of nothing. */
static void empty_send(const struct check *c, const struct snmp_run *r,
		       uint8_t level, int32_t *id)
{
	struct snmp_out out;

	if (!id_make(id))
		return;
	snmp_put_get(&out, *id, NULL, 0);
	if (request_v3(c, r, *id, level, &out))
		out_send(r, &out);
}

/* The one in the clear last: where an agent loses some, it is not the only one
 * that gets through. */
void snmp_doubt(struct check *c, struct snmp_run *r)
{
	request_send(c, r); /* a fault is a silence more */
	if (!r->engine.id_len || !(snmp_level(&c->spec->of) & SNMP_FLAG_PRIV))
		return;
	empty_send(c, r, SNMP_FLAG_AUTH | SNMP_FLAG_PRIV, &r->secret_id);
	empty_send(c, r, SNMP_FLAG_AUTH, &r->plain_id);
}
