/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tick: from what is known now to the next dynamic weights.
 *
 *   the least ratio of the signals -> less of what may be noise -> anchored
 *   within floor and ceiling -> aimed at -> a step towards that, where it is
 *   farther off than the dead band
 *
 * Noise. A ratio that is off 1 by no more than twice its own standard error
 * says little: it is taken in the proportion of its square to the square of
 * that (as one would shrink an estimate by its variance), which has no memory
 * and so is no more delay in the loop. (Not so counts: their error is known,
 * and so small that this would only cost strength.) And what it is off the
 * weight that we aim at by no more than that is made up slowly.
 *
 * Who is not measured (too new, out of date, all are idle) is wanted at 1: as
 * configured, which is the mean of the others too, as in gRPC's A58. The way
 * back there is slow: what is not known is no reason to hurry. At a start
 * nothing is known yet, and a weight is where it was before: it stays for a
 * while.
 *
 * Invariants: a weight is between floor and ceiling; it moves by max_step at
 * most; within the dead band of its target it rests; the mean of the targets of
 * those that are measured is 1.
 */
#include <math.h>

#include "weights/impl.h"

#define NOISE     2       /* standard errors */
#define SETTLE_MS 30000.0 /* time constant, within noise */
#define BACK_PART 5       /* of max_step, on the way back to 1 */
#define GRACE_MS  30000   /* for the first samples to come */

static double parts(uint32_t n)
{
	return (double)n / WEIGHTS_ONE;
}

static enum opinion merge(struct weights *w, const struct weights_view *view,
			  int64_t now_ms)
{
	enum opinion most = OPINION_NONE;

	for (size_t i = 0; i < w->n; i++)
		w->members[i].ratio = NAN;
	for (size_t s = 0; s < w->nsignals; s++) {
		enum opinion o = ratio_merge(w, s, view, now_ms);

		if (o > most)
			most = o;
	}
	/* What they say of an idle pool is chance. */
	for (size_t i = 0; i < w->n && most == OPINION_IDLE; i++)
		w->members[i].ratio = NAN;
	return most;
}

/* The target of its own, as a ratio; logarithms, since half as much is as far
 * from the mean as twice as much. */
static double wanted(const struct member *m, double caution)
{
	double y = log(m->ratio), unsure = NOISE * m->noise;
	double sure = y * y + unsure * unsure;

	y *= caution_exponent(m, caution);
	if (law_of(m->law)->counted)
		return exp(y);
	return sure > 0 ? exp(y * (1 - unsure * unsure / sure)) : 1;
}

static void aim(struct weights *w, const struct weights_view *view)
{
	double caution = caution_mean(w);

	for (size_t i = 0; i < w->n; i++) {
		struct member *m = &w->members[i];

		m->target = isnan(m->ratio) ? 1 : wanted(m, caution);
	}
	anchor(w, view);
}

/* What holds the pool; steady where nothing does. */
static enum weights_why hold(struct weights *w, enum opinion o, int64_t now_ms)
{
	if (w->grace_ms == 0)
		w->grace_ms = now_ms + GRACE_MS;
	w->began |= o != OPINION_NONE;
	if (o == OPINION_FULL)
		return WEIGHTS_SATURATED;
	if (o == OPINION_IDLE)
		return WEIGHTS_IDLE;
	if (o == OPINION_RATIO)
		return WEIGHTS_STEADY;
	return w->began || now_ms >= w->grace_ms ? WEIGHTS_ONE_REPORTER
						 : WEIGHTS_STARTING;
}

/* Beyond what may be noise, soon; the rest by and by, so that nothing is left
 * of it in the end. */
static void settle(const struct weights *w, struct member *m)
{
	double gap = m->target / m->aim - 1, unsure = NOISE * m->noise;

	if (isnan(m->ratio))
		m->aim = 1;
	else if (fabs(gap) > unsure)
		m->aim *=
		    1 + (gap - copysign(unsure, gap)) * law_of(m->law)->pace;
	else
		m->aim *= 1 - gap * expm1(-(double)w->conf.tick_ms / SETTLE_MS);
}

static void step(const struct weights *w, struct member *m)
{
	double most = parts(w->conf.max_step), up = most, gap;

	if (isnan(m->ratio))
		most = up = most / BACK_PART;
	else
		up = caution_up(m, most);
	gap = m->aim / m->weight - 1;
	if (fabs(gap) > parts(w->conf.dead_band))
		m->weight *= 1 + fmax(-most, fmin(up, gap));
}

static enum weights_why why_of(const struct weights *w, const struct member *m,
			       const struct weights_view *v, bool moved,
			       int64_t now_ms)
{
	if (!v->serving || !v->weight_100)
		return WEIGHTS_OUT;
	if (v->up_ms && now_ms - v->up_ms < w->conf.blackout_ms)
		return WEIGHTS_BLACKOUT;
	if (v->ramping)
		return WEIGHTS_SLOW_START;
	if (w->why != WEIGHTS_STEADY)
		return w->why;
	if (isnan(m->ratio))
		return WEIGHTS_STALE;
	return moved ? WEIGHTS_MOVING : WEIGHTS_STEADY;
}

static bool move(struct weights *w, size_t i, const struct weights_view *v,
		 int64_t now_ms)
{
	struct member *m = &w->members[i];
	uint32_t before = weights_get(w, i);
	bool waits = isnan(m->ratio) && !m->measured && now_ms < w->grace_ms;
	bool moved;

	if (w->why != WEIGHTS_SATURATED && !waits) {
		settle(w, m);
		step(w, m);
	}
	if (!isnan(m->ratio)) {
		m->measured = true;
		caution_learn(m, w->conf.tick_ms);
	}
	moved = weights_get(w, i) != before;
	m->why = (uint8_t)why_of(w, m, v, moved, now_ms);
	return moved;
}

bool weights_tick(struct weights *w, const struct weights_view *view,
		  int64_t now_ms)
{
	bool moved = false;

	if (now_ms < w->next_ms)
		return false;
	w->next_ms = now_ms + w->conf.tick_ms;
	w->why = (uint8_t)hold(w, merge(w, view, now_ms), now_ms);
	aim(w, view);
	for (size_t i = 0; i < w->n; i++)
		moved |= move(w, i, &view[i], now_ms);
	if (moved && w->why == WEIGHTS_STEADY)
		w->why = WEIGHTS_MOVING;
	return moved;
}
