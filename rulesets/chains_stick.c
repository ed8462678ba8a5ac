/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients who come back to their backend: pins, and the table of sessions that
 * the packets themselves fill.
 *
 * A table of one service maps a client to a backend's id, a table of a group to
 * the backend's number as a member, for each service has ids of its own. What
 * is found counts only if the backend still takes old clients ("alive",
 * "member"); else the element goes, because an update would keep its data.
 */
#include <linux/if_arp.h>
#include <linux/netfilter/nf_tables.h>

#include "rulesets/chains_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

/* The next register of 16 bytes after a key: nft wants data there. */
#define DATA_WORD(words) (((words) + 3) / 4 * 4)

/* Link layers other than Ethernet have no such address; locally made packets
 * have none at all. */
static void match_ether(struct buf *r)
{
	uint16_t ether = ARPHRD_ETHER;

	rule_meta_load(r, NFT_META_IIFTYPE, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), &ether, sizeof(ether));
}

/* Who the client is, from word 0 on; returns the words. The port comes first:
 * nft 1.0.6 cannot read a rule with an IPv6 address and a port as key and data
 * behind. */
static unsigned int load_client(struct buf *r, const struct rs_service *svc)
{
	const struct rs_stick *s = &svc->stick;

	switch (s->kind) {
	case RS_PERSIST_SOURCE_PORT:
		load_port(r, true, 0);
		load_addr(r, svc->family, true, 1);
		return 1 + addr_words(svc->family);
	case RS_PERSIST_MAC:
		match_ether(r);
		rule_payload(r, REG(0), NFT_PAYLOAD_LL_HEADER, 6, 6);
		return 2;
	default:
		load_source(r, svc->family, s->prefix, 0);
		return addr_words(svc->family);
	}
}

bool svc_serves(const struct rs_service *svc)
{
	return svc->counters || svc_is_sticky(svc);
}

void svc_served(struct buf *r, const struct rs_service *svc)
{
	if (svc_serves(svc))
		to_chain(r, NFT_GOTO, CHAIN_SERVE, svc);
	else
		rule_verdict(r, NFT_GOTO, CHAIN_TO_BACKEND);
}

/* ---- before a slot is looked at */

static void pins_rule(struct writer *w, struct unit_chain *c)
{
	uint8_t family = w->svc->family;
	struct buf *r = chain_rule(c);

	w->u->features |= FEATURE_BIT(FEATURE_PINS);
	load_target(r, family);
	load_addr(r, family, true, addr_words(family) + 2);
	rule_lookup(r, map_forms[MAP_PINS].name, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
	rule_verdict(r, NFT_JUMP, CHAIN_ALIVE);
}

static void session_rule(struct writer *w, struct unit_chain *c)
{
	struct buf *r = chain_rule(c);

	if (w->svc->npins)
		if_priority(r, true, ID_REJECT);
	load_client(r, w->svc);
	rule_lookup(r, w->sets->sessions, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
	rule_verdict(r, NFT_JUMP,
		     w->svc->stick.group ? CHAIN_MEMBER : CHAIN_ALIVE);
}

static void forget_rule(struct writer *w, struct unit_chain *c)
{
	struct buf *r = chain_rule(c);
	unsigned int data = DATA_WORD(load_client(r, w->svc));

	load_priority(r, data);
	rule_dynset(r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_DELETE,
					      .set = w->sets->sessions,
					      .key = REG(0),
					      .data = REG(data) });
}

void stick_rules(struct writer *w, struct unit_chain *c)
{
	const struct rs_service *svc = w->svc;
	bool sticky = svc_is_sticky(svc);
	struct buf *r;

	if (!sticky && !svc->npins)
		return;
	w->u->features |= FEATURE_BIT(FEATURE_ALIVE);
	set_priority(chain_rule(c), ID_REJECT);
	if (svc->npins)
		pins_rule(w, c);
	if (sticky)
		session_rule(w, c);
	if (svc_has_room(svc)) {
		r = chain_rule(c);
		if_priority(r, false, ID_REJECT);
		to_chain(r, NFT_JUMP, CHAIN_ROOM, svc);
	}
	r = chain_rule(c);
	if_priority(r, false, ID_REJECT);
	svc_served(r, svc);
	if (sticky)
		forget_rule(w, c);
}

/* ---- once the backend is known */

static void remember_rule(struct writer *w, struct unit_chain *c,
			  const char *then)
{
	struct buf *r = chain_rule(c);
	unsigned int data = DATA_WORD(load_client(r, w->svc));

	load_priority(r, data);
	rule_dynset(
	    r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_UPDATE,
				      .set = w->sets->sessions,
				      .key = REG(0),
				      .data = REG(data),
				      .timeout_ms = w->svc->stick.timeout_ms });
	rule_verdict(r, NFT_GOTO, then);
}

/* The table is full, or the client is none that can be remembered. */
static void unremembered_rules(struct writer *w, struct unit_chain *c,
			       const char *then)
{
	struct buf *r = chain_rule(c);

	if (w->svc->stick.kind == RS_PERSIST_MAC) {
		match_ether(r);
		count(r, COUNTER_FULL_SESSIONS, w->svc);
		r = chain_rule(c);
	} else {
		count(r, COUNTER_FULL_SESSIONS, w->svc);
	}
	rule_verdict(r, NFT_GOTO, then);
}

/* In a group's table stands the member's number. */
static void member_rule(struct writer *w, struct unit_chain *c)
{
	struct buf *r = chain_rule(c);

	w->u->features |= FEATURE_BIT(FEATURE_GROUP);
	load_priority(r, 0);
	rule_lookup(r, map_forms[MAP_MEMBERS].name, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
}

void serve_chain(struct writer *w)
{
	const struct rs_service *svc = w->svc;
	const char *then =
	    svc->stick.group ? CHAIN_FROM_MEMBER : CHAIN_TO_BACKEND;
	struct unit_chain *c;
	struct buf *r;

	if (svc->mode == RS_LOCAL || !svc_serves(svc))
		return;
	c = unit_chain_add(w->u, CHAIN_SERVE "%s", svc->name);
	if (svc->counters) {
		r = chain_rule(c);
		load_priority(r, 0);
		rule_object_map(r, REG(0), map_forms[MAP_COUNT_NEW].name);
	}
	if (!svc_is_sticky(svc)) {
		rule_verdict(chain_rule(c), NFT_GOTO, CHAIN_TO_BACKEND);
		return;
	}
	if (svc->stick.group)
		member_rule(w, c);
	remember_rule(w, c, then);
	unremembered_rules(w, c, then);
}

/* ---- each packet */

/* An element that is there keeps its data. One that is not is made with
 * ID_DROP, nobody's: the client's next flow replaces it. */
void refresh_rule(struct writer *w, struct unit_chain *c)
{
	const uint32_t nobody = ID_DROP;
	struct buf *r = chain_rule(c);
	unsigned int data;

	match_ct_state(r, CT_ESTABLISHED);
	data = DATA_WORD(load_client(r, w->svc));
	rule_value(r, REG(data), &nobody, sizeof(nobody));
	rule_dynset(
	    r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_UPDATE,
				      .set = w->sets->sessions,
				      .key = REG(0),
				      .data = REG(data),
				      .timeout_ms = w->svc->stick.timeout_ms });
}
