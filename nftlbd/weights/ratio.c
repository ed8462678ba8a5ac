/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the values of a signal to the ratios of the members: mean by value. The
 * mean is the harmonic one, weighted as configured: with it the ratios' own
 * mean is 1, and a single value that is far too high hardly moves the others.
 *
 * A little is added to each value first (law.zero): between values that are all
 * far below that, there is no difference worth to move a flow.
 */
#include <math.h>

#include "weights/impl.h"

struct signal *signal_of(const struct weights *w, size_t member, size_t s)
{
	return &w->signals[member * w->nsignals + s];
}

bool weights_reports(const struct weights *w, const struct weights_view *v,
		     int64_t now_ms)
{
	bool settled =
	    v->up_ms == 0 || now_ms - v->up_ms >= w->conf.blackout_ms;

	return v->serving && v->weight_100 && !v->ramping && settled;
}

struct sum {
	size_t n;        /* that report */
	size_t full;     /* of them */
	double weight;   /* configured */
	double value;    /* as measured, by weight */
	double inverse;  /* of the value, by weight */
	double per_each; /* law.zero, for one hundredth of weight */
};

static bool known(const struct weights *w, size_t i, size_t s,
		  const struct weights_view *view, int64_t now_ms)
{
	const struct signal *g = signal_of(w, i, s);

	return g->n >= law_of(w->laws[s])->samples && signal_fresh(g, now_ms) &&
	       weights_reports(w, &view[i], now_ms);
}

/* The value that is compared. */
static double level(const struct law *law, const struct signal *g,
		    const struct weights_view *v, const struct sum *sum)
{
	if (law->per_weight)
		return g->smooth / v->weight_100 + sum->per_each;
	return g->smooth + law->zero;
}

static void add(struct sum *sum, const struct law *law, const struct signal *g,
		const struct weights_view *v)
{
	sum->value += law->per_weight ? g->smooth : g->smooth * v->weight_100;
	sum->inverse += v->weight_100 / level(law, g, v, sum);
	if (signal_full(g) || g->smooth >= law->brim)
		sum->full++;
}

static struct sum sum_up(const struct weights *w, size_t s,
			 const struct weights_view *view, int64_t now_ms)
{
	const struct law *law = law_of(w->laws[s]);
	struct sum sum = { 0 };

	for (size_t i = 0; i < w->n; i++)
		if (known(w, i, s, view, now_ms)) {
			sum.n++;
			sum.weight += view[i].weight_100;
		}
	sum.per_each = sum.n ? law->zero * (double)sum.n / sum.weight : 0;
	for (size_t i = 0; i < w->n; i++)
		if (known(w, i, s, view, now_ms))
			add(&sum, law, signal_of(w, i, s), &view[i]);
	return sum;
}

enum opinion ratio_merge(struct weights *w, size_t s,
			 const struct weights_view *view, int64_t now_ms)
{
	const struct law *law = law_of(w->laws[s]);
	struct sum sum = sum_up(w, s, view, now_ms);
	double mean, each;

	if (sum.n < 2)
		return OPINION_NONE;
	mean = sum.weight / sum.inverse;
	for (size_t i = 0; i < w->n; i++) {
		struct member *m = &w->members[i];

		if (!known(w, i, s, view, now_ms))
			continue;
		each = mean / level(law, signal_of(w, i, s), &view[i], &sum);
		/* not: each < m->ratio, which is false for NAN */
		if (!(m->ratio <= each))
			m->ratio = each;
	}
	if (sum.full == sum.n)
		return OPINION_FULL;
	each = law->per_weight ? (double)sum.n : sum.weight;
	return sum.value / each < law->idle ? OPINION_IDLE : OPINION_RATIO;
}
