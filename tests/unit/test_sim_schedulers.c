/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weights that follow the load, in the simulator: they find their place, rest
 * there, starve nobody, and are nowhere worse than weights that never move.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "tests/unit/sim_rig.h"

#define CHECK(cases) sim_check((cases), sizeof(cases) / sizeof((cases)[0]))

/* There is nothing to mend: what chance does must not look like load. */
static void they_rest_where_all_is_well(void **state)
{
	static const struct sim_case cases[] = {
		{ "steady", BY_ALL, 2, 0, SIM_ASKED },
		{ "steady", BY_ALL, 1, 5, SIM_ASKED },
		{ "step", BY_ALL, 2, 0, SIM_ASKED },
		{ "square", BY_ALL, 2, 0, SIM_ASKED },
		{ "weights", BY_RESPONSE | BY_CPU, 2, 0, SIM_ASKED },
		{ "weights", BY_CONNECTIONS, 2, 0, SIM_ASKED },
	};

	CHECK(cases);
}

static void they_follow_who_is_slow(void **state)
{
	static const struct sim_case cases[] = {
		{ "unlike", BY_CPU, 2, 0, SIM_ASKED },
		/* the slow ones are near to full on the way, where queues are
		 * long by chance: caution lets them up by and by only */
		{ "unlike", BY_RESPONSE, 2, 0, { 0.18, 90, 0.19, 1, 0.02 } },
		{ "unlike", BY_CONNECTIONS, 2, 0, SIM_ASKED },
		{ "slowed", BY_CPU, 2, 0, SIM_ASKED },
		{ "slowed", BY_CONNECTIONS | BY_RESPONSE, 2, 0, SIM_BY_CHANCE },
		{ "slowed", BY_CPU, 2, 1, SIM_ASKED },
		{ "slowed", BY_CONNECTIONS | BY_RESPONSE, 2, 1, SIM_BY_CHANCE },
		{ "two", BY_ALL, 2, 0, SIM_ASKED },
	};

	CHECK(cases);
}

/*
 * How late samples are is not known to the law. Half a minute late is as long
 * as all that it may take to settle: it goes too far and comes back before it
 * sees what it did. It must not go on for ever.
 */
static void late_samples_only_cost_time(void **state)
{
	static const struct sim_case cases[] = {
		{ "slowed", BY_ALL, 2, 5, { 0.13, 30, 0.19, 1, 0.02 } },
		{ "slowed", BY_CONNECTIONS, 1, 30, SIM_ASKED },
		{ "slowed", BY_RESPONSE, 1, 30, { 0.35, 75, 0.19, 1, 0.02 } },
		{ "slowed", BY_CPU, 1, 30, { 0.13, 75, 0.19, 1, 0.02 } },
	};

	CHECK(cases);
}

/*
 * Five requests at a time on each of twenty, two or three on each of 200: of so
 * few, chance makes half as many or twice, and of so many backends the
 * unluckiest is looked at. (59: there is no more time.)
 */
static void many_backends(void **state)
{
	static const struct sim_case cases[] = {
		{ "twenty", BY_CPU, 1, 0, SIM_ASKED },
		{ "twenty", BY_CONNECTIONS, 1, 0, { 0.20, 45, 0.19, 1, 0.02 } },
		{ "twenty", BY_RESPONSE, 1, 0, { 0.60, 59, 0.19, 1, 0.02 } },
		{ "two-hundred", BY_CPU, 1, 0, { 0.20, 30, 0.19, 1, 0.02 } },
		{ "two-hundred",
		  BY_CONNECTIONS | BY_RESPONSE,
		  1,
		  0,
		  { 0.40, 59, 0.19, 1, 0.02 } },
	};

	CHECK(cases);
}

static void two_gateways_do_not_fight(void **state)
{
	static const struct sim_case cases[] = {
		{ "gateways", BY_CPU, 2, 0, SIM_ASKED },
		{ "gateways", BY_CONNECTIONS | BY_RESPONSE, 2, 0,
		  SIM_BY_CHANCE },
		{ "gateways", BY_ALL, 1, 5, SIM_BY_CHANCE },
	};

	CHECK(cases);
}

/*
 * Agents say that all are full, and weights are held. Connections and response
 * times do not say it: that there are many, or that it takes long, may be as it
 * is with this service. There weights go to and fro with the queues, and cost
 * little: all are busy.
 */
static void nothing_helps_when_all_are_full(void **state)
{
	static const struct sim_case cases[] = {
		{ "saturated", BY_CPU, 1, 0, SIM_ASKED },
		{ "saturated-slowed", BY_CPU, 1, 0, SIM_ASKED },
		{ "saturated",
		  BY_CONNECTIONS | BY_RESPONSE,
		  2,
		  0,
		  { 0.25, 149, 0.19, 5, 0.05 } },
		{ "saturated-slowed",
		  BY_CONNECTIONS,
		  2,
		  0,
		  { 0.22, 59, 0.19, 5, 0.05 } },
		{ "saturated-slowed",
		  BY_RESPONSE,
		  2,
		  0,
		  { 0.55, 59, 0.19, 5, 0.05 } },
	};

	CHECK(cases);
}

/* They last a minute: until those of the pile have ended, weights cannot be
 * what they are in the end. */
static void long_connections_become_even(void **state)
{
	static const struct sim_case cases[] = {
		{ "pile",
		  BY_CONNECTIONS | BY_CPU,
		  2,
		  0,
		  { 0.10, 120, 0.19, 1, 0 } },
	};

	CHECK(cases);
}

/*
 * One that says 1 for ever cannot be told from one that is full of other work:
 * it is spared, which is uneven.
 */
static void bad_agents_do_little_harm(void **state)
{
	static const struct sim_case cases[] = {
		{ "mute", BY_CPU, 1, 0, SIM_ASKED },
		{ "zero", BY_CPU, 1, 0, SIM_ASKED },
		{ "one", BY_CPU, 2, 0, { 0.10, 30, 0.19, 1, 0.10 } },
		{ "random", BY_CPU, 2, 0, { 0.10, 30, 0.19, 1, 0.05 } },
		{ "stale", BY_CPU, 2, 0, { 0.10, 30, 0.19, 1, 0.05 } },
	};

	CHECK(cases);
}

/* One of four takes three times as long from 60 s to 120 s. */
static void a_slow_one_loses_half_in_ten_seconds(void **state)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct sim_run *r = sim_run(sim_scenario("slowed"),
					    SIM_LEAST_RESPONSE, seed, 30);
		double before = sim_share(r, 0, 40, 60);
		double after = sim_share(r, 0, 69, 70);

		if (after > before / 2)
			fail_msg("seed %u: %.3f, then %.3f", (unsigned)seed,
				 before, after);
		/* and stays near: within the noise it may creep up */
		assert_true(sim_share(r, 0, 70, 120) <= 0.6 * before);
		after = sim_share(r, 0, 149, 150); /* of 0.25, its fair one */
		if (after < 0.8 * 0.25 ||
		    sim_share(r, 0, 175, 180) < 0.85 * 0.25)
			fail_msg("seed %u: %.3f, healed %.3f", (unsigned)seed,
				 before, after);
		sim_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_rest_where_all_is_well),
		cmocka_unit_test(they_follow_who_is_slow),
		cmocka_unit_test(late_samples_only_cost_time),
		cmocka_unit_test(many_backends),
		cmocka_unit_test(two_gateways_do_not_fight),
		cmocka_unit_test(nothing_helps_when_all_are_full),
		cmocka_unit_test(long_connections_become_even),
		cmocka_unit_test(bad_agents_do_little_harm),
		cmocka_unit_test(a_slow_one_loses_half_in_ten_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
