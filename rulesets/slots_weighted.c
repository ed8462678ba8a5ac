/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Schedulers whose slots are visited in order (numgen inc): round-robin,
 * weighted, and those whose weights move (slots_moving.c). A share's slots are
 * spread so that no backend gets a burst.
 *
 * Invariants: slots in proportion to weight; the sequence has the smallest
 * period that allows, so that any such run of new flows is shared exactly.
 *
 * Must not know: which slots are open and why; names.
 */
#include <stdlib.h>

#include "lib/xalloc.h"
#include "rulesets/slots_impl.h"

#define CYCLE_MAX    16384u /* longer cycles are rounded to so many slots */
#define EXACT_EACH   4u     /* slots a backend that exact failover may cost */
#define EXACT_TOTAL  64u    /* ... or so many in all */
#define ROUNDED_EACH 4u     /* slots a backend where failover is rounded */
#define TENTHS_EACH  10u    /* slots a backend where tenths of weights count */
#define MOVING_EACH  32u    /* ... where weights move by a dead band of 5 % */
#define SWAP_REACH   8u     /* dealt slots among which bursts are broken */

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t t = a % b;

		a = b;
		b = t;
	}
	return a;
}

/*
 * The smallest M that divides exactly with all shares, and with all but any
 * one: without share i the others, of common divisor g, need M to be a multiple
 * of (cycle - w[i]) / g. Returns 0 where that is more than @limit.
 */
static uint32_t size_exact(const uint64_t *w, size_t n, uint64_t cycle,
			   uint64_t limit)
{
	uint64_t *after = xcalloc(n + 1, sizeof(*after)); /* gcd of w[i..] */
	uint64_t before = 0, m = cycle;

	for (size_t i = n; i > 0; i--)
		after[i - 1] = gcd(w[i - 1], after[i]);
	for (size_t i = 0; i < n && m <= limit; i++) {
		uint64_t others = gcd(before, after[i + 1]);

		if (others) {
			uint64_t step = (cycle - w[i]) / others;

			m *= step / gcd(m, step);
		}
		before = gcd(before, w[i]);
	}
	free(after);
	return m <= limit ? (uint32_t)m : 0;
}

static uint32_t size_auto(const struct slot_share *sh, size_t n,
			  size_t configured)
{
	uint64_t *w = xcalloc(n + 1, sizeof(*w));
	uint64_t g = 0, cycle = 0, limit = EXACT_EACH * n;
	uint32_t m;

	for (size_t i = 0; i < n; i++)
		g = gcd(g, sh[i].weight);
	for (size_t i = 0; i < n; i++) {
		w[i] = sh[i].weight / g;
		cycle += w[i];
	}
	if (limit < EXACT_TOTAL)
		limit = EXACT_TOTAL;
	if (n == 0)
		m = 1;
	else if (cycle > CYCLE_MAX)
		m = CYCLE_MAX;
	else if ((m = size_exact(w, n, cycle, limit)) == 0)
		m = (ROUNDED_EACH * n + cycle - 1) / cycle * cycle;
	free(w);
	return m;
}

static uint32_t check_size(uint32_t n)
{
	if (n == 0)
		return 1;
	return n > SLOTS_MAX ? SLOTS_MAX : 0;
}

/* Neighbours of slot @i (in the ring) with the same owner: 0, 1 or 2. */
static unsigned int bursts_at(const uint16_t *owner, uint32_t m, uint32_t i)
{
	return (owner[i] == owner[i ? i - 1 : m - 1]) +
	       (owner[i] == owner[i + 1 < m ? i + 1 : 0]);
}

/*
 * Slots dealt between home slots may fall beside their own kind: exchange such
 * a slot with one of the next few dealt ones where that leaves fewer bursts.
 */
static void break_bursts(uint16_t *owner, uint32_t m, const uint32_t *dealt,
			 uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		uint16_t *a = &owner[dealt[k]];

		for (uint32_t j = k + 1; j < n && j <= k + SWAP_REACH; j++) {
			uint16_t *b = &owner[dealt[j]], old = *a;
			unsigned int before = bursts_at(owner, m, dealt[k]);

			if (before == 0)
				break;
			before += bursts_at(owner, m, dealt[j]);
			*a = *b;
			*b = old;
			if (bursts_at(owner, m, dealt[k]) +
				bursts_at(owner, m, dealt[j]) <
			    before)
				continue;
			*b = *a;
			*a = old;
		}
	}
}

static void place_in_order(struct slot_share *sh, size_t n, uint16_t *owner,
			   uint32_t m, uint32_t open)
{
	uint16_t *seq = xcalloc(open + 1, sizeof(*seq));
	uint32_t *dealt = xcalloc(open + 1, sizeof(*dealt));
	uint32_t next = 0;

	slots_apportion(sh, n, m);
	slots_interleave(sh, n, seq, open);
	for (uint32_t i = 0; i < m; i++) {
		if (owner[i] != SLOT_NONE)
			continue;
		owner[i] = seq[next];
		dealt[next++] = i;
	}
	if (open < m)
		break_bursts(owner, m, dealt, open);
	free(dealt);
	free(seq);
}

const struct slots_scheduler slots_round_robin = {
	.equal_weights = true,
	.size = size_auto,
	.check_size = check_size,
	.place = place_in_order,
};

const struct slots_scheduler slots_weighted = {
	.changing = true,
	.size = size_auto,
	.check_size = check_size,
	.place = place_in_order,
	.fine_each = TENTHS_EACH,
};

const struct slots_scheduler slots_moving = {
	.changing = true,
	.size = size_auto,
	.check_size = check_size,
	.place = place_in_order,
	.move = slots_move,
	.fine_each = MOVING_EACH,
};
