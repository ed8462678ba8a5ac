/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worlds that schedulers are tried in. */
#ifndef TESTS_SIM_SCENARIOS_H
#define TESTS_SIM_SCENARIOS_H

#include "tests/sim/sim.h"

extern const struct sim_scenario sim_scenarios[]; /* ends with no name */

/** sim_scenario() - by its name; NULL where there is none */
const struct sim_scenario *sim_scenario(const char *name);

/** sim_delayed() - the same where samples come so much later, and with more
 * time before each thing that happens and after the last */
struct sim_scenario sim_delayed(const struct sim_scenario *s, double delay_s);

#endif
