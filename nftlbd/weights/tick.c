/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tick: from what is known now to the next dynamic weights.
 *
 *   the least ratio of the signals -> anchored within floor and ceiling -> a
 *   step towards it, where it is farther than the dead band
 *
 * Who is not measured (too new, out of date) is wanted at 1: as configured,
 * which is the mean of the others too. Way back there is slow: what is not
 * known is no reason to hurry.
 *
 * Invariants: a weight is never below floor (but where it was set so by hand)
 * nor 0; it moves by max_step at most; within the dead band of its target it
 * rests; the mean of all targets is 1.
 */
#include <math.h>

#include "weights/impl.h"

#define BACK_PART 5 /* of max_step, on the way back to configured weights */

static double parts(uint32_t n)
{
	return (double)n / WEIGHTS_ONE;
}

static bool takes_part(const struct weights_view *v)
{
	return v->serving && v->weight_100;
}

/* What the signals say together. Held where one says that all are full. */
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
	return most;
}

static void aim(struct weights *w, const struct weights_view *view)
{
	for (size_t i = 0; i < w->n; i++) {
		struct member *m = &w->members[i];
		double pace = law_of(w->laws[0])->pace;

		m->target = isnan(m->ratio) ? 1 : m->ratio;
		m->target = m->weight * pow(m->target / m->weight, pace);
	}
	anchor(w, view);
}

/* At most that much of itself; whether it moved. */
static bool step(const struct weights *w, struct member *m, double most)
{
	double gap = m->target - m->weight;

	if (fabs(gap) <= parts(w->conf.dead_band) * m->weight)
		return false;
	most *= m->weight;
	m->weight += fmax(-most, fmin(most, gap));
	return true;
}

static enum weights_why why_of(const struct weights *w, const struct member *m,
			       const struct weights_view *v, bool moved,
			       int64_t now_ms)
{
	if (!takes_part(v))
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

/* What holds the pool; steady where nothing does. */
static enum weights_why hold(struct weights *w, enum opinion o)
{
	if (o == OPINION_FULL)
		return WEIGHTS_SATURATED;
	if (o == OPINION_NONE)
		return w->began ? WEIGHTS_ONE_REPORTER : WEIGHTS_STARTING;
	w->began = true;
	return o == OPINION_IDLE ? WEIGHTS_IDLE : WEIGHTS_STEADY;
}

static bool move(struct weights *w, size_t i, const struct weights_view *v,
		 int64_t now_ms)
{
	struct member *m = &w->members[i];
	uint32_t before = weights_get(w, i);
	double most = parts(w->conf.max_step);

	if (isnan(m->ratio) || w->why == WEIGHTS_ONE_REPORTER) {
		m->target = takes_part(v) && !isnan(m->ratio) ? m->target : 1;
		most /= BACK_PART;
	}
	if (w->why != WEIGHTS_SATURATED)
		step(w, m, most);
	m->why = why_of(w, m, v, weights_get(w, i) != before, now_ms);
	return weights_get(w, i) != before;
}

bool weights_tick(struct weights *w, const struct weights_view *view,
		  int64_t now_ms)
{
	bool moved = false;

	if (now_ms < w->next_ms)
		return false;
	w->next_ms = now_ms + w->conf.tick_ms;
	w->why = hold(w, merge(w, view, now_ms));
	aim(w, view);
	for (size_t i = 0; i < w->n; i++)
		moved |= move(w, i, &view[i], now_ms);
	if (moved && w->why == WEIGHTS_STEADY)
		w->why = WEIGHTS_MOVING;
	return moved;
}
