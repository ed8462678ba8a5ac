/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan from its beginning to its end: made from services and HAVE, then
 * either taken over into HAVE or thrown away.
 *
 * Invariant: what a plan takes from HAVE's allocators it gives back when it is
 * freed without having been taken over. Must not know: the kernel.
 */
#include "rulesets/planning.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/compile.h"

static void plan_strays(struct plan *p, struct have_table *t, unsigned int f)
{
	struct plan_table *pt = &p->tab[f];

	for (size_t i = 0; t->strays && i < t->strays->nelems; i++) {
		const struct elem *e = &t->strays->elems[i];

		*VEC_PUSH(pt->del[e->map].list, pt->del[e->map].n,
			  pt->del[e->map].cap) = e;
	}
	for (size_t i = 0; i < t->nstray_slots; i++)
		*VEC_PUSH(pt->slot_strays.list, pt->slot_strays.n,
			  pt->slot_strays.cap) =
		    (struct slot_op){ t->stray_slots[i], 0 };
	for (size_t i = 0; i < t->nstray_chains; i++) {
		struct chain_op *op =
		    VEC_PUSH(pt->late_chains.list, pt->late_chains.n,
			     pt->late_chains.cap);

		memset(op, 0, sizeof(*op));
		strncpy(op->name, t->stray_chains[i], sizeof(op->name) - 1);
	}
	pt->late_sets = (const char *const *)t->stray_sets;
	pt->nlate_sets = t->nstray_sets;
}

/* A table of another form is deleted and made anew, in one transaction: to the
 * diff it is as if there were nothing. */
static void plan_base(struct plan *p, struct have_table *t, unsigned int f)
{
	struct plan_table *pt = &p->tab[f];

	pt->delete_table = t->there && t->alien;
	pt->base = !t->there || t->alien || !t->intact;
	plan_strays(p, t, f);
}

/* Units that no service of the complete list asked for. */
static void plan_removals(struct plan *p, const struct have *h,
			  const bool *asked)
{
	for (size_t i = 0; i < h->nunits; i++)
		if (!asked[i])
			plan_unit_diff(p, h->units[i], NULL);
}

static void plan_service(struct plan *p, struct have *h,
			 const struct rs_service *svc, struct unit *have)
{
	struct alloc *alloc = &h->tab[family_index(svc->family)].alloc;

	if (svc->unchanged && have)
		plan_price_same(p, have);
	else
		plan_unit_diff(p, have, compile_unit(svc, have, alloc));
}

struct plan *plan_make(struct have *h, const struct rs_service *svc, size_t n,
		       bool whole)
{
	struct plan *p = xcalloc(1, sizeof(*p));
	bool *asked = xcalloc(h->nunits + 1, sizeof(*asked));

	p->from = h;
	p->whole = whole;
	for (unsigned int f = 0; whole && f < RS_FAMILIES; f++)
		plan_base(p, &h->tab[f], f);
	for (size_t i = 0; i < n; i++) {
		size_t at = have_index(h, svc[i].name, svc[i].family);

		asked[at] = true;
		plan_service(p, h, &svc[i],
			     at < h->nunits ? h->units[at] : NULL);
	}
	if (whole)
		plan_removals(p, h, asked);
	plan_settle(p);
	free(asked);
	return p;
}

static void elem_ops_free(struct elem_ops *ops)
{
	for (int m = 0; m < MAP_COUNT; m++)
		free(ops[m].list);
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nunits; i++) {
		struct plan_unit *pu = &p->units[i];

		if (!pu->want)
			continue;
		unit_release(
		    pu->want, pu->have,
		    &p->from->tab[family_index(pu->want->family)].alloc);
		unit_free(pu->want);
	}
	free(p->units);
	for (int f = 0; f < RS_FAMILIES; f++) {
		struct plan_table *t = &p->tab[f];

		free(t->chains.list);
		free(t->late_chains.list);
		free(t->slot_del.list);
		free(t->slot_add.list);
		free(t->slot_strays.list);
		free(t->slot_new.list);
		free(t->late_slots.list);
		elem_ops_free(t->del);
		elem_ops_free(t->add);
		elem_ops_free(t->late_del);
	}
	free(p);
}

void plan_take_over(struct plan *p)
{
	struct have *h = p->from;

	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		struct have_table *t = &h->tab[f];

		if (p->tab[f].base) {
			t->there = t->intact = true;
			t->alien = false;
		}
		if (p->whole) /* else nobody has looked at them */
			have_forget_strays(t);
	}
	for (size_t i = 0; i < p->nunits; i++) {
		struct plan_unit *pu = &p->units[i];
		uint8_t family = pu->have ? pu->have->family : pu->want->family;

		if (pu->have)
			unit_release(pu->have, pu->want,
				     &h->tab[family_index(family)].alloc);
		have_replace(h, pu->have, pu->want);
		pu->have = pu->want = NULL;
	}
	p->nunits = 0;
}
