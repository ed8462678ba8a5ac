/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WANT - HAVE for one unit: elements chains, sets and counters by sorted
 * merge, slots by position, rules by what they say. Pure; appends to the plan's
 * lists, which point into the two units.
 *
 * What goes is removed in the second part: a packet that is being handled while
 * the kernel commits may still need it. That holds for keys as well. One that
 * moves to another map (port 80 becomes 80-90) would for a moment be in
 * neither, and a new flow would reach the local stack: the maps do not change
 * at the same instant. Only a key that the new one would clash with goes first,
 * and what says that a backend takes packets.
 */
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/plan.h"

static void push_elem(struct elem_ops *ops, const struct elem *e)
{
	*VEC_PUSH(ops->list, ops->n, ops->cap) = e;
}

static void push_slot(struct slot_ops *ops, uint32_t key, uint32_t id)
{
	*VEC_PUSH(ops->list, ops->n, ops->cap) = (struct slot_op){ key, id };
}

static void push_chain(struct chain_ops *ops, const char *name,
		       const struct unit_chain *chain, bool create)
{
	*VEC_PUSH(ops->list, ops->n, ops->cap) =
	    (struct chain_op){ name, chain, create };
}

static void push_set(struct set_ops *ops, const char *name,
		     const struct set_form *form)
{
	*VEC_PUSH(ops->list, ops->n, ops->cap) = (struct set_op){ name, form };
}

static void push_obj(struct obj_ops *ops, const char *name)
{
	*VEC_PUSH(ops->list, ops->n, ops->cap) =
	    (struct obj_op){ name, NFT_OBJECT_COUNTER };
}

static void drop_elem(struct plan_table *t, const struct elem *e)
{
	if (map_forms[e->map].closes)
		push_elem(&t->del[e->map], e);
	else
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

/* ---- what is found by its name: sorted lists, merged */

/* Whose turn is it, of the heads of two lists? < 0: HAVE's, > 0: WANT's. */
static int merge_cmp(const char *have, const char *want)
{
	return !have ? 1 : !want ? -1 : strcmp(have, want);
}

static void diff_chains(struct plan_table *t, const struct unit *have,
			const struct unit *want)
{
	size_t h = 0, w = 0, nh = have ? have->nchains : 0;
	size_t nw = want ? want->nchains : 0;

	while (h < nh || w < nw) {
		const struct unit_chain *ch = h < nh ? have->chains[h] : NULL;
		const struct unit_chain *cw = w < nw ? want->chains[w] : NULL;
		int c = merge_cmp(ch ? ch->name : NULL, cw ? cw->name : NULL);

		if (c < 0)
			push_chain(&t->late_chains, ch->name, NULL, false);
		else if (c > 0)
			push_chain(&t->chains, cw->name, cw, true);
		else if (!chain_same(ch, cw))
			push_chain(&t->chains, cw->name, cw, false);
		h += c <= 0;
		w += c >= 0;
	}
}

/* A set that is to have another form gets another name (unit_set_name()). Under
 * one name there is one form: what else could be would be refused. */
static void diff_sets(struct plan_table *t, const struct unit *have,
		      const struct unit *want)
{
	size_t h = 0, w = 0, nh = have ? have->nsets : 0;
	size_t nw = want ? want->nsets : 0;

	while (h < nh || w < nw) {
		const struct unit_set *sh = h < nh ? &have->sets[h] : NULL;
		const struct unit_set *sw = w < nw ? &want->sets[w] : NULL;
		int c = merge_cmp(sh ? sh->name : NULL, sw ? sw->name : NULL);

		if (c < 0)
			push_set(&t->late_sets, sh->name, NULL);
		else if (c > 0)
			push_set(&t->sets, sw->name, &sw->form);
		h += c <= 0;
		w += c >= 0;
	}
}

static void diff_objs(struct plan_table *t, const struct unit *have,
		      const struct unit *want)
{
	size_t h = 0, w = 0, nh = have ? have->nobjs : 0;
	size_t nw = want ? want->nobjs : 0;

	while (h < nh || w < nw) {
		int c = merge_cmp(h < nh ? have->objs[h] : NULL,
				  w < nw ? want->objs[w] : NULL);

		if (c < 0)
			push_obj(&t->late_objs, have->objs[h]);
		else if (c > 0)
			push_obj(&t->objs, want->objs[w]);
		h += c <= 0;
		w += c >= 0;
	}
}

/* ---- keys that clash */

static int by_key(const void *a, const void *b)
{
	return elem_cmp(*(const struct elem *const *)a,
			*(const struct elem *const *)b);
}

/* Do two ranges of one map overlap? They do if all their fields do. */
static bool ranges_clash(const struct elem *a, const struct elem *b,
			 uint8_t family)
{
	enum map_key key = map_forms[a->map].key;

	for (unsigned int i = 0; i < key_fields(key); i++) {
		unsigned int at = key_field_at(key, i, family);
		unsigned int len = key_field_len(key, i, family);

		if (memcmp(a->key + at, b->key_end + at, len) > 0 ||
		    memcmp(b->key + at, a->key_end + at, len) > 0)
			return false;
	}
	return true;
}

static bool clashes(const struct elem_ops *add, const struct elem *e,
		    uint8_t family)
{
	if (!map_forms[e->map].interval)
		return bsearch(&e, add->list, add->n, sizeof(*add->list),
			       by_key) != NULL;
	for (size_t i = 0; i < add->n; i++)
		if (ranges_clash(add->list[i], e, family))
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
	for (unsigned int t = 0; t < RS_TABLES; t++)
		for (int map = 0; map < MAP_COUNT; map++)
			settle_map(&p->tab[t], map, rs_table_family(t));
}

void plan_unit_diff(struct plan *p, struct unit *have, struct unit *want)
{
	struct plan_table *t = &p->tab[have ? have->table : want->table];

	diff_objs(t, have, want);
	diff_sets(t, have, want);
	diff_chains(t, have, want);
	diff_elems(t, have, want);
	diff_slots(t, have, want);
	*VEC_PUSH(p->units, p->nunits, p->capunits) =
	    (struct plan_unit){ have, want, plan_price_unit(p, have, want) };
}
