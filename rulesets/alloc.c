/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The allocator of alloc.h. There are few free extents (services rarely go), so
 * a sorted array with linear search is the whole of it.
 */
#include "rulesets/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/form.h"

/* The key space of slots: ID_NONE is no key. */
#define SLOT_FIRST 16u
#define SLOT_LAST  0xfffffffeu
/* Ids read from a kernel beyond this are somebody's joke, not ours. */
#define ID_LIMIT (1u << 26)

void alloc_init(struct alloc *a)
{
	memset(a, 0, sizeof(*a));
	*VEC_PUSH(a->free, a->nfree, a->capfree) =
	    (struct extent){ SLOT_FIRST, SLOT_LAST - SLOT_FIRST + 1 };
	a->next_id = ID_FIRST;
}

void alloc_free(struct alloc *a)
{
	free(a->free);
	free(a->ids);
	memset(a, 0, sizeof(*a));
}

static void extent_remove(struct alloc *a, size_t i)
{
	a->nfree--;
	memmove(&a->free[i], &a->free[i + 1],
		(a->nfree - i) * sizeof(*a->free));
}

static void extent_insert(struct alloc *a, size_t i, struct extent e)
{
	VEC_PUSH(a->free, a->nfree, a->capfree);
	memmove(&a->free[i + 1], &a->free[i],
		(a->nfree - 1 - i) * sizeof(*a->free));
	a->free[i] = e;
}

uint32_t alloc_range(struct alloc *a, uint32_t len)
{
	for (size_t i = 0; i < a->nfree; i++) {
		struct extent *e = &a->free[i];
		uint32_t base = e->base;

		if (e->len < len)
			continue;
		e->base += len;
		e->len -= len;
		if (e->len == 0)
			extent_remove(a, i);
		return base;
	}
	abort(); /* four billion slots: no machine holds that many */
}

bool alloc_take_range(struct alloc *a, uint32_t base, uint32_t len)
{
	uint64_t end = (uint64_t)base + len;

	for (size_t i = 0; i < a->nfree; i++) {
		struct extent e = a->free[i];
		uint64_t e_end = (uint64_t)e.base + e.len;

		if (base < e.base || end > e_end)
			continue;
		extent_remove(a, i);
		if (end < e_end)
			extent_insert(
			    a, i,
			    (struct extent){ (uint32_t)end,
					     (uint32_t)(e_end - end) });
		if (base > e.base)
			extent_insert(a, i,
				      (struct extent){ e.base, base - e.base });
		return true;
	}
	return false;
}

void alloc_put_range(struct alloc *a, uint32_t base, uint32_t len)
{
	size_t i = 0;

	if (len == 0)
		return;
	while (i < a->nfree && a->free[i].base < base)
		i++;
	extent_insert(a, i, (struct extent){ base, len });
	if (i + 1 < a->nfree && base + len == a->free[i + 1].base) {
		a->free[i].len += a->free[i + 1].len;
		extent_remove(a, i + 1);
	}
	if (i > 0 && a->free[i - 1].base + a->free[i - 1].len == base) {
		a->free[i - 1].len += a->free[i].len;
		extent_remove(a, i);
	}
}

static void ids_grow(struct alloc *a, uint32_t id)
{
	uint32_t n = a->nids ? a->nids : 1024;

	if (id < a->nids)
		return;
	while (n <= id)
		n *= 2;
	a->ids = xreallocarray(a->ids, n / 64, sizeof(*a->ids));
	memset(a->ids + a->nids / 64, 0, (n - a->nids) / 64 * sizeof(*a->ids));
	a->nids = n;
}

static bool id_used(const struct alloc *a, uint32_t id)
{
	return id < a->nids && (a->ids[id / 64] >> (id % 64) & 1);
}

bool alloc_take_id(struct alloc *a, uint32_t id)
{
	if (id < ID_FIRST || id >= ID_LIMIT || id_used(a, id))
		return false;
	ids_grow(a, id);
	a->ids[id / 64] |= UINT64_C(1) << (id % 64);
	return true;
}

uint32_t alloc_id(struct alloc *a)
{
	uint32_t id = a->next_id, used = 0;

	/* Round in what there is; grow only when all of it is taken. */
	while (id_used(a, id)) {
		id = id + 1 < a->nids ? id + 1 : ID_FIRST;
		if (++used > a->nids)
			id = a->nids;
	}
	alloc_take_id(a, id);
	a->next_id = id + 1 < a->nids ? id + 1 : ID_FIRST;
	return id;
}

void alloc_skip_ids(struct alloc *a, uint32_t n)
{
	uint32_t top = a->nids;

	while (top > ID_FIRST && !id_used(a, top - 1))
		top--;
	if (top < 65536 - n)
		a->next_id = top + n;
}

void alloc_put_id(struct alloc *a, uint32_t id)
{
	if (id_used(a, id))
		a->ids[id / 64] &= ~(UINT64_C(1) << (id % 64));
}
