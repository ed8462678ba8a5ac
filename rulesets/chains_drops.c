/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New flows that do not get in: clients that a list keeps out, sources that are
 * one too many, services without a backend. What happens to them is in chains
 * of their own, so that the rules that find them stay one each:
 *
 *   allow.NAME:   whom a list lets in, returns; others go to denied.NAME
 *   denied.NAME, limited.NAME: log, count, reject or drop
 *   refused.NAME: log, count, then what on-empty says
 *
 * A table that is full does not keep anybody out: who is not in it goes on, and
 * is counted.
 */
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

#include "rulesets/chains_impl.h"
#include "rulesets/fields.h"
#include "rulesets/lists.h"
#include "rulesets/rule.h"

/* Lines about what is refused: a flood of packets is not a flood of lines. */
static const struct rs_rate log_rate = { 10, 20 };

bool svc_notes_drops(const struct rs_service *svc)
{
	return svc->counters || svc->log.drops;
}

void noted_drop_rules(const struct rs_service *svc, struct unit_chain *c,
		      const char *what, const char *counter)
{
	struct buf *r;

	if (svc->log.drops) {
		r = chain_rule(c);
		rule_limit(r, &log_rate, false);
		log_line(r, svc, what);
	}
	if (svc->counters)
		count(chain_rule(c), counter, svc);
}

/* ---- filters */

static void in_set(struct buf *r, const struct rs_service *svc, const char *set,
		   bool in)
{
	load_source(r, svc->family, 0, 0);
	rule_in_set(r, set, REG(0), in);
}

/* Who is on a list: whom its "added" has, or its base and not "removed". */
static void list_rules(struct writer *w, struct unit_chain *c, const char *base,
		       int verdict, const char *chain)
{
	char part[LIST_SET_NAME_MAX];
	struct buf *r = chain_rule(c);

	in_set(r, w->svc, list_set_part(base, LIST_ADDED, part), true);
	rule_verdict(r, verdict, chain);
	r = chain_rule(c);
	in_set(r, w->svc, base, true);
	in_set(r, w->svc, list_set_part(base, LIST_REMOVED, part), false);
	rule_verdict(r, verdict, chain);
}

static const char *allow_prefix(const struct rs_service *svc)
{
	return rs_is_direct(svc->mode) ? CHAIN_LET_IN : CHAIN_ALLOW;
}

static const char *denied_prefix(const struct rs_service *svc)
{
	return rs_is_direct(svc->mode) ? CHAIN_KEPT_OUT : CHAIN_DENIED;
}

void filter_rules(struct writer *w, struct unit_chain *c)
{
	char denied[CHAIN_NAME_MAX];

	snprintf(denied, sizeof(denied), "%s%s", denied_prefix(w->svc),
		 w->svc->name);
	for (size_t i = 0; i < w->svc->ndeny; i++)
		list_rules(w, c, w->svc->deny[i], NFT_GOTO, denied);
	if (w->svc->nallow)
		to_chain(chain_rule(c), NFT_JUMP, allow_prefix(w->svc), w->svc);
}

static void allow_chain(struct writer *w)
{
	struct unit_chain *c =
	    unit_chain_add(w->u, "%s%s", allow_prefix(w->svc), w->svc->name);

	for (size_t i = 0; i < w->svc->nallow; i++)
		list_rules(w, c, w->svc->allow[i], NFT_RETURN, NULL);
	to_chain(chain_rule(c), NFT_GOTO, denied_prefix(w->svc), w->svc);
}

/* ---- limits of sources */

/* A source is counted in the set, whose elements carry the limit; beyond it the
 * flow goes to limited.NAME. The rule says the number of connections again:
 * kernels let go of conntrack once for each such rule that is removed, and have
 * taken hold of it only if the rule has an expression of its own. After some
 * reloads conntrack, and NAT with it, would be off. */
static void limit_rule(struct writer *w, struct unit_chain *c, uint32_t op,
		       const char *set, uint32_t connections)
{
	struct buf *r = chain_rule(c);

	load_source(r, w->svc->family, w->svc->limits.prefix, 0);
	rule_dynset(r, &(struct rule_dynset){ .op = op,
					      .set = set,
					      .key = REG(0),
					      .connections = connections });
	to_chain(r, NFT_GOTO, CHAIN_LIMITED, w->svc);
}

/* Who is not in the set after that did not fit in. */
static void unlimited_rule(struct writer *w, struct unit_chain *c,
			   const char *set, const char *counter)
{
	struct buf *r = chain_rule(c);

	load_source(r, w->svc->family, w->svc->limits.prefix, 0);
	rule_in_set(r, set, REG(0), false);
	count(r, counter, w->svc);
}

void limit_rules(struct writer *w, struct unit_chain *c)
{
	const struct rs_limits *l = &w->svc->limits;

	if (l->fresh.rate) {
		limit_rule(w, c, NFT_DYNSET_OP_UPDATE, w->sets->fresh, 0);
		unlimited_rule(w, c, w->sets->fresh, COUNTER_FULL_NEW);
	}
	if (l->connections) {
		limit_rule(w, c, NFT_DYNSET_OP_ADD, w->sets->connections,
			   l->connections);
		unlimited_rule(w, c, w->sets->connections,
			       COUNTER_FULL_CONNECTIONS);
	}
}

/* ---- where they end */

static void end_chain(struct writer *w, const char *prefix, const char *what,
		      const char *counter, const uint32_t *id)
{
	struct unit_chain *c =
	    unit_chain_add(w->u, "%s%s", prefix, w->svc->name);
	struct buf *r;

	noted_drop_rules(w->svc, c, what, counter);
	r = chain_rule(c);
	if (id)
		set_priority(r, *id);
	if (rs_is_direct(w->svc->mode))
		direct_refuse(r, w->svc);
	else
		rule_verdict(r, NFT_GOTO, CHAIN_TO_BACKEND);
}

void drop_chains(struct writer *w)
{
	static const uint32_t ids[] = {
		[RS_REJECT] = ID_REJECT, [RS_DROP] = ID_DROP
	};
	const struct rs_service *svc = w->svc;

	if (svc->nallow)
		allow_chain(w);
	if (svc->nallow || svc->ndeny)
		end_chain(w, denied_prefix(svc), "denied", COUNTER_DENIED,
			  &ids[svc->filter_action]);
	if (svc->limits.fresh.rate || svc->limits.connections ||
	    svc_has_room(svc))
		end_chain(w, CHAIN_LIMITED, "limited", COUNTER_LIMITED,
			  &ids[svc->limits.action]);
	if (svc->mode != RS_LOCAL && svc_notes_drops(svc))
		end_chain(w, CHAIN_REFUSED, "refused", COUNTER_REFUSED, NULL);
}
