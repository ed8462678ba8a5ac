/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode stateless: packets before conntrack sees them, and answers once more
 * when they leave.
 *
 *   stateless:         to-stateless, and then to the backend whose id it came
 *                      back with (why: base_ingress.c)
 *   to-stateless:      (address, protocol, port) -> stateless.NAME, which comes
 *                      back with an id; others do not:
 *                      a backend's (address, protocol, port) -> answers.NAME;
 *                      ICMP errors by what they speak of -> error.NAME, where
 *                      that is an answer (they come back as well), or
 *                      answers.NAME
 *   stateless-answers: answers.NAME again, which writes the service's address
 *                      now: before routing, the kernel would take a packet from
 *                      an address of its own for forged
 *
 *   stateless-own:     ICMP errors that the gateway itself sends, about packets
 *                      that have a backend's address by then: a client that
 *                      sends packets too long for the backends hears of it
 *
 * The chains with "more" are the same for services of more than a single port.
 * Fragments are whole here: conntrack, which our NAT keeps on, puts them
 * together before.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h> /* before the kernel's own */
#include <netinet/ip_icmp.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "rulesets/base_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

/* saddr . l4proto [. sport] -> verdict */
static void dispatch_origin(struct buf *r, uint8_t family, enum rs_map map)
{
	unsigned int w = addr_words(family);

	load_addr(r, family, true, 0);
	rule_meta_load(r, NFT_META_L4PROTO, REG(w));
	if (map_forms[map].key == KEY_ADDR_PROTO_PORT)
		load_port(r, true, w + 1);
	rule_lookup(r, map_forms[map].name, REG(0), NO_REG, true);
}

static uint8_t icmp_of(uint8_t family)
{
	return family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

static void to_mistakes(struct buf *r, uint8_t family)
{
	match_proto(r, icmp_of(family));
	rule_verdict(r, NFT_GOTO, CHAIN_MISTAKES);
}

bool stateless_rule(struct buf *r, unsigned int i, uint8_t family)
{
	(void)family;
	return twice_rule(r, i, CHAIN_TO_STATELESS);
}

bool stateless_more_rule(struct buf *r, unsigned int i, uint8_t family)
{
	(void)family;
	return twice_rule(r, i, CHAIN_TO_STATELESS_MORE);
}

bool to_stateless_rule(struct buf *r, unsigned int i, uint8_t family)
{
	switch (i) {
	case 0:
		dispatch(r, family, MAP_STATELESS);
		return true;
	case 1:
		dispatch_origin(r, family, MAP_ORIGINS);
		return true;
	case 2:
		to_mistakes(r, family);
		return true;
	case 3:
		rule_verdict(r, NF_ACCEPT, NULL);
		return true;
	default:
		return false;
	}
}

bool to_stateless_more_rule(struct buf *r, unsigned int i, uint8_t family)
{
	switch (i) {
	case 0:
		dispatch(r, family, MAP_STATELESS_ANY);
		return true;
	case 1:
		dispatch(r, family, MAP_STATELESS_RANGES);
		return true;
	case 4:
		rule_verdict(r, NF_ACCEPT, NULL);
		return true;
	default:
		return more_answers_rule(r, i - 2, family);
	}
}

bool answers_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 0)
		return false;
	dispatch_origin(r, family, MAP_ORIGINS);
	return true;
}

/* Who is no ICMP has a priority of his own. */
bool own_mistakes_rule(struct buf *r, unsigned int i, uint8_t family)
{
	uint8_t icmp = icmp_of(family);

	switch (i) {
	case 0:
		rule_meta_load(r, NFT_META_L4PROTO, REG(0));
		rule_cmp(r, NFT_CMP_NEQ, REG(0), &icmp, sizeof(icmp));
		rule_verdict(r, NF_ACCEPT, NULL);
		return true;
	case 1:
		rule_verdict(r, NFT_JUMP, CHAIN_MISTAKES);
		return true;
	case 2:
		to_way(r);
		return true;
	case 3:
		rule_verdict(r, NF_DROP, NULL);
		return true;
	default:
		return false;
	}
}

bool more_answers_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const enum rs_map maps[] = { MAP_ORIGINS_ANY,
					    MAP_ORIGIN_RANGES };

	if (i >= 2)
		return false;
	dispatch_origin(r, family, maps[i]);
	return true;
}

/* ---- ICMP errors */

/* What the header inside is looked up in: by its source, for it is of an
 * answer; else by its destination. */
static const struct {
	enum rs_map map;
	bool source;
} looks[] = {
	{ MAP_ERRORS, true },         { MAP_ERROR_RANGES, true },
	{ MAP_ERRORS_ANY, true },     { MAP_ORIGINS, false },
	{ MAP_ORIGIN_RANGES, false }, { MAP_ORIGINS_ANY, false },
};

#define LOOKS (sizeof(looks) / sizeof(looks[0]))

/* ICMP's types that say something of a packet that was sent. */
static const uint8_t types4[] = { ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED,
				  ICMP_PARAMETERPROB };
static const uint8_t types6[] = { ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG,
				  ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB };

bool mistake_rule(struct buf *r, unsigned int i, uint8_t family)
{
	bool v6 = family == AF_INET6;
	unsigned int w = addr_words(family);
	unsigned int types = v6 ? sizeof(types6) : sizeof(types4);
	enum rs_map map = looks[i % LOOKS].map;
	bool source = looks[i % LOOKS].source;
	uint8_t type;

	if (i == types * LOOKS)
		rule_verdict(r, NF_ACCEPT, NULL);
	if (i >= types * LOOKS)
		return i == types * LOOKS;
	type = v6 ? types6[i / LOOKS] : types4[i / LOOKS];
	match_proto(r, icmp_of(family));
	rule_payload(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	rule_cmp(r, NFT_CMP_EQ, REG(0), &type, sizeof(type));
	load_inner_addr(r, family, source, 0);
	load_inner_proto(r, family, w);
	if (map_forms[map].key == KEY_ADDR_PROTO_PORT)
		load_inner_port(r, family, source, w + 1);
	rule_lookup(r, map_forms[map].name, REG(0), NO_REG, true);
	return true;
}
