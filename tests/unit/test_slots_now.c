/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Weights that are others for a while: slow start, and what backends say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slots_fixture.h"

#define UNIT RS_WEIGHT_UNIT

static void a_tenth_of_ten(void **state)
{
	static struct make k;
	struct table t;

	make_service(&k, RS_WEIGHTED, 3, NULL);
	assert_int_equal(slots_size(&k.svc), 6);
	k.svc.fine = true;
	assert_int_equal(slots_size(&k.svc), 30);
	for (uint32_t tenths = 1; tenths <= 10; tenths++) {
		k.backends[0].now = tenths * UNIT / 10;
		t = table_make(&k.svc);
		assert_int_equal(t.m, 30);
		/* of 20 + tenths parts, to less than a slot */
		assert_in_range(t.count[0] * (20 + tenths), 29 * tenths - 19,
				31 * tenths + 19);
		table_free(&t);
	}
}

static void fine_is_a_multiple(void **state)
{
	static const uint32_t few[] = { 5, 3, 2 }, big[] = { 9999, 1, 7 };
	static struct make k;
	uint32_t m;

	make_service(&k, RS_WEIGHTED, 3, few);
	m = slots_size(&k.svc);
	k.svc.fine = true;
	assert_int_equal(slots_size(&k.svc) % m, 0);
	assert_true(slots_size(&k.svc) >= 30);
	k.svc.slots = 10; /* the file's word */
	assert_int_equal(slots_size(&k.svc), 10);
	make_service(&k, RS_WEIGHTED, 3, big);
	m = slots_size(&k.svc);
	k.svc.fine = true;
	assert_int_equal(slots_size(&k.svc), m);
	make_service(&k, RS_ROUND_ROBIN, 3, few);
	m = slots_size(&k.svc);
	k.svc.fine = true;
	assert_int_equal(slots_size(&k.svc), m);
}

/* Round-robin and source-hash have no weights that change by themselves. */
static void others_do_not_look_at_it(void **state)
{
	static const enum rs_scheduler others[] = { RS_ROUND_ROBIN,
						    RS_SOURCE_HASH };
	static struct make k;

	for (size_t i = 0; i < 2; i++) {
		struct table a, b;

		make_service(&k, others[i], 5, NULL);
		a = table_make(&k.svc);
		k.backends[2].now = UNIT / 10;
		b = table_make(&k.svc);
		assert_int_equal(a.m, b.m);
		assert_memory_equal(a.owner, b.owner, a.m * sizeof(*a.owner));
		table_free(&a);
		table_free(&b);
	}
}

/* Each gets his part, to a slot or two; who has to give gives no more than
 * that, and rounding aside nobody else's slots move. */
static void judge(const struct rs_service *svc, const struct table *quiet,
		  const struct table *t)
{
	uint32_t moved = 0, given = 0;
	uint64_t sum = 0;

	assert_int_equal(t->m, quiet->m);
	for (size_t i = 0; i < svc->nbackends; i++)
		if (svc->backends[i].weight && svc->backends[i].usable)
			sum += svc->backends[i].now;
	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];
		uint64_t part = b->now * (uint64_t)t->m / sum;

		if (t->count[i] < quiet->count[i])
			given += quiet->count[i] - t->count[i];
		if (!b->weight || !b->usable) {
			assert_int_equal(t->count[i], 0);
			continue;
		}
		assert_true(t->count[i] >= 1);
		assert_true(t->count[i] <= part + 2);
	}
	for (uint32_t i = 0; i < t->m; i++)
		moved += t->owner[i] != quiet->owner[i];
	assert_in_range(moved, given, given + svc->nbackends);
}

static void random_weights_for_a_while(void **state)
{
	static struct make k;

	rnd_seed(11);
	for (int round = 0; round < 300; round++) {
		size_t n = 1 + rnd(12);
		struct table quiet, t, after;
		size_t alive = rnd((uint32_t)n);

		make_random(&k, RS_WEIGHTED, n, 20);
		k.svc.fine = true;
		k.backends[alive].weight += k.backends[alive].weight == 0;
		quiet = table_make(&k.svc);
		for (size_t i = 0; i < n; i++) {
			k.backends[i].now = k.backends[i].weight * UNIT;
			k.backends[i].usable = i == alive || rnd(4);
		}
		for (uint32_t i = 0; i <= rnd(3); i++)
			k.backends[rnd((uint32_t)n)].now =
			    (1 + rnd(30)) * UNIT / 10;
		t = table_make(&k.svc);
		judge(&k.svc, &quiet, &t);
		table_free(&t);
		/* and all is as it was */
		for (size_t i = 0; i < n; i++) {
			k.backends[i].now = k.backends[i].weight * UNIT;
			k.backends[i].usable = true;
		}
		after = table_make(&k.svc);
		assert_int_equal(after.m, quiet.m);
		assert_memory_equal(after.owner, quiet.owner,
				    quiet.m * sizeof(*quiet.owner));
		table_free(&after);
		table_free(&quiet);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tenth_of_ten),
		cmocka_unit_test(fine_is_a_multiple),
		cmocka_unit_test(others_do_not_look_at_it),
		cmocka_unit_test(random_weights_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
