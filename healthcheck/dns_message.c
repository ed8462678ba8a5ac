/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the DNS. The C library's ns_*() walk through what came; here is
 * what it has to say: the id of our query, our question (names compare without
 * case), a rcode, and if one is wanted an answer.
 *
 * Invariants: nothing is believed of a message but its length. At most
 * ANSWERS_MAX records are looked at: a long chain of compressed names costs
 * time for each record that ends in it.
 *
 * Pure; must not know sockets.
 */
#include "healthcheck/dns_message.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <errno.h>
#include <resolv.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "lib/addr.h"

#define ANSWERS_MAX 256
#define EDNS_LEN    11 /* the end of our query */
#define FLAGS_RD    0x0100
#define FLAGS_QR    0x8000
#define FLAGS_TC    0x0200
#define OPCODE(f)   ((f) >> 11 & 15)
#define RCODE(f)    ((f)&15)

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static uint8_t *put16(uint8_t *p, unsigned int value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
	return p + 2;
}

int dns_query_build(struct dns_question *q, const char *name)
{
	uint8_t wire[NS_MAXCDNAME], *p = q->query;
	int n;

	if (ns_name_pton(name, wire, sizeof(wire)) < 0)
		return -EINVAL;
	n = dn_skipname(wire, wire + sizeof(wire));
	if (n < 0)
		return -EINVAL;
	p = put16(p, 0);
	p = put16(p, FLAGS_RD);
	p = put16(p, 1); /* questions */
	p = put16(p, 0);
	p = put16(p, 0);
	p = put16(p, 1); /* additional: EDNS */
	memcpy(p, wire, (size_t)n);
	p += n;
	p = put16(p, (unsigned int)q->type);
	p = put16(p, ns_c_in);
	*p++ = 0; /* the root's OPT record: size, no flags, no options */
	p = put16(p, ns_t_opt);
	p = put16(p, DNS_EDNS_SIZE);
	p = put16(p, 0);
	p = put16(p, 0);
	p = put16(p, 0);
	q->query_len = (size_t)(p - q->query);
	return 0;
}

/* Only what refuses the whole message may leave the question out. */
static bool question_is_ours(const struct dns_question *q, const uint8_t *msg,
			     size_t len)
{
	size_t end = q->query_len - EDNS_LEN, i;

	if (get16(msg + 4) == 0)
		return RCODE(get16(msg + 2)) != ns_r_noerror;
	if (get16(msg + 4) != 1 || len < end)
		return false;
	for (i = NS_HFIXEDSZ; i < end - NS_QFIXEDSZ; i++)
		if (tolower(msg[i]) != tolower(q->query[i]))
			return false;
	return !memcmp(msg + i, q->query + i, NS_QFIXEDSZ);
}

/* EDNS has eight more bits of the rcode, in front of the four. */
static int rcode_of(ns_msg *m)
{
	int rcode = RCODE(get16(ns_msg_base(*m) + 2));
	ns_rr rr;

	for (int i = 0; i < ns_msg_count(*m, ns_s_ar) && i < ANSWERS_MAX; i++) {
		if (ns_parserr(m, ns_s_ar, i, &rr) < 0)
			return -EINVAL;
		if (ns_rr_type(rr) == ns_t_opt)
			return rcode | (int)(ns_rr_ttl(rr) >> 24 << 4);
	}
	return rcode;
}

static bool same_address(const ns_rr *rr, int family, size_t len,
			 const char *text)
{
	struct addr a;

	return addr_parse(text, &a) == 0 && a.family == family &&
	       ns_rr_rdlen(*rr) == len && !memcmp(ns_rr_rdata(*rr), a.ip, len);
}

/* The name that lies at @offset of the data. */
static bool same_name(const ns_msg *m, const ns_rr *rr, size_t offset,
		      const char *text)
{
	char name[NS_MAXDNAME];
	size_t len = strlen(text);

	if (ns_rr_rdlen(*rr) <= offset ||
	    dn_expand(ns_msg_base(*m), ns_msg_end(*m),
		      ns_rr_rdata(*rr) + offset, name, sizeof(name)) < 0)
		return false;
	if (len && text[len - 1] == '.')
		len--;
	return strlen(name) == len && !strncasecmp(name, text, len);
}

/* The strings of a TXT record are one text (as in SPF, RFC 7208, 3.3). */
static bool same_text(const ns_rr *rr, const char *text)
{
	const uint8_t *p = ns_rr_rdata(*rr), *end = p + ns_rr_rdlen(*rr);
	size_t left = strlen(text);

	while (p < end) {
		size_t n = *p++;

		if (n > (size_t)(end - p) || n > left || memcmp(p, text, n))
			return false;
		p += n;
		text += n;
		left -= n;
	}
	return left == 0;
}

static bool same_answer(const ns_msg *m, const ns_rr *rr, const char *text)
{
	switch (ns_rr_type(*rr)) {
	case ns_t_a:
		return same_address(rr, AF_INET, NS_INADDRSZ, text);
	case ns_t_aaaa:
		return same_address(rr, AF_INET6, NS_IN6ADDRSZ, text);
	case ns_t_txt:
		return same_text(rr, text);
	case ns_t_mx: /* after the preference */
		return same_name(m, rr, NS_INT16SZ, text);
	case ns_t_srv: /* after priority, weight and port */
		return same_name(m, rr, 3 * NS_INT16SZ, text);
	case ns_t_cname:
	case ns_t_ns:
	case ns_t_ptr:
	case ns_t_soa:
		return same_name(m, rr, 0, text);
	default:
		return false;
	}
}

static enum dns_verdict answer_find(const struct dns_question *q, ns_msg *m)
{
	ns_rr rr;

	for (int i = 0; i < ns_msg_count(*m, ns_s_an) && i < ANSWERS_MAX; i++) {
		if (ns_parserr(m, ns_s_an, i, &rr) < 0)
			return DNS_MALFORMED;
		if ((q->type == ns_t_any || q->type == (int)ns_rr_type(rr)) &&
		    same_answer(m, &rr, q->answer))
			return DNS_GOOD;
	}
	return DNS_CONTENT;
}

enum dns_verdict dns_judge(const struct dns_question *q, uint16_t id,
			   const uint8_t *msg, size_t len, int *rcode)
{
	unsigned int flags;
	ns_msg m;
	int code;

	if (len < NS_HFIXEDSZ || len > NS_MAXMSG)
		return DNS_MALFORMED;
	if (get16(msg) != id)
		return DNS_OTHER;
	flags = get16(msg + 2);
	if (!(flags & FLAGS_QR) || OPCODE(flags) != ns_o_query ||
	    !question_is_ours(q, msg, len))
		return DNS_MALFORMED;
	if (flags & FLAGS_TC)
		return DNS_TRUNCATED;
	if (ns_initparse(msg, (int)len, &m) < 0)
		return DNS_MALFORMED;
	code = rcode_of(&m);
	if (code < 0)
		return DNS_MALFORMED;
	*rcode = code;
	if (code != q->rcode)
		return DNS_STATUS;
	return q->answer ? answer_find(q, &m) : DNS_GOOD;
}
