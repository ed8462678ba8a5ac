/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source-hash: Maglev hashing (D. Eisenbud et al., Maglev: A Fast and Reliable
 * Software Network Load Balancer, NSDI 2016, section 3.4). Every backend
 * prefers the slots in an order of its own, a permutation made from its name;
 * in turn, as often as its weight says, each takes the first open slot of its
 * list.
 *
 * Invariants: M is prime (so that any skip visits every slot); a table depends
 * on names and weights and on nothing else, not even on the file's order:
 * gateways behind ECMP must agree. Hash, ladder and order of turns are a
 * contract between releases.
 *
 * Must not know: the file's order, which slots are open and why.
 */
#include <stdlib.h>

#include "lib/xalloc.h"
#include "rulesets/slots_impl.h"

/*
 * M is more than so many times the backends. The paper's 100 is enough for even
 * shares; with 200 a backend that leaves the file takes less than 2 % of the
 * others' clients along (1.4 % for the usual names; see test_maglev).
 */
#define SLOTS_EACH 200u

#define BASIS_OFFSET 0xcbf29ce484222325u /* FNV's own */
#define BASIS_SKIP   0xbe5466cf34e90c6cu /* a piece of pi */

/* The largest primes below powers of two: adding a backend seldom changes M. */
static const uint32_t ladder[] = {
	127,   251,   509,   1021,   2039,   4093,   8191,
	16381, 32749, 65521, 131071, 262139, 524287, 1048573,
};

#define LADDER_N (sizeof(ladder) / sizeof(ladder[0]))

uint64_t slots_name_hash(const char *name, uint64_t basis)
{
	uint64_t h = basis;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 33;
}

static uint32_t size_auto(const struct slot_share *sh, size_t n,
			  size_t configured)
{
	size_t i = 0;

	while (i < LADDER_N - 1 && ladder[i] <= SLOTS_EACH * configured)
		i++;
	return ladder[i];
}

static bool is_prime(uint32_t n)
{
	if (n % 2 == 0)
		return n == 2;
	for (uint32_t d = 3; d * d <= n; d += 2)
		if (n % d == 0)
			return false;
	return n > 1;
}

static uint32_t check_size(uint32_t n)
{
	uint32_t prime = n;

	if (n > ladder[LADDER_N - 1])
		return ladder[LADDER_N - 1];
	while (!is_prime(prime))
		prime++;
	return prime == n ? 0 : prime;
}

/* Where a share is in its list of preferences. */
struct cursor {
	uint32_t slot;
	uint32_t skip;
};

static void place_by_preference(struct slot_share *sh, size_t n,
				uint16_t *owner, uint32_t m, uint32_t open)
{
	struct cursor *cursors = xcalloc(n, sizeof(*cursors));
	uint16_t *turns = xcalloc(open + 1, sizeof(*turns));

	for (size_t i = 0; i < n; i++)
		cursors[i] = (struct cursor){
			slots_name_hash(sh[i].name, BASIS_OFFSET) % m,
			slots_name_hash(sh[i].name, BASIS_SKIP) % (m - 1) + 1,
		};
	slots_turns(sh, n, turns, open);
	for (uint32_t t = 0; t < open; t++) {
		struct cursor *c = &cursors[turns[t]];

		while (owner[c->slot] != SLOT_NONE) {
			c->slot += c->skip;
			if (c->slot >= m)
				c->slot -= m;
		}
		owner[c->slot] = turns[t];
	}
	free(turns);
	free(cursors);
}

const struct slots_scheduler slots_maglev = {
	.by_name = true,
	.size = size_auto,
	.check_size = check_size,
	.place = place_by_preference,
};
