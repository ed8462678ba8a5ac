/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plan costs, how it reads, whose flows it leaves without a backend.
 */
#include "rulesets/plan.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/have.h"

static bool table_has_first(const struct plan_table *t)
{
	if (t->delete_table || t->base || t->chains.n || t->sets.n ||
	    t->objs.n || t->slot_del.n || t->slot_add.n || t->slot_strays.n ||
	    t->slot_new.n)
		return true;
	for (int m = 0; m < MAP_COUNT; m++)
		if (t->del[m].n || t->add[m].n)
			return true;
	return false;
}

/* Of flows that are known, some may be another service's from now on. */
static bool keys_change(const struct elem_ops ops[MAP_COUNT])
{
	return ops[MAP_SERVICES].n || ops[MAP_SERVICE_RANGES].n ||
	       ops[MAP_SERVICES_ANY].n;
}

/* Nobody comes back to a backend that took nobody for a moment. */
static bool ways_change(const struct chain_ops *chains)
{
	for (size_t i = 0; i < chains->n; i++)
		if (!chains->list[i].create &&
		    !strncmp(chains->list[i].name, CHAIN_TO, strlen(CHAIN_TO)))
			return true;
	return false;
}

bool plan_forgets(const struct plan_table *t)
{
	return t->noted && (keys_change(t->add) || keys_change(t->del) ||
			    t->del[MAP_WAYS].n || ways_change(&t->chains));
}

/* An id that goes may be given to another backend. A packet may be on its way
 * by the old rules as the first part is committed, and note what nobody checks
 * again: a tunnel. But that alone makes no second part: one that finds the map
 * empty is no transaction to the kernel, and would be missed. */
bool plan_forgets_late(const struct plan_table *t)
{
	bool tunnels = t->noted & UINT64_C(1) << MAP_TUNNELS;

	return (tunnels && plan_forgets(t)) ||
	       (t->noted &&
		(keys_change(t->late_del) || t->late_del[MAP_WAYS].n));
}

static bool table_has_late(const struct plan_table *t)
{
	if (t->late_base.maps || t->late_base.chains || t->late_base.objs ||
	    t->late_chains.n || t->late_slots.n || t->late_sets.n ||
	    t->late_objs.n)
		return true;
	for (int m = 0; m < MAP_COUNT; m++)
		if (t->late_del[m].n)
			return true;
	return false;
}

bool plan_has_first(const struct plan *p)
{
	for (unsigned int t = 0; t < RS_TABLES; t++)
		if (table_has_first(&p->tab[t]))
			return true;
	return false;
}

bool plan_has_late(const struct plan *p)
{
	for (unsigned int t = 0; t < RS_TABLES; t++)
		if (table_has_late(&p->tab[t]))
			return true;
	return false;
}

bool plan_empty(const struct plan *p)
{
	return !plan_has_first(p) && !plan_has_late(p);
}

/* Do flows that had one backend by the old table have another by the new one?
 */
typedef bool moves_fn(const struct unit *have, uint32_t old,
		      const struct unit *want, uint32_t new);

static bool is_another(const struct unit *have, uint32_t old,
		       const struct unit *want, uint32_t new)
{
	(void)have;
	(void)want;
	return old != new;
}

/* Slots whose flows move, where the tables are of one size. */
static uint32_t slots_moved(const struct unit *have, const struct unit *want,
			    moves_fn *moves)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < want->m; i++)
		moved += moves(have, have->ids[i], want, want->ids[i]);
	return moved;
}

/* With another size, slot i of m covers the share [i/m, (i+1)/m) of the hash
 * values: compare the two tables piece by piece. */
static double pieces_moved(const struct unit *have, const struct unit *want,
			   moves_fn *moves)
{
	uint64_t h = 0, w = 0, at = 0, end = (uint64_t)have->m * want->m;
	uint64_t moved = 0;

	while (at < end) {
		uint64_t next_h = (h + 1) * want->m, next_w = (w + 1) * have->m;
		uint64_t next = next_h < next_w ? next_h : next_w;

		if (moves(have, have->ids[h], want, want->ids[w]))
			moved += next - at;
		at = next;
		h += next == next_h;
		w += next == next_w;
	}
	return (double)moved / (double)end;
}

static double share_moved(const struct unit *have, const struct unit *want,
			  moves_fn *moves)
{
	return have->m == want->m
		   ? (double)slots_moved(have, want, moves) / want->m
		   : pieces_moved(have, want, moves);
}

/* ---- flows that nobody tracks */

static bool is_untracked(const struct unit *u)
{
	for (size_t i = 0; i < u->nelems; i++)
		if (u->elems[i].map == MAP_WAYS)
			return true;
	return false;
}

static bool has_way(const struct unit *u, uint32_t id)
{
	const struct elem *e = unit_backend(u, id);
	const struct unit_chain *c =
	    e && e->text ? unit_chain(u, e->text) : NULL;

	return c && c->nrules > 0;
}

/* Whoever is remembered loses his backend only if that takes no packets any
 * more. */
static bool loses_way(const struct unit *have, uint32_t old,
		      const struct unit *want, uint32_t new)
{
	(void)new;
	return has_way(have, old) && !has_way(want, old);
}

/* A map of another size is another one, and begins empty. */
static bool keeps_flows(const struct unit *have, const struct unit *want)
{
	for (size_t i = 0; i < have->nsets; i++)
		if (!strncmp(have->sets[i].name, SET_FLOWS,
			     strlen(SET_FLOWS)) &&
		    unit_set(want, have->sets[i].name))
			return true;
	return false;
}

/* Another table has other ids: names are compared. */
static bool is_another_name(const struct unit *have, uint32_t old,
			    const struct unit *want, uint32_t new)
{
	const struct elem *a = unit_backend(have, old);
	const struct elem *b = unit_backend(want, new);

	return !a || !b ? a != b || old != new
			: strcmp(elem_backend_name(a), elem_backend_name(b));
}

/* A service may have rules in two tables of a family: what comes in at its
 * interfaces meets those of type netdev. */
static const struct unit *met_first(const struct have *h, const struct unit *u)
{
	const struct unit *netdev =
	    have_find_in(h, u->name, rs_table(u->family, true));

	return netdev && is_untracked(netdev)
		   ? netdev
		   : have_find_in(h, u->name, rs_table(u->family, false));
}

/* Of those two the one in its own table was listed first, just before. */
static bool is_met_first(const struct plan *p, size_t i)
{
	const struct unit *u = p->units[i].want;
	const struct unit *next =
	    i + 1 < p->nunits ? p->units[i + 1].want : NULL;

	return !next || next->table != rs_table(u->family, true) ||
	       strcmp(next->name, u->name) != 0;
}

static double flows_share(const struct unit *have, const struct unit *want)
{
	if (have->table != want->table)
		return share_moved(have, want, is_another_name);
	return share_moved(have, want,
			   keeps_flows(have, want) ? loses_way : is_another);
}

void plan_price_flows(struct plan *p)
{
	for (size_t i = 0; i < p->nunits; i++) {
		const struct unit *want = p->units[i].want, *have;

		if (!want || !is_untracked(want) || !is_met_first(p, i))
			continue;
		have = met_first(p->from, want);
		if (!have || !is_untracked(have))
			continue; /* a new service */
		p->price.untracked++;
		p->flows_sum += flows_share(have, want);
	}
}

static bool table_resized(const struct unit *have, const struct unit *want)
{
	return have->base != want->base || have->m != want->m;
}

static bool lists_differ(const struct unit *have, const struct unit *want)
{
	if (have->nchains != want->nchains || have->nsets != want->nsets ||
	    have->nobjs != want->nobjs || have->nelems != want->nelems)
		return true;
	for (size_t i = 0; i < want->nchains; i++)
		if (strcmp(have->chains[i]->name, want->chains[i]->name) != 0 ||
		    !chain_same(have->chains[i], want->chains[i]))
			return true;
	for (size_t i = 0; i < want->nsets; i++)
		if (strcmp(have->sets[i].name, want->sets[i].name) != 0)
			return true;
	for (size_t i = 0; i < want->nobjs; i++)
		if (strcmp(have->objs[i], want->objs[i]) != 0)
			return true;
	return false;
}

static bool unit_changed(const struct unit *have, const struct unit *want,
			 double share)
{
	if (share > 0 || table_resized(have, want) || lists_differ(have, want))
		return true;
	for (size_t i = 0; i < want->nelems; i++)
		if (elem_cmp(&have->elems[i], &want->elems[i]) ||
		    !elem_same(&have->elems[i], &want->elems[i]))
			return true;
	return false;
}

bool plan_price_unit(struct plan *p, const struct unit *have,
		     const struct unit *want)
{
	struct plan_price *pr = &p->price;
	uint32_t slots = want && want->m ? want->m : have ? have->m : 0;
	double share = 0;
	bool changed;

	if (unit_is_group(have ? have : want))
		return false;
	if (!have || !want) {
		pr->services_added += !have;
		pr->services_removed += !want;
		return true;
	}
	if (have->m && want->m)
		share = share_moved(have, want, is_another);
	else if (slots) /* served from now on, or no more */
		share = 1;
	pr->slots_total += slots;
	pr->slots_moved += (uint64_t)llround(share * slots);
	p->moved_sum += share;
	changed = unit_changed(have, want, share);
	pr->services_changed += changed;
	return changed;
}

void plan_price_same(struct plan *p, const struct unit *have)
{
	p->nsame += !unit_is_group(have);
	p->price.untracked +=
	    is_untracked(have) && met_first(p->from, have) == have;
	p->price.slots_total += have->m;
}

void plan_price(const struct plan *p, struct plan_price *price)
{
	size_t stay = p->nsame;

	*price = p->price;
	for (size_t i = 0; i < p->nunits; i++)
		stay += p->units[i].have && p->units[i].want &&
			!unit_is_group(p->units[i].want);
	price->clients_moved = stay ? p->moved_sum / (double)stay : 0;
	if (price->untracked)
		price->flows_moved = p->flows_sum / (double)price->untracked;
	for (int f = 0; f < RS_TABLES; f++) {
		const struct plan_table *t = &p->tab[f];

		for (size_t i = 0; i < t->chains.n; i++) {
			price->rules += t->chains.list[i].chain->nrules;
			price->chains += t->chains.list[i].create;
		}
		price->chains += t->late_chains.n;
		price->elements_added += t->slot_add.n + t->slot_new.n;
		price->elements_removed +=
		    t->slot_del.n + t->slot_strays.n + t->late_slots.n;
		for (int m = 0; m < MAP_COUNT; m++) {
			price->elements_added += t->add[m].n;
			price->elements_removed +=
			    t->del[m].n + t->late_del[m].n;
		}
		price->backends_removed +=
		    t->late_del[MAP_BACKENDS].n +
		    t->late_del[MAP_BACKENDS_PORTLESS].n +
		    t->late_del[MAP_WAYS].n;
	}
}
