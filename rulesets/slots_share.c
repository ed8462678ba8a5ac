/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic of fair shares: how many slots each share gets (apportion) and
 * in which order they come (interleave), or both at once (turns).
 *
 * Invariants: integers only, no floating point, so that all machines agree;
 * equal cases are decided by position in the array.
 *
 * Must not know: schedulers, names, slots that are open or not.
 */
#include <assert.h>
#include <stdlib.h>

#include "lib/xalloc.h"
#include "rulesets/slots_impl.h"

static int u64_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* ---- apportion */

/* Nobody ends with less. */
static uint32_t least(const struct slot_share *s)
{
	return s->has ? s->has : s->weight > 0;
}

/* What is left to divide once the shares that are below their least have it. */
struct pot {
	uint64_t slots;
	uint64_t weight;
};

/* Shares whose part would be below their least get that (gets != 0 for now) and
 * leave the pot, which lowers the others' parts: until nothing changes. */
static struct pot settle_least(struct slot_share *sh, size_t n, uint32_t total)
{
	struct pot pot = { .slots = total };
	bool again = true;

	for (size_t i = 0; i < n; i++) {
		sh[i].gets = 0;
		pot.weight += sh[i].weight;
	}
	while (again) {
		struct pot rest = pot;

		again = false;
		for (size_t i = 0; i < n; i++) {
			if (sh[i].gets || pot.slots * sh[i].weight >=
					      pot.weight * least(&sh[i]))
				continue;
			sh[i].gets = least(&sh[i]);
			rest.slots -= sh[i].gets;
			rest.weight -= sh[i].weight;
			again = true;
		}
		pot = rest;
	}
	return pot;
}

void slots_apportion(struct slot_share *sh, size_t n, uint32_t total)
{
	struct pot pot = settle_least(sh, n, total);
	uint64_t *by_remainder = xcalloc(n, sizeof(*by_remainder));
	uint64_t left = pot.slots;
	size_t open = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t part = pot.slots * sh[i].weight;

		if (sh[i].gets) /* settled */
			continue;
		sh[i].gets = (uint32_t)(part / pot.weight);
		left -= sh[i].gets;
		/* the larger the remainder the smaller, then the position */
		by_remainder[open++] =
		    (pot.weight - part % pot.weight) << 16 | i;
	}
	if (left)
		qsort(by_remainder, open, sizeof(*by_remainder), u64_cmp);
	for (size_t i = 0; i < left; i++)
		sh[by_remainder[i] & 0xffff].gets++;
	for (size_t i = 0; i < n; i++)
		sh[i].gets -= sh[i].has;
	free(by_remainder);
}

/* ---- a heap of keys, the least on top */

struct heap {
	uint64_t *keys;
	size_t n;
};

static void heap_push(struct heap *h, uint64_t key)
{
	size_t i = h->n++;

	while (i && h->keys[(i - 1) / 2] > key) {
		h->keys[i] = h->keys[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h->keys[i] = key;
}

/* Put @key where the top was. */
static void heap_replace(struct heap *h, uint64_t key)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && h->keys[child + 1] < h->keys[child])
			child++;
		if (h->keys[child] >= key)
			break;
		h->keys[i] = h->keys[child];
		i = child;
	}
	h->keys[i] = key;
}

static uint64_t heap_pop(struct heap *h)
{
	uint64_t top = h->keys[0];

	h->n--;
	heap_replace(h, h->keys[h->n]);
	return top;
}

/* ---- interleave */

/*
 * Earliest deadline first. The k-th entry of a share of c in a cycle of L may
 * come from k * L / c on and must come before (k + 1) * L / c. There is always
 * such a sequence, and choosing the nearest deadline finds it (R. Tijdeman, The
 * chairman assignment problem, 1980; S. Baruah et al., Proportionate progress,
 * 1996).
 *
 * A deadline has FRACTION bits below the point: enough to tell any two that
 * round up differently (c < 2^20). Heap keys are deadline << 16 | share.
 */
#define FRACTION 21

struct queue {
	struct heap now;   /* shares that may come */
	uint16_t *waiting; /* [t] first share that may come from t on; + 1 */
	uint16_t *next;    /* [share] next one of the same t; + 1 */
};

/* One cycle: share i has need[i] of the @len entries. */
static void interleave_cycle(const uint32_t *need, size_t n, uint16_t *seq,
			     uint32_t len)
{
	uint32_t *had = xcalloc(n, sizeof(*had));
	struct queue q = {
		.now = { .keys = xcalloc(n, sizeof(uint64_t)) },
		.waiting = xcalloc((size_t)len + 1, sizeof(*q.waiting)),
		.next = xcalloc(n, sizeof(*q.next)),
	};

	for (size_t i = 0; i < n; i++)
		if (need[i])
			heap_push(
			    &q.now,
			    (((uint64_t)len << FRACTION) / need[i]) << 16 | i);
	for (uint32_t t = 0; t < len; t++) {
		uint64_t end, key;
		uint16_t i;

		for (uint16_t w = q.waiting[t]; w; w = q.next[w - 1]) {
			i = w - 1;
			end = (((uint64_t)(had[i] + 1) * len) << FRACTION) /
			      need[i];
			heap_push(&q.now, end << 16 | i);
		}
		assert(q.now.n);
		key = heap_pop(&q.now);
		i = seq[t] = (uint16_t)key;
		had[i]++;
		end = key >> (16 + FRACTION); /* the next one's start */
		if (end <= t) {
			/* its window is open already: wait for the next entry,
			 * the heap is asked again only then */
			end = t + 1;
		}
		q.next[i] = q.waiting[end];
		q.waiting[end] = i + 1;
	}
	free(q.now.keys);
	free(q.waiting);
	free(q.next);
	free(had);
}

static uint32_t gcd32(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t t = a % b;

		a = b;
		b = t;
	}
	return a;
}

void slots_interleave(const struct slot_share *sh, size_t n, uint16_t *seq,
		      uint32_t len)
{
	uint32_t *need, cycle, periods = 0;

	if (len == 0)
		return;
	need = xcalloc(n, sizeof(*need));
	for (size_t i = 0; i < n; i++)
		periods = gcd32(periods, sh[i].gets);
	for (size_t i = 0; i < n; i++)
		need[i] = sh[i].gets / periods;
	cycle = len / periods;
	interleave_cycle(need, n, seq, cycle);
	for (uint32_t t = cycle; t < len; t++)
		seq[t] = seq[t - cycle];
	free(need);
}

/* ---- turns */

#define DUE_FRACTION 24

static uint64_t due(uint32_t slot, uint32_t weight, size_t share)
{
	uint64_t at =
	    slot ? ((2 * (uint64_t)slot + 1) << DUE_FRACTION) / weight : 0;

	return at << 16 | share;
}

void slots_turns(const struct slot_share *sh, size_t n, uint16_t *seq,
		 uint32_t len)
{
	struct heap h = { .keys = xcalloc(n, sizeof(*h.keys)) };
	uint32_t *next = xcalloc(n, sizeof(*next));

	for (size_t i = 0; i < n; i++) {
		next[i] = sh[i].has;
		if (sh[i].weight)
			heap_push(&h, due(next[i], sh[i].weight, i));
	}
	for (uint32_t t = 0; t < len; t++) {
		uint16_t i = seq[t] = (uint16_t)h.keys[0];

		heap_replace(&h, due(++next[i], sh[i].weight, i));
	}
	free(next);
	free(h.keys);
}
