/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients of source-hash rely on: the same backend on every gateway,
 * through failures, and for all but a few through changes of the configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rulesets/slots_impl.h"
#include "tests/unit/slots_fixture.h"

static void order_of_the_file_does_not_matter(void **state)
{
	static struct make a, b;

	rnd_seed(11);
	for (int round = 0; round < 60; round++) {
		struct table x, y;

		make_random(&a, RS_SOURCE_HASH, 1 + rnd(100), 5);
		for (size_t i = 0; i < a.svc.nbackends; i++)
			a.backends[i].usable = rnd(5) != 0;
		a.backends[0].weight = 1;
		a.backends[0].usable = true;
		b = a;
		b.svc.backends = b.backends;
		make_shuffle(&b);
		x = table_make(&a.svc);
		y = table_make(&b.svc);
		assert_true(table_moved(&x, &a.svc, &y, &b.svc, NULL) == 0);
		table_free(&x);
		table_free(&y);
	}
}

/* Equal weights: nobody has 2 % more than another, all up or one down. */
static void equal_weights_get_equal_shares(void **state)
{
	static struct make k;

	for (size_t n = 1; n <= 200; n++) {
		for (int down = 0; down < 2 && down < (int)n; down++) {
			uint32_t least = UINT32_MAX, most = 0;
			struct table t;

			make_service(&k, RS_SOURCE_HASH, n, NULL);
			k.backends[n / 2].usable = !down;
			t = table_make(&k.svc);
			for (size_t i = 0; i < n; i++) {
				if (!k.backends[i].usable)
					continue;
				if (t.count[i] < least)
					least = t.count[i];
				if (t.count[i] > most)
					most = t.count[i];
			}
			assert_true(most - least <= 1);
			assert_true(most * 100 <= least * 102);
			table_free(&t);
		}
	}
}

static double moved_by_weight(struct make *a, struct make *b)
{
	struct table x = table_make(&a->svc), y = table_make(&b->svc);
	double moved = table_moved(&x, &a->svc, &y, &b->svc, NULL);

	table_free(&x);
	table_free(&y);
	return moved;
}

/* Share of the others' slots that move when backend @out leaves the file. */
static double moved_by_removal(struct make *a, size_t out)
{
	static struct make b;
	size_t n = a->svc.nbackends;
	struct table x, y;
	double moved;

	b = *a;
	b.svc.backends = b.backends;
	b.backends[out] = b.backends[n - 1];
	b.svc.nbackends = n - 1;
	b.svc.slots = slots_size(&a->svc);
	x = table_make(&a->svc);
	y = table_make(&b.svc);
	moved = table_moved(&x, &a->svc, &y, &b.svc, a->backends[out].name);
	table_free(&x);
	table_free(&y);
	return moved;
}

/* ... which is also what moves among them when it is added. */
static void change_of_the_file_moves_few_others(void **state)
{
	static struct make k;
	double sum = 0, worst = 0;
	int times = 0;

	make_service(&k, RS_SOURCE_HASH, 10, NULL);
	assert_int_equal(slots_size(&k.svc), 2039);
	k.svc.nbackends = 9; /* does not change M */
	assert_int_equal(slots_size(&k.svc), 2039);
	k.svc.nbackends = 10;
	for (size_t i = 0; i < 10; i++)
		assert_true(moved_by_removal(&k, i) < 0.02);
	for (size_t n = 3; n <= 100; n++) {
		for (size_t i = 0; i < n; i += 1 + n / 5) {
			double moved;

			make_service(&k, RS_SOURCE_HASH, n, NULL);
			moved = moved_by_removal(&k, i);
			assert_true(moved < 0.05);
			worst = moved > worst ? moved : worst;
			sum += moved;
			times++;
		}
	}
	print_message("one of n leaves the file: %.2f %% of the others' slots "
		      "move, at most %.2f %% (n = 3..100)\n",
		      sum / times * 100, worst * 100);
}

static void change_of_weight_moves_little_more_than_it_must(void **state)
{
	static struct make a, b;
	uint32_t w[10] = { 4, 4, 4, 4, 4, 4, 4, 4, 4, 4 };
	double moved;

	make_service(&a, RS_SOURCE_HASH, 10, w);
	w[3] = 2; /* from 10 % to 5.26 %: 4.74 % must move */
	make_service(&b, RS_SOURCE_HASH, 10, w);
	moved = moved_by_weight(&a, &b);
	print_message("weight of one of 10 halved: %.2f %% of all move\n",
		      moved * 100);
	assert_true(moved > 0.046 && moved < 0.10);
}

/* A second failure leaves the home slots; what the first had set free may move
 * once more. */
static void second_failure_moves_little(void **state)
{
	static struct make k;
	struct table one, two;
	uint32_t moved = 0, total = 0;

	for (uint32_t i = 0; i < 9; i++) {
		make_service(&k, RS_SOURCE_HASH, 10, NULL);
		k.backends[9].usable = false;
		one = table_make(&k.svc);
		k.backends[i].usable = false;
		two = table_make(&k.svc);
		for (uint32_t s = 0; s < one.m; s++) {
			if (one.owner[s] == i)
				continue;
			total++;
			moved += one.owner[s] != two.owner[s];
		}
		table_free(&one);
		table_free(&two);
	}
	print_message("second of 10 fails: %.2f %% of the others' slots move\n",
		      100.0 * moved / total);
	assert_true(moved * 100 < total * 3);
}

static void weights_get_their_shares(void **state)
{
	static const uint32_t w[] = { 1, 2, 3, 50, 0, 944, 1 };
	static struct make k;
	struct table t;

	make_service(&k, RS_SOURCE_HASH, 7, w);
	t = table_make(&k.svc);
	assert_int_equal(t.m, 2039);
	for (int i = 0; i < 7; i++) {
		double want = w[i] * 2039 / 1001.0;

		assert_true(t.count[i] > want - 1 && t.count[i] < want + 1);
	}
	table_free(&t);
}

/* Gateways of different releases must agree: these never change. The values
 * come from a second implementation (Python, exact fractions). */
static void golden(void **state)
{
	static const uint16_t first[] = { 3, 2, 4, 2, 8, 2, 2, 2 };
	static struct make k;
	uint64_t h = 0xcbf29ce484222325u;
	struct table t;

	assert_true(slots_name_hash("", 0) == 0);
	assert_true(slots_name_hash("b1", 0xcbf29ce484222325u) ==
		    0x1434367e7c8fb083u);
	assert_true(slots_name_hash("b1", 0xbe5466cf34e90c6cu) ==
		    0x410d797f42ffaec1u);
	make_service(&k, RS_SOURCE_HASH, 10, NULL);
	k.backends[2].weight = 3;
	for (int down = 0; down < 2; down++) {
		k.backends[6].usable = !down;
		t = table_make(&k.svc);
		for (uint32_t i = 0; i < t.m; i++)
			h = (h ^ t.owner[i]) * 0x100000001b3u;
		for (int i = 0; i < 8 && !down; i++)
			assert_int_equal(t.owner[i], first[i]);
		table_free(&t);
	}
	assert_true(h == 0x9711ac2b04c019b6u);
}

static void says_how_long_it_takes(void **state)
{
	static const size_t sizes[] = { 10, 100, 1000 };
	static struct make k;

	for (size_t i = 0; i < 3; i++) {
		struct timespec a, b;
		struct table t;
		int times = sizes[i] > 100 ? 5 : 200;

		make_service(&k, RS_SOURCE_HASH, sizes[i], NULL);
		k.backends[3].usable = false;
		t = table_make(&k.svc);
		clock_gettime(CLOCK_MONOTONIC, &a);
		for (int j = 0; j < times; j++)
			slots_fill(&k.svc, t.owner, t.m);
		clock_gettime(CLOCK_MONOTONIC, &b);
		print_message("%zu backends, M = %u, one down: %.0f us\n",
			      sizes[i], t.m,
			      ((double)(b.tv_sec - a.tv_sec) * 1e6 +
			       (double)(b.tv_nsec - a.tv_nsec) / 1e3) /
				  times);
		table_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_the_file_does_not_matter),
		cmocka_unit_test(equal_weights_get_equal_shares),
		cmocka_unit_test(change_of_the_file_moves_few_others),
		cmocka_unit_test(
		    change_of_weight_moves_little_more_than_it_must),
		cmocka_unit_test(second_failure_moves_little),
		cmocka_unit_test(weights_get_their_shares),
		cmocka_unit_test(golden),
		cmocka_unit_test(says_how_long_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
