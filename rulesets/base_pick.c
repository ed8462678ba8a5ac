/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps that services of the long form jump to, with the scratch value (meta
 * priority) as argument and result; "none" says that nothing came of it:
 *
 *   pick:        slot -> backend id
 *   alive:       backend id -> the same, if it may have old clients
 *   member:      member number -> backend id, if it may have old clients
 *   from-member: member number -> backend id, and goes there
 */
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "rulesets/base_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

static void set_none(struct buf *r)
{
	uint32_t none = ID_REJECT;

	rule_value(r, REG(0), &none, sizeof(none));
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
}

/* priority := what @map has for it */
static void map_priority(struct buf *r, enum rs_map map)
{
	load_priority(r, 0);
	rule_lookup(r, map_forms[map].name, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
}

/* Twice, as to-slot: a miss may be an element that is just being replaced. */
bool pick_rule(struct buf *r, unsigned int i, uint8_t family)
{
	(void)family;
	if (i > 2)
		return false;
	if (i == 2) {
		rule_verdict(r, NF_DROP, NULL);
		return true;
	}
	map_priority(r, MAP_SLOTS);
	rule_verdict(r, NFT_RETURN, NULL);
	return true;
}

bool alive_rule(struct buf *r, unsigned int i, uint8_t family)
{
	(void)family;
	if (i > 1)
		return false;
	if (i == 1) {
		set_none(r);
		return true;
	}
	map_priority(r, MAP_PERSISTENT);
	rule_verdict(r, NFT_RETURN, NULL);
	return true;
}

/* daddr . l4proto . dport . member number -> backend id */
static void map_member(struct buf *r, uint8_t family, enum rs_map map)
{
	load_target(r, family);
	load_priority(r, addr_words(family) + 2);
	rule_lookup(r, map_forms[map].name, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
}

bool member_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 1)
		return false;
	if (i == 1) {
		set_none(r);
		return true;
	}
	map_member(r, family, MAP_GROUP_BACKENDS);
	rule_verdict(r, NFT_RETURN, NULL);
	return true;
}

/* A slot led here: a member that may have old clients a moment later, too. */
bool from_member_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 1)
		return false;
	if (i == 1) {
		rule_verdict(r, NF_DROP, NULL);
		return true;
	}
	map_member(r, family, MAP_GROUP_MEMBERS);
	rule_verdict(r, NFT_GOTO, CHAIN_TO_BACKEND);
	return true;
}
