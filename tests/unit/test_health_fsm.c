/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rise and fall. Besides the plain cases: random sequences of results, each
 * compared with what the definition says when it is read literally over the
 * whole history (the model in oracle()), which keeps no counters at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/health_fsm.h"

#define HISTORY 400

struct run {
	struct check_state cs;
	enum health health;
	struct conf_check check;
};

static struct health_step feed(struct run *r, enum hc_reason reason)
{
	struct health_step step =
	    health_step(&r->cs, r->health, &r->check, reason, 1234);

	r->health = step.health;
	return step;
}

static struct run run_of(enum health start, uint32_t rise, uint32_t fall)
{
	return (struct run){ .health = start,
			     .check = { .rise = rise, .fall = fall } };
}

static void test_up_until_fall_failures(void **state)
{
	struct run r = run_of(HEALTH_UP, 2, 3);
	struct health_step step;

	assert_int_equal(feed(&r, HC_TIMEOUT).health, HEALTH_UP);
	assert_int_equal(feed(&r, HC_REFUSED).health, HEALTH_UP);
	step = feed(&r, HC_UNREACHABLE);
	assert_int_equal(step.health, HEALTH_DOWN);
	assert_int_equal(step.streak, 3);
	assert_int_equal(step.needed, 3);
	assert_int_equal(r.cs.reason, HC_UNREACHABLE);
}

static void test_a_success_ends_the_streak(void **state)
{
	struct run r = run_of(HEALTH_UP, 2, 3);

	feed(&r, HC_TIMEOUT);
	feed(&r, HC_TIMEOUT);
	feed(&r, HC_OK);
	assert_int_equal(r.cs.fall, 0);
	feed(&r, HC_TIMEOUT);
	assert_int_equal(feed(&r, HC_TIMEOUT).health, HEALTH_UP);
	assert_int_equal(feed(&r, HC_TIMEOUT).health, HEALTH_DOWN);
}

static void test_down_until_rise_successes(void **state)
{
	struct run r = run_of(HEALTH_DOWN, 2, 3);

	assert_int_equal(feed(&r, HC_OK).health, HEALTH_DOWN);
	assert_int_equal(feed(&r, HC_RESET).health, HEALTH_DOWN);
	assert_int_equal(feed(&r, HC_OK).health, HEALTH_DOWN);
	assert_int_equal(feed(&r, HC_OK).health, HEALTH_UP);
}

static void test_unknown_is_decided_at_once(void **state)
{
	struct run good = run_of(HEALTH_UNKNOWN, 5, 5);
	struct run bad = run_of(HEALTH_UNKNOWN, 5, 5);
	struct health_step step = feed(&good, HC_OK);

	assert_int_equal(step.health, HEALTH_UP);
	assert_int_equal(step.needed, 1);
	assert_true(good.cs.decided);
	assert_int_equal(feed(&bad, HC_REFUSED).health, HEALTH_DOWN);
}

static const enum hc_reason nothing[] = { HC_LOCAL, HC_LATE, HC_IGNORED };

#define NOTHINGS (sizeof(nothing) / sizeof(nothing[0]))

static void test_some_results_count_as_nothing(void **state)
{
	for (size_t k = 0; k < NOTHINGS; k++) {
		struct run r = run_of(HEALTH_UP, 1, 2);
		struct run unknown = run_of(HEALTH_UNKNOWN, 1, 1);

		assert_false(health_counts(nothing[k]));
		feed(&r, HC_TIMEOUT);
		for (int i = 0; i < 10; i++)
			assert_int_equal(feed(&r, nothing[k]).health,
					 HEALTH_UP);
		assert_int_equal(r.cs.fall, 1);
		assert_int_equal(r.cs.last_us, 1234);
		assert_int_equal(r.cs.reason, nothing[k]);
		assert_int_equal(feed(&r, HC_TIMEOUT).health, HEALTH_DOWN);

		assert_int_equal(feed(&unknown, nothing[k]).health,
				 HEALTH_UNKNOWN);
		assert_false(unknown.cs.decided);
	}
}

static void test_maintenance_is_not_waited_for(void **state)
{
	struct run r = run_of(HEALTH_UP, 2, 5);
	struct health_step step = feed(&r, HC_MAINTENANCE);

	assert_int_equal(step.health, HEALTH_DOWN);
	assert_int_equal(step.needed, 1);
	assert_int_equal(feed(&r, HC_OK).health, HEALTH_DOWN);
	assert_int_equal(feed(&r, HC_OK).health, HEALTH_UP);
}

static void test_a_smaller_fall_counts_with_the_next_result(void **state)
{
	struct run r = run_of(HEALTH_UP, 1, 10);

	for (int i = 0; i < 5; i++)
		feed(&r, HC_TIMEOUT);
	r.check.fall = 3;
	assert_int_equal(feed(&r, HC_TIMEOUT).health, HEALTH_DOWN);
}

static void test_counters_do_not_wrap(void **state)
{
	struct run r = run_of(HEALTH_UP, 1, UINT32_MAX);

	r.cs.fall = UINT32_MAX - 1;
	assert_int_equal(feed(&r, HC_TIMEOUT).health, HEALTH_DOWN);
	assert_int_equal(feed(&r, HC_TIMEOUT).health, HEALTH_DOWN);
	assert_int_equal(r.cs.fall, UINT32_MAX);
}

static bool is_nothing(enum hc_reason reason)
{
	for (size_t k = 0; k < NOTHINGS; k++)
		if (nothing[k] == reason)
			return true;
	return false;
}

/* How many results at the end of the history are alike, of those that count? */
static uint32_t tail(const enum hc_reason *h, size_t n, bool good)
{
	uint32_t alike = 0;

	while (n--) {
		if (is_nothing(h[n]))
			continue;
		if ((h[n] == HC_OK) != good)
			break;
		alike++;
	}
	return alike;
}

static enum health oracle(enum health start, const struct conf_check *check,
			  const enum hc_reason *h, size_t n)
{
	enum health health = start;

	for (size_t i = 1; i <= n; i++) {
		bool good = h[i - 1] == HC_OK;

		if (is_nothing(h[i - 1]))
			continue;
		if (health == HEALTH_UNKNOWN)
			health = good ? HEALTH_UP : HEALTH_DOWN;
		else if (good && tail(h, i, true) >= check->rise)
			health = HEALTH_UP;
		else if (h[i - 1] == HC_MAINTENANCE ||
			 (!good && tail(h, i, false) >= check->fall))
			health = HEALTH_DOWN;
	}
	return health;
}

static void test_random_histories_agree_with_the_definition(void **state)
{
	unsigned short seed[3] = { 7, 7, 7 };

	for (int round = 0; round < 300; round++) {
		enum health start = (enum health)(round % 3);
		struct run r =
		    run_of(start, 1 + nrand48(seed) % 4, 1 + nrand48(seed) % 4);
		enum hc_reason h[HISTORY];
		long bias = 1 + nrand48(seed) % 9;

		for (size_t i = 0; i < HISTORY; i++) {
			h[i] = nrand48(seed) % 10 < bias
				   ? HC_OK
				   : 1 + nrand48(seed) % (HC_REASON_MAX - 1);
			feed(&r, h[i]);
			if (i % 20 == 0)
				assert_int_equal(
				    r.health,
				    oracle(start, &r.check, h, i + 1));
			assert_true(r.cs.rise == 0 || r.cs.fall == 0);
		}
		assert_int_equal(r.health, oracle(start, &r.check, h, HISTORY));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_until_fall_failures),
		cmocka_unit_test(test_a_success_ends_the_streak),
		cmocka_unit_test(test_down_until_rise_successes),
		cmocka_unit_test(test_unknown_is_decided_at_once),
		cmocka_unit_test(test_some_results_count_as_nothing),
		cmocka_unit_test(test_maintenance_is_not_waited_for),
		cmocka_unit_test(
		    test_a_smaller_fall_counts_with_the_next_result),
		cmocka_unit_test(test_counters_do_not_wrap),
		cmocka_unit_test(
		    test_random_histories_agree_with_the_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
