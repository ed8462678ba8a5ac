/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of dynamic weights: not that they move, but what holds them, and
 * feeds that say nothing any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "load_rig.h"

#define FEED  "feed f interval=1000 low=0 high=1\n"
#define THREE "backend b1 check=c\nbackend b2 check=c\nbackend b3 check=c\n"
#define CPU                                                                    \
	"check c type=tcp\n" FEED "service s scheduler=least-cpu "             \
	"feed=f\n" THREE

static void test_saturated(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CPU);
	load_rig_set(r.feeds[0], 0.5, 0.5, 0.5);
	load_rig_ticks(&r, 10);
	assert_string_equal(load_rig_changes(&r), "");
	load_rig_set(r.feeds[0], 1, 1, 1);
	load_rig_ticks(&r, 10);
	assert_string_equal(load_rig_changes(&r), "weights s steady>saturated "
						  "measured=3/3 that serve\n");
	assert_int_equal(service_why(r.s), WEIGHTS_SATURATED);
	load_rig_ticks(&r, 100);
	assert_string_equal(load_rig_changes(&r), "");
	load_rig_set(r.feeds[0], 0.5, 0.5, 0.5);
	load_rig_ticks(&r, 10);
	assert_string_equal(load_rig_changes(&r), "weights s saturated>steady "
						  "measured=3/3 that serve\n");
	load_rig_end(&r);
}

/* Now so, now so, all the time: said every ten seconds at most. */
static void test_words_are_few(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CPU);
	for (int i = 0; i < 60; i++) {
		double value = i / 3 % 2 ? 1 : 0.3;

		load_rig_set(r.feeds[0], value, value, value);
		load_rig_ticks(&r, 1);
	}
	assert_in_range(r.changes.n, 2, 6);
	load_rig_end(&r);
}

static void test_one_reporter(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, "service s scheduler=least-connections\n"
			   "backend b1\nbackend b2\nbackend b3\n");
	load_rig_set(r.connections, 100, 100, 100);
	load_rig_ticks(&r, 10);
	load_rig_set(r.connections, 100, SILENT, SILENT);
	load_rig_ticks(&r, 10);
	assert_string_equal(load_rig_changes(&r),
			    "weights s steady>one-reporter "
			    "measured=1/3 that serve\n");
	/* alone: nothing hangs on it, and nobody has to do anything */
	step_admin(r.m, r.s, &r.s->backends[1], ADMIN_DISABLED, "test",
		   r.now_ms, NULL);
	step_admin(r.m, r.s, &r.s->backends[2], ADMIN_DISABLED, "test",
		   r.now_ms, NULL);
	load_rig_ticks(&r, 10);
	assert_string_equal(load_rig_changes(&r),
			    "weights s one-reporter>steady "
			    "measured=1/1 that serve\n");
	assert_int_equal(service_why(r.s), WEIGHTS_ONE_REPORTER);
	step_admin(r.m, r.s, &r.s->backends[0], ADMIN_DISABLED, "test",
		   r.now_ms, NULL);
	load_rig_ticks(&r, 10);
	assert_int_equal(service_why(r.s), WEIGHTS_OUT);
	load_rig_end(&r);
}

/* What is held is said, whichever family it is; one alone is not. */
static void test_families(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, "service s scheduler=least-connections\n"
			   "backend b1\nbackend b2\n"
			   "backend b3 address=2001:db8::3\n");
	load_rig_set(r.connections, 100, 100, 10);
	load_rig_ticks(&r, 10);
	assert_int_equal(service_why(r.s), WEIGHTS_STEADY);
	assert_string_equal(load_rig_changes(&r), "");
	load_rig_set(r.connections, 100, SILENT, 10);
	load_rig_ticks(&r, 10);
	assert_int_equal(service_why(r.s), WEIGHTS_ONE_REPORTER);
	assert_string_equal(load_rig_changes(&r),
			    "weights s steady>one-reporter "
			    "measured=2/3 that serve\n");
	load_rig_end(&r);
}

static void test_a_start_is_no_news(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CPU);
	load_rig_ticks(&r, 1);
	load_rig_set(r.feeds[0], 0.5, SILENT, SILENT);
	load_rig_ticks(&r, 1);
	load_rig_set(r.feeds[0], 0.5, 0.5, 0.5);
	load_rig_ticks(&r, 10);
	assert_string_equal(load_rig_changes(&r), "");
	load_rig_end(&r);
}

/* Not others are silent when we do not listen, and what they said before holds
 * on. But not for ever. */
static void test_who_stood_still(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CPU);
	load_rig_set(r.feeds[0], 0.9, 0.3, 0.3);
	load_rig_ticks(&r, 60);
	load_rig_set(r.feeds[0], SILENT, SILENT, SILENT);
	r.now_ms += 30000;
	load_late(r.s, 30000, r.now_ms);
	load_rig_ticks(&r, 3);
	assert_string_equal(load_rig_changes(&r), "");
	assert_true(load_rig_weight(&r, 0) < 700);
	load_rig_ticks(&r, 2);
	assert_int_equal(r.changes.n, 4); /* three feeds, and the pool */
	load_rig_end(&r);
}

static void test_a_feed_goes_silent(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CPU);
	load_rig_set(r.feeds[0], 0.5, 0.5, 0.5);
	load_rig_ticks(&r, 10);
	r.feeds[0][1] = SILENT;
	load_feed_failed(r.s, &r.s->backends[1], 0, HC_TIMEOUT);
	load_rig_ticks(&r, 3);
	assert_string_equal(load_rig_changes(&r), "");
	load_rig_ticks(&r, 1);
	assert_string_equal(load_rig_changes(&r),
			    "feed b2 fresh>silent "
			    "feed=f no value for 4.0s, last=timeout\n");
	load_rig_ticks(&r, 100);
	assert_string_equal(load_rig_changes(&r), "");
	r.feeds[0][1] = 0.5;
	load_rig_ticks(&r, 1);
	assert_string_equal(load_rig_changes(&r),
			    "feed b2 silent>fresh feed=f\n");
	load_rig_end(&r);
}

/* Net-SNMP has news of its CPUs each five seconds, however often it is asked:
 * that is not silence. */
static void test_a_feed_with_rare_news(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, "check c type=tcp\n"
			   "feed f type=cpu interval=1000\n"
			   "service s scheduler=least-cpu feed=f\n" THREE);
	for (int i = 0; i < 10; i++) {
		load_rig_set(r.feeds[0], 0.5, 0.5, 0.5);
		load_rig_ticks(&r, 1);
		load_rig_set(r.feeds[0], SILENT, SILENT, SILENT);
		load_rig_ticks(&r, 4);
	}
	assert_string_equal(load_rig_changes(&r), "");
	load_rig_ticks(&r, 20);
	assert_non_null(strstr(load_rig_changes(&r), "feed b2 fresh>silent"));
	load_rig_end(&r);
}

/* One that never said a word, and a reload that does not say it again. */
static void test_a_feed_that_never_was(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CPU);
	load_rig_set(r.feeds[0], 0.5, 0.5, SILENT);
	load_rig_ticks(&r, 10);
	assert_string_equal(load_rig_changes(&r),
			    "feed b3 fresh>silent "
			    "feed=f no value for 4.0s, last=none\n");
	load_rig_reload(&r, CPU);
	load_rig_ticks(&r, 10);
	assert_string_equal(load_rig_changes(&r), "");
	load_rig_end(&r);
}

/* Of who is down nobody expects an answer. */
static void test_down_is_said_once(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CPU);
	load_rig_set(r.feeds[0], 0.5, 0.5, 0.5);
	load_rig_ticks(&r, 5);
	r.feeds[0][0] = SILENT;
	load_rig_result(&r, 0, 0, HC_REFUSED, 1);
	changes_free(&r.changes);
	load_rig_ticks(&r, 20);
	assert_string_equal(load_rig_changes(&r), "");
	/* it is back, and its agent a little later */
	load_rig_result(&r, 0, 0, HC_OK, 1);
	changes_free(&r.changes);
	load_rig_ticks(&r, 2);
	r.feeds[0][0] = 0.5;
	load_rig_ticks(&r, 2);
	assert_string_equal(load_rig_changes(&r), "");
	load_rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_saturated),
		cmocka_unit_test(test_words_are_few),
		cmocka_unit_test(test_one_reporter),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_a_start_is_no_news),
		cmocka_unit_test(test_who_stood_still),
		cmocka_unit_test(test_a_feed_goes_silent),
		cmocka_unit_test(test_a_feed_with_rare_news),
		cmocka_unit_test(test_a_feed_that_never_was),
		cmocka_unit_test(test_down_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
