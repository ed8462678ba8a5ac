/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be said of a run. Times are seconds of its virtual time; a span is
 * from (included) to (not included). */
#ifndef TESTS_SIM_MEASURE_H
#define TESTS_SIM_MEASURE_H

#include "tests/sim/sim.h"

/** sim_percentile() - of the response times, in seconds; @part: 0.5, 0.99 */
double sim_percentile(const struct sim_run *r, double part);

/** sim_share() - mean share of a backend by its weight */
double sim_share(const struct sim_run *r, size_t backend, size_t from,
		 size_t to);

/**
 * sim_swing() - how far a backend's share swings, from low to high
 * Of (share - moving average) / moving average, the average being that of the
 * 30 s around, so that slow drift is none: what a sine of the same power has
 * from its lowest to its highest point. So one move that stays, as weights make
 * where chance was great, counts little, and one that comes and goes again and
 * again counts all. Of all backends the worst.
 */
double sim_swing(const struct sim_run *r, size_t from, size_t to);

/**
 * sim_settled() - since when all shares are what they are in the end
 * Return: the first second from which on until @to the mean share of 5 s of
 * each backend is within 15 % of its mean in the last third of the span.
 */
size_t sim_settled(const struct sim_run *r, size_t from, size_t to);

/** sim_least() - the least that a backend's share got to, in parts of its fair
 * one */
double sim_least(const struct sim_run *r, size_t from, size_t to);

/**
 * sim_overload() - for how many seconds a backend was overloaded
 * In the end of which more requests waited than it has workers. Of all backends
 * the worst.
 */
size_t sim_overload(const struct sim_run *r, size_t from, size_t to);

/**
 * sim_imbalance() - how uneven the backends' workers are busy
 * The coefficient of variation over the backends of what they were busy, each
 * 10 s; the mean of those.
 */
double sim_imbalance(const struct sim_run *r, size_t from, size_t to);

#endif
