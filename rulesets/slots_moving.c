/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots of weights that move all the time: the table goes round as that of
 * `weighted` does, but has more slots, and where weights are others than their
 * own it is made such that a small move of weights rewrites few slots.
 *
 * 1. Who has to give keeps the first so many of his home slots, in an order
 *    that spreads any number of them. What he keeps with 29 is what he keeps
 *    with 30, but for one.
 * 2. The open slots are visited in an order that spreads them. Each goes to
 *    the one whom it likes best, of those who have not all they get: a slot
 *    likes everybody to a degree that is made of its number, his name and how
 *    much he gets (weighted rendezvous; D. Thaler, C. Ravishankar, Using
 *    name-based mappings to increase hit rates, 1998). So a slot that opens, or
 *    somebody who gets one more, disturbs the choices after it little.
 *    Nobody gets two side by side while there is somebody else.
 *
 * Invariants: a function of names, home slots and numbers, whatever the table
 * was before: gateways agree, a restart moves nothing. Who gets more keeps all
 * of his home slots.
 *
 * Figures (tests/unit/test_slots_moving): while weights wander by 5..25 %, 1.2
 * to 1.9 times as many slots are rewritten as must be, with 100 backends up to
 * 2.7; the pass of slots.c, which deals open slots in order, rewrites 1.6
 * to 4.5 times as many again. A table of 10 backends takes 8 us.
 *
 * Must not know: what made the weights, earlier tables, the kernel.
 */
#include <stdlib.h>

#include "lib/xalloc.h"
#include "rulesets/slots_impl.h"

#define BASIS_LIKING 0x452821e638d01377u /* another piece of pi */

/*
 * 0, 1/2, 1/4, 3/4, 1/8 ... of the least power of two that is not below a
 * number: van der Corput's order, bits counted from the top.
 */
struct spread {
	uint32_t at;
	uint32_t top; /* the highest bit */
	uint32_t below;
};

static struct spread spread_over(uint32_t below)
{
	struct spread s = { .top = 1, .below = below };

	while (s.top < (below + 1) / 2)
		s.top <<= 1;
	return s;
}

/* Below @below each number comes once in as many calls. */
static uint32_t spread_next(struct spread *s)
{
	uint32_t now = s->at;

	do {
		uint32_t bit = s->top;

		while (s->at & bit) {
			s->at ^= bit;
			bit >>= 1;
		}
		s->at |= bit;
	} while (s->at >= s->below);
	return now;
}

/* Where everybody's home slots are. */
struct homes {
	uint32_t *first; /* [share] into slots; the next one's is the end */
	uint32_t *slots;
};

static struct homes homes_find(const uint16_t *owner, uint32_t m, size_t n)
{
	struct homes h = { xcalloc(n + 2, sizeof(*h.first)),
			   xcalloc(m, sizeof(*h.slots)) };

	for (uint32_t i = 0; i < m; i++)
		h.first[owner[i] + 2]++;
	for (size_t i = 2; i < n + 2; i++)
		h.first[i] += h.first[i - 1];
	for (uint32_t i = 0; i < m; i++)
		h.slots[h.first[owner[i] + 1]++] = i;
	return h;
}

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 33;
}

/* Open what a share has to give; all that it gets is left to be dealt. */
static uint32_t give(struct slot_share *s, uint64_t salt, uint16_t *owner,
		     const uint32_t *slots, uint32_t home)
{
	struct spread order = spread_over(home);
	/* not all of them begin at the same place, or those would be open side
	 * by side */
	uint32_t shift = home ? (uint32_t)(salt % home) : 0;
	uint32_t all = s->has + s->gets, keeps = all < home ? all : home;

	for (uint32_t i = 0; i < home && keeps < home; i++) {
		uint32_t k = spread_next(&order) + shift;

		if (i >= keeps)
			owner[slots[k < home ? k : k - home]] = SLOT_NONE;
	}
	s->has = keeps;
	s->gets = all - keeps;
	return home - keeps;
}

/* One that gets slots. */
struct taker {
	uint64_t salt;   /* how a slot's liking for him begins */
	uint32_t seldom; /* 2^32 / how many he gets */
	uint16_t who;
};

/* -log2(@x / 2^64) in 1/65536, to a thousandth: the mantissa m of 1..2 counts
 * as m - 1 + (m - 1)(2 - m) / 2.91. */
static uint64_t log_inverse(uint64_t x)
{
	int zeros = __builtin_clzll(x | 1);
	uint64_t part = (x << zeros) >> 47 & 0xffff;

	part += (part * (0x10000 - part) >> 16) * 22500 >> 16;
	return ((uint64_t)zeros + 1) * 0x10000 - part;
}

/* One that has a neighbour of @slot only where nobody else is left. */
static size_t best_taker(const struct taker *t, size_t n, const uint16_t *owner,
			 uint32_t m, uint32_t slot)
{
	uint16_t left = owner[slot ? slot - 1 : m - 1];
	uint16_t right = owner[slot + 1 < m ? slot + 1 : 0];
	uint64_t least = UINT64_MAX;
	size_t best = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t wait =
		    log_inverse(mix(t[i].salt + slot)) * t[i].seldom;

		if (t[i].who == left || t[i].who == right)
			wait |= UINT64_C(1) << 63;
		if (wait < least) {
			least = wait;
			best = i;
		}
	}
	return best;
}

static void deal(struct slot_share *sh, struct taker *t, size_t n,
		 uint16_t *owner, uint32_t m, uint32_t open)
{
	struct spread order = spread_over(m);

	while (open) {
		uint32_t slot = spread_next(&order);
		size_t i;

		if (owner[slot] != SLOT_NONE)
			continue;
		i = best_taker(t, n, owner, m, slot);
		owner[slot] = t[i].who;
		sh[t[i].who].has++;
		if (--sh[t[i].who].gets == 0)
			t[i] = t[--n];
		open--;
	}
}

void slots_move(struct slot_share *sh, size_t n, uint16_t *owner, uint32_t m)
{
	struct homes homes = homes_find(owner, m, n);
	struct taker *takers = xcalloc(n, sizeof(*takers));
	uint32_t open = 0;
	size_t ntakers = 0;

	slots_apportion(sh, n, m);
	for (size_t i = 0; i < n; i++) {
		uint32_t first = homes.first[i];
		uint64_t salt = slots_name_hash(sh[i].name, BASIS_LIKING);

		open += give(&sh[i], salt, owner, &homes.slots[first],
			     homes.first[i + 1] - first);
		if (sh[i].gets)
			takers[ntakers++] = (struct taker){
				.salt = salt,
				.seldom = UINT32_MAX / sh[i].gets,
				.who = (uint16_t)i,
			};
	}
	deal(sh, takers, ntakers, owner, m, open);
	free(homes.first);
	free(homes.slots);
	free(takers);
}
