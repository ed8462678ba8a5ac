/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mark.NAME and priority.NAME: what packets carry for tc and policy routing,
 * both ways. A backend has chains of its own, mark.NAME/BACKEND, where it
 * differs from the service.
 *
 * Bits of a mark that a mask leaves out stay as they are.
 */
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "rulesets/chains_impl.h"
#include "rulesets/rule.h"

#define IP_CHECKSUM_AT 10

bool qos_has_marks(const struct rs_qos *q)
{
	return q->packet.mask || q->conntrack.mask || q->has_dscp;
}

static bool mark_same(struct rs_mark a, struct rs_mark b)
{
	return a.mask == b.mask && (a.value & a.mask) == (b.value & b.mask);
}

bool qos_marks_same(const struct rs_qos *a, const struct rs_qos *b)
{
	return mark_same(a->packet, b->packet) &&
	       mark_same(a->conntrack, b->conntrack) &&
	       a->has_dscp == b->has_dscp &&
	       (!a->has_dscp || a->dscp == b->dscp);
}

/* REG(0) := the mark, with its bits. */
static void with_bits(struct buf *r, struct rs_mark m, bool conntrack)
{
	uint32_t keep = ~m.mask, value = m.value & m.mask;

	if (keep == 0) {
		rule_value(r, REG(0), &value, sizeof(value));
		return;
	}
	if (conntrack)
		rule_ct_load(r, NFT_CT_MARK, REG(0), -1);
	else
		rule_meta_load(r, NFT_META_MARK, REG(0));
	rule_bitwise(r, REG(0), &keep, &value, sizeof(value));
}

/* DSCP: six bits of the header's second byte, or from its fifth bit on. */
static void dscp_rule(struct buf *r, uint8_t family, uint8_t dscp)
{
	static const uint8_t keep4[] = { 0xff, 0x03 }, keep6[] = { 0xf0, 0x3f };
	const uint8_t value4[] = { 0, (uint8_t)(dscp << 2) };
	const uint8_t value6[] = { dscp >> 2, (uint8_t)(dscp << 6) };
	bool v6 = family == AF_INET6;

	rule_payload(r, REG(0), NFT_PAYLOAD_NETWORK_HEADER, 0, 2);
	rule_bitwise(r, REG(0), v6 ? keep6 : keep4, v6 ? value6 : value4, 2);
	rule_payload_set(r, REG(0), NFT_PAYLOAD_NETWORK_HEADER, 0, 2,
			 v6 ? -1 : IP_CHECKSUM_AT);
}

static void mark_rules(struct unit_chain *c, const struct rs_qos *q,
		       uint8_t family)
{
	struct buf *r;

	if (q->packet.mask) {
		r = chain_rule(c);
		with_bits(r, q->packet, false);
		rule_meta_set(r, NFT_META_MARK, REG(0));
	}
	if (q->conntrack.mask) {
		r = chain_rule(c);
		with_bits(r, q->conntrack, true);
		rule_ct_set(r, NFT_CT_MARK, REG(0), -1);
	}
	if (q->has_dscp)
		dscp_rule(chain_rule(c), family, q->dscp);
}

static void service_chains(struct writer *w)
{
	const struct rs_qos *q = &w->svc->qos;

	if (qos_has_marks(q))
		mark_rules(unit_chain_add(w->u, CHAIN_MARK "%s", w->svc->name),
			   q, w->svc->family);
	if (q->priority)
		set_priority(chain_rule(unit_chain_add(
				 w->u, CHAIN_PRIORITY "%s", w->svc->name)),
			     q->priority);
}

static void backend_chains(struct writer *w, const struct rs_backend *b)
{
	const struct rs_qos *q = &b->qos, *s = &w->svc->qos;

	if (qos_has_marks(q) && !qos_marks_same(q, s))
		mark_rules(unit_chain_add(w->u, CHAIN_MARK "%s/%s",
					  w->svc->name, b->name),
			   q, w->svc->family);
	if (q->priority && q->priority != s->priority)
		set_priority(
		    chain_rule(unit_chain_add(w->u, CHAIN_PRIORITY "%s/%s",
					      w->svc->name, b->name)),
		    q->priority);
}

void qos_chains(struct writer *w)
{
	service_chains(w);
	for (size_t i = 0; i < w->svc->nbackends; i++)
		backend_chains(w, &w->svc->backends[i]);
}
