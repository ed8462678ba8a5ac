/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schedulers [SCENARIO...]: what each scheduler makes of the scenarios, for
 * tests/bench/schedulers.py. A line each: scenario, scheduler, ms of the median
 * and of the 99th percentile of response times, imbalance, seconds that a
 * backend was overloaded, part of the requests that were refused; mean over
 * some seeds (of the times: of all requests together).
 */
#include <stdio.h>
#include <string.h>

#include "tests/sim/measure.h"
#include "tests/sim/scenarios.h"

#define SEEDS  5
#define WARM_S 30

struct sum {
	struct sim_run times; /* only those */
	double imbalance, overload;
	uint64_t refused;
};

static void add(struct sum *sum, const struct sim_run *r)
{
	for (size_t i = 0; i < SIM_BINS; i++)
		sum->times.times[i] += r->times[i];
	sum->times.answers += r->answers;
	sum->refused += r->refused;
	sum->imbalance += sim_imbalance(r, WARM_S, r->seconds) / SEEDS;
	sum->overload += (double)sim_overload(r, WARM_S, r->seconds) / SEEDS;
}

static void try(const struct sim_scenario *s, enum sim_scheduler scheduler)
{
	static struct sum sum;
	double asked;

	memset(&sum, 0, sizeof(sum));
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_run *r = sim_run(s, scheduler, seed, WARM_S);

		add(&sum, r);
		sim_free(r);
	}
	asked = (double)(sum.times.answers + sum.refused);
	printf("%s\t%s\t%.1f\t%.1f\t%.3f\t%.1f\t%.4f\n", s->name,
	       sim_scheduler_names[scheduler],
	       1000 * sim_percentile(&sum.times, 0.5),
	       1000 * sim_percentile(&sum.times, 0.99), sum.imbalance,
	       sum.overload, (double)sum.refused / asked);
}

static void try_all(const struct sim_scenario *s)
{
	for (unsigned int i = 0; i < SIM_SCHEDULERS; i++)
		try(s, (enum sim_scheduler)i);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct sim_scenario *s = sim_scenario(argv[i]);

		if (!s) {
			fprintf(stderr, "schedulers: no scenario %s\n",
				argv[i]);
			return 2;
		}
		try_all(s);
	}
	for (const struct sim_scenario *s = sim_scenarios; argc == 1 && s->name;
	     s++)
		try_all(s);
	return 0;
}
