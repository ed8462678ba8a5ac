/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard.NAME: what every packet to the service meets, not only the first of a
 * flow. Strict services drop what belongs to no connection, resets are limited,
 * and packets keep their client's session alive.
 */
#include <netinet/in.h> /* before the kernel's own */
#include <netinet/tcp.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

#include "rulesets/chains_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

#define TCP_FLAGS_AT 13

static bool has_tcp(const struct rs_service *svc)
{
	for (size_t i = 0; i < svc->nprotos; i++)
		if (svc->protos[i] == IPPROTO_TCP)
			return true;
	return false;
}

bool svc_has_guard(const struct rs_service *svc)
{
	return svc->strict || (svc->limits.rst.rate && has_tcp(svc)) ||
	       svc_is_sticky(svc);
}

/* Where the packet ends: @chain, if there is more to do than to drop it. */
static void end(struct buf *r, const struct rs_service *svc, const char *chain)
{
	if (svc_notes_drops(svc))
		rule_verdict(r, NFT_GOTO, chain);
	else
		rule_verdict(r, NF_DROP, NULL);
}

static void end_chain(struct writer *w, const char *name, const char *what)
{
	struct unit_chain *c;

	if (!svc_notes_drops(w->svc))
		return;
	c = unit_chain_add(w->u, "%s", name);
	noted_drop_rules(w->svc, c, what, COUNTER_LIMITED);
	rule_verdict(chain_rule(c), NF_DROP, NULL);
}

static void match_tcp_flags(struct buf *r, uint8_t mask, uint32_t op,
			    uint8_t value)
{
	const uint8_t zero = 0;

	rule_payload(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_AT, 1);
	rule_bitwise(r, REG(0), &mask, &zero, 1);
	rule_cmp(r, op, REG(0), &value, 1);
}

static void strict_rules(struct writer *w, struct unit_chain *c)
{
	char name[CHAIN_NAME_MAX];
	struct buf *r = chain_rule(c);

	snprintf(name, sizeof(name), CHAIN_GUARD "%s/invalid", w->svc->name);
	match_ct_state(r, CT_INVALID);
	end(r, w->svc, name);
	if (has_tcp(w->svc)) {
		r = chain_rule(c);
		match_proto(r, IPPROTO_TCP);
		match_ct_state(r, CT_NEW);
		match_tcp_flags(r, TH_FIN | TH_SYN | TH_RST | TH_ACK,
				NFT_CMP_NEQ, TH_SYN);
		end(r, w->svc, name);
	}
	end_chain(w, name, "invalid");
}

static void rst_rule(struct writer *w, struct unit_chain *c)
{
	char name[CHAIN_NAME_MAX];
	struct buf *r = chain_rule(c);

	snprintf(name, sizeof(name), CHAIN_GUARD "%s/limited", w->svc->name);
	match_proto(r, IPPROTO_TCP);
	match_tcp_flags(r, TH_RST, NFT_CMP_EQ, TH_RST);
	rule_limit(r, &w->svc->limits.rst, true);
	end(r, w->svc, name);
	end_chain(w, name, "limited");
}

void guard_chains(struct writer *w)
{
	struct unit_chain *c;

	if (!svc_has_guard(w->svc))
		return;
	w->u->features |= FEATURE_BIT(FEATURE_GUARD);
	c = unit_chain_add(w->u, CHAIN_GUARD "%s", w->svc->name);
	if (w->svc->strict)
		strict_rules(w, c);
	if (w->svc->limits.rst.rate && has_tcp(w->svc))
		rst_rule(w, c);
	if (svc_is_sticky(w->svc))
		refresh_rule(w, c);
}
