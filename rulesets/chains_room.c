/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * room.NAME: is there room at the backend that the scratch value says? If not,
 * it says "none" afterwards. A service knows its own backends only: the kernel
 * walks all chains that it can get to, for each service and jump, at each
 * commit.
 *
 * room.NAME/BACKEND: a backend that takes so many connections. The flow that is
 * the last one raises the flag, and while it is up no other is counted: who is
 * turned away would count as well for as long as his connection lives, wherever
 * that is. These rules count; those of room.NAME may be written again without
 * anything being forgotten.
 */
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

#include "rulesets/chains_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

/* Without the daemon, a full backend is looked at again after so long. One or
 * the other: a rule is written again, and counts from zero, if it is not the
 * same. */
#define FLAG_MS         10000
#define FLAG_RECOUNT_MS 11000

static struct buf *flag_rule(struct unit_chain *c, const struct rs_backend *b,
			     uint32_t over)
{
	struct buf *r = chain_rule(c);

	rule_connections(r, over);
	load_priority(r, 0);
	rule_dynset(r,
		    &(struct rule_dynset){
			.op = NFT_DYNSET_OP_ADD,
			.set = map_forms[MAP_BACKENDS_FULL].name,
			.key = REG(0),
			.timeout_ms = b->recount ? FLAG_RECOUNT_MS : FLAG_MS });
	return r;
}

static void full_rule(struct unit_chain *c)
{
	struct buf *r = chain_rule(c);

	load_priority(r, 0);
	rule_in_set(r, map_forms[MAP_BACKENDS_FULL].name, REG(0), true);
	set_priority(r, ID_REJECT);
	rule_verdict(r, NFT_RETURN, NULL);
}

static void backend_chain(struct writer *w, const struct rs_backend *b,
			  const char *name)
{
	struct unit_chain *c = unit_chain_add(w->u, "%s", name);
	struct buf *r = flag_rule(c, b, b->max_connections);

	set_priority(r, ID_REJECT);
	rule_verdict(r, NFT_RETURN, NULL);
	flag_rule(c, b, b->max_connections - 1);
}

void room_chains(struct writer *w)
{
	const struct rs_service *svc = w->svc;
	char name[CHAIN_NAME_MAX];
	struct unit_chain *c;
	struct buf *r;

	if (!svc_has_room(svc))
		return;
	w->u->features |= FEATURE_BIT(FEATURE_ROOM);
	c = unit_chain_add(w->u, CHAIN_ROOM "%s", svc->name);
	full_rule(c);
	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];

		if (!b->max_connections)
			continue;
		snprintf(name, sizeof(name), CHAIN_ROOM "%s/%s", svc->name,
			 b->name);
		r = chain_rule(c);
		if_priority(r, true, w->ids[i]);
		rule_verdict(r, NFT_GOTO, name);
		backend_chain(w, b, name);
	}
}
