/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters between two looks, and the usage of CPUs that comes of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "healthcheck/counter.h"
#include "healthcheck/cpu_usage.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SECOND   1000000ull
#define ALMOST   1e-9

static struct counter_time at(double seconds, double uptime_s)
{
	return (struct counter_time){
		.at_us = (uint64_t)(1000 * SECOND + seconds * SECOND),
		.has_uptime = uptime_s >= 0,
		.uptime_cs = (uint32_t)(int64_t)(uptime_s * 100),
	};
}

#define NO_UPTIME (-1)

static void is_about(double found, double expected)
{
	if (!(fabs(found - expected) <= ALMOST))
		fail_msg("%f, not %f", found, expected);
}

/* ---- counters ---- */

static void one_life(void **state)
{
	static const struct {
		double elapsed_s, before_s, now_s;
		bool same;
	} rows[] = {
		{ 2, 100, 102, true },
		{ 2, 100, 102.5, true }, /* a slow network */
		{ 2, 100, 100, true },   /* an agent that looks now and then */
		{ 60, 100, 165, true },
		{ 2, 100, 0.5, false }, /* it began anew */
		{ 2, 0.2, 0.1, false },
		{ 600, 10, 20, false },   /* anew, and as old as before */
		{ 2, 100, 200, false },   /* another one */
		{ 2, 42949672, 1, true }, /* after 497 days */
		{ 2, NO_UPTIME, 5, true },
		{ 2, 5, NO_UPTIME, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct counter_time before = at(0, rows[i].before_s);
		struct counter_time now = at(rows[i].elapsed_s, rows[i].now_s);

		if (counter_same_life(&before, &now) != rows[i].same)
			fail_msg("row %zu", i);
	}
}

static void what_is_counted(void **state)
{
	assert_int_equal(counter_since(5, 12, 32), 7);
	assert_int_equal(counter_since(UINT32_MAX, 4, 32), 5);
	assert_int_equal(counter_since(UINT64_MAX, 4, 64), 5);
	assert_int_equal(counter_since(UINT32_MAX, 4ull + UINT32_MAX, 64), 4);
	assert_false(counter_went_back(UINT32_MAX, 4, 32));
	assert_true(counter_went_back(12, 5, 32));
	assert_true(counter_went_back(12, 5, 64));
	assert_true(counter_went_back(UINT32_MAX, 4, 64));
	assert_false(counter_went_back(7, 7, 32));
}

static void rates(void **state)
{
	static const struct {
		double elapsed_s, uptime_s;
		uint64_t before, now;
		unsigned int bits;
		double rate; /* < 0: none */
	} rows[] = {
		{ 2, 102, 10, 30, 32, 10 },
		{ 2, 102, 10, 10, 32, 0 },
		{ 2, 102, UINT32_MAX - 9, 10, 32, 10 },
		{ 2, 102, UINT64_MAX - 9, 10, 64, 10 },
		/* as fast as that goes, if the agent lived on */
		{ 2, 102, 10, 9, 32, 4294967295 / 2. },
		{ 2, NO_UPTIME, 10, 9, 32, -1 },
		{ 2, NO_UPTIME, UINT32_MAX, 9, 32, 5 },
		{ 2, 102, 10, 9, 64, -1 }, /* nothing counts so fast */
		{ 2, 1, 10, 30, 32, -1 },  /* began anew */
		{ 0, 100, 10, 30, 32, -1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct counter_time before = at(0, 100);
		struct counter_time now =
		    at(rows[i].elapsed_s, rows[i].uptime_s);
		double rate = -1;

		assert_int_equal(counter_rate(&before, rows[i].before, &now,
					      rows[i].now, rows[i].bits, &rate),
				 rows[i].rate >= 0);
		is_about(rate, rows[i].rate);
	}
}

/* ---- CPUs ---- */

/* user nice system idle wait kernel interrupt softirq steal */
#define BASE 1000, 100, 500, 9000, 70, 0, 10, 20, 5

static const struct row {
	const char *what;
	uint32_t before[CPU_TICKS], now[CPU_TICKS];
	enum cpu_news news;
	double usage;
} rows[] = {
	{ "all idle",
	  { BASE },
	  { 1000, 100, 500, 9200, 70, 0, 10, 20, 5 },
	  CPU_NEWS,
	  0 },
	{ "all busy",
	  { BASE },
	  { 1150, 100, 550, 9000, 70, 0, 10, 20, 5 },
	  CPU_NEWS,
	  1 },
	{ "a quarter",
	  { BASE },
	  { 1050, 100, 500, 9150, 70, 0, 10, 20, 5 },
	  CPU_NEWS,
	  0.25 },
	{ "each counts",
	  { BASE },
	  { 1010, 110, 510, 9040, 80, 0, 20, 30, 15 },
	  CPU_NEWS,
	  70. / 110 },
	{ "disks are waited for",
	  { BASE },
	  { 1000, 100, 500, 9050, 120, 0, 10, 20, 5 },
	  CPU_NEWS,
	  0.5 },
	{ "nothing counted", { BASE }, { BASE }, CPU_SAME, 0 },
	{ "one of them through 0",
	  { UINT32_MAX - 9, 100, 500, 9000, 70, 0, 10, 20, 5 },
	  { 40, 100, 500, 9050, 70, 0, 10, 20, 5 },
	  CPU_NEWS,
	  0.5 },
	{ "idle through 0",
	  { 1000, 100, 500, UINT32_MAX - 9, 70, 0, 10, 20, 5 },
	  { 1050, 100, 500, 40, 70, 0, 10, 20, 5 },
	  CPU_NEWS,
	  0.5 },
	{ "all of them",
	  { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0,
	    UINT32_MAX, UINT32_MAX, UINT32_MAX },
	  { 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	  CPU_NEWS,
	  7. / 8 },
	{ "wait goes back",
	  { BASE },
	  { 1050, 100, 500, 9050, 60, 0, 10, 20, 5 },
	  CPU_NEWS,
	  0.5 },
	{ "idle goes back",
	  { BASE },
	  { 1050, 100, 500, 8999, 70, 0, 10, 20, 5 },
	  CPU_AFRESH,
	  0 },
	{ "only one moves, and back",
	  { BASE },
	  { 1000, 100, 500, 9000, 60, 0, 10, 20, 5 },
	  CPU_AFRESH,
	  0 },
	/* system is kernel, wait and interrupt together */
	{ "a sum",
	  { 1000, 100, 580, 9000, 70, 500, 10, 0, 0 },
	  { 1000, 100, 680, 9100, 100, 550, 30, 0, 0 },
	  CPU_NEWS,
	  0.5 },
	/* the machine began anew, and has no uptime to say so */
	{ "a new life",
	  { 4000, 100, 500, 3000000000u, 70, 0, 10, 20, 5 },
	  { 50, 0, 0, 100, 0, 0, 0, 0, 0 },
	  CPU_AFRESH,
	  0 },
	/* 4096 CPUs of 100 ticks */
	{ "many CPUs",
	  { BASE },
	  { 1000 + 409600, 100, 500, 9000 + 409600, 70, 0, 10, 20, 5 },
	  CPU_NEWS,
	  0.5 },
};

static void usages(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct cpu_ticks before = { .time = at(0, NO_UPTIME) };
		struct cpu_ticks now = { .time = at(2, NO_UPTIME) };
		double usage = 0;

		for (size_t t = 0; t < CPU_TICKS; t++) {
			before.of[t] = row->before[t];
			now.of[t] = row->now[t];
		}
		if (cpu_usage(&before, &now, &usage) != row->news ||
		    usage < row->usage - ALMOST || usage > row->usage + ALMOST)
			fail_msg("%s: %f", row->what, usage);
	}
}

/* Whatever the counters seem to say. */
static void nothing_is_compared_with_another_life(void **state)
{
	struct cpu_ticks before = { .time = at(0, 500), .of = { BASE } };
	struct cpu_ticks now = { .time = at(2, 1),
				 .of = { 1050, 100, 500, 9150, 70 } };
	double usage = -1;

	assert_int_equal(cpu_usage(&before, &now, &usage), CPU_AFRESH);
	now.time = at(2, 502);
	assert_int_equal(cpu_usage(&before, &now, &usage), CPU_NEWS);
	/* nor where nothing moved: the same figures by chance */
	now = before;
	now.time = at(2, 1);
	assert_int_equal(cpu_usage(&before, &now, &usage), CPU_AFRESH);
}

/* Any numbers at all: a usage, or none. */
static void a_usage_is_always_one(void **state)
{
	uint32_t random = 12345;

	for (int n = 0; n < 20000; n++) {
		struct cpu_ticks t[2] = { { .time = at(0, NO_UPTIME) },
					  { .time = at(n, NO_UPTIME) } };
		double usage = -1;

		for (size_t i = 0; i < 2 * CPU_TICKS; i++) {
			random = random * 1664525 + 1013904223;
			t[i / CPU_TICKS].of[i % CPU_TICKS] =
			    random >> random % 32;
		}
		if (cpu_usage(&t[0], &t[1], &usage) == CPU_NEWS)
			assert_true(usage >= 0 && usage <= 1);
	}
}

static void loads(void **state)
{
	is_about(cpu_usage_of_load(0.5, 1), 0.5);
	is_about(cpu_usage_of_load(2, 8), 0.25);
	is_about(cpu_usage_of_load(0.5, 0), 0.5);
	is_about(cpu_usage_of_load(12, 8), 1);
	is_about(cpu_usage_of_load(-1, 8), 0);
	is_about(cpu_usage_of_load(HUGE_VAL, 8), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_life),
		cmocka_unit_test(what_is_counted),
		cmocka_unit_test(rates),
		cmocka_unit_test(usages),
		cmocka_unit_test(nothing_is_compared_with_another_life),
		cmocka_unit_test(a_usage_is_always_one),
		cmocka_unit_test(loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
