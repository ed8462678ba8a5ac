/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See measure.h. */
#include "tests/sim/measure.h"

#include <math.h>

#define BIN_FIRST 1e-4
#define BIN_STEP  1.01
#define AROUND    15 /* seconds on each side of a moving average */
#define TOGETHER  10 /* seconds of which an imbalance is told */
#define NOISE     5  /* seconds over which shares count as one */
#define NEAR      0.15

size_t sim_bin(double s)
{
	double bin = s > BIN_FIRST ? log(s / BIN_FIRST) / log(BIN_STEP) : 0;

	return bin < SIM_BINS - 1 ? (size_t)bin : SIM_BINS - 1;
}

double sim_percentile(const struct sim_run *r, double part)
{
	double want = part * (double)r->answers, seen = 0;
	size_t i = 0;

	while (i < SIM_BINS - 1 && (seen += (double)r->times[i]) < want)
		i++;
	return BIN_FIRST * pow(BIN_STEP, (double)i + 0.5);
}

static const struct sim_second *at(const struct sim_run *r, size_t second,
				   size_t backend)
{
	return &r->at[second * r->nbackends + backend];
}

double sim_share(const struct sim_run *r, size_t backend, size_t from,
		 size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += at(r, i, backend)->share;
	return sum / (double)(to - from);
}

static double swing_of(const struct sim_run *r, size_t backend, size_t from,
		       size_t to)
{
	double squares = 0;

	for (size_t i = from; i < to; i++) {
		size_t a = i < from + AROUND ? from : i - AROUND;
		size_t b = i + AROUND + 1 > to ? to : i + AROUND + 1;
		double mean = sim_share(r, backend, a, b);
		double off = at(r, i, backend)->share / mean - 1;

		squares += off * off;
	}
	return 2 * sqrt(2 * squares / (double)(to - from));
}

double sim_swing(const struct sim_run *r, size_t from, size_t to)
{
	double most = 0;

	for (size_t i = 0; i < r->nbackends; i++)
		most = fmax(most, swing_of(r, i, from, to));
	return most;
}

static size_t settled_of(const struct sim_run *r, size_t backend, size_t from,
			 size_t to)
{
	double end = sim_share(r, backend, to - (to - from) / 3, to);
	size_t i = to - NOISE;

	while (i >= from &&
	       fabs(sim_share(r, backend, i, i + NOISE) / end - 1) <= NEAR) {
		if (i == from)
			return from;
		i--;
	}
	return i + 1;
}

size_t sim_settled(const struct sim_run *r, size_t from, size_t to)
{
	size_t latest = from;

	for (size_t i = 0; i < r->nbackends; i++) {
		size_t t = settled_of(r, i, from, to);

		latest = t > latest ? t : latest;
	}
	return latest;
}

double sim_least(const struct sim_run *r, size_t from, size_t to)
{
	double least = 1;

	for (size_t i = from; i < to; i++)
		for (size_t k = 0; k < r->nbackends; k++)
			least = fmin(least, at(r, i, k)->share / r->fair[k]);
	return least;
}

size_t sim_overload(const struct sim_run *r, size_t from, size_t to)
{
	size_t most = 0;

	for (size_t k = 0; k < r->nbackends; k++) {
		size_t seconds = 0;

		for (size_t i = from; i < to; i++)
			seconds += at(r, i, k)->queue > 1;
		most = seconds > most ? seconds : most;
	}
	return most;
}

static double variation(const struct sim_run *r, size_t from, size_t to)
{
	double n = (double)r->nbackends, sum = 0, squares = 0;

	for (size_t k = 0; k < r->nbackends; k++) {
		double busy = 0;

		for (size_t i = from; i < to; i++)
			busy += at(r, i, k)->busy;
		sum += busy;
		squares += busy * busy;
	}
	return sum > 0 ? sqrt(fmax(0, squares * n / (sum * sum) - 1)) : 0;
}

double sim_imbalance(const struct sim_run *r, size_t from, size_t to)
{
	double sum = 0, spans = 0;

	for (size_t i = from; i + TOGETHER <= to; i += TOGETHER) {
		sum += variation(r, i, i + TOGETHER);
		spans++;
	}
	return spans > 0 ? sum / spans : 0;
}
