/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever is measured, and whoever comes and goes: what always holds of
 * weights, what goes on from one configuration to the next, and what it costs.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "weights_rig.h"

#define RUNS  300
#define TICKS 200

static uint32_t roll(uint64_t *dice, uint32_t sides)
{
	*dice = *dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*dice >> 33) % sides;
}

static double any_value(uint64_t *dice)
{
	static const double odd[] = { 0,        1e-300, 1e300,    NAN,
				      INFINITY, -1e-9,  -INFINITY };

	if (roll(dice, 10) == 0)
		return odd[roll(dice, 7)];
	return pow(10, roll(dice, 9)) * roll(dice, 1000) / 1000;
}

static void any_view(struct weights_rig *r, uint64_t *dice)
{
	struct weights_view *v = &r->view[roll(dice, (uint32_t)r->n)];

	v->serving = roll(dice, 5) > 0;
	v->ramping = roll(dice, 8) == 0;
	v->weight_100 = roll(dice, 4) ? 100 * roll(dice, 200) : 1;
	v->up_ms = roll(dice, 3) ? 0 : r->now_ms;
}

static void check(const struct weights_rig *r, const uint32_t *before,
		  bool moved, const struct weights_conf *conf)
{
	bool differs = false;

	for (size_t i = 0; i < r->n; i++) {
		double was = before[i], is = weights_get(r->w, i);

		differs |= was != is;
		assert_in_range(weights_get(r->w, i), conf->floor,
				conf->ceiling);
		/* each is rounded */
		assert_true(fabs(is - was) <=
			    (was + 0.5) * conf->max_step / WEIGHTS_ONE + 1.01);
		assert_in_range(weights_why(r->w, i), WEIGHTS_STEADY,
				WEIGHTS_OUT);
	}
	assert_int_equal(moved, differs);
	if (weights_pool_why(r->w) == WEIGHTS_SATURATED)
		assert_false(differs);
}

static void random_tick(struct weights_rig *r, uint64_t *dice,
			const struct weights_conf *conf)
{
	uint32_t before[RIG_MEMBERS];

	for (size_t i = 0; i < r->n; i++)
		before[i] = weights_get(r->w, i);
	for (size_t i = 0; i < r->n * r->nsignals; i++)
		if (roll(dice, 4))
			weights_sample(r->w, i % r->n, i / r->n,
				       any_value(dice), roll(dice, 3) == 0,
				       roll(dice, 20000), r->now_ms);
	if (roll(dice, 10) == 0)
		any_view(r, dice);
	r->now_ms += roll(dice, 500) ? conf->tick_ms : 1000 * 86400 * 40LL;
	check(r, before, weights_tick(r->w, r->view, r->now_ms), conf);
}

static void test_invariants_of_any_run(void **state)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		uint64_t dice = seed;
		struct weights_rig r;
		enum weights_law laws[] = { roll(&dice, 3), roll(&dice, 3) };
		struct weights_conf conf = {
			.tick_ms = 100 + roll(&dice, 5000),
			.smoothing_ms = roll(&dice, 20000),
			.blackout_ms = roll(&dice, 20000),
			.max_step = 10 + roll(&dice, 991),
			.dead_band = roll(&dice, 501),
			.floor = 10 + roll(&dice, 991),
			.ceiling = 1000 + roll(&dice, 9001),
		};

		weights_rig_begin2(&r, laws[0], laws[1],
				   1 + roll(&dice, RIG_MEMBERS));
		weights_free(r.w);
		r.w = weights_new(&conf, laws, 2, r.n);
		for (int i = 0; i < TICKS; i++)
			random_tick(&r, &dice, &conf);
		weights_rig_end(&r);
	}
}

/* Within the band of what it should be in the end, from wherever it came. */
static void test_no_bias_is_left(void **state)
{
	uint64_t dice = 7;

	for (int run = 0; run < 50; run++) {
		struct weights_rig r;
		double inverse = 0, want;

		weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
		for (size_t i = 0; i < 4; i++) {
			r.value[0][i] = 50000 + roll(&dice, 100000);
			inverse += 1 / (r.value[0][i] + 500);
			weights_set(r.w, i, roll(&dice, 4000));
		}
		weights_rig_run(&r, 300);
		for (size_t i = 0; i < 4; i++) {
			want = 4000 / (r.value[0][i] + 500) / inverse;
			assert_true(fabs(weights_get(r.w, i) / want - 1) <
				    0.055);
		}
		assert_true(fabs(weights_rig_mean(&r) - 1) < 0.05);
		assert_int_equal(weights_rig_run(&r, 100), 0);
		weights_rig_end(&r);
	}
}

static void test_noise_moves_little(void **state)
{
	unsigned int moved = 0;
	struct weights_rig r;
	uint64_t dice = 3;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
	for (int i = 0; i < 1000; i++) {
		for (size_t k = 0; k < 4; k++)
			r.value[0][k] = 70000 + roll(&dice, 60000);
		moved += weights_rig_run(&r, 1);
		for (size_t k = 0; k < 4; k++)
			assert_in_range(weights_get(r.w, k), 800, 1250);
	}
	assert_true(moved < 50);
	weights_rig_end(&r);
}

/* Of three samples little is known: less than of many, and how little is not
 * known either. */
static void test_a_start_chases_no_noise(void **state)
{
	unsigned int moved = 0;
	uint64_t dice = 5;

	for (int run = 0; run < 100; run++) {
		struct weights_rig r;

		weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
		for (int i = 0; i < 30; i++) {
			for (size_t k = 0; k < 4; k++)
				r.value[0][k] = 50000 + roll(&dice, 100000);
			moved += weights_rig_run(&r, 1);
			for (size_t k = 0; k < 4; k++)
				assert_in_range(weights_get(r.w, k), 750, 1330);
		}
		weights_rig_end(&r);
	}
	assert_true(moved < 100);
}

/* But what is plain is seen at once. */
static void test_a_start_sees_what_is_slow(void **state)
{
	struct weights_rig r;
	uint64_t dice = 5;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
	for (int i = 0; i < 8; i++) {
		for (size_t k = 0; k < 4; k++)
			r.value[0][k] =
			    (k ? 1 : 4) * (80000 + roll(&dice, 40000));
		weights_rig_run(&r, 1);
	}
	assert_true(weights_get(r.w, 0) < 500);
	weights_rig_end(&r);
}

static const uint32_t lies[] = { 0, 1, 30 }; /* hundredths */

/* It works, and the agent says that it does not, or is stuck. */
static void test_liars_do_not_gain(void **state)
{
	for (size_t k = 0; k < 3; k++) {
		struct weights_rig r;
		uint64_t dice = 5;

		weights_rig_begin(&r, WEIGHTS_LOAD, 4);
		for (int i = 0; i < 200; i++) {
			weights_rig_say(&r, lies[k] / 100.0,
					0.6 + 0.0001 * roll(&dice, 1000));
			weights_rig_run(&r, 1);
			if (i > 40)
				assert_true(weights_get(r.w, 0) < 1250);
		}
		weights_rig_end(&r);
	}
}

/* Where its weight goes to and fro, it answers less. */
static void test_swings_become_smaller(void **state)
{
	uint32_t least[2] = { 1000, 1000 }, most[2] = { 0, 0 };
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_RESPONSE, 4);
	for (int i = 0; i < 400; i++) {
		size_t late = i >= 300;
		uint32_t is = weights_get(r.w, 0);

		weights_rig_say(&r, i / 25 % 2 ? 30000 : 90000, 30000);
		weights_rig_run(&r, 1);
		if (i < 100 || late) {
			least[late] = is < least[late] ? is : least[late];
			most[late] = is > most[late] ? is : most[late];
		}
	}
	assert_true(most[1] - least[1] < (most[0] - least[0]) * 2 / 3);
	weights_rig_end(&r);
}

static void test_what_was_found_on_disk(void **state)
{
	struct weights_rig r;

	weights_rig_begin(&r, WEIGHTS_LOAD, 3);
	weights_set(r.w, 0, 700);
	weights_set(r.w, 1, 0);
	weights_set(r.w, 2, UINT32_MAX);
	assert_int_equal(weights_get(r.w, 0), 700);
	assert_int_equal(weights_get(r.w, 1), 200);
	assert_int_equal(weights_get(r.w, 2), 3000);
	weights_rig_end(&r);
}

/* Another order, one signal more, one member more. */
static void test_carry(void **state)
{
	static const int to[] = { -1, 0 };
	struct weights_rig old, r;
	double value;
	int64_t age_ms;

	weights_rig_begin(&old, WEIGHTS_RESPONSE, 2);
	weights_rig_say(&old, 90000, 30000);
	weights_rig_run(&old, 60);
	weights_rig_begin2(&r, WEIGHTS_LOAD, WEIGHTS_RESPONSE, 3);
	weights_carry(r.w, 2, old.w, 0, to);
	weights_carry(r.w, 0, old.w, 1, to);
	assert_int_equal(weights_get(r.w, 2), weights_get(old.w, 0));
	assert_int_equal(weights_get(r.w, 0), weights_get(old.w, 1));
	assert_int_equal(weights_get(r.w, 1), WEIGHTS_ONE);
	assert_int_equal(weights_next_ms(r.w), weights_next_ms(old.w));
	assert_int_equal(weights_why(r.w, 2), weights_why(old.w, 0));
	assert_true(weights_value(r.w, 2, 1, old.now_ms + 7, &value, &age_ms));
	assert_float_equal(value, 90000, 1);
	assert_int_equal(age_ms, 7);
	assert_false(weights_value(r.w, 2, 0, old.now_ms + 7, &value, &age_ms));
	assert_false(
	    weights_value(r.w, 2, 1, old.now_ms + 9000, &value, &age_ms));
	weights_rig_end(&r);
	weights_rig_end(&old);
}

static double cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

/* 1,000 services of 8: the bound is loose, since sanitizers take their part. */
static void test_a_tick_is_cheap(void **state)
{
	static struct weights_rig r[1000];
	double from, each;

	for (size_t i = 0; i < 1000; i++) {
		weights_rig_begin(&r[i], WEIGHTS_RESPONSE, RIG_MEMBERS);
		weights_rig_say(&r[i], 20000 + 10.0 * (double)i, 30000);
		weights_rig_run(&r[i], 5);
	}
	from = cpu_ms();
	for (int t = 0; t < 10; t++)
		for (size_t i = 0; i < 1000; i++) {
			r[i].now_ms += 1000;
			weights_tick(r[i].w, r[i].view, r[i].now_ms);
		}
	each = (cpu_ms() - from) / 10;
	print_message("a tick of 8,000 backends: %.2f ms\n", each);
	assert_true(each < 20);
	for (size_t i = 0; i < 1000; i++)
		weights_rig_end(&r[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invariants_of_any_run),
		cmocka_unit_test(test_no_bias_is_left),
		cmocka_unit_test(test_noise_moves_little),
		cmocka_unit_test(test_a_start_chases_no_noise),
		cmocka_unit_test(test_a_start_sees_what_is_slow),
		cmocka_unit_test(test_liars_do_not_gain),
		cmocka_unit_test(test_swings_become_smaller),
		cmocka_unit_test(test_what_was_found_on_disk),
		cmocka_unit_test(test_carry),
		cmocka_unit_test(test_a_tick_is_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
