/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of held.h: short, and empty most of the time.
 *
 * Invariant: an id is on the list once, and then no backend of HAVE has it.
 */
#include "rulesets/held.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

static struct alloc *alloc_of(struct have *have, const struct held_id *id)
{
	return &have->tab[id->table].alloc;
}

static void drop(struct held *h, size_t i)
{
	free(h->list[i].unit);
	h->list[i] = h->list[--h->n];
}

void held_free(struct held *h)
{
	while (h->n)
		drop(h, 0);
	free(h->list);
	*h = (struct held){ 0 };
}

void held_add(struct held *h, const char *unit, unsigned int table, uint32_t id)
{
	*VEC_PUSH(h->list, h->n, h->cap) = (struct held_id){
		.id = id,
		.table = (uint8_t)table,
		.unit = xstrdup(unit),
	};
}

static bool has_sessions(const struct unit *u)
{
	for (size_t i = 0; i < u->nsets; i++)
		if (!strncmp(u->sets[i].name, SET_SESSIONS,
			     strlen(SET_SESSIONS)) ||
		    !strncmp(u->sets[i].name, SET_FLOWS, strlen(SET_FLOWS)))
			return true;
	return false;
}

static void hold_unit(struct held *h, const struct unit *have,
		      const struct unit *want)
{
	if (!has_sessions(have) || !has_sessions(want))
		return; /* its table goes, or begins empty */
	for (size_t i = 0; i < have->nelems; i++) {
		const struct elem *e = &have->elems[i];

		if (elem_is_backend(e) && !unit_backend(want, elem_id(e)))
			held_add(h, have->name, have->table, elem_id(e));
	}
}

/* Its maps go with it. */
static void release_unit(struct held *h, const struct plan *p,
			 const struct unit *u)
{
	held_mark(h, u->name, u->table);
	held_release(h, p->from, u->name, u->table);
}

void held_plan(struct held *h, const struct plan *p)
{
	for (size_t i = 0; i < p->nunits; i++) {
		const struct plan_unit *pu = &p->units[i];

		if (pu->have && pu->want)
			hold_unit(h, pu->have, pu->want);
		else if (pu->have)
			release_unit(h, p, pu->have);
	}
}

void held_take(struct held *h, struct have *have, bool again)
{
	size_t i = 0;

	while (i < h->n) {
		struct held_id *id = &h->list[i];

		if (again)
			id->taken = false;
		if (!id->taken)
			id->taken = alloc_take_id(alloc_of(have, id), id->id);
		if (id->taken)
			i++;
		else
			drop(h, i); /* somebody has it */
	}
}

static bool is_of(const struct held_id *id, const char *unit,
		  unsigned int table)
{
	return id->table == table && !strcmp(id->unit, unit);
}

bool held_any(const struct held *h, const char *unit)
{
	for (size_t i = 0; i < h->n; i++)
		if (!strcmp(h->list[i].unit, unit))
			return true;
	return false;
}

void held_mark(struct held *h, const char *unit, unsigned int table)
{
	for (size_t i = 0; i < h->n; i++)
		if (is_of(&h->list[i], unit, table))
			h->list[i].marked = true;
}

void held_release(struct held *h, struct have *have, const char *unit,
		  unsigned int table)
{
	size_t i = 0;

	while (i < h->n) {
		struct held_id *id = &h->list[i];

		if (!id->marked || !is_of(id, unit, table)) {
			i++;
			continue;
		}
		if (id->taken)
			alloc_put_id(alloc_of(have, id), id->id);
		drop(h, i);
	}
}
