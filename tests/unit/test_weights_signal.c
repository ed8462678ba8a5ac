/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left of samples: medians, means over time, noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "weights/signal.h"

#define GOOD_MS 10000

static void add(struct signal *g, double value, int64_t now_ms)
{
	signal_add(g, value, false, GOOD_MS, true, 5000, now_ms);
}

static void test_one_wrong_sample_is_nothing(void **state)
{
	struct signal g = { 0 };

	for (int i = 0; i < 5; i++)
		add(&g, 100, i * 2000);
	add(&g, 100000, 10000);
	assert_float_equal(g.smooth, 100, 0.001);
	add(&g, 100, 12000);
	assert_float_equal(g.smooth, 100, 0.001);
}

/* Quick ones: five count, and two may be wrong. */
static void test_two_wrong_ones_of_five(void **state)
{
	struct signal g = { 0 };

	for (int i = 0; i < 5; i++)
		add(&g, 100, i * 500);
	add(&g, 100000, 2500);
	add(&g, 100000, 3000);
	assert_float_equal(g.smooth, 100, 0.001);
	add(&g, 100000, 3500);
	assert_true(g.smooth > 1000);
}

/* After one time constant 63 % of a step is made, however many samples. */
static void test_smoothing_goes_by_time(void **state)
{
	for (int64_t gap_ms = 100; gap_ms <= 2500; gap_ms *= 5) {
		struct signal g = { 0 };

		signal_add(&g, 0, false, GOOD_MS, false, 5000, 0);
		for (int64_t t = gap_ms; t <= 5000; t += gap_ms)
			signal_add(&g, 100, false, GOOD_MS, false, 5000, t);
		assert_float_equal(g.smooth, 63.2, 0.1);
	}
}

static void test_none_is_none(void **state)
{
	struct signal g = { 0 };

	signal_add(&g, 7, false, GOOD_MS, false, 0, 0);
	signal_add(&g, 9, false, GOOD_MS, false, 0, 1);
	assert_float_equal(g.smooth, 9, 0);
}

static void test_out_of_date_begins_anew(void **state)
{
	struct signal g = { 0 };

	assert_false(signal_fresh(&g, 0));
	for (int i = 0; i < 5; i++)
		add(&g, 100, 1000 + i);
	assert_true(signal_fresh(&g, 1004 + GOOD_MS));
	assert_false(signal_fresh(&g, 1005 + GOOD_MS));
	add(&g, 500, 1005 + GOOD_MS);
	assert_int_equal(g.n, 1);
	assert_float_equal(g.smooth, 500, 0);
}

static void test_full_is_two_of_three(void **state)
{
	static const bool full[] = { true, false, false, true, true, false };
	static const bool want[] = { true, false, false, false, true, true };
	struct signal g = { 0 };

	for (int i = 0; i < 6; i++) {
		signal_add(&g, 1, full[i], GOOD_MS, true, 0, i);
		assert_int_equal(signal_full(&g), want[i]);
	}
}

static void test_noise_is_what_goes_to_and_fro(void **state)
{
	struct signal calm = { 0 }, loud = { 0 };

	for (int i = 0; i < 100; i++) {
		add(&calm, 100, i * 1000);
		add(&loud, 70 + i * 37 % 61, i * 1000);
	}
	assert_float_equal(signal_noise(&calm), 0, 1e-6);
	/* some 18 % off, and some ten samples in a mean */
	assert_true(signal_noise(&loud) > 0.04);
	assert_true(signal_noise(&loud) < 0.1);
}

static void test_limit_and_most(void **state)
{
	struct signal g = { 0 };

	add(&g, 9, 0);
	add(&g, 3, 1);
	add(&g, 4, 2);
	assert_float_equal(signal_most(&g), 9, 0);
	add(&g, 5, 3);
	assert_float_equal(signal_most(&g), 5, 0);
	signal_limit(&g, 2);
	assert_float_equal(g.smooth, 2, 0);
	signal_limit(&g, 3);
	assert_float_equal(g.smooth, 2, 0);
}

static void test_since_when_it_says_the_same(void **state)
{
	struct signal g = { 0 };

	add(&g, 9, 1000);
	add(&g, 9, 2000);
	assert_int_equal(g.same_ms, 1000);
	add(&g, 8, 3000);
	assert_int_equal(g.same_ms, 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_wrong_sample_is_nothing),
		cmocka_unit_test(test_two_wrong_ones_of_five),
		cmocka_unit_test(test_smoothing_goes_by_time),
		cmocka_unit_test(test_none_is_none),
		cmocka_unit_test(test_out_of_date_begins_anew),
		cmocka_unit_test(test_full_is_two_of_three),
		cmocka_unit_test(test_noise_is_what_goes_to_and_fro),
		cmocka_unit_test(test_limit_and_most),
		cmocka_unit_test(test_since_when_it_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
