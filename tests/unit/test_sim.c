/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulator against what is known of queues, so that what it says of
 * schedulers may be believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "tests/sim/measure.h"
#include "tests/sim/scenarios.h"

static double busy(const struct sim_run *r, size_t backend, size_t from)
{
	double sum = 0;

	for (size_t i = from; i < r->seconds; i++)
		sum += r->at[i * r->nbackends + backend].busy;
	return sum / (double)(r->seconds - from);
}

/* The part of requests that take longer than @s: of M/M/1 they are exponential
 * with mean service / (1 - load). */
static double longer(const struct sim_run *r, double s)
{
	uint64_t n = 0;

	for (size_t i = sim_bin(s); i < SIM_BINS; i++)
		n += r->times[i];
	return (double)n / (double)r->answers;
}

static void one_worker_is_mm1(void **state)
{
	const struct sim_scenario s = { .nbackends = 1,
					.workers = 1,
					.service_s = 0.01,
					.load = 0.7,
					.seconds = 2000 };
	struct sim_run *r = sim_run(&s, SIM_ROUND_ROBIN, 1, 100);
	double mean = 0.01 / 0.3;

	assert_true(fabs(busy(r, 0, 100) - 0.7) < 0.01);
	for (double t = mean / 4; t < 4 * mean; t *= 2)
		assert_true(fabs(longer(r, t) - exp(-t / mean)) < 0.015);
	assert_true(fabs(sim_percentile(r, 0.5) / mean / log(2) - 1) < 0.05);
	sim_free(r);
}

/* Erlang's C formula: the part of requests that wait at all, of M/M/c. */
static void some_wait_for_a_worker(void **state)
{
	enum { C = 8 };
	const struct sim_scenario s = { .nbackends = 1,
					.workers = C,
					.service_s = 0.1,
					.load = 0.8,
					.seconds = 1000 };
	struct sim_run *r = sim_run(&s, SIM_ROUND_ROBIN, 1, 50);
	double blocked = 1, wait, waited = 0;

	for (int k = 1; k <= C; k++) /* by way of his B formula */
		blocked = 0.8 * C * blocked / (k + 0.8 * C * blocked);
	wait = blocked / (1 - 0.8 * (1 - blocked));
	for (size_t i = 50; i < r->seconds; i++)
		waited += r->at[i].queue * C;
	waited /= (double)r->seconds - 50;
	assert_true(fabs(waited / (wait * 0.8 / (1 - 0.8)) - 1) < 0.15);
	sim_free(r);
}

/* What does not fit into the queue is refused, and nothing else. */
static void a_full_queue_refuses(void **state)
{
	const struct sim_scenario s = { .nbackends = 1,
					.workers = 2,
					.service_s = 0.1,
					.load = 2,
					.seconds = 500,
					.queue_max = 10 };
	struct sim_run *r = sim_run(&s, SIM_ROUND_ROBIN, 1, 0);

	assert_true(fabs((double)r->refused / (double)r->answers - 1) < 0.05);
	for (size_t i = 0; i < r->seconds; i++)
		assert_true(r->at[i].queue <= 5);
	sim_free(r);
}

/* The law of response time: users = throughput x (answer + thinking). */
static void users_wait_for_answers(void **state)
{
	struct sim_scenario s = { .nbackends = 2,
				  .workers = 4,
				  .service_s = 0.1,
				  .load = 3,
				  .think_s = 1,
				  .seconds = 500 };
	struct sim_run *r = sim_run(&s, SIM_ROUND_ROBIN, 1, 100);
	double users = 3 * 80 * 1.1;

	/* all workers are busy, and so many are answered */
	assert_true(fabs((double)r->answers / 400 / 80 - 1) < 0.02);
	assert_true(fabs(sim_percentile(r, 0.5) / (users / 80 - 1) - 1) < 0.1);
	assert_int_equal(sim_overload(r, 100, 500), 400);
	sim_free(r);
}

/* The same seed, the same world; another seed, another one. Schedulers differ
 * in who gets the requests, not in the requests. */
static void chance_is_the_same_each_time(void **state)
{
	const struct sim_scenario *s = sim_scenario("slowed");
	struct sim_run *a = sim_run(s, SIM_LEAST_CPU, 7, 30);
	struct sim_run *b = sim_run(s, SIM_LEAST_CPU, 7, 30);
	struct sim_run *c = sim_run(s, SIM_LEAST_CPU, 8, 30);
	size_t all = a->seconds * a->nbackends * sizeof(*a->at);

	assert_memory_equal(a->times, b->times, sizeof(a->times));
	assert_memory_equal(a->at, b->at, all);
	assert_memory_not_equal(a->at, c->at, all);
	sim_free(a);
	sim_free(b);
	sim_free(c);
}

/* Counters of 32 bits that go through 0 on the way. */
static void a_wrap_is_not_seen(void **state)
{
	struct sim_scenario s = *sim_scenario("slowed");
	struct sim_run *a, *b;

	a = sim_run(&s, SIM_LEAST_CPU, 3, 30);
	s.counted = UINT32_MAX - 70 * 800; /* at about 70 s, one by one */
	b = sim_run(&s, SIM_LEAST_CPU, 3, 30);
	assert_memory_equal(a->at, b->at,
			    a->seconds * a->nbackends * sizeof(*a->at));
	sim_free(a);
	sim_free(b);
}

static void the_ideal_is_better(void **state)
{
	static const char *const where[] = { "steady", "unlike", "slowed",
					     "pile", "two-hundred" };

	for (size_t i = 0; i < sizeof(where) / sizeof(*where); i++) {
		const struct sim_scenario *s = sim_scenario(where[i]);
		struct sim_run *a = sim_run(s, SIM_WEIGHTED, 1, 30);
		struct sim_run *b = sim_run(s, SIM_IDEAL, 1, 30);
		size_t end = a->seconds;

		assert_true(sim_imbalance(b, 30, end) <
			    sim_imbalance(a, 30, end));
		assert_true(sim_percentile(b, 0.99) <=
			    sim_percentile(a, 0.99) * 1.01);
		sim_free(a);
		sim_free(b);
	}
}

/* What the tests assert must be what they measure. */
static void shares_are_measured(void **state)
{
	enum { N = 120 };
	static struct sim_second at[2 * N];
	struct sim_run r = {
		.seconds = N, .nbackends = 2, .at = at, .fair = { 0.5, 0.5 }
	};

	for (size_t i = 0; i < N; i++) {
		double swing = i < 60 ? 0 : 0.05 * sin((double)i / 2);

		at[2 * i].share = (float)(i < 20 ? 0.2 : 0.4 * (1 + swing));
		at[2 * i + 1].share = 1 - at[2 * i].share;
		at[2 * i].queue = i % 4 == 0 ? 2 : 1;
		at[2 * i].busy = 0.8F;
		at[2 * i + 1].busy = 0.4F;
	}
	assert_in_range(sim_settled(&r, 0, N), 19, 20);
	assert_true(fabs(sim_least(&r, 0, N) - 0.4) < 0.001);
	assert_true(sim_swing(&r, 20, 60) < 0.001);
	assert_true(fabs(sim_swing(&r, 60, N) - 0.1) < 0.015);
	assert_int_equal(sim_overload(&r, 0, N), 30);
	assert_true(fabs(sim_imbalance(&r, 0, N) - 1.0 / 3) < 0.001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker_is_mm1),
		cmocka_unit_test(some_wait_for_a_worker),
		cmocka_unit_test(a_full_queue_refuses),
		cmocka_unit_test(users_wait_for_answers),
		cmocka_unit_test(chance_is_the_same_each_time),
		cmocka_unit_test(a_wrap_is_not_seen),
		cmocka_unit_test(the_ideal_is_better),
		cmocka_unit_test(shares_are_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
