/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SNMP requests to bytes (BER, X.690; RFC 3416, 3412, 3414). Written from the
 * end to the beginning: by the time a header is due, its length is known, and
 * each is as short as it can be.
 *
 * Invariant: nothing is written before the buffer; what did not fit is
 * remembered and makes the whole message none. Pure.
 */
#include <string.h>

#include "healthcheck/snmp_wire.h"

enum tag {
	INTEGER = 0x02,
	OCTETS = 0x04,
	NOTHING = 0x05,
	OID = 0x06,
	SEQUENCE = 0x30
};

#define SECURITY_USM 3

static size_t used(const struct snmp_out *out)
{
	return sizeof(out->bytes) - out->at;
}

size_t snmp_out_len(const struct snmp_out *out)
{
	return out->full ? 0 : used(out);
}

static void put_bytes(struct snmp_out *out, const void *data, size_t len)
{
	if (len > out->at) {
		out->full = true;
		return;
	}
	out->at -= len;
	if (len)
		memcpy(out->bytes + out->at, data, len);
}

static void put_byte(struct snmp_out *out, unsigned int byte)
{
	uint8_t b = (uint8_t)byte;

	put_bytes(out, &b, 1);
}

/* @before: used() before the content was written. */
static void put_head(struct snmp_out *out, unsigned int tag, size_t before)
{
	size_t len = used(out) - before;
	unsigned int more = 0;

	if (len > 127)
		for (size_t rest = len; rest; rest >>= 8, more++)
			put_byte(out, rest & 0xff);
	put_byte(out, more ? 0x80 | more : (unsigned int)len);
	put_byte(out, tag);
}

static void put_octets(struct snmp_out *out, const void *data, size_t len)
{
	size_t before = used(out);

	put_bytes(out, data, len);
	put_head(out, OCTETS, before);
}

/* Not negative. */
static void put_integer(struct snmp_out *out, uint32_t n)
{
	size_t before = used(out);
	uint32_t last;

	do {
		last = n & 0xff;
		put_byte(out, last);
		n >>= 8;
	} while (n);
	if (last & 0x80)
		put_byte(out, 0);
	put_head(out, INTEGER, before);
}

static void put_subid(struct snmp_out *out, unsigned long n)
{
	unsigned int more = 0;

	do {
		put_byte(out, (n & 0x7f) | more);
		more = 0x80;
		n >>= 7;
	} while (n);
}

static void put_oid(struct snmp_out *out, const unsigned long *oid, size_t n)
{
	size_t before = used(out);

	for (size_t i = n; i > 2; i--)
		put_subid(out, oid[i - 1]);
	put_subid(out, oid[0] * 40 + oid[1]);
	put_head(out, OID, before);
}

static void put_name(struct snmp_out *out, const struct snmp_name *name)
{
	size_t before = used(out);

	put_head(out, NOTHING, before);
	put_oid(out, name->at, name->n);
	put_head(out, SEQUENCE, before);
}

void snmp_put_ask(struct snmp_out *out, int32_t request,
		  const struct snmp_ask *ask)
{
	size_t before;

	out->at = sizeof(out->bytes);
	out->full = false;
	before = used(out);
	for (size_t i = ask->n; i > 0; i--)
		if (!(ask->lacking & 1u << (i - 1)))
			put_name(out, &ask->names[i - 1]);
	put_head(out, SEQUENCE, before);
	/* of a BULK: how often; else error-index */
	put_integer(out, ask->type == SNMP_PDU_BULK ? ask->repetitions : 0);
	put_integer(out, 0);
	put_integer(out, (uint32_t)request);
	put_head(out, ask->type, before);
}

void snmp_put_get(struct snmp_out *out, int32_t request,
		  const unsigned long *oid, size_t n)
{
	const struct snmp_ask ask = {
		.type = SNMP_PDU_GET,
		.names = { { oid, n } },
		.n = n > 0,
	};

	snmp_put_ask(out, request, &ask);
}

void snmp_put_community(struct snmp_out *out, int version,
			const char *community)
{
	put_octets(out, community, strlen(community));
	put_integer(out, (uint32_t)version);
	put_head(out, SEQUENCE, 0);
}

void snmp_put_scope(struct snmp_out *out, struct snmp_span engine,
		    const char *context)
{
	put_octets(out, context, strlen(context));
	put_octets(out, engine.at, engine.len);
	put_head(out, SEQUENCE, 0);
}

static void put_security(struct snmp_out *out, const struct snmp_v3 *h)
{
	static const uint8_t zeros[SNMP_MAC_MAX];
	size_t before = used(out), mac;

	put_octets(out, h->salt.at, h->salt.len);
	mac = used(out);
	put_bytes(out, zeros, h->mac.len);
	out->mac_at = out->at;
	put_head(out, OCTETS, mac);
	put_octets(out, h->user.at, h->user.len);
	put_integer(out, h->time_s);
	put_integer(out, h->boots);
	put_octets(out, h->engine.at, h->engine.len);
	put_head(out, SEQUENCE, before);
	put_head(out, OCTETS, before);
}

void snmp_put_v3(struct snmp_out *out, const struct snmp_v3 *h)
{
	size_t before;

	if (h->flags & SNMP_FLAG_PRIV)
		put_head(out, OCTETS, 0);
	put_security(out, h);
	before = used(out);
	put_integer(out, SECURITY_USM);
	put_octets(out, &h->flags, 1);
	put_integer(out, SNMP_MESSAGE_MAX);
	put_integer(out, (uint32_t)h->id);
	put_head(out, SEQUENCE, before);
	put_integer(out, 3);
	put_head(out, SEQUENCE, 0);
}
