/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of slot tables that hold for all schedulers, and those of the ones
 * that go round (round-robin, weighted), over seeded random services.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/slots_fixture.h"

static const enum rs_scheduler all[] = { RS_ROUND_ROBIN, RS_WEIGHTED,
					 RS_SOURCE_HASH };

static uint32_t weight_of(const struct rs_service *s, size_t i)
{
	if (s->scheduler == RS_ROUND_ROBIN)
		return s->backends[i].weight > 0;
	return s->backends[i].weight;
}

static uint64_t weight_sum(const struct rs_service *s, bool usable_only)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->nbackends; i++)
		if (!usable_only || s->backends[i].usable)
			sum += weight_of(s, i);
	return sum;
}

/* ---- all schedulers */

static void nobody_without_slots(void **state)
{
	static struct make k;

	rnd_seed(1);
	for (int round = 0; round < 300; round++) {
		struct table t;

		make_random(&k, all[round % 3], 1 + rnd(200),
			    round % 2 ? 5 : 65535);
		t = table_make(&k.svc);
		for (size_t i = 0; i < k.svc.nbackends; i++)
			assert_int_equal(t.count[i] > 0,
					 k.backends[i].weight > 0);
		table_free(&t);
	}
}

static void all_down_or_weightless_leaves_no_owner(void **state)
{
	static struct make k;

	for (int s = 0; s < 3; s++) {
		for (size_t n = 0; n < 20; n++) {
			struct table t;

			make_service(&k, all[s], n, NULL);
			for (size_t i = 0; i < n; i++)
				k.backends[i].usable = false;
			t = table_make(&k.svc);
			table_free(&t);
			for (size_t i = 0; i < n; i++) {
				k.backends[i].usable = true;
				k.backends[i].weight = 0;
			}
			t = table_make(&k.svc);
			table_free(&t);
		}
	}
}

/* Health never resizes, moves only what the dead had, and is undone. */
static void failure_moves_only_the_failed(void **state)
{
	static struct make k;

	rnd_seed(2);
	for (int round = 0; round < 300; round++) {
		struct table up, down, again;
		size_t n = 2 + rnd(60);

		make_random(&k, all[round % 3], n, 9);
		up = table_make(&k.svc);
		for (uint32_t dead = 0; dead < 1 + rnd(3); dead++)
			k.backends[rnd((uint32_t)n)].usable = false;
		down = table_make(&k.svc);
		assert_int_equal(down.m, up.m);
		for (uint32_t i = 0; i < up.m; i++)
			if (k.backends[up.owner[i]].usable &&
			    down.owner[i] != SLOT_NONE)
				assert_int_equal(down.owner[i], up.owner[i]);
		for (size_t i = 0; i < n; i++)
			k.backends[i].usable = true;
		again = table_make(&k.svc);
		assert_memory_equal(again.owner, up.owner,
				    up.m * sizeof(*up.owner));
		table_free(&up);
		table_free(&down);
		table_free(&again);
	}
}

/* With some down the shares are as good as whole slots allow. */
static void survivors_share_by_weight(void **state)
{
	static struct make k;

	rnd_seed(3);
	for (int round = 0; round < 300; round++) {
		struct table t;
		uint64_t sum;

		make_random(&k, all[round % 3], 2 + rnd(60), 9);
		for (uint32_t dead = 0; dead < rnd(4); dead++)
			k.backends[rnd((uint32_t)k.svc.nbackends)].usable =
			    false;
		t = table_make(&k.svc);
		sum = weight_sum(&k.svc, true);
		for (size_t i = 0; i < k.svc.nbackends && sum; i++) {
			int64_t want, have;

			if (!k.backends[i].usable)
				continue;
			/* both times sum */
			want = (int64_t)t.m * weight_of(&k.svc, i);
			have = (int64_t)t.count[i] * (int64_t)sum;
			assert_true(llabs(have - want) < (int64_t)sum * 2);
			if (k.svc.scheduler != RS_SOURCE_HASH)
				assert_true(llabs(have - want) < (int64_t)sum);
		}
		table_free(&t);
	}
}

/* ---- round-robin and weighted */

struct size_case {
	enum rs_scheduler scheduler;
	size_t n;
	uint32_t weights[4]; /* weights[0] == 0: all 1 */
	uint32_t m;
};

static void sizes_are_as_the_header_says(void **state)
{
	static const struct size_case cases[] = {
		{ RS_ROUND_ROBIN, 1, { 0 }, 1 },
		{ RS_ROUND_ROBIN, 2, { 0 }, 2 },
		{ RS_ROUND_ROBIN, 3, { 0 }, 6 },
		{ RS_ROUND_ROBIN, 8, { 0 }, 8 * 7 },
		{ RS_ROUND_ROBIN, 9, { 0 }, 9 * 4 },
		{ RS_ROUND_ROBIN, 100, { 0 }, 400 },
		{ RS_ROUND_ROBIN, 3, { 7, 1, 2 }, 6 },
		{ RS_WEIGHTED, 3, { 3, 2, 1 }, 60 },
		{ RS_WEIGHTED, 3, { 300, 200, 100 }, 60 },
		{ RS_WEIGHTED, 3, { 5, 3, 2 }, 20 },
		{ RS_WEIGHTED, 3, { 1, 2, 2 }, 30 },
		{ RS_WEIGHTED, 2, { 8192, 8192 }, 2 },
		{ RS_WEIGHTED, 2, { 8191, 8192 }, 16383 },
		{ RS_WEIGHTED, 2, { 65535, 1 }, 16384 },
		{ RS_SOURCE_HASH, 1, { 0 }, 251 },
		{ RS_SOURCE_HASH, 3, { 0 }, 1021 },
		{ RS_SOURCE_HASH, 10, { 0 }, 2039 },
		{ RS_SOURCE_HASH, 11, { 0 }, 4093 },
		{ RS_SOURCE_HASH, 1000, { 0 }, 262139 },
	};
	static struct make k;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct size_case *c = &cases[i];

		make_service(&k, c->scheduler, c->n,
			     c->weights[0] ? c->weights : NULL);
		assert_int_equal(slots_size(&k.svc), c->m);
	}
}

static void shares_are_exact_over_one_cycle(void **state)
{
	static struct make k;

	rnd_seed(4);
	for (int round = 0; round < 300; round++) {
		struct table t;
		uint64_t sum;

		make_random(&k, round % 2 ? RS_WEIGHTED : RS_ROUND_ROBIN,
			    1 + rnd(200), 20);
		t = table_make(&k.svc);
		sum = weight_sum(&k.svc, false);
		for (size_t i = 0; i < k.svc.nbackends; i++)
			assert_int_equal(t.count[i] * sum,
					 (uint64_t)t.m * weight_of(&k.svc, i));
		table_free(&t);
	}
}

/* After any t slots everybody had his part, rounded up or down. */
static void any_stretch_from_the_start_is_fair(void **state)
{
	static struct make k;

	rnd_seed(5);
	for (int round = 0; round < 200; round++) {
		uint64_t had[MAKE_MAX] = { 0 }, sum;
		struct table t;

		make_random(&k, RS_WEIGHTED, 1 + rnd(30), 20);
		t = table_make(&k.svc);
		sum = weight_sum(&k.svc, false);
		for (uint32_t i = 0; i < t.m; i++) {
			had[t.owner[i]]++;
			for (size_t b = 0; b < k.svc.nbackends; b++) {
				int64_t d =
				    (int64_t)(had[b] * sum) -
				    (int64_t)((i + 1) *
					      (uint64_t)weight_of(&k.svc, b));

				assert_true(llabs(d) < (int64_t)sum);
			}
		}
		table_free(&t);
	}
}

static void no_bursts(void **state)
{
	static const uint32_t w321[] = { 3, 2, 1 };
	static struct make k;
	struct table t;

	make_service(&k, RS_WEIGHTED, 3, w321);
	t = table_make(&k.svc);
	assert_true(table_max_run(&t) <= 2);
	table_free(&t);
	rnd_seed(6);
	for (int round = 0; round < 500; round++) {
		uint64_t sum;
		uint32_t most = 0;

		make_random(&k, RS_WEIGHTED, 2 + rnd(12), 12);
		sum = weight_sum(&k.svc, false);
		for (size_t i = 0; i < k.svc.nbackends; i++)
			if (k.backends[i].weight > most)
				most = k.backends[i].weight;
		t = table_make(&k.svc);
		if (most * 2 <= sum)
			assert_true(table_max_run(&t) <= 2);
		table_free(&t);
	}
}

/* The dead one's slots go to all of the others, not in a burst to one. */
static void no_bursts_after_a_failure(void **state)
{
	static const uint32_t w321[] = { 3, 2, 1 };
	static struct make k;
	struct table t;

	for (size_t n = 3; n <= 100; n++) {
		make_service(&k, RS_ROUND_ROBIN, n, NULL);
		k.backends[n / 2].usable = false;
		t = table_make(&k.svc);
		assert_true(table_max_run(&t) <= 2);
		if (n <= 8) /* exact: M is a multiple of n - 1 */
			for (size_t i = 0; i < n; i++)
				assert_int_equal(t.count[i] * (n - 1),
						 i == n / 2 ? 0 : t.m);
		table_free(&t);
	}
	make_service(&k, RS_WEIGHTED, 3, w321);
	k.backends[0].usable = false; /* 2/1: BBC BBC */
	t = table_make(&k.svc);
	assert_true(table_max_run(&t) <= 2);
	assert_int_equal(t.count[1], 2 * t.count[2]);
	table_free(&t);
}

static void round_robin_keeps_the_files_order(void **state)
{
	static struct make k;

	for (size_t n = 1; n <= 200; n++) {
		struct table t;

		make_service(&k, RS_ROUND_ROBIN, n, NULL);
		t = table_make(&k.svc);
		for (uint32_t i = 0; i < t.m; i++)
			assert_int_equal(t.owner[i], i % n);
		table_free(&t);
	}
}

static void requested_sizes(void **state)
{
	static const uint32_t w532[] = { 5, 3, 2 };
	static struct make k;
	struct table t;

	make_service(&k, RS_WEIGHTED, 3, w532);
	k.svc.slots = 100;
	t = table_make(&k.svc);
	assert_int_equal(t.m, 100);
	assert_int_equal(t.count[0], 50);
	assert_int_equal(t.count[2], 20);
	table_free(&t);
	k.svc.slots = 7; /* 3.5, 2.1, 1.4: the largest remainder */
	t = table_make(&k.svc);
	assert_int_equal(t.m, 7);
	assert_int_equal(t.count[0], 4);
	assert_int_equal(t.count[1], 2);
	table_free(&t);
	k.svc.slots = 1; /* fewer than backends */
	assert_int_equal(slots_size(&k.svc), 3);
	k.svc.scheduler = RS_SOURCE_HASH;
	k.svc.slots = 65537;
	assert_int_equal(slots_size(&k.svc), 65537);
	assert_int_equal(slots_check_size(RS_WEIGHTED, 12), 0);
	assert_int_equal(slots_check_size(RS_ROUND_ROBIN, 0), 1);
	assert_int_equal(slots_check_size(RS_WEIGHTED, SLOTS_MAX), 0);
	assert_int_equal(slots_check_size(RS_WEIGHTED, SLOTS_MAX + 1),
			 SLOTS_MAX);
	assert_int_equal(slots_check_size(RS_SOURCE_HASH, 1000), 1009);
	assert_int_equal(slots_check_size(RS_SOURCE_HASH, 1009), 0);
	assert_int_equal(slots_check_size(RS_SOURCE_HASH, 0), 2);
	assert_int_equal(slots_check_size(RS_SOURCE_HASH, SLOTS_MAX), 1048573);
	assert_int_equal(slots_check_size(RS_SOURCE_HASH, UINT32_MAX), 1048573);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_without_slots),
		cmocka_unit_test(all_down_or_weightless_leaves_no_owner),
		cmocka_unit_test(failure_moves_only_the_failed),
		cmocka_unit_test(survivors_share_by_weight),
		cmocka_unit_test(sizes_are_as_the_header_says),
		cmocka_unit_test(shares_are_exact_over_one_cycle),
		cmocka_unit_test(any_stretch_from_the_start_is_fair),
		cmocka_unit_test(no_bursts),
		cmocka_unit_test(no_bursts_after_a_failure),
		cmocka_unit_test(round_robin_keeps_the_files_order),
		cmocka_unit_test(requested_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
