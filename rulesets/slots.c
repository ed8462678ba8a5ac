/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slot table: every scheduler divides slots in the same two passes, and
 * differs only in which slots a share gets (its `place`).
 *
 * 1. All backends of weight > 0, usable or not, get their home slots.
 * 2. The home slots of unusable backends are opened again and placed among the
 *    usable ones, such that the sum is in proportion to weight. So are, where a
 *    weight is another one for a while, those that are too many then.
 *
 * Invariants: a usable backend always owns its home slots, whatever happens to
 * others (unless weights change for a while); the table is a function of names,
 * weights and usable flags alone, so recovery restores it and gateways agree.
 *
 * Must not know: health, time, earlier tables, the kernel.
 */
#include "rulesets/slots.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/slots_impl.h"

#define FINE_MAX 16384u /* most slots that a table is made finer by */

static const struct slots_scheduler *const schedulers[] = {
	[RS_ROUND_ROBIN] = &slots_round_robin,
	[RS_WEIGHTED] = &slots_weighted,
	[RS_SOURCE_HASH] = &slots_maglev,
	/* what they weigh is the daemon's matter */
	[RS_LEAST_CONNECTIONS] = &slots_moving,
	[RS_LEAST_RESPONSE] = &slots_moving,
	[RS_LEAST_CPU] = &slots_moving,
};

/* Direct modes hash every packet, whatever the scheduler. */
static const struct slots_scheduler *scheduler_of(const struct rs_service *svc)
{
	return rs_is_direct(svc->mode) ? &slots_maglev
				       : schedulers[svc->scheduler];
}

static int share_cmp_name(const void *a, const void *b)
{
	const struct slot_share *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : (int)x->index - (int)y->index;
}

/* 0 where that is what its weight says. */
static uint32_t share_now(const struct slots_scheduler *s,
			  const struct rs_backend *b)
{
	if (!s->changing || b->now == b->weight * RS_WEIGHT_UNIT)
		return 0;
	return b->now;
}

/* The backends of weight > 0; returns how many. The caller frees @out. */
static size_t shares_collect(const struct rs_service *svc,
			     struct slot_share **out)
{
	const struct slots_scheduler *s = scheduler_of(svc);
	bool equal = s->equal_weights || svc->scheduler == RS_ROUND_ROBIN;
	struct slot_share *sh = xcalloc(svc->nbackends + 1, sizeof(*sh));
	size_t n = 0;

	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];

		if (b->weight == 0)
			continue;
		sh[n++] = (struct slot_share){
			.name = b->name,
			.weight = equal ? 1 : b->weight,
			.now = share_now(s, b),
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

/* A multiple of @m, so that what is exact with @m slots stays so. */
static uint32_t finer(uint32_t m, size_t n, uint32_t each)
{
	uint32_t want = FINE_MAX;

	if (n < FINE_MAX / each)
		want = each * (uint32_t)n;
	return m < want ? (want + m - 1) / m * m : m;
}

uint32_t slots_size(const struct rs_service *svc)
{
	const struct slots_scheduler *s = scheduler_of(svc);
	struct slot_share *sh;
	size_t n = shares_collect(svc, &sh);
	uint32_t m;

	if (svc->slots)
		m = requested_size(s, svc->slots, n);
	else
		m = s->size(sh, n, svc->nbackends);
	if (!svc->slots && svc->fine && s->fine_each)
		m = finer(m, n, s->fine_each);
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

/* From here on a weight is what it is at the moment, in RS_WEIGHT_UNIT. */
static void weigh_now(struct slot_share *sh, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sh[i].weight = !sh[i].usable ? 0
			       : sh[i].now   ? sh[i].now
					     : sh[i].weight * RS_WEIGHT_UNIT;
}

/* A scheduler's own way; a failure alone takes nothing from anybody else. */
static void move(const struct slots_scheduler *s, struct slot_share *sh,
		 size_t n, uint16_t *owner, uint32_t m, bool changed)
{
	weigh_now(sh, n);
	for (uint32_t i = 0; i < m && !changed; i++)
		sh[owner[i]].has += sh[owner[i]].usable;
	s->move(sh, n, owner, m);
}

/*
 * The same where somebody's weight is not his own at the moment: he keeps as
 * many of his home slots as are his part of the whole now, spread over them.
 */
static uint32_t open_changed(struct slot_share *sh, size_t n, uint16_t *owner,
			     uint32_t m)
{
	uint32_t *home = xcalloc(n, sizeof(*home)), open = 0;
	uint32_t *seen = xcalloc(n, sizeof(*seen));

	for (uint32_t i = 0; i < m; i++)
		home[owner[i]]++;
	weigh_now(sh, n);
	slots_apportion(sh, n, m);
	for (uint32_t i = 0; i < m; i++) {
		struct slot_share *s = &sh[owner[i]];
		uint64_t all = home[owner[i]], k = seen[owner[i]]++;
		uint64_t keeps = s->gets < all ? s->gets : all;

		if ((k + 1) * keeps / all > k * keeps / all)
			continue;
		owner[i] = SLOT_NONE;
		open++;
	}
	for (size_t i = 0; i < n; i++)
		sh[i].has = sh[i].gets < home[i] ? sh[i].gets : home[i];
	free(home);
	free(seen);
	return open;
}

void slots_fill(const struct rs_service *svc, uint16_t *owner, uint32_t m)
{
	const struct slots_scheduler *s = scheduler_of(svc);
	struct slot_share *sh;
	size_t n = shares_collect(svc, &sh), usable = 0, changed = 0;
	uint32_t open = 0;

	for (size_t i = 0; i < n; i++) {
		usable += sh[i].usable;
		changed += sh[i].usable && sh[i].now;
	}
	for (uint32_t i = 0; i < m; i++)
		owner[i] = SLOT_NONE;
	if (usable == 0)
		goto out;
	assert(m >= n);
	s->place(sh, n, owner, m, m);
	if (s->move && (changed || usable < n))
		move(s, sh, n, owner, m, changed);
	else if (changed)
		open = open_changed(sh, n, owner, m);
	else if (usable < n)
		open = open_dead(sh, n, owner, m);
	if (open)
		s->place(sh, n, owner, m, open);
	for (uint32_t i = 0; i < m; i++)
		owner[i] = sh[owner[i]].index;
out:
	free(sh);
}
