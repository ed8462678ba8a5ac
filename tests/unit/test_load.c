/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what is measured of backends to what they weigh: what counts as a
 * sample, what is compared with what, what a reload keeps, and what the kernel
 * hears of it. How far weights go is weights/'s own tests' matter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "load_rig.h"

#define THREE "backend b1\nbackend b2\nbackend b3\n"
#define CONNECTIONS                                                            \
	"service s scheduler=least-connections blackout=5000\n" THREE
#define CHECKED "backend b1 check=c\nbackend b2 check=c\nbackend b3 check=c\n"
#define RESPONSE                                                               \
	"check c type=http interval=1000\n"                                    \
	"service s scheduler=least-response\n" CHECKED
#define FEED "feed f interval=1000 low=10 high=110\n"
#define CPU  FEED "service s scheduler=least-cpu feed=f\n" THREE

static void test_a_static_service_has_none(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, "service s\n" THREE);
	assert_null(r.s->load);
	assert_int_equal(load_signals(r.s), 0);
	assert_int_equal(load_next_ms(r.s), 0);
	load_rig_ticks(&r, 3);
	assert_string_equal(load_rig_weights(&r), "1000 1000 1000");
	assert_string_equal(load_rig_why(&r, 0), "static");
	assert_int_equal(service_why(r.s), WEIGHTS_STATIC);
	load_rig_end(&r);
}

static void test_connections_move_flows_away(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CONNECTIONS);
	load_rig_committed(&r);
	load_rig_set(r.connections, 500, 100, 100);
	load_rig_ticks(&r, 1);
	assert_true(r.s->dirty && r.changes.worthwhile && !r.changes.urgent);
	assert_int_equal(r.changes.n, 0); /* no words about weights */
	load_rig_ticks(&r, 20);
	assert_true(load_rig_weight(&r, 0) < 700);
	assert_true(load_rig_weight(&r, 1) > 1000);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(r.s->backends[i].now, load_rig_weight(&r, i));
	/* it ends: nothing moves, nobody hears of anything */
	load_rig_set(r.connections, 100, 100, 100);
	load_rig_ticks(&r, 100);
	load_rig_committed(&r);
	load_rig_ticks(&r, 10);
	assert_false(r.s->dirty || r.changes.worthwhile);
	assert_null(r.changes.list);
	load_rig_end(&r);
}

static void test_a_tick_is_not_early(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CONNECTIONS);
	load_rig_set(r.connections, 500, 100, 100);
	load_rig_ticks(&r, 2);
	load_rig_committed(&r);
	assert_int_equal(load_next_ms(r.s), r.now_ms + 1000);
	step_load(r.m, r.s, r.now_ms + 999, &r.changes);
	assert_false(r.s->dirty);
	step_load(r.m, r.s, r.now_ms + 1000, &r.changes);
	assert_true(r.s->dirty);
	load_rig_end(&r);
}

/* Who has IPv6 connections is no measure for who has IPv4 ones. */
static void test_families_are_compared_among_themselves(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, "service s scheduler=least-connections\n"
			   "backend b1\nbackend b2\n"
			   "backend b3 address=2001:db8::3\n"
			   "backend b4 address=2001:db8::4\n");
	load_rig_set(r.connections, 100, 100, 10);
	r.connections[3] = 10;
	load_rig_ticks(&r, 30);
	assert_string_equal(load_rig_weights(&r), "1000 1000 1000 1000");
	r.connections[3] = 100;
	load_rig_ticks(&r, 30);
	assert_int_equal(load_rig_weight(&r, 0), 1000);
	assert_true(load_rig_weight(&r, 3) < 800);
	assert_true(load_rig_weight(&r, 2) > 1050);
	load_rig_end(&r);
}

/* ---- what is a sample */

static void test_only_good_answers_and_time_outs_count(void **state)
{
	static const enum hc_reason nothing[] = {
		HC_REFUSED, HC_RESET, HC_STATUS, HC_LATE, HC_LOCAL, HC_IGNORED,
	};
	struct load_rig r;
	struct load_view v;

	load_rig_begin(&r, RESPONSE);
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		load_rig_result(&r, 0, 0, nothing[i], 1000);
	assert_false(load_view(r.s, r.s->backends, 0, r.now_ms).known);
	load_rig_result(&r, 0, 0, HC_OK, 2000);
	v = load_view(r.s, r.s->backends, 0, r.now_ms);
	assert_true(v.known);
	assert_true(v.value > 1999 && v.value < 2001);
	assert_string_equal(v.name, "http");
	assert_int_equal(v.law, WEIGHTS_RESPONSE);
	load_rig_result(&r, 1, 0, HC_TIMEOUT, 900000);
	v = load_view(r.s, r.s->backends + 1, 0, r.now_ms);
	assert_true(v.known && v.value > 899999);
	/* three intervals long, the rig's checks have no time-out */
	assert_true(load_view(r.s, r.s->backends, 0, r.now_ms + 3000).known);
	assert_false(load_view(r.s, r.s->backends, 0, r.now_ms + 3001).known);
	load_rig_end(&r);
}

static void test_one_that_fails_fast_is_not_fast(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, "check c type=http interval=1000 fall=1000\n"
			   "service s scheduler=least-response\n" CHECKED);
	load_rig_set(r.response_us, 20000, 20000, SILENT);
	for (int i = 0; i < 30; i++) {
		load_rig_result(&r, 2, 0, HC_STATUS, 100);
		load_rig_ticks(&r, 1);
	}
	assert_string_equal(load_rig_weights(&r), "1000 1000 1000");
	assert_string_equal(load_rig_why(&r, 2), "stale");
	load_rig_end(&r);
}

/* Types of check are not compared: b1 and b2 by http, b3 and b4 by tcp. */
static void test_types_are_compared_among_themselves(void **state)
{
	static const char conf[] =
	    "check h type=http interval=1000\ncheck t type=tcp interval=1000\n"
	    "check i type=icmp interval=1000\n"
	    "service s scheduler=least-response\n"
	    "backend b1 check=h check=i\nbackend b2 check=h check=i\n"
	    "backend b3 check=t\nbackend b4 check=t\n";
	struct load_rig r;

	load_rig_begin(&r, conf);
	assert_int_equal(load_signals(r.s), 2); /* icmp is the host's */
	load_rig_set(r.response_us, 40000, 40000, 1000);
	r.response_us[3] = 1000;
	load_rig_ticks(&r, 30);
	assert_string_equal(load_rig_weights(&r), "1000 1000 1000 1000");
	r.response_us[3] = 4000;
	load_rig_ticks(&r, 30);
	assert_true(load_rig_weight(&r, 3) < load_rig_weight(&r, 2));
	assert_int_equal(load_rig_weight(&r, 0), load_rig_weight(&r, 1));
	load_rig_end(&r);
}

static void test_of_two_of_a_type_the_first_counts(void **state)
{
	static const char conf[] =
	    "check a type=http interval=1000\ncheck b type=http interval=1000\n"
	    "service s scheduler=least-response\n"
	    "backend b1 check=a check=b\nbackend b2 check=a\n";
	struct load_rig r;
	struct load_view v;

	load_rig_begin(&r, conf);
	assert_int_equal(load_signals(r.s), 1);
	load_rig_result(&r, 0, 0, HC_OK, 1000);
	load_rig_result(&r, 0, 1, HC_OK, 900000);
	v = load_view(r.s, r.s->backends, 0, r.now_ms);
	assert_true(v.known && v.value < 1001);
	load_rig_end(&r);
}

/* To a datagram without an answer silence is as good: that takes the time-out,
 * and says nothing of the server. */
static void test_silence_is_no_time(void **state)
{
	static const char conf[] =
	    "check u type=udp interval=1000\n"
	    "check e type=udp interval=1000 expect=x\n"
	    "service s scheduler=least-response\n"
	    "backend b1 check=u check=e\nbackend b2 check=u\n";
	struct load_rig r;
	struct load_view v;

	load_rig_begin(&r, conf);
	assert_int_equal(load_signals(r.s), 1);
	load_rig_result(&r, 0, 0, HC_OK, 900000);
	load_rig_result(&r, 1, 0, HC_OK, 900000);
	assert_false(load_view(r.s, &r.s->backends[1], 0, r.now_ms).known);
	load_rig_result(&r, 0, 1, HC_OK, 1000);
	v = load_view(r.s, r.s->backends, 0, r.now_ms);
	assert_true(v.known && v.value < 1001);
	load_rig_end(&r);
}

/* Where nothing talks to the service itself, its host is better than nothing.
 */
static void test_a_host_counts_where_no_service_does(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, "check i type=icmp interval=1000\n"
			   "check s type=script interval=1000\n"
			   "service s scheduler=least-response\n"
			   "backend b1 check=i check=s\nbackend b2 check=s\n");
	assert_int_equal(load_signals(r.s), 1);
	assert_string_equal(load_view(r.s, r.s->backends, 0, r.now_ms).name,
			    "icmp");
	load_rig_end(&r);
}

/* ---- feeds */

static double load_of(const struct load_rig *r, size_t backend)
{
	struct load_view v =
	    load_view(r->s, &r->s->backends[backend], 0, r->now_ms);

	assert_true(v.known);
	assert_string_equal(v.name, "f");
	return v.value;
}

static void assert_near(double a, double b)
{
	assert_true(a > b - 1e-6 && a < b + 1e-6);
}

static void test_low_and_high(void **state)
{
	static const struct {
		double value, load;
	} lines[] = {
		{ 10, 0 }, { 60, 0.5 }, { 110, 1 }, { -50, 0 }, { 1e300, 1 },
	};
	struct load_rig r;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		load_rig_begin(&r, CPU);
		load_feed(r.s, r.s->backends, 0, lines[i].value, r.now_ms);
		assert_near(load_of(&r, 0), lines[i].load);
		load_rig_end(&r);
		/* less is more */
		load_rig_begin(&r, "feed f interval=1000 low=110 high=10\n"
				   "service s scheduler=least-cpu feed=f\n"
				   "backend b1\n");
		load_feed(r.s, r.s->backends, 0, lines[i].value, r.now_ms);
		assert_near(load_of(&r, 0), 1 - lines[i].load);
		load_rig_end(&r);
	}
}

static void test_a_loaded_one_gets_less(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CPU);
	load_rig_set(r.feeds[0], 80, 40, 40);
	load_rig_ticks(&r, 30);
	assert_true(load_rig_weight(&r, 0) < 700);
	assert_true(load_rig_weight(&r, 1) > 1050);
	load_rig_end(&r);
}

/* With another scheduler a feed is a further limit. */
static void test_the_least_counts(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, FEED
		       "service s scheduler=least-connections feed=f\n" THREE);
	assert_int_equal(load_signals(r.s), 2);
	load_rig_set(r.connections, 100, 100, 100);
	load_rig_set(r.feeds[0], 90, 40, 40);
	load_rig_ticks(&r, 30);
	assert_true(load_rig_weight(&r, 0) < 900);
	load_rig_end(&r);
}

/* ---- with the rest of the model */

static void test_weights_multiply(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, "service s scheduler=least-connections "
			   "ceiling=10000 max-step=1000\n"
			   "backend b1 weight=65535\nbackend b2 weight=4\n");
	load_restore(r.s, &r.s->backends[0], 10000);
	load_restore(r.s, &r.s->backends[1], 250);
	step_weight(r.m, r.s, &r.s->backends[1], 8, "test", r.now_ms,
		    &r.changes);
	assert_int_equal(r.s->backends[1].now, 2000);
	assert_int_equal(r.s->backends[0].now, 65535000);
	step_admin(r.m, r.s, &r.s->backends[0], ADMIN_DRAIN, "test", r.now_ms,
		   &r.changes);
	step_admin(r.m, r.s, &r.s->backends[0], ADMIN_ENABLED, "test", r.now_ms,
		   &r.changes);
	assert_int_equal(r.s->backends[0].now, 655350000);
	assert_int_equal(backend_effective_weight(r.s, &r.s->backends[0]),
			 655350);
	load_rig_end(&r);
}

/* Who has just come up is not judged yet, and begins slowly. */
static void test_up_again(void **state)
{
	static const char conf[] =
	    "check c type=http interval=1000\n"
	    "service s scheduler=least-response blackout=5000 "
	    "slow-start=9000\n" CHECKED;
	struct load_rig r;

	load_rig_begin(&r, conf);
	load_rig_set(r.response_us, 10000, 10000, 10000);
	load_rig_ticks(&r, 5);
	assert_int_equal(r.s->backends[2].up_ms, 0);
	r.response_us[2] = SILENT;
	load_rig_result(&r, 2, 0, HC_REFUSED, 1);
	assert_int_equal(r.s->backends[2].health, HEALTH_DOWN);
	load_rig_ticks(&r, 1);
	assert_string_equal(load_rig_why(&r, 2), "out");
	r.response_us[2] = 50000;
	load_rig_ticks(&r, 1);
	assert_int_equal(r.s->backends[2].up_ms, r.now_ms);
	assert_int_equal(r.s->backends[2].now, 100);
	assert_string_equal(load_rig_why(&r, 2), "blackout");
	load_rig_ticks(&r, 5);
	assert_string_equal(load_rig_why(&r, 2), "slow-start");
	assert_int_equal(load_rig_weight(&r, 2), 1000);
	assert_true(r.s->backends[2].now > 500);
	load_rig_ticks(&r, 10);
	assert_true(load_rig_weight(&r, 2) < 900);
	load_rig_end(&r);
}

/* ---- reloads */

static void test_a_reload_goes_on(void **state)
{
	struct load_rig r;
	struct load_view before, after;
	char weights[64];

	load_rig_begin(&r, CONNECTIONS);
	load_rig_set(r.connections, 300, 100, 100);
	load_rig_ticks(&r, 4);
	load_rig_committed(&r);
	snprintf(weights, sizeof(weights), "%s", load_rig_weights(&r));
	assert_string_not_equal(weights, "1000 1000 1000");
	before = load_view(r.s, r.s->backends, 0, r.now_ms);
	/* other numbers, another order: the same weights */
	load_rig_reload(&r, "service s scheduler=least-connections tick=2000 "
			    "max-step=100\n" THREE);
	assert_string_equal(load_rig_weights(&r), weights);
	assert_false(r.s->dirty);
	assert_int_equal(load_next_ms(r.s), r.now_ms + 2000);
	after = load_view(r.s, r.s->backends, 0, r.now_ms);
	assert_true(after.known && after.value == before.value);
	/* another measure: the weights, and nothing that was measured */
	load_rig_reload(&r, "check c type=tcp\n"
			    "service s scheduler=least-response\n" CHECKED);
	assert_string_equal(load_rig_weights(&r), weights);
	assert_false(load_view(r.s, r.s->backends, 0, r.now_ms).known);
	load_rig_end(&r);
}

static void test_another_server_begins_anew(void **state)
{
	struct load_rig r;
	uint32_t b1, b3;

	load_rig_begin(&r, CONNECTIONS);
	load_rig_set(r.connections, 300, 100, 50);
	load_rig_ticks(&r, 10);
	b1 = load_rig_weight(&r, 0);
	b3 = load_rig_weight(&r, 2);
	load_rig_reload(&r, "service s scheduler=least-connections\n"
			    "backend b3\nbackend b2 address=10.0.0.9\n"
			    "backend b4\nbackend b1\n");
	assert_int_equal(load_rig_weight(&r, 0), b3);
	assert_int_equal(load_rig_weight(&r, 1), 1000);
	assert_int_equal(load_rig_weight(&r, 2), 1000);
	assert_int_equal(load_rig_weight(&r, 3), b1);
	assert_true(load_view(r.s, &r.s->backends[0], 0, r.now_ms).known);
	assert_false(load_view(r.s, &r.s->backends[1], 0, r.now_ms).known);
	load_rig_end(&r);
}

/* A feed is the same if it asks the same and means the same by it. */
static void test_a_feed_goes_on(void **state)
{
	static const char other[] = "feed f interval=1000 low=10 high=50\n"
				    "service s scheduler=least-cpu feed=f\n"
				    "backend b1\n";
	static const char more[] =
	    FEED "feed g interval=1000\n"
		 "service s scheduler=least-cpu feed=g feed=f\n" THREE;
	struct load_rig r;

	load_rig_begin(&r, CPU);
	load_rig_set(r.feeds[0], 60, 60, 60);
	load_rig_ticks(&r, 1);
	load_rig_reload(&r, more);
	assert_false(load_feed_heard(r.s, r.s->backends, 0));
	assert_true(load_feed_heard(r.s, r.s->backends, 1));
	assert_false(load_view(r.s, r.s->backends, 0, r.now_ms).known);
	assert_true(load_view(r.s, r.s->backends, 1, r.now_ms).known);
	load_rig_reload(&r, other);
	assert_false(load_feed_heard(r.s, r.s->backends, 0));
	assert_false(load_view(r.s, r.s->backends, 0, r.now_ms).known);
	load_rig_end(&r);
}

static void test_what_was_on_disk(void **state)
{
	struct load_rig r;

	load_rig_begin(&r, CONNECTIONS);
	load_restore(r.s, &r.s->backends[0], 400);
	load_restore(r.s, &r.s->backends[1], 1);
	load_restore(r.s, &r.s->backends[2], 4000000000);
	assert_string_equal(load_rig_weights(&r), "400 200 3000");
	load_rig_end(&r);
	load_rig_begin(&r, "service s\n" THREE);
	load_restore(r.s, &r.s->backends[0], 400);
	assert_string_equal(load_rig_weights(&r), "1000 1000 1000");
	load_rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_static_service_has_none),
		cmocka_unit_test(test_connections_move_flows_away),
		cmocka_unit_test(test_a_tick_is_not_early),
		cmocka_unit_test(test_families_are_compared_among_themselves),
		cmocka_unit_test(test_only_good_answers_and_time_outs_count),
		cmocka_unit_test(test_one_that_fails_fast_is_not_fast),
		cmocka_unit_test(test_types_are_compared_among_themselves),
		cmocka_unit_test(test_of_two_of_a_type_the_first_counts),
		cmocka_unit_test(test_silence_is_no_time),
		cmocka_unit_test(test_a_host_counts_where_no_service_does),
		cmocka_unit_test(test_low_and_high),
		cmocka_unit_test(test_a_loaded_one_gets_less),
		cmocka_unit_test(test_the_least_counts),
		cmocka_unit_test(test_weights_multiply),
		cmocka_unit_test(test_up_again),
		cmocka_unit_test(test_a_reload_goes_on),
		cmocka_unit_test(test_another_server_begins_anew),
		cmocka_unit_test(test_a_feed_goes_on),
		cmocka_unit_test(test_what_was_on_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
