/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenarios. Most have four backends of 16 workers that take 100 ms for a
 * request: 160 requests a second each. What happens begins after 60 s, when all
 * has settled.
 */
#include "tests/sim/scenarios.h"

#include <string.h>

#define POOL(n, each, takes_s)                                                 \
	.nbackends = (n), .workers = (each), .service_s = (takes_s)
#define FOUR POOL(4, 16, 0.1)
/* one becomes three times as slow, and recovers */
#define SLOWED                                                                 \
	.happens = { { 60, SIM_SLOW, 0, 3 }, { 120, SIM_SLOW, 0, 1.0 / 3 } }
#define AGENT(what) .happens = { { 60, SIM_AGENT, 0, (what) } }
#define USERS       .think_s = 1
#define LONG        .seconds = 180

static const double like_1124[] = { 1, 1, 2, 4, 0 };
static const uint32_t weights_125[] = { 1, 2, 5, 0 };

const struct sim_scenario sim_scenarios[] = {
	{ .name = "steady", FOUR, LONG, .load = 0.7 },
	{ .name = "closed", FOUR, LONG, USERS, .load = 0.7 },
	/* nobody told the gateway */
	{ .name = "unlike",
	  FOUR,
	  LONG,
	  .load = 0.6,
	  .speeds = like_1124,
	  .queue_max = 500 },
	{ .name = "weights",
	  POOL(3, 8, 0.1),
	  LONG,
	  .load = 0.7,
	  .weights = weights_125,
	  .sized = true,
	  .queue_max = 500 },
	{ .name = "step",
	  FOUR,
	  LONG,
	  USERS,
	  .load = 0.3,
	  .happens = { { 60, SIM_LOAD, 0, 0.8 } } },
	{ .name = "square",
	  FOUR,
	  LONG,
	  .load = 0.4,
	  .happens = { { 60, SIM_LOAD, 0, 0.8 },
		       { 80, SIM_LOAD, 0, 0.4 },
		       { 100, SIM_LOAD, 0, 0.8 },
		       { 120, SIM_LOAD, 0, 0.4 },
		       { 140, SIM_LOAD, 0, 0.8 },
		       { 160, SIM_LOAD, 0, 0.4 } } },
	{ .name = "slowed", FOUR, LONG, USERS, .load = 0.5, SLOWED },
	{ .name = "saturated", FOUR, LONG, USERS, .load = 1.5 },
	{ .name = "saturated-slowed", FOUR, LONG, USERS, .load = 1.5, SLOWED },
	{ .name = "two", POOL(2, 16, 0.1), LONG, .load = 0.5, USERS, SLOWED },
	{ .name = "twenty",
	  POOL(20, 8, 0.1),
	  LONG,
	  .load = 0.6,
	  USERS,
	  SLOWED },
	{ .name = "two-hundred",
	  POOL(200, 4, 0.4),
	  .seconds = 120,
	  .load = 0.6,
	  USERS,
	  .happens = { { 60, SIM_SLOW, 0, 3 } } },
	{ .name = "gateways",
	  FOUR,
	  LONG,
	  USERS,
	  .load = 0.5,
	  .gateways = 2,
	  SLOWED },
	/* connections that last a minute, and nearly all on one backend */
	{ .name = "pile",
	  POOL(4, 400, 60),
	  .seconds = 400,
	  .load = 0.5,
	  .pile = 380,
	  .check_s = 0.005 },
	{ .name = "stale",
	  FOUR,
	  LONG,
	  USERS,
	  .load = 0.4,
	  .happens = { { 60, SIM_AGENT, 0, SIM_STALE },
		       { 61, SIM_LOAD, 0, 0.8 },
		       { 120, SIM_AGENT, 0, SIM_HONEST } } },
	{ .name = "zero", FOUR, LONG, USERS, .load = 0.6, AGENT(SIM_ZERO) },
	{ .name = "one", FOUR, LONG, USERS, .load = 0.6, AGENT(SIM_ONE) },
	{ .name = "random", FOUR, LONG, USERS, .load = 0.6, AGENT(SIM_RANDOM) },
	{ .name = "mute", FOUR, LONG, USERS, .load = 0.6, AGENT(SIM_MUTE) },
	{ .name = NULL },
};

const struct sim_scenario *sim_scenario(const char *name)
{
	const struct sim_scenario *s = sim_scenarios;

	while (s->name && strcmp(s->name, name) != 0)
		s++;
	return s->name ? s : NULL;
}

struct sim_scenario sim_delayed(const struct sim_scenario *s, double delay_s)
{
	struct sim_scenario d = *s;
	size_t n = 0;

	d.delay_s = delay_s;
	for (; d.happens[n].what != SIM_END; n++)
		d.happens[n].at_s += 3 * delay_s * (double)(n + 1);
	d.seconds += 3 * delay_s * (double)(n + 1);
	return d;
}
