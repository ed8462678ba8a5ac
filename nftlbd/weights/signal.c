/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sample that is wrong must not move a weight, and a true change must soon.
 * So: the median of the last samples (one of three, or two of five may be
 * wrong), then exponential smoothing by the time that went by rather than by
 * the count of samples, since they come late, or early, or not at all.
 *
 * A median of five is two samples late. That is taken only where samples come
 * quickly compared to the smoothing, which then is what costs time anyway; else
 * three do.
 *
 * Knows no backends, no laws and no clock. Memory is bounded; floats, since 24
 * bits are more than any sample has.
 */
#include "weights/signal.h"

#include <float.h>
#include <math.h>

/* The spread is a mean over about so many samples. */
#define SPREAD_SAMPLES 16
/* Standard deviation by mean distance to the median of three, of what is
 * normally distributed. */
#define DEVIATION 1.77

#define STUCK_MS  10000 /* so long the same, in SIGNAL_KEEP samples at least */
#define LIVELY    4     /* changes: what changed less often may well rest */
#define FORGET_MS 30000 /* what was stuck */

static float newest(const struct signal *g, unsigned int i)
{
	return g->last[(g->next + SIGNAL_KEEP - 1 - i) % SIGNAL_KEEP];
}

/* The median of the newest three, or of all five where these span no more than
 * half of the time constant. Of one it is that one, of two the newer: a start
 * has no better. */
static double median(const struct signal *g, uint32_t smoothing_ms)
{
	bool five = g->n == SIGNAL_KEEP &&
		    (SIGNAL_KEEP - 1) * (uint64_t)g->gap_ms * 2 <= smoothing_ms;
	unsigned int n = five ? SIGNAL_KEEP : g->n < 3 ? 1 : 3;
	float v[SIGNAL_KEEP];

	for (unsigned int i = 0; i < n; i++) {
		float x = newest(g, i);
		unsigned int j = i;

		for (; j > 0 && v[j - 1] > x; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
	return v[n / 2];
}

/* The part of what was that is left after the last gap. */
static double kept(const struct signal *g, uint32_t smoothing_ms)
{
	return smoothing_ms ? exp(-(double)g->gap_ms / smoothing_ms) : 0;
}

/* At the start too little was there to be kept: from the first median on it is
 * the mean of them. */
static double kept_now(const struct signal *g, uint32_t smoothing_ms)
{
	double most = kept(g, smoothing_ms);

	if (g->n < 3)
		return 0;
	return g->n < SIGNAL_KEEP ? fmin(most, (g->n - 3) / (g->n - 2.0))
				  : most;
}

static double apart(double value, double middle)
{
	double most = fmax(value, middle);

	return most > 0 ? fabs(value - middle) / most : 0;
}

/* To the median, not to the mean: a step is no noise, and the mean would take
 * it for that until it is there. Of three at the start one is the median. */
static void spread(struct signal *g, double value, double middle)
{
	if (g->n < 3)
		return;
	if (g->n == 3)
		g->spread = (float)((apart(newest(g, 0), middle) +
				     apart(newest(g, 1), middle) +
				     apart(newest(g, 2), middle)) /
				    2);
	else
		g->spread +=
		    (float)((apart(value, middle) - g->spread) /
			    (g->n < SIGNAL_KEEP ? g->n : SPREAD_SAMPLES));
}

static float bounded(double value)
{
	return (float)(value < FLT_MAX ? value : FLT_MAX);
}

static void keep(struct signal *g, float value, int64_t now_ms)
{
	if (g->n == 0 || value != newest(g, 0)) {
		g->changes += g->n && g->changes < LIVELY;
		g->same_ms = now_ms;
	}
	g->last[g->next] = value;
	g->next = (g->next + 1) % SIGNAL_KEEP;
	if (g->n < SIGNAL_KEEP)
		g->n++;
	else if (now_ms - g->same_ms >= STUCK_MS && !(g->full & 1))
		g->stuck_ms = now_ms;
}

void signal_add(struct signal *g, double value, bool full, uint32_t good_ms,
		bool filter, uint32_t smoothing_ms, int64_t now_ms)
{
	bool first = !signal_fresh(g, now_ms);
	int64_t gap_ms = first ? 0 : now_ms - g->at_ms;
	double left;

	if (first)
		*g = (struct signal){ 0 };
	g->at_ms = now_ms;
	g->good_ms = good_ms;
	g->gap_ms = gap_ms < 0 ? 0 : (uint32_t)gap_ms;
	g->full = (uint8_t)(g->full << 1 | full);
	keep(g, bounded(value), now_ms);
	left = filter ? kept_now(g, smoothing_ms) : kept(g, smoothing_ms);
	if (filter) {
		double middle = median(g, smoothing_ms);

		spread(g, value, middle);
		value = middle;
	}
	if (first)
		left = 0;
	g->smooth = bounded(value + left * (g->smooth - value));
	g->chance = (float)(left * left * g->chance + (1 - left) * (1 - left));
}

static int64_t later(int64_t at_ms, int64_t late_ms, int64_t now_ms)
{
	return at_ms + late_ms < now_ms ? at_ms + late_ms : now_ms;
}

void signal_late(struct signal *g, int64_t late_ms, int64_t now_ms)
{
	g->at_ms = later(g->at_ms, late_ms, now_ms);
	g->same_ms = later(g->same_ms, late_ms, now_ms);
}

bool signal_fresh(const struct signal *g, int64_t now_ms)
{
	return g->n && now_ms - g->at_ms <= g->good_ms;
}

bool signal_full(const struct signal *g)
{
	if (g->n < 3)
		return g->full & 1;
	return (g->full & 1) + (g->full >> 1 & 1) + (g->full >> 2 & 1) >= 2;
}

bool signal_lively(const struct signal *g)
{
	return g->changes == LIVELY && g->at_ms - g->same_ms < STUCK_MS;
}

bool signal_stuck(const struct signal *g)
{
	return g->stuck_ms && g->at_ms - g->stuck_ms <= FORGET_MS;
}

double signal_noise(const struct signal *g)
{
	return DEVIATION * g->spread * sqrt(g->chance);
}

double signal_most(const struct signal *g)
{
	double most = 0;

	for (unsigned int i = 0; i < 3 && i < g->n; i++)
		most = fmax(most, newest(g, i));
	return most;
}

void signal_limit(struct signal *g, double most)
{
	if (g->smooth > most)
		g->smooth = (float)most;
}
