/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains that see every packet. Those after DNAT know a connection by its ends
 * (KEY_FLOW), so that both directions are found; nft wants to know the protocol
 * where it lists ports, therefore a rule for each.
 */
#include <netinet/in.h> /* before the kernel's own */

#include <linux/if_arp.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

#include "rulesets/base_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
#define NPROTOS 3

bool guard_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const enum rs_map order[] = { MAP_GUARDS, MAP_GUARDS_ANY,
					     MAP_GUARD_RANGES };

	if (i >= 3)
		return false;
	dispatch(r, family, order[i]);
	return true;
}

/* ---- counters */

static bool count_flow(struct buf *r, unsigned int i, uint8_t family,
		       enum rs_map in, enum rs_map out)
{
	uint8_t dir = i % 2 ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL;

	if (i >= 2 * NPROTOS)
		return false;
	match_proto(r, protos[i / 2]);
	rule_ct_load(r, NFT_CT_DIRECTION, REG(0), -1);
	rule_cmp(r, NFT_CMP_EQ, REG(0), &dir, sizeof(dir));
	load_flow(r, family);
	rule_object_map(r, REG(0), map_forms[i % 2 ? out : in].name);
	return true;
}

/* What comes in on the loopback device has been counted on its way out. */
static void skip_loopback(struct buf *r)
{
	uint16_t loopback = ARPHRD_LOOPBACK;

	rule_meta_load(r, NFT_META_IIFTYPE, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), &loopback, sizeof(loopback));
	rule_verdict(r, NFT_RETURN, NULL);
}

bool count_output_rule(struct buf *r, unsigned int i, uint8_t family)
{
	return count_flow(r, i, family, MAP_COUNT_IN, MAP_COUNT_OUT);
}

bool count_ranges_output_rule(struct buf *r, unsigned int i, uint8_t family)
{
	return count_flow(r, i, family, MAP_COUNT_IN_RANGES,
			  MAP_COUNT_OUT_RANGES);
}

bool count_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 0)
		return count_output_rule(r, i - 1, family);
	skip_loopback(r);
	return true;
}

bool count_ranges_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 0)
		return count_ranges_output_rule(r, i - 1, family);
	skip_loopback(r);
	return true;
}

/* ---- marks and classes: a chain of the flow's */

static bool flow_verdict(struct buf *r, unsigned int i, uint8_t family,
			 enum rs_map map)
{
	if (i >= NPROTOS)
		return false;
	match_proto(r, protos[i]);
	load_flow(r, family);
	rule_lookup(r, map_forms[map].name, REG(0), NO_REG, true);
	return true;
}

bool marks_rule(struct buf *r, unsigned int i, uint8_t family)
{
	return flow_verdict(r, i, family, MAP_MARKS);
}

bool marks_ranges_rule(struct buf *r, unsigned int i, uint8_t family)
{
	return flow_verdict(r, i, family, MAP_MARKS_RANGES);
}

bool priorities_rule(struct buf *r, unsigned int i, uint8_t family)
{
	return flow_verdict(r, i, family, MAP_PRIORITIES);
}

bool priorities_ranges_rule(struct buf *r, unsigned int i, uint8_t family)
{
	return flow_verdict(r, i, family, MAP_PRIORITIES_RANGES);
}
