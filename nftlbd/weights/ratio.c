/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the values of a signal to the ratios of the members: mean by value. The
 * mean is the harmonic one, weighted as configured: with it the ratios' own
 * mean is 1, and a single value that is far too high hardly moves the others.
 *
 * Of a pool that works, who says that he hardly does is either wrong or gets no
 * flows for other reasons; and an agent that is stuck says the same again and
 * again. The first counts as not measured, the second cannot gain by it: it is
 * the others who would be harmed least if that is an error. Only where the pool
 * is lively: what says the same with all others is a load that rests (of
 * memory, of nights).
 */
#include <math.h>

#include "weights/impl.h"

struct signal *signal_of(const struct weights *w, size_t member, size_t s)
{
	return &w->signals[member * w->nsignals + s];
}

struct sum {
	const struct law *law;
	size_t n;       /* that report */
	size_t full;    /* of them */
	size_t lively;  /* of them */
	double weight;  /* configured */
	double value;   /* as measured, by weight */
	double inverse; /* of the level, by weight */
	double each;    /* law.zero, for one hundredth of weight */
	double least;   /* who says less is not believed */
};

/* Does it serve with all of its weight, and has done so for long enough, and
 * was measured? (A58 calls the first a blackout: its samples are of connections
 * that are set up, caches that are cold.) */
static bool reports(const struct weights *w, size_t i, size_t s,
		    const struct weights_view *v, const struct sum *sum,
		    int64_t now_ms)
{
	const struct signal *g = signal_of(w, i, s);
	bool settled =
	    v->up_ms == 0 || now_ms - v->up_ms >= w->conf.blackout_ms;

	return v->serving && v->weight_100 && !v->ramping && settled &&
	       g->n >= sum->law->samples && signal_fresh(g, now_ms) &&
	       (sum->least <= 0 || signal_most(g) >= sum->least);
}

/* The value that is compared. */
static double level(const struct signal *g, const struct weights_view *v,
		    const struct sum *sum)
{
	if (sum->law->per_weight)
		return g->smooth / v->weight_100 + sum->each;
	if (!sum->law->repeats && 2 * sum->lively >= sum->n && signal_stuck(g))
		return fmax(g->smooth, sum->value / sum->weight) +
		       sum->law->zero;
	return g->smooth + sum->law->zero;
}

/* How many report, and what in the mean? Who is far below that mean does not
 * report, the second time; but where that are most, one that is loaded is among
 * idle ones. */
static void count(const struct weights *w, size_t s,
		  const struct weights_view *view, int64_t now_ms,
		  struct sum *sum)
{
	sum->n = sum->lively = 0;
	sum->weight = sum->value = 0;
	for (size_t i = 0; i < w->n; i++) {
		const struct signal *g = signal_of(w, i, s);
		double value = g->smooth;

		if (!reports(w, i, s, &view[i], sum, now_ms))
			continue;
		sum->n++;
		sum->lively += signal_lively(g);
		sum->weight += view[i].weight_100;
		sum->value +=
		    sum->law->per_weight ? value : value * view[i].weight_100;
	}
}

static struct sum sum_up(const struct weights *w, size_t s,
			 const struct weights_view *view, int64_t now_ms)
{
	struct sum sum = { .law = law_of(w->laws[s]) };

	count(w, s, view, now_ms, &sum);
	if (sum.n && sum.law->doubt > 0 &&
	    sum.value > 2 * sum.law->idle * sum.weight) {
		size_t all = sum.n;

		sum.least = sum.law->doubt * sum.value / sum.weight;
		count(w, s, view, now_ms, &sum);
		if (2 * sum.n <= all) { /* it is they who are right */
			sum.least = 0;
			count(w, s, view, now_ms, &sum);
		}
	}
	sum.each = sum.n ? sum.law->zero * (double)sum.n / sum.weight : 0;
	for (size_t i = 0; i < w->n; i++) {
		const struct signal *g = signal_of(w, i, s);

		if (!reports(w, i, s, &view[i], &sum, now_ms))
			continue;
		sum.inverse += view[i].weight_100 / level(g, &view[i], &sum);
		sum.full += signal_full(g) || g->smooth >= sum.law->brim;
	}
	return sum;
}

/* Counts vary by their root, as by chance; of what is measured we have seen. */
static double noise(const struct weights *w, const struct signal *g,
		    const struct law *law)
{
	double all = g->smooth + law->zero;

	if (law->counted)
		return sqrt(g->chance / all);
	return signal_noise(g) * g->smooth / all;
}

static void merge(struct weights *w, size_t i, size_t s,
		  const struct weights_view *v, const struct sum *sum,
		  int64_t now_ms)
{
	double floor = (double)w->conf.floor / WEIGHTS_ONE;
	double mean = sum->weight / sum->inverse, ratio;
	struct signal *g = signal_of(w, i, s);
	struct member *m = &w->members[i];

	ratio = mean / level(g, v, sum);
	/* Once the floor is reached, more is not to be remembered: the way back
	 * would take as much longer. */
	if (ratio < floor && !sum->law->per_weight)
		signal_limit(g, mean * pow(floor, -1 / caution_exponent(m, 1)));
	if (m->ratio <= ratio) /* false for NAN */
		return;
	m->ratio = ratio;
	m->noise = (float)noise(w, g, sum->law);
	m->law = (uint8_t)w->laws[s];
}

enum opinion ratio_merge(struct weights *w, size_t s,
			 const struct weights_view *view, int64_t now_ms)
{
	struct sum sum = sum_up(w, s, view, now_ms);
	double each;

	if (sum.n < 2)
		return OPINION_NONE;
	for (size_t i = 0; i < w->n; i++)
		if (reports(w, i, s, &view[i], &sum, now_ms))
			merge(w, i, s, &view[i], &sum, now_ms);
	if (sum.full == sum.n)
		return OPINION_FULL;
	each = sum.law->per_weight ? (double)sum.n : sum.weight;
	return sum.value / each < sum.law->idle ? OPINION_IDLE : OPINION_RATIO;
}
