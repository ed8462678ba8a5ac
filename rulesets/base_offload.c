/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fast path: from its first answer on, an established flow of a service
 * that asks for it is in a flowtable, and the kernel forwards and translates
 * its packets where they come in, past routing and all rules.
 *
 * A flow is found by what it was sent to: one that has a service's destination
 * and is forwarded was translated. It is put there by an answer, not by the
 * client's packet that completes the handshake: once it is in the table,
 * conntrack's messages do not say its TCP state any more, and who counts
 * connections by them (track.c) has to hear of "established" first. A UDP flow
 * is established when it is answered.
 */
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

#include "rulesets/base_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

bool forward_rule(struct buf *r, unsigned int i, uint8_t family)
{
	uint8_t reply = IP_CT_DIR_REPLY;
	uint32_t zero = 0;

	if (i > 0)
		return false;
	rule_ct_load(r, NFT_CT_DIRECTION, REG(0), -1);
	rule_cmp(r, NFT_CMP_EQ, REG(0), &reply, sizeof(reply));
	match_ct_state(r, CT_ESTABLISHED);
	rule_ct_load(r, NFT_CT_STATUS, REG(0), -1);
	rule_and(r, REG(0), IPS_DST_NAT);
	rule_cmp(r, NFT_CMP_NEQ, REG(0), &zero, sizeof(zero));
	rule_verdict(r, NFT_GOTO, "to-fastpath");
	return true;
}

bool to_fastpath_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const struct original_maps maps = { MAP_OFFLOAD,
						   MAP_OFFLOAD_RANGES,
						   MAP_OFFLOAD_ANY };

	return dispatch_original(r, i, family, &maps);
}
