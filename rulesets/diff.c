/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WANT - HAVE for one unit: elements by sorted merge, slots by position, rules
 * by what they say. Pure; appends to the plan's lists, which point into the two
 * units.
 *
 * What goes is removed in the second part wherever a packet that is just being
 * handled could still need it: chains, slot ranges, backends. Keys of services
 * go in the first: they only lead to the rest.
 */
#include <stdio.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/plan.h"
#include "rulesets/rule.h"

static void push_elem(struct elem_ops *ops, const struct elem *e)
{
	*VEC_PUSH(ops->list, ops->n, ops->cap) = e;
}

static void push_slot(struct slot_ops *ops, uint32_t key, uint32_t id)
{
	*VEC_PUSH(ops->list, ops->n, ops->cap) = (struct slot_op){ key, id };
}

static void push_chain(struct chain_ops *ops, const char *prefix,
		       const char *name, const struct buf *rule, bool create)
{
	struct chain_op *op = VEC_PUSH(ops->list, ops->n, ops->cap);

	snprintf(op->name, sizeof(op->name), "%s%s", prefix, name);
	op->rule = rule;
	op->create = create;
}

static void drop_elem(struct plan_table *t, const struct elem *e)
{
	push_elem(elem_is_backend(e) ? &t->late_del[e->map] : &t->del[e->map],
		  e);
}

static void diff_elems(struct plan_table *t, const struct unit *have,
		       const struct unit *want)
{
	size_t h = 0, w = 0, nh = have ? have->nelems : 0;
	size_t nw = want ? want->nelems : 0;

	while (h < nh || w < nw) {
		const struct elem *eh = h < nh ? &have->elems[h] : NULL;
		const struct elem *ew = w < nw ? &want->elems[w] : NULL;
		int c = !eh ? 1 : !ew ? -1 : elem_cmp(eh, ew);

		if (c < 0) {
			drop_elem(t, eh);
		} else if (c > 0) {
			push_elem(&t->add[ew->map], ew);
		} else if (!elem_same(eh, ew)) {
			push_elem(&t->del[eh->map], eh);
			push_elem(&t->add[ew->map], ew);
		}
		h += c <= 0;
		w += c >= 0;
	}
}

static void drop_slots(struct plan_table *t, const struct unit *have)
{
	for (uint32_t i = 0; have && i < have->m; i++)
		if (have->ids[i] != ID_NONE)
			push_slot(&t->late_slots, have->base + i, 0);
}

static void add_slots(struct plan_table *t, const struct unit *want)
{
	for (uint32_t i = 0; want && i < want->m; i++)
		push_slot(&t->slot_add, want->base + i, want->ids[i]);
}

static void diff_slots(struct plan_table *t, const struct unit *have,
		       const struct unit *want)
{
	if (!have || !want || have->base != want->base || have->m != want->m) {
		add_slots(t, want);
		drop_slots(t, have);
		return;
	}
	for (uint32_t i = 0; i < want->m; i++) {
		if (have->ids[i] == want->ids[i])
			continue;
		if (have->ids[i] != ID_NONE)
			push_slot(&t->slot_del, want->base + i, 0);
		push_slot(&t->slot_add, want->base + i, want->ids[i]);
	}
}

/* One of a unit's two chains: is it there, and does it say the right thing? */
static void diff_chain(struct plan_table *t, const char *prefix,
		       const char *name, const struct buf *have,
		       const struct buf *want)
{
	if (!want) {
		if (have)
			push_chain(&t->late_chains, prefix, name, NULL, false);
		return;
	}
	if (have && rule_matches(want->data, want->len, have->data, have->len))
		return;
	push_chain(&t->chains, prefix, name, want, !have);
}

static void diff_chains(struct plan_table *t, const struct unit *have,
			const struct unit *want)
{
	const char *name = have ? have->name : want->name;

	diff_chain(t, CHAIN_SERVICE, name,
		   have && have->has_chain ? &have->rule : NULL,
		   want ? &want->rule : NULL);
	diff_chain(t, CHAIN_SOURCE, name,
		   have && have->has_source ? &have->source : NULL,
		   want && want->has_source ? &want->source : NULL);
}

void plan_unit_diff(struct plan *p, struct unit *have, struct unit *want)
{
	uint8_t family = have ? have->family : want->family;
	struct plan_table *t = &p->tab[family_index(family)];

	diff_chains(t, have, want);
	diff_elems(t, have, want);
	diff_slots(t, have, want);
	plan_price_unit(p, have, want);
	*VEC_PUSH(p->units, p->nunits, p->capunits) =
	    (struct plan_unit){ have, want };
}
