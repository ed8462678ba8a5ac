/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slot table: every scheduler divides slots in the same two passes, and
 * differs only in which slots a share gets (its `place`).
 *
 * 1. All backends of weight > 0, usable or not, get their home slots.
 * 2. The home slots of unusable backends are opened again and placed among the
 *    usable ones, such that the sum is in proportion to weight.
 *
 * Invariants: a usable backend always owns its home slots, whatever happens to
 * others; the table is a function of names, weights and usable flags alone, so
 * recovery restores it and gateways agree.
 *
 * Must not know: health, time, earlier tables, the kernel.
 */
#include "rulesets/slots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/slots_impl.h"

static const struct slots_scheduler *const schedulers[] = {
	[RS_ROUND_ROBIN] = &slots_round_robin,
	[RS_WEIGHTED] = &slots_weighted,
	[RS_SOURCE_HASH] = &slots_maglev,
};

static int share_cmp_name(const void *a, const void *b)
{
	const struct slot_share *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : (int)x->index - (int)y->index;
}

/* The backends of weight > 0; returns how many. The caller frees @out. */
static size_t shares_collect(const struct rs_service *svc,
			     struct slot_share **out)
{
	const struct slots_scheduler *s = schedulers[svc->scheduler];
	struct slot_share *sh = xcalloc(svc->nbackends + 1, sizeof(*sh));
	size_t n = 0;

	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];

		if (b->weight == 0)
			continue;
		sh[n++] = (struct slot_share){
			.name = b->name,
			.weight = s->equal_weights ? 1 : b->weight,
			.index = (uint16_t)i,
			.usable = b->usable,
		};
	}
	if (s->by_name)
		qsort(sh, n, sizeof(*sh), share_cmp_name);
	*out = sh;
	return n;
}

static uint32_t requested_size(const struct slots_scheduler *s, uint32_t want,
			       size_t n)
{
	uint32_t m = want, better;

	if (m < n) /* every backend of weight > 0 owns a slot */
		m = (uint32_t)n;
	better = s->check_size(m);
	return better ? better : m;
}

uint32_t slots_size(const struct rs_service *svc)
{
	const struct slots_scheduler *s = schedulers[svc->scheduler];
	struct slot_share *sh;
	size_t n = shares_collect(svc, &sh);
	uint32_t m;

	if (svc->slots)
		m = requested_size(s, svc->slots, n);
	else
		m = s->size(sh, n, svc->nbackends);
	free(sh);
	return m;
}

uint32_t slots_check_size(enum rs_scheduler scheduler, uint32_t n)
{
	return schedulers[scheduler]->check_size(n);
}

/* Open the slots of unusable shares, which are out of the game from here on. */
static uint32_t open_dead(struct slot_share *sh, size_t n, uint16_t *owner,
			  uint32_t m)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < m; i++) {
		struct slot_share *s = &sh[owner[i]];

		if (s->usable) {
			s->has++;
		} else {
			owner[i] = SLOT_NONE;
			open++;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (!sh[i].usable)
			sh[i].weight = 0;
	return open;
}

void slots_fill(const struct rs_service *svc, uint16_t *owner, uint32_t m)
{
	const struct slots_scheduler *s = schedulers[svc->scheduler];
	struct slot_share *sh;
	size_t n = shares_collect(svc, &sh), usable = 0;

	for (size_t i = 0; i < n; i++)
		usable += sh[i].usable;
	for (uint32_t i = 0; i < m; i++)
		owner[i] = SLOT_NONE;
	if (usable == 0)
		goto out;
	assert(m >= n);
	s->place(sh, n, owner, m, m);
	if (usable < n)
		s->place(sh, n, owner, m, open_dead(sh, n, owner, m));
	for (uint32_t i = 0; i < m; i++)
		owner[i] = sh[owner[i]].index;
out:
	free(sh);
}
