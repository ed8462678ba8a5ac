/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what is measured to weights: each stage of the pipeline by hand. That
 * the loop is stable, is the simulator's to show. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "weights_rig.h"

static void assert_near(uint32_t got, double want, double part)
{
	if (fabs(got - want) > part * want)
		fail_msg("%u is not near %g", got, want);
}

static void test_a_third_of_the_speed_a_third_of_the_flows(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
	weights_rig_say(&r, 20000, 20000);
	assert_int_equal(weights_rig_run(&r, 60), 0);
	weights_rig_say(&r, 60000, 20000);
	weights_rig_run(&r, 10);
	assert_true(weights_get(r.w, 0) <= 500); /* halved in 10 s */
	weights_rig_run(&r, 90);
	assert_near(weights_get(r.w, 0), 406, 0.06);
	assert_near(weights_get(r.w, 1), 1198, 0.06);
	weights_rig_say(&r, 20000, 20000);
	weights_rig_run(&r, 60);
	assert_near(weights_get(r.w, 0), 1000, 0.10);
	weights_rig_end(&r);
}

/* A count is of its weight, so is the mean of the pool. */
static void test_connections_are_compared_by_weight(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_CONNECTIONS, 3);
	r.view[0].weight_100 = 300;
	weights_rig_say(&r, 9000, 3000);
	assert_int_equal(weights_rig_run(&r, 20), 0);
	weights_rig_say(&r, 3000, 3000);
	weights_rig_run(&r, 60);
	assert_near(weights_get(r.w, 0), 1364, 0.07);
	assert_near(weights_get(r.w, 1), 455, 0.07);
	assert_true(fabs(weights_rig_mean(&r) - 1) < 0.05);
	weights_rig_end(&r);
}

/* An agent that is stuck at little, while all work: it is as the mean of them;
 * and what it said is forgotten before it is believed again. */
static void test_who_is_stuck_gains_nothing(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_LOAD, 4);
	for (int i = 0; i < 300; i++) {
		double is = (i < 60 ? 0.4 : 0.8) + 0.01 * (i % 3);

		weights_rig_say(&r, i >= 60 && i < 180 ? 0.4 : is, is);
		weights_rig_run(&r, 1);
		if (i >= 120)
			assert_true(weights_get(r.w, 0) <= 1150);
		if (i >= 150 && i < 180)
			assert_near(weights_get(r.w, 0), 1000, 0.10);
	}
	assert_near(weights_get(r.w, 0), 1000, 0.10);
	weights_rig_end(&r);
}

/* Connections that stay, and as many that come each second. */
static void test_a_pile_evens_out(void **state)
{
	double pile[] = { 200, 0, 0 };
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_CONNECTIONS, 3);
	for (int second = 0; second < 40; second++) {
		double sum = 0;

		memcpy(r.value[0], pile, sizeof(pile));
		weights_rig_run(&r, 1);
		for (size_t i = 0; i < 3; i++)
			sum += weights_get(r.w, i);
		for (size_t i = 0; i < 3; i++)
			pile[i] += 10 * weights_get(r.w, i) / sum;
	}
	/* round robin would make 333 of them; an even share is 200 */
	if (pile[0] >= 280)
		fail_msg("%.0f", pile[0]);
	weights_rig_end(&r);
}

/* Connections that are gone before the next tick: counts are what the last
 * weights made of them. */
static void test_short_connections_do_not_swing(void **state)
{
	static const double seconds[] = { 3, 1, 1, 1 };
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_CONNECTIONS, 4);
	for (int second = 0; second < 300; second++) {
		for (size_t i = 0; i < 4; i++)
			r.value[0][i] = 0.1 * seconds[i] * weights_get(r.w, i);
		if (second < 240)
			weights_rig_run(&r, 1);
		else
			assert_int_equal(weights_rig_run(&r, 1), 0);
	}
	/* 645, less of caution */
	assert_in_range(weights_get(r.w, 0), 450, 800);
	weights_rig_end(&r);
}

static void test_within_floor_and_ceiling(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 8);
	weights_rig_say(&r, 900000, 10000);
	weights_rig_run(&r, 120);
	assert_near(weights_get(r.w, 0), 200, 0.06);
	weights_rig_say(&r, 1000, 900000);
	weights_rig_run(&r, 200);
	assert_near(weights_get(r.w, 0), 3000, 0.05);
	assert_near(weights_get(r.w, 1), 714, 0.06);
	weights_rig_end(&r);
}

static void test_a_tick_moves_by_max_step(void **state)
{
	struct weights_rig r;
	uint32_t before;

	weights_rig_begin(&r, WEIGHTS_CONNECTIONS, 2);
	weights_rig_say(&r, 100000, 100);
	weights_rig_run(&r, 1);
	assert_int_equal(weights_get(r.w, 0), 750);
	assert_int_equal(weights_why(r.w, 0), WEIGHTS_MOVING);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_MOVING);
	assert_int_equal(weights_get(r.w, 1), 1250);
	for (int i = 0; i < 20; i++) {
		before = weights_get(r.w, 0);
		weights_rig_run(&r, 1);
		assert_true(weights_get(r.w, 0) >= before * 0.75 - 1);
	}
	weights_rig_end(&r);
}

static void test_small_differences_move_nothing(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
	weights_rig_say(&r, 31000, 30000);
	assert_int_equal(weights_rig_run(&r, 300), 0);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_STEADY);
	assert_int_equal(weights_why(r.w, 0), WEIGHTS_STEADY);
	weights_rig_say(&r, 36000, 30000);
	assert_true(weights_rig_run(&r, 300) > 0);
	assert_near(weights_get(r.w, 0), 870, 0.07);
	weights_rig_end(&r);
}

/* Nobody has much: no burst for who has nothing at all. */
static void test_idle_pools_chase_no_noise(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_LOAD, 4);
	for (int i = 0; i < 100; i++) {
		weights_rig_say(&r, i % 3 * 0.01, (i + 1) % 3 * 0.01);
		assert_int_equal(weights_rig_run(&r, 1), 0);
	}
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_IDLE);
	assert_int_equal(weights_why(r.w, 2), WEIGHTS_IDLE);
	weights_rig_end(&r);

	weights_rig_begin(&r, WEIGHTS_CONNECTIONS, 4);
	for (int i = 0; i < 100; i++) {
		weights_rig_say(&r, i % 3, (i + 1) % 3);
		assert_int_equal(weights_rig_run(&r, 1), 0);
	}
	weights_rig_say(&r, 0, 3);
	weights_rig_run(&r, 100);
	assert_true(weights_get(r.w, 0) < 1500);
	weights_rig_end(&r);

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
	weights_rig_say(&r, 120, 100);
	assert_int_equal(weights_rig_run(&r, 100), 0);
	weights_rig_end(&r);
}

static void test_the_least_ratio_counts(void **state)
{
	struct weights_rig r;

	weights_rig_begin2(&r, WEIGHTS_RESPONSE, WEIGHTS_LOAD, 4);
	weights_rig_say(&r, 20000, 20000);
	for (int i = 0; i < 480; i++) { /* (a load that stays is not trusted) */
		r.value[1][i % 4] = (i % 4 == 1 ? 0.6 : 0.3) + 0.001 * (i & 4);
		if (i % 4 == 3)
			weights_rig_run(&r, 1);
	}
	assert_true(weights_get(r.w, 1) < 750);
	assert_true(weights_get(r.w, 0) > 1000);
	r.value[0][2] = 60000;
	weights_rig_run(&r, 120);
	assert_true(weights_get(r.w, 2) < weights_get(r.w, 1));
	weights_rig_end(&r);
}

static void test_at_first_it_starts(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 3);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_STARTING);
	weights_rig_say(&r, 90000, 10000);
	weights_rig_run(&r, 2);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_STARTING);
	assert_int_equal(weights_get(r.w, 0), WEIGHTS_ONE);
	weights_rig_run(&r, 1);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_MOVING);
	weights_rig_end(&r);

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 3);
	assert_int_equal(weights_rig_run(&r, 30), 0);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_STARTING);
	weights_rig_run(&r, 2);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_ONE_REPORTER);
	weights_rig_end(&r);
}

static void test_one_reporter_says_nothing(void **state)
{
	struct weights_rig r;
	uint32_t low;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 3);
	weights_rig_say(&r, 90000, 10000);
	weights_rig_run(&r, 60);
	low = weights_get(r.w, 0);
	assert_true(low < 400);
	weights_rig_say(&r, 90000, RIG_SILENT);
	weights_rig_run(&r, 3);
	assert_int_not_equal(weights_pool_why(r.w), WEIGHTS_ONE_REPORTER);
	weights_rig_run(&r, 1);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_ONE_REPORTER);
	assert_int_equal(weights_why(r.w, 0), WEIGHTS_ONE_REPORTER);
	assert_true(weights_get(r.w, 0) <= low * 1.06); /* slowly */
	weights_rig_run(&r, 60);
	for (size_t i = 0; i < 3; i++)
		assert_near(weights_get(r.w, i), 1000, 0.05);
	weights_rig_end(&r);
}

static void test_saturated_pools_are_held(void **state)
{
	struct weights_rig r;
	uint32_t low;

	weights_rig_begin(&r, WEIGHTS_LOAD, 3);
	for (int i = 0; i < 60; i++) {
		weights_rig_say(&r, 0.9 + 0.001 * (i % 2),
				0.3 + 0.001 * (i % 2));
		weights_rig_run(&r, 1);
	}
	low = weights_get(r.w, 0);
	assert_true(low < 600);
	weights_rig_say(&r, 1, 0.99);
	weights_rig_run(&r, 60);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_SATURATED);
	assert_int_equal(weights_why(r.w, 1), WEIGHTS_SATURATED);
	low = weights_get(r.w, 0);
	assert_int_equal(weights_rig_run(&r, 100), 0);
	assert_int_equal(weights_get(r.w, 0), low);
	r.value[0][2] = 0.5; /* one has room */
	weights_rig_run(&r, 60);
	assert_int_not_equal(weights_pool_why(r.w), WEIGHTS_SATURATED);
	assert_true(weights_get(r.w, 2) > 1050);
	weights_rig_end(&r);
}

static void test_nothing_but_time_outs_is_saturated(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 3);
	weights_rig_say(&r, 2e6, 1e6);
	r.full = true;
	assert_int_equal(weights_rig_run(&r, 30), 0);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_SATURATED);
	weights_rig_end(&r);
}

static void test_who_just_came_up_does_not_count(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 3);
	r.view[0].up_ms = 2000;
	weights_rig_say(&r, 900000, 10000);
	assert_int_equal(weights_rig_run(&r, 10), 0);
	assert_int_equal(weights_why(r.w, 0), WEIGHTS_BLACKOUT);
	weights_rig_run(&r, 10);
	assert_true(weights_get(r.w, 0) < 500);
	r.view[0].ramping = true;
	weights_rig_run(&r, 60);
	assert_int_equal(weights_why(r.w, 0), WEIGHTS_SLOW_START);
	assert_near(weights_get(r.w, 0), 1000, 0.05);
	r.view[0].serving = false;
	weights_rig_run(&r, 1);
	assert_int_equal(weights_why(r.w, 0), WEIGHTS_OUT);
	weights_rig_end(&r);
}

static void test_who_does_not_serve_does_not_count(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
	r.view[0].serving = false;
	r.view[1].weight_100 = 0;
	weights_rig_say(&r, 900000, 10000);
	r.value[0][1] = 1;
	assert_int_equal(weights_rig_run(&r, 60), 0);
	assert_int_equal(weights_why(r.w, 0), WEIGHTS_OUT);
	assert_int_equal(weights_why(r.w, 1), WEIGHTS_OUT);
	assert_int_equal(weights_why(r.w, 2), WEIGHTS_STEADY);
	weights_rig_end(&r);
}

static void test_out_of_date_goes_back_slowly(void **state)
{
	struct weights_rig r;
	uint32_t low;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
	weights_rig_say(&r, 90000, 10000);
	weights_rig_run(&r, 60);
	low = weights_get(r.w, 0);
	r.value[0][0] = RIG_SILENT;
	weights_rig_run(&r, 4);
	assert_int_equal(weights_why(r.w, 0), WEIGHTS_STALE);
	assert_true(weights_get(r.w, 0) <= low * 1.06);
	weights_rig_run(&r, 60);
	for (size_t i = 0; i < 4; i++)
		assert_near(weights_get(r.w, i), 1000, 0.06);
	weights_rig_end(&r);
}

/* Its samples tell of hours ago, and the tick is one step all the same. */
static void test_the_clock_goes_on_by_hours(void **state)
{
	struct weights_rig r;
	uint32_t before;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 3);
	weights_rig_say(&r, 90000, 10000);
	weights_rig_run(&r, 60);
	before = weights_get(r.w, 0);
	r.now_ms += 5 * 3600 * 1000;
	weights_tick(r.w, r.view, r.now_ms);
	assert_true(weights_get(r.w, 0) <= before * 1.06);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_ONE_REPORTER);
	assert_int_equal(weights_next_ms(r.w), r.now_ms + 1000);
	assert_false(weights_tick(r.w, r.view, r.now_ms + 999));
	weights_rig_run(&r, 3);
	assert_int_equal(weights_pool_why(r.w), WEIGHTS_MOVING);
	weights_rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_third_of_the_speed_a_third_of_the_flows),
		cmocka_unit_test(test_connections_are_compared_by_weight),
		cmocka_unit_test(test_who_is_stuck_gains_nothing),
		cmocka_unit_test(test_a_pile_evens_out),
		cmocka_unit_test(test_short_connections_do_not_swing),
		cmocka_unit_test(test_within_floor_and_ceiling),
		cmocka_unit_test(test_a_tick_moves_by_max_step),
		cmocka_unit_test(test_small_differences_move_nothing),
		cmocka_unit_test(test_idle_pools_chase_no_noise),
		cmocka_unit_test(test_the_least_ratio_counts),
		cmocka_unit_test(test_at_first_it_starts),
		cmocka_unit_test(test_one_reporter_says_nothing),
		cmocka_unit_test(test_saturated_pools_are_held),
		cmocka_unit_test(test_nothing_but_time_outs_is_saturated),
		cmocka_unit_test(test_who_just_came_up_does_not_count),
		cmocka_unit_test(test_who_does_not_serve_does_not_count),
		cmocka_unit_test(test_out_of_date_goes_back_slowly),
		cmocka_unit_test(test_the_clock_goes_on_by_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
