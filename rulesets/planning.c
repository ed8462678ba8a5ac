/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan from its beginning to its end: made from services and HAVE, then
 * either taken over into HAVE or thrown away.
 *
 * Invariant: what a plan takes from HAVE's allocators it gives back when it is
 * freed without having been taken over. Must not know: the kernel.
 */
#include "rulesets/planning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/compile.h"

/* In a mask of features: of some unit we do not know them. */
#define UNKNOWN_FEATURES FEATURE_BIT(FEATURES)

static void plan_strays(struct plan *p, const struct have_table *t,
			unsigned int f)
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
	for (size_t i = 0; i < t->nstray_chains; i++)
		*VEC_PUSH(pt->late_chains.list, pt->late_chains.n,
			  pt->late_chains.cap) =
		    (struct chain_op){ t->stray_chains[i], NULL, false };
	for (size_t i = 0; i < t->nstray_sets; i++)
		*VEC_PUSH(pt->late_sets.list, pt->late_sets.n,
			  pt->late_sets.cap) =
		    (struct set_op){ t->stray_sets[i], NULL };
	for (size_t i = 0; i < t->nstray_objs; i++)
		*VEC_PUSH(pt->late_objs.list, pt->late_objs.n,
			  pt->late_objs.cap) =
		    (struct obj_op){ t->stray_objs[i].name,
				     t->stray_objs[i].type };
	pt->strays = t;
}

/* Does any unit that will be there, in a table of type netdev (@netdev) or in
 * one of the others, have one of these features? */
static bool any_unit(const struct plan *p, bool netdev, uint32_t features)
{
	for (unsigned int f = 0; f < RS_TABLES; f++)
		if (rs_table_is_netdev(f) == netdev &&
		    p->tab[f].same_features & features)
			return true;
	for (size_t i = 0; i < p->nunits; i++)
		if (p->units[i].want &&
		    rs_table_is_netdev(p->units[i].want->table) == netdev &&
		    p->units[i].want->features & features)
			return true;
	return false;
}

/* What the families' own tables always have is there whoever needs it, and
 * stays once it is. But where all services are in tables of type netdev it
 * would only turn NAT and connection tracking on, and each packet into a tunnel
 * would pay. Probes by way of these services do without. */
static bool own_is_wanted(const struct plan *p, unsigned int f)
{
	const struct have_table *t = &p->from->tab[f];
	uint32_t own = FEATURE_BIT(p->from->own) | UNKNOWN_FEATURES;

	return (t->there && t->alien) || have_own(p->from, f) ||
	       any_unit(p, false, own) || !any_unit(p, true, UINT32_MAX);
}

/* What the units that will be there need. */
static uint32_t features_wanted(const struct plan *p, unsigned int f)
{
	uint32_t wanted = p->tab[f].same_features;

	if (!rs_table_is_netdev(f) && own_is_wanted(p, f))
		wanted |= FEATURE_BIT(p->from->own);

	for (size_t i = 0; i < p->nunits; i++)
		if (p->units[i].want && p->units[i].want->table == f)
			wanted |= p->units[i].want->features;
	return wanted;
}

static struct base_parts parts_beyond(struct base_parts have,
				      struct base_parts want)
{
	return (struct base_parts){ have.maps & ~want.maps,
				    have.chains & ~want.chains,
				    have.objs & ~want.objs };
}

/* The flowtable has other devices than it should have. */
static void plan_devices(struct plan_table *pt, uint32_t wanted,
			 const struct rs_devices *have,
			 const struct rs_devices *want)
{
	struct rs_devices more;

	if (!(wanted & FEATURE_BIT(FEATURE_OFFLOAD)))
		return;
	if (rs_devices_beyond(have, want, &pt->off) ||
	    rs_devices_beyond(want, have, &more))
		pt->base |= FEATURE_BIT(FEATURE_OFFLOAD);
}

/* A table of another form is deleted and made anew, in one transaction: to the
 * diff it is as if there were nothing. */
static void plan_base(struct plan *p, const struct have *h, unsigned int f)
{
	const struct have_table *t = &h->tab[f];
	struct plan_table *pt = &p->tab[f];
	uint32_t wanted = features_wanted(p, f);

	plan_strays(p, t, f);
	pt->delete_table = t->there && t->alien;
	pt->drop_table = t->there && !wanted;
	pt->base = wanted & ~UNKNOWN_FEATURES;
	if (!t->there || t->alien || !wanted)
		return;
	pt->base &= ~t->intact;
	pt->rehook = t->rehook;
	plan_devices(pt, wanted, &t->devices, &h->hooks.offload);
	/* Where a unit stays that was only read, all of it may be needed. */
	if (!(wanted & UNKNOWN_FEATURES))
		pt->late_base = parts_beyond(
		    t->parts, base_parts_of(wanted, rs_table_family(f)));
}

/* Not what is made in this transaction: nothing is in there. */
static uint64_t noted_maps(const struct plan *p, unsigned int f)
{
	const struct have_table *t = &p->from->tab[f];
	uint64_t maps = 0;

	for (int m = 0; m < MAP_COUNT; m++)
		if (map_forms[m].key == KEY_RECENT)
			maps |= UINT64_C(1) << m;
	return t->there && !t->alien ? maps & t->parts.maps : 0;
}

/* Units that no service of the complete list asked for. */
static void plan_removals(struct plan *p, const struct have *h,
			  const bool *asked)
{
	for (size_t i = 0; i < h->nunits; i++)
		if (!asked[i])
			plan_unit_diff(p, h->units[i], NULL);
}

/* The persist-group's unit that the kernel has, or NULL. */
static const struct unit *group_of(const struct have *h,
				   const struct rs_service *svc)
{
	char name[CHAIN_NAME_MAX];

	if (!svc->stick.group)
		return NULL;
	snprintf(name, sizeof(name), "/%s", svc->stick.group);
	return have_find(h, name, svc->family);
}

static void plan_service(struct plan *p, struct have *h,
			 const struct rs_service *svc, struct unit *have)
{
	unsigned int table = rs_service_table(svc);
	struct alloc *alloc = &h->tab[table].alloc;

	if (svc->gone) {
		if (have)
			plan_unit_diff(p, have, NULL);
	} else if (svc->unchanged && have) {
		p->tab[table].same_features |=
		    have->features ? have->features : UNKNOWN_FEATURES;
		plan_price_same(p, have);
	} else {
		plan_unit_diff(
		    p, have, compile_unit(svc, have, group_of(h, svc), alloc));
	}
}

struct plan *plan_make(struct have *h, const struct rs_service *svc, size_t n,
		       bool whole)
{
	struct plan *p = xcalloc(1, sizeof(*p));
	bool *asked = xcalloc(h->nunits + 1, sizeof(*asked));

	p->from = h;
	p->whole = whole;
	p->hooks = h->hooks;
	for (size_t i = 0; i < n; i++) {
		size_t at =
		    have_index(h, svc[i].name, rs_service_table(&svc[i]));

		asked[at] = true;
		plan_service(p, h, &svc[i],
			     at < h->nunits ? h->units[at] : NULL);
	}
	if (whole)
		plan_removals(p, h, asked);
	for (unsigned int f = 0; whole && f < RS_TABLES; f++)
		plan_base(p, h, f);
	for (unsigned int f = 0; f < RS_TABLES; f++)
		p->tab[f].noted = noted_maps(p, f);
	plan_settle(p);
	plan_price_flows(p);
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
		unit_release(pu->want, pu->have,
			     &p->from->tab[pu->want->table].alloc);
		unit_free(pu->want);
	}
	free(p->units);
	for (int f = 0; f < RS_TABLES; f++) {
		struct plan_table *t = &p->tab[f];

		free(t->objs.list);
		free(t->sets.list);
		free(t->chains.list);
		free(t->late_chains.list);
		free(t->late_sets.list);
		free(t->late_objs.list);
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

static void take_over_base(struct have_table *t, const struct plan_table *pt,
			   const struct rs_devices *offload, unsigned int f)
{
	struct base_parts new = base_parts_of(pt->base, rs_table_family(f));

	if (pt->base) {
		t->there = true;
		t->alien = false;
	}
	t->parts.maps |= new.maps;
	t->parts.chains |= new.chains;
	t->parts.objs |= new.objs;
	t->parts = parts_beyond(t->parts, pt->late_base);
	t->intact |= pt->base;
	for (unsigned int i = 0; i < FEATURES; i++) {
		struct base_parts gone = parts_beyond(
		    base_parts_of(FEATURE_BIT(i), rs_table_family(f)),
		    t->parts);

		if (gone.maps || gone.chains || gone.objs)
			t->intact &= ~FEATURE_BIT(i);
	}
	if (pt->base & FEATURE_BIT(FEATURE_OFFLOAD))
		t->devices = *offload;
	if (!(t->intact & FEATURE_BIT(FEATURE_OFFLOAD)))
		t->devices.n = 0;
	t->rehook &= t->parts.chains & ~new.chains;
}

void plan_take_over(struct plan *p)
{
	struct have *h = p->from;

	for (unsigned int f = 0; f < RS_TABLES; f++) {
		struct have_table *t = &h->tab[f];

		take_over_base(t, &p->tab[f], &p->hooks.offload, f);
		if (p->whole) /* else nobody has looked at them */
			have_forget_strays(t);
	}
	for (size_t i = 0; i < p->nunits; i++) {
		struct plan_unit *pu = &p->units[i];
		unsigned int table =
		    pu->have ? pu->have->table : pu->want->table;

		if (pu->have)
			unit_release(pu->have, pu->want, &h->tab[table].alloc);
		have_replace(h, pu->have, pu->want);
		pu->have = pu->want = NULL;
	}
	p->nunits = 0;
}
