/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of units that HAVE is. */
#include "rulesets/have.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

void have_init(struct have *h)
{
	memset(h, 0, sizeof(*h));
	h->hooks = rs_hooks_default;
	for (int f = 0; f < RS_TABLES; f++)
		alloc_init(&h->tab[f].alloc);
}

void have_clear(struct have *h)
{
	struct rs_hooks hooks = h->hooks;
	enum feature own = h->own;

	have_free(h);
	have_init(h);
	h->hooks = hooks;
	h->own = own;
}

static void strings_free(char ***list, size_t *n, size_t *cap)
{
	for (size_t i = 0; i < *n; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
	*n = *cap = 0;
}

void have_forget_strays(struct have_table *t)
{
	unit_free(t->strays);
	t->strays = NULL;
	free(t->stray_slots);
	t->stray_slots = NULL;
	t->nstray_slots = t->capstray_slots = 0;
	strings_free(&t->stray_chains, &t->nstray_chains, &t->capstray_chains);
	strings_free(&t->stray_sets, &t->nstray_sets, &t->capstray_sets);
	for (size_t i = 0; i < t->nstray_objs; i++)
		free(t->stray_objs[i].name);
	free(t->stray_objs);
	t->stray_objs = NULL;
	t->nstray_objs = t->capstray_objs = 0;
}

static void forget_lists(struct have_table *t)
{
	strings_free(&t->lists, &t->nlists, &t->caplists);
}

void have_free(struct have *h)
{
	for (size_t i = 0; i < h->nunits; i++)
		unit_free(h->units[i]);
	free(h->units);
	for (int f = 0; f < RS_TABLES; f++) {
		have_forget_strays(&h->tab[f]);
		forget_lists(&h->tab[f]);
		alloc_free(&h->tab[f].alloc);
	}
	memset(h, 0, sizeof(*h));
}

void have_hooks(struct have *h, const struct rs_hooks *hooks)
{
	for (int i = 0; base_chains[i].name; i++) {
		const struct base_chain *c = &base_chains[i];

		if (!c->type ||
		    base_priority(c, &h->hooks) == base_priority(c, hooks))
			continue;
		for (int f = 0; f < RS_TABLES; f++) {
			struct have_table *t = &h->tab[f];

			if (!(t->parts.chains & UINT64_C(1) << i))
				continue;
			t->rehook |= UINT64_C(1) << i;
			t->intact &= ~FEATURE_BIT(c->feature);
		}
	}
	h->hooks = *hooks;
}

bool have_own(const struct have *h, unsigned int table)
{
	struct base_parts own =
	    base_parts_of(FEATURE_BIT(h->own), rs_table_family(table));

	return !rs_table_is_netdev(table) &&
	       (h->tab[table].parts.chains & own.chains) != 0;
}

/* Where the unit is, or would have to be. */
static size_t have_place(const struct have *h, const char *name,
			 unsigned int table)
{
	size_t lo = 0, hi = h->nunits;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct unit *u = h->units[mid];

		if (unit_cmp(u->name, u->table, name, table) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t have_index(const struct have *h, const char *name, unsigned int table)
{
	size_t i = have_place(h, name, table);

	if (i < h->nunits &&
	    unit_cmp(h->units[i]->name, h->units[i]->table, name, table) == 0)
		return i;
	return h->nunits;
}

struct unit *have_find_in(const struct have *h, const char *name,
			  unsigned int table)
{
	size_t i = have_index(h, name, table);

	return i < h->nunits ? h->units[i] : NULL;
}

struct unit *have_find(const struct have *h, const char *name, uint8_t family)
{
	struct unit *u = have_find_in(h, name, rs_table(family, false));

	return u ? u : have_find_in(h, name, rs_table(family, true));
}

void have_insert(struct have *h, struct unit *u)
{
	size_t i = have_place(h, u->name, u->table);

	VEC_PUSH(h->units, h->nunits, h->capunits);
	memmove(&h->units[i + 1], &h->units[i],
		(h->nunits - 1 - i) * sizeof(*h->units));
	h->units[i] = u;
}

void have_replace(struct have *h, struct unit *have, struct unit *want)
{
	size_t i;

	if (!have) {
		have_insert(h, want);
		return;
	}
	i = have_place(h, have->name, have->table);
	if (want) {
		h->units[i] = want;
	} else {
		h->nunits--;
		memmove(&h->units[i], &h->units[i + 1],
			(h->nunits - i) * sizeof(*h->units));
	}
	unit_free(have);
}

void have_drop_table(struct have *h, unsigned int table)
{
	struct have_table *t = &h->tab[table];
	size_t kept = 0;

	for (size_t i = 0; i < h->nunits; i++)
		if (h->units[i]->table == table)
			unit_free(h->units[i]);
		else
			h->units[kept++] = h->units[i];
	h->nunits = kept;
	have_forget_strays(t);
	t->parts = (struct base_parts){ 0 };
	t->intact = t->rehook = 0;
	t->devices.n = 0;
	alloc_free(&t->alloc);
	alloc_init(&t->alloc);
}
