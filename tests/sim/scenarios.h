/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worlds that schedulers are tried in. */
#ifndef TESTS_SIM_SCENARIOS_H
#define TESTS_SIM_SCENARIOS_H

#include "tests/sim/sim.h"

extern const struct sim_scenario sim_scenarios[]; /* ends with no name */

/** sim_scenario() - by its name; NULL where there is none */
const struct sim_scenario *sim_scenario(const char *name);

#endif
