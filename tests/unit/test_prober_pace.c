/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often the real prober probes: fast while results of a kind are counted,
 * then as the job says for good and bad ones. And what it counts of itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "prober_rig.h"

#define NEVER 3600000

/* ---- pace */

static void test_fast_until_rise(void **state)
{
	struct hc_job j, witness;
	struct listener l;
	struct rig p;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	j = rig_job(1, &l, NEVER, 100);
	j.fast_ms = 100;
	j.rise = 4;
	witness = rig_job(2, &l, 100, 100);
	rig_jobs(&p, &j, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(rig_result(&p, 1, NONE).reason, HC_OK);
	/* from the fourth on an hour is the pace */
	rig_jobs(&p, &witness, 1);
	for (int i = 0; i < 8; i++)
		rig_result(&p, 2, 1);
	rig_close(&p);
	listener_close(&l);
}

static void test_down_ms_while_down(void **state)
{
	struct listener l;
	struct rig p;
	struct hc_job j;

	listener_open(&l, AF_INET, -1);
	rig_open(&p);
	j = rig_job(1, &l, NEVER, 100);
	j.fall = 2;
	j.fast_ms = 200;
	j.down_ms = 100;
	rig_jobs(&p, &j, 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(rig_result(&p, 1, NONE).reason, HC_REFUSED);
	rig_close(&p);
	listener_close(&l);
}

static void test_slow_while_down(void **state)
{
	struct hc_job j, witness;
	struct listener l;
	struct rig p;

	listener_open(&l, AF_INET, -1);
	rig_open(&p);
	j = rig_job(1, &l, 100, 100);
	j.fall = 3;
	j.down_ms = NEVER;
	witness = rig_job(2, &l, 100, 100);
	rig_jobs(&p, &j, 1);
	for (int i = 0; i < 3; i++)
		rig_result(&p, 1, NONE);
	rig_jobs(&p, &witness, 1);
	for (int i = 0; i < 8; i++)
		rig_result(&p, 2, 1);
	rig_close(&p);
	listener_close(&l);
}

/* Up for long, then bad: the bad ones are counted at the fast pace, at once. */
static void test_a_change_is_looked_into(void **state)
{
	struct listener l;
	struct rig p;
	struct hc_job j;
	uint64_t bad_ms, last_ms;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	j = rig_job(1, &l, 2000, 100);
	j.fast_ms = 100;
	j.fall = 5;
	rig_jobs(&p, &j, 1);
	rig_result(&p, 1, NONE);
	listener_refuse(&l);
	while (rig_result(&p, 1, NONE).reason == HC_OK)
		;
	bad_ms = now_ms();
	for (int i = 0; i < 4; i++)
		assert_int_equal(rig_result(&p, 1, NONE).reason, HC_REFUSED);
	last_ms = now_ms();
	/* four times fast_ms, not interval_ms; and never two at once */
	assert_in_range(last_ms - bad_ms, 380, 1900);
	rig_close(&p);
	listener_close(&l);
}

/* A streak begins anew when the kind changes. */
static void test_one_bad_result_slows_nothing_down(void **state)
{
	struct hc_job j, witness;
	struct listener l;
	struct rig p;

	listener_open(&l, AF_INET, -1);
	rig_open(&p);
	j = rig_job(1, &l, NEVER, 100);
	j.fast_ms = 300;
	j.rise = j.fall = 2;
	witness = rig_job(2, &l, 100, 100);
	rig_jobs(&p, &j, 1);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_REFUSED);
	listener_listen(&l, 64);
	/* bad, good, good: two good ones are needed all the same */
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_OK);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_OK);
	rig_jobs(&p, &witness, 1);
	for (int i = 0; i < 10; i++)
		rig_result(&p, 2, 1);
	rig_close(&p);
	listener_close(&l);
}

/* ---- what it counts */

static uint64_t lateness_sum(const struct hc_stats *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < HC_LATENESS_BINS; i++)
		sum += s->lateness[i];
	return sum;
}

/* Until the statistics have come so many times; returns results until then. */
static uint64_t results_until(struct rig *p, unsigned int nstats)
{
	uint64_t results = 0;

	while (p->nstats < nstats) {
		p->next = p->ngot = 0;
		rig_packet(p);
		results += p->ngot;
	}
	return results;
}

static void test_statistics_come_each_second(void **state)
{
	struct listener l;
	struct rig p;
	struct hc_job j;
	uint64_t begun, results;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	j = rig_job(1, &l, 100, 100);
	rig_jobs(&p, &j, 1);
	results = results_until(&p, 1);
	begun = now_ms();
	results += results_until(&p, 4);
	assert_in_range(now_ms() - begun, 2500, 30000);
	assert_true(p.stats.probes >= 20);
	/* one may be under way, one result after the counts */
	assert_in_range(p.stats.probes, results - 1, results + 1);
	assert_int_equal(lateness_sum(&p.stats), p.stats.probes);
	assert_int_equal(p.stats.extended, 0);
	rig_close(&p);
	listener_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fast_until_rise),
		cmocka_unit_test(test_down_ms_while_down),
		cmocka_unit_test(test_slow_while_down),
		cmocka_unit_test(test_a_change_is_looked_into),
		cmocka_unit_test(test_one_bad_result_slows_nothing_down),
		cmocka_unit_test(test_statistics_come_each_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
