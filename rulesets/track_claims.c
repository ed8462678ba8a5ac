/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose flows are they, and how many has each? A claim is a match that is, or
 * was, wanted, with the counts of its flows; cells add up claims. Claims have
 * numbers that stay, so that other matches in other cells need no walk over a
 * million flows.
 *
 * Invariants: a claim's number is not given to another match while flows bear
 * it; a cell is known when all its claims are. Must not know: messages.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/route.h"
#include "rulesets/track_impl.h"

static bool same(const struct flow_match *a, const struct flow_match *b)
{
	return a->proto == b->proto && a->port_lo == b->port_lo &&
	       a->port_hi == b->port_hi && a->backend_port == b->backend_port &&
	       addr_cmp(&a->vip, &b->vip) == 0 &&
	       addr_cmp(&a->backend, &b->backend) == 0;
}

static uint32_t hash(const struct flow_match *m)
{
	uint32_t h = rs_jhash(m->vip.ip, addr_len(&m->vip), m->port_lo);

	return rs_jhash(m->backend.ip, addr_len(&m->backend),
			h ^ m->backend_port);
}

/* ---- claims by their match, while a new list of matches comes in */

struct finder {
	uint32_t *heads, *next; /* number + 1 */
	uint32_t mask;
};

static void finder_init(struct finder *f, const struct track_claims *c)
{
	f->mask = 15;
	while (f->mask < c->n)
		f->mask = 2 * f->mask + 1;
	f->heads = xcalloc((size_t)f->mask + 1, sizeof(*f->heads));
	f->next = xcalloc(c->n + 1, sizeof(*f->next));
	for (uint32_t i = 0; i < c->n; i++) {
		uint32_t *head = &f->heads[hash(&c->list[i].match) & f->mask];

		if (c->list[i].cell == TRACK_NO_CELL)
			continue; /* its flows of since then are not known */
		f->next[i] = *head;
		*head = i + 1;
	}
}

/* Return: number + 1 of a claim that is not taken yet, or 0. */
static uint32_t finder_take(struct finder *f, const struct track_claims *c,
			    const struct flow_match *m)
{
	uint32_t *at = &f->heads[hash(m) & f->mask], found;

	while (*at && !same(&c->list[*at - 1].match, m))
		at = &f->next[*at - 1];
	found = *at;
	if (found)
		*at = f->next[found - 1];
	return found;
}

static void finder_free(struct finder *f)
{
	free(f->heads);
	free(f->next);
}

/* ---- */

/* A number that nobody bears; *@from on may be free. */
static size_t claim_new(struct track_claims *c, size_t *from)
{
	for (; *from < c->n; (*from)++)
		if (c->list[*from].cell == TRACK_NO_CELL &&
		    c->list[*from].flows == 0)
			return (*from)++;
	(void)VEC_PUSH(c->list, c->n, c->cap);
	*from = c->n;
	return c->n - 1;
}

static void cells_set(struct track_claims *c, const size_t *cell, size_t ncells)
{
	free(c->cells);
	c->cells = xcalloc(ncells ? ncells : 1, sizeof(*c->cells));
	c->ncells = ncells;
	for (size_t i = 0; i < c->nwants; i++) {
		struct track_claim *k = &c->list[c->wants[i].number];

		k->cell = cell[i];
		c->cells[k->cell].established += k->count.established;
		c->cells[k->cell].open += k->count.open;
	}
}

static bool all_same(const struct track_claims *c,
		     const struct flow_match *match, size_t n)
{
	if (n != c->nwants)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same(&c->wants[i].match, &match[i]))
			return false;
	return true;
}

/* The same match twice has two claims; the second never gets a flow. */
static void wants_set(struct track_claims *c, const struct flow_match *match,
		      size_t n, uint64_t due)
{
	struct flow_want *wants = xcalloc(n ? n : 1, sizeof(*wants));
	struct finder f;
	size_t from = 0;

	finder_init(&f, c);
	for (size_t i = 0; i < n; i++) {
		uint32_t found = finder_take(&f, c, &match[i]);

		wants[i] = (struct flow_want){
			.match = match[i],
			.number = found ? found - 1 : SIZE_MAX,
		};
	}
	finder_free(&f);
	for (size_t i = 0; i < c->nwants; i++)
		c->list[c->wants[i].number].cell = TRACK_NO_CELL;
	for (size_t i = 0; i < n; i++) /* any cell but none */
		if (wants[i].number != SIZE_MAX)
			c->list[wants[i].number].cell = 0;
	for (size_t i = 0; i < n; i++) {
		if (wants[i].number != SIZE_MAX)
			continue;
		wants[i].number = claim_new(c, &from);
		c->list[wants[i].number] =
		    (struct track_claim){ .match = match[i], .due = due };
	}
	flow_index_free(&c->index);
	free(c->wants);
	c->wants = wants;
	c->nwants = n;
	flow_index_build(&c->index, wants, n);
}

bool track_claims_set(struct track_claims *c, const struct flow_match *match,
		      const size_t *cell, size_t n, size_t ncells, uint64_t due)
{
	bool same_list = all_same(c, match, n);

	if (!same_list)
		wants_set(c, match, n, due);
	cells_set(c, cell, ncells);
	return same_list;
}

void track_claims_free(struct track_claims *c)
{
	flow_index_free(&c->index);
	free(c->list);
	free(c->wants);
	free(c->cells);
	*c = (struct track_claims){ 0 };
}

void track_claims_known(struct track_claims *c, uint64_t number)
{
	for (size_t i = 0; i < c->ncells; i++)
		c->cells[i].known = true;
	for (size_t i = 0; i < c->nwants; i++) {
		const struct track_claim *k = &c->list[c->wants[i].number];

		if (k->due > number)
			c->cells[k->cell].known = false;
	}
}

void track_count_flow(struct track_claims *c, const struct track_flow *f,
		      int by)
{
	struct track_claim *k = &c->list[f->claim];
	uint64_t established = (uint64_t)((int)f->established * by);
	uint64_t open = (uint64_t)((int)f->open * by);

	k->count.established += established;
	k->count.open += open;
	if (k->cell == TRACK_NO_CELL)
		return;
	c->cells[k->cell].established += established;
	c->cells[k->cell].open += open;
}
