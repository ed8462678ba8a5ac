/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's changes of a list, next to a bitmap of 256 addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "daemon/lists_overlay.h"

#define SPACE 256

static struct net_range range_of(unsigned int lo, unsigned int hi)
{
	struct net_range r = { { .family = AF_INET }, { .family = AF_INET } };

	r.lo.ip[3] = (uint8_t)lo;
	r.hi.ip[3] = (uint8_t)hi;
	return r;
}

static struct net_range some(unsigned int *lo, unsigned int *hi)
{
	*lo = (unsigned int)rand() % SPACE;
	*hi = *lo + (unsigned int)rand() % 24;
	if (*hi >= SPACE)
		*hi = SPACE - 1;
	return range_of(*lo, *hi);
}

static struct nets some_base(bool *bits)
{
	struct nets base = { 0 };

	for (int n = rand() % 12; n > 0; n--) {
		unsigned int lo, hi;
		struct net_range r = some(&lo, &hi);

		nets_push(&base, &r);
		memset(bits + lo, true, hi - lo + 1);
	}
	nets_tidy(&base);
	return base;
}

static void expect(const struct list_overlay *o, const struct nets *base,
		   const bool *bits)
{
	for (unsigned int i = 0; i < SPACE; i++) {
		struct addr a = range_of(i, i).lo;

		assert_int_equal(overlay_has(o, base, &a), bits[i]);
		assert_false(nets_has(&o->added, &a) &&
			     nets_has(&o->removed, &a));
	}
}

static void the_last_word_counts(void **state)
{
	srand(6);
	for (int round = 0; round < 300; round++) {
		bool bits[SPACE] = { false };
		struct nets base = some_base(bits);
		struct list_overlay o = { { 0 }, { 0 } };

		for (int step = 0; step < 30; step++) {
			struct net_range list[5];
			size_t n = (size_t)rand() % 6;
			bool add = rand() % 2;

			for (size_t i = 0; i < n; i++) {
				unsigned int lo, hi;

				list[i] = some(&lo, &hi);
				memset(bits + lo, add, hi - lo + 1);
			}
			if (add)
				overlay_add(&o, &base, list, n);
			else
				overlay_remove(&o, &base, list, n);
			expect(&o, &base, bits);
		}
		overlay_free(&o);
		nets_free(&base);
	}
}

/* What was taken back leaves nothing behind. */
static void there_and_back(void **state)
{
	struct net_range in = range_of(10, 20), part = range_of(12, 13);
	struct net_range out = range_of(100, 110);
	struct list_overlay o = { { 0 }, { 0 } };
	struct nets base = { 0 };

	nets_add(&base, &in);
	overlay_add(&o, &base, &out, 1);
	assert_int_equal(o.added.n, 1);
	overlay_remove(&o, &base, &out, 1);
	overlay_remove(&o, &base, &part, 1);
	assert_int_equal(o.removed.n, 1);
	overlay_add(&o, &base, &part, 1);
	assert_int_equal(o.added.n + o.removed.n, 0);
	overlay_free(&o);
	nets_free(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_word_counts),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
