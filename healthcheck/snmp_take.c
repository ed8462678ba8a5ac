/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SNMP answers from bytes. A reader is what is left of the bytes; each value
 * taken moves it on, and no reader reaches beyond the one it was cut from. What
 * fills up an encrypted PDU is not looked at.
 *
 * Invariant: memory and time are bounded by the message; nothing is allocated,
 * all spans lie within it. Pure.
 */
#include <math.h>
#include <string.h>

#include "healthcheck/snmp_wire.h"

enum tag {
	INTEGER = 0x02,
	OCTETS = 0x04,
	OID = 0x06,
	SEQUENCE = 0x30,
	COUNTER32 = 0x41,
	GAUGE32 = 0x42,
	TIMETICKS = 0x43,
	OPAQUE = 0x44,
	COUNTER64 = 0x46,
	UINTEGER32 = 0x47,
	NO_SUCH_OBJECT = 0x80,
	NO_SUCH_INSTANCE = 0x81,
	END_OF_VIEW = 0x82
};

/* ---- BER: tag, length, content ---- */

/* The length; false where it is longer than what is left. */
static bool take_length(struct snmp_span *s, size_t *len)
{
	unsigned int more;

	if (s->len == 0)
		return false;
	*len = *s->at++;
	s->len--;
	if (*len & 0x80) {
		more = *len & 0x7f;
		if (more == 0 || more > 4 || more > s->len)
			return false;
		for (*len = 0; more; more--, s->len--)
			*len = *len << 8 | *s->at++;
	}
	return *len <= s->len;
}

static bool take_any(struct snmp_span *s, unsigned int *tag,
		     struct snmp_span *content)
{
	if (s->len == 0)
		return false;
	*tag = *s->at++;
	s->len--;
	if (!take_length(s, &content->len))
		return false;
	content->at = s->at;
	s->at += content->len;
	s->len -= content->len;
	return true;
}

static bool take(struct snmp_span *s, unsigned int tag,
		 struct snmp_span *content)
{
	unsigned int found;

	return take_any(s, &found, content) && found == tag;
}

/* Of up to 8 bytes, and 9 where the first is 0 (Counter64). */
static bool bits_signed(struct snmp_span s, int64_t *n)
{
	uint64_t bits = s.len && s.at[0] & 0x80 ? UINT64_MAX : 0;

	if (s.len == 0 || s.len > 8)
		return false;
	for (size_t i = 0; i < s.len; i++)
		bits = bits << 8 | s.at[i];
	*n = (int64_t)bits;
	return true;
}

static bool bits_unsigned(struct snmp_span s, uint64_t *n)
{
	*n = 0;
	if (s.len == 0 || s.len > 9 || (s.len == 9 && s.at[0] != 0))
		return false;
	for (size_t i = 0; i < s.len; i++)
		*n = *n << 8 | s.at[i];
	return true;
}

static bool take_int32(struct snmp_span *s, int32_t *n)
{
	struct snmp_span content;
	int64_t wide;

	if (!take(s, INTEGER, &content) || !bits_signed(content, &wide) ||
	    wide < INT32_MIN || wide > INT32_MAX)
		return false;
	*n = (int32_t)wide;
	return true;
}

/* snmpEngineBoots, snmpEngineTime: 0..2147483647 */
static bool take_count(struct snmp_span *s, uint32_t *n)
{
	int32_t i;

	if (!take_int32(s, &i) || i < 0)
		return false;
	*n = (uint32_t)i;
	return true;
}

/* ---- OIDs ---- */

static bool take_subid(struct snmp_span *s, unsigned long *n)
{
	*n = 0;
	while (s->len) {
		uint8_t byte = *s->at++;

		s->len--;
		if (*n > UINT32_MAX >> 7)
			return false;
		*n = *n << 7 | (byte & 0x7f);
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

size_t snmp_take_oid(struct snmp_span encoded, unsigned long out[OID_MAX])
{
	unsigned long number;
	size_t n = 2;

	if (!take_subid(&encoded, &number))
		return 0;
	out[0] = number < 80 ? number / 40 : 2;
	out[1] = number - out[0] * 40;
	while (encoded.len > 0)
		if (n == OID_MAX || !take_subid(&encoded, &out[n++]))
			return 0;
	return n;
}

bool snmp_oid_is(struct snmp_span encoded, const unsigned long *oid, size_t n)
{
	unsigned long number;

	if (!take_subid(&encoded, &number) || number != oid[0] * 40 + oid[1])
		return false;
	for (size_t i = 2; i < n; i++)
		if (!take_subid(&encoded, &number) || number != oid[i])
			return false;
	return encoded.len == 0;
}

/* What a report is about: .1.3.6.1.6.3.15.1.1.N.0 */
static enum snmp_report report_of(struct snmp_span oid)
{
	unsigned long stats[] = { 1, 3, 6, 1, 6, 3, 15, 1, 1, 0, 0 };

	for (unsigned int i = SNMP_REPORT_LEVEL; i < SNMP_REPORTS; i++) {
		stats[9] = i;
		if (snmp_oid_is(oid, stats, 11))
			return (enum snmp_report)i;
	}
	return SNMP_REPORT_OTHER;
}

/* ---- values ---- */

static bool digit(struct snmp_span s, size_t i)
{
	return i < s.len && s.at[i] >= '0' && s.at[i] <= '9';
}

static bool number_signed(struct snmp_span s, struct snmp_value *v)
{
	if (!bits_signed(s, &v->number))
		return false;
	v->real = (double)v->number;
	return true;
}

/* More than INT64_MAX is INT64_MAX. */
static bool number_unsigned(struct snmp_span s, struct snmp_value *v)
{
	if (!bits_unsigned(s, &v->count))
		return false;
	v->number = v->count > INT64_MAX ? INT64_MAX : (int64_t)v->count;
	v->real = (double)v->count;
	return true;
}

static bool number_counter32(struct snmp_span s, struct snmp_value *v)
{
	v->counts = 32;
	return number_unsigned(s, v);
}

static bool number_counter64(struct snmp_span s, struct snmp_value *v)
{
	v->counts = 64;
	return number_unsigned(s, v);
}

/* What follows the point. */
static double fraction_of_text(struct snmp_span s, size_t *i)
{
	double sum = 0, place = 0.1;

	for (; digit(s, *i); ++*i, place /= 10)
		sum += place * (s.at[*i] - '0');
	return sum;
}

/* "12", " -3.7 ": load averages are texts. */
static bool number_of_text(struct snmp_span s, struct snmp_value *v)
{
	size_t i = 0;
	bool minus;

	while (i < s.len && s.at[i] == ' ')
		i++;
	minus = i < s.len && s.at[i] == '-';
	i += minus;
	if (!digit(s, i))
		return false;
	for (; digit(s, i); i++) {
		v->real = v->real * 10 + (s.at[i] - '0');
		if (__builtin_mul_overflow(v->number, 10, &v->number) ||
		    __builtin_add_overflow(v->number, s.at[i] - '0',
					   &v->number))
			v->number = INT64_MAX / 10 * 10; /* stays there */
	}
	if (i < s.len && s.at[i] == '.') {
		i++;
		v->real += fraction_of_text(s, &i);
	}
	while (i < s.len &&
	       (s.at[i] == ' ' || s.at[i] == '\r' || s.at[i] == '\n'))
		i++;
	if (minus) {
		v->number = -v->number;
		v->real = -v->real;
	}
	return i == s.len;
}

/* Net-SNMP's float and double (9f 78 04 ...), in an Opaque. */
static bool number_of_opaque(struct snmp_span s, struct snmp_value *v)
{
	uint64_t bits = 0;
	uint32_t bits32;
	double d;
	float f;

	if (s.len < 3 || s.at[0] != 0x9f || s.at[2] != s.len - 3)
		return false;
	if (!(s.at[1] == 0x78 && s.len == 7) &&
	    !(s.at[1] == 0x79 && s.len == 11))
		return false;
	for (size_t i = 3; i < s.len; i++)
		bits = bits << 8 | s.at[i];
	bits32 = (uint32_t)bits;
	memcpy(&d, &bits, sizeof(d));
	memcpy(&f, &bits32, sizeof(f));
	if (s.at[1] == 0x78)
		d = (double)f;
	if (isnan(d))
		return false;
	v->real = d;
	v->number = d >= 9e18 ? INT64_MAX : d <= -9e18 ? INT64_MIN : (int64_t)d;
	return true;
}

static const struct {
	unsigned int tag;
	bool (*number)(struct snmp_span s, struct snmp_value *v);
} numbers[] = {
	{ INTEGER, number_signed },      { COUNTER32, number_counter32 },
	{ GAUGE32, number_unsigned },    { TIMETICKS, number_unsigned },
	{ COUNTER64, number_counter64 }, { UINTEGER32, number_unsigned },
	{ OCTETS, number_of_text },      { OPAQUE, number_of_opaque },
};

static struct snmp_value value_of(unsigned int tag, struct snmp_span content)
{
	struct snmp_value v = { .kind = SNMP_OTHER };

	if (tag == NO_SUCH_OBJECT || tag == NO_SUCH_INSTANCE ||
	    tag == END_OF_VIEW)
		v.kind = SNMP_NOTHING;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].tag == tag && numbers[i].number(content, &v))
			v.kind = SNMP_NUMBER;
	return v;
}

/* ---- messages ---- */

bool snmp_take_variable(struct snmp_span *variables, struct snmp_variable *v)
{
	struct snmp_span variable, content;
	unsigned int tag;

	if (!take(variables, SEQUENCE, &variable) ||
	    !take(&variable, OID, &v->oid) ||
	    !take_any(&variable, &tag, &content))
		return false;
	v->value = value_of(tag, content);
	return true;
}

bool snmp_take_pdu(struct snmp_span bytes, struct snmp_pdu *pdu)
{
	struct snmp_span body, list;
	struct snmp_variable first;
	unsigned int tag;

	memset(pdu, 0, sizeof(*pdu));
	if (!take_any(&bytes, &tag, &body) ||
	    (tag != SNMP_PDU_RESPONSE && tag != SNMP_PDU_REPORT))
		return false;
	pdu->type = (enum snmp_pdu_type)tag;
	if (!take_int32(&body, &pdu->request) ||
	    !take_int32(&body, &pdu->status) ||
	    !take_int32(&body, &pdu->index) || !take(&body, SEQUENCE, &list))
		return false;
	pdu->variables = list;
	if (list.len == 0) /* some agents say an error without it */
		return true;
	if (!snmp_take_variable(&list, &first))
		return false;
	pdu->oid = first.oid;
	pdu->value = first.value;
	if (pdu->type == SNMP_PDU_REPORT)
		pdu->report = report_of(pdu->oid);
	return true;
}

bool snmp_take_scoped(struct snmp_span scoped, struct snmp_span *pdu)
{
	struct snmp_span engine, context;

	return take(&scoped, SEQUENCE, pdu) && take(pdu, OCTETS, &engine) &&
	       take(pdu, OCTETS, &context);
}

static bool take_security(struct snmp_span bytes, struct snmp_v3 *h)
{
	struct snmp_span s;

	return take(&bytes, SEQUENCE, &s) && take(&s, OCTETS, &h->engine) &&
	       h->engine.len <= SNMP_ENGINE_MAX && take_count(&s, &h->boots) &&
	       take_count(&s, &h->time_s) && take(&s, OCTETS, &h->user) &&
	       take(&s, OCTETS, &h->mac) && h->mac.len <= SNMP_MAC_MAX &&
	       take(&s, OCTETS, &h->salt);
}

static bool take_v3(struct snmp_span *s, struct snmp_v3 *h)
{
	struct snmp_span head, flags, security;
	int32_t size, model;

	if (!take(s, SEQUENCE, &head) || !take_int32(&head, &h->id) ||
	    !take_int32(&head, &size) || !take(&head, OCTETS, &flags) ||
	    flags.len != 1 || !take_int32(&head, &model) || model != 3)
		return false;
	h->flags = flags.at[0];
	if (!take(s, OCTETS, &security) || !take_security(security, h))
		return false;
	if (h->flags & SNMP_FLAG_PRIV)
		return take(s, OCTETS, &h->scoped);
	h->scoped = *s;
	return true;
}

bool snmp_take(const uint8_t *data, size_t len, struct snmp_message *m)
{
	struct snmp_span all = { data, len }, s, community;
	int32_t version;

	memset(m, 0, sizeof(*m));
	if (!take(&all, SEQUENCE, &s) || !take_int32(&s, &version))
		return false;
	m->version = version;
	if (version == 3)
		return take_v3(&s, &m->v3);
	if ((version != 0 && version != 1) || !take(&s, OCTETS, &community))
		return false;
	m->pdu = s;
	return true;
}
