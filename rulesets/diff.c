/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WANT - HAVE for one unit: elements by sorted merge, slots by position, rules
 * by what they say. Pure; appends to the plan's lists, which point into the two
 * units.
 *
 * What goes is removed in the second part: a packet that is being handled while
 * the kernel commits may still need it. That holds for keys as well. One that
 * moves to another map (port 80 becomes 80-90) would for a moment be in
 * neither, and a new flow would reach the local stack: the maps do not change
 * at the same instant. Only a key that the new one would clash with goes first.
 */
#include <stdio.h>
#include <stdlib.h>
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
	push_elem(&t->late_del[e->map], e);
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
		push_slot(&t->slot_new, want->base + i, want->ids[i]);
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

/* ---- keys that clash */

static int by_key(const void *a, const void *b)
{
	return elem_cmp(*(const struct elem *const *)a,
			*(const struct elem *const *)b);
}

/* Do two ranges of one map overlap? (Their fields are compared one by one; all
 * but the port are equal or not.) */
static bool ranges_clash(const struct elem *a, const struct elem *b,
			 unsigned int port_at)
{
	return !memcmp(a->key, b->key, port_at) &&
	       memcmp(a->key + port_at, b->key_end + port_at, 2) <= 0 &&
	       memcmp(b->key + port_at, a->key_end + port_at, 2) <= 0;
}

static bool clashes(const struct elem_ops *add, const struct elem *e,
		    uint8_t family)
{
	if (!map_forms[e->map].interval)
		return bsearch(&e, add->list, add->n, sizeof(*add->list),
			       by_key) != NULL;
	for (size_t i = 0; i < add->n; i++)
		if (ranges_clash(add->list[i], e,
				 map_key_len(&map_forms[e->map], family) - 4))
			return true;
	return false;
}

static void settle_map(struct plan_table *t, int map, uint8_t family)
{
	struct elem_ops *late = &t->late_del[map], *add = &t->add[map];
	size_t kept = 0;

	if (late->n == 0 || add->n == 0)
		return;
	qsort(add->list, add->n, sizeof(*add->list), by_key);
	for (size_t i = 0; i < late->n; i++)
		if (clashes(add, late->list[i], family))
			push_elem(&t->del[map], late->list[i]);
		else
			late->list[kept++] = late->list[i];
	late->n = kept;
}

void plan_settle(struct plan *p)
{
	for (unsigned int f = 0; f < RS_FAMILIES; f++)
		for (int map = 0; map < MAP_COUNT; map++)
			settle_map(&p->tab[f], map, family_of(f));
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
