/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * room.NAME/BACKEND: a backend that takes so many connections. The flow that is
 * the last one raises the flag, and while it is up no other is counted: who is
 * turned away would count as well for as long as his connection lives, wherever
 * that is.
 */
#include <linux/netfilter/nf_tables.h>

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

void room_chains(struct writer *w)
{
	for (size_t i = 0; i < w->svc->nbackends; i++) {
		const struct rs_backend *b = &w->svc->backends[i];
		struct unit_chain *c;
		struct buf *r;

		if (!b->max_connections)
			continue;
		w->u->features |= FEATURE_BIT(FEATURE_ROOM);
		c = unit_chain_add(w->u, CHAIN_ROOM_OF "%s/%s", w->svc->name,
				   b->name);
		r = flag_rule(c, b, b->max_connections);
		set_priority(r, ID_REJECT);
		rule_verdict(r, NFT_RETURN, NULL);
		flag_rule(c, b, b->max_connections - 1);
	}
}
