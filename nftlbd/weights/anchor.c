/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only the ratios of weights matter to who gets a flow, so there is one way too
 * many to say the same. The anchor takes it away: the mean of the dynamic
 * weights, weighted as configured, is 1. A dynamic weight then reads as the
 * backend's share in parts of the share it is configured to have.
 *
 * The sum of clamp(k x target) grows with k: from the sum at one k and its
 * slope, the next (Newton), kept between the bounds known so far. It is a
 * broken line, so that this ends exactly, mostly in two or three rounds.
 */
#include <math.h>

#include "weights/impl.h"

#define ROUNDS_MAX 40

struct line {
	double at;    /* sum of the clamped, by weight */
	double slope; /* of those that are not clamped */
};

static double clamp(const struct weights *w, double x)
{
	double floor = (double)w->conf.floor / WEIGHTS_ONE;
	double ceiling = (double)w->conf.ceiling / WEIGHTS_ONE;

	return x < floor ? floor : x > ceiling ? ceiling : x;
}

static struct line line_at(const struct weights *w,
			   const struct weights_view *view, double k)
{
	struct line l = { 0 };

	for (size_t i = 0; i < w->n; i++) {
		double x = k * w->members[i].target, in = clamp(w, x);

		if (isnan(w->members[i].ratio))
			continue;
		l.at += view[i].weight_100 * in;
		if (x == in)
			l.slope += view[i].weight_100 * w->members[i].target;
	}
	return l;
}

static double scale(const struct weights *w, const struct weights_view *view)
{
	double all = 0, k = 1, low = 0, high = INFINITY;

	for (size_t i = 0; i < w->n; i++)
		all += isnan(w->members[i].ratio) ? 0 : view[i].weight_100;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct line l = line_at(w, view, k);
		double miss = all - l.at;

		if (fabs(miss) <= 1e-9 * all)
			break;
		if (miss > 0)
			low = k;
		else
			high = k;
		k = l.slope > 0 ? k + miss / l.slope : miss > 0 ? k * 4 : k / 4;
		if (k <= low || k >= high)
			k = isinf(high) ? low * 2 : (low + high) / 2;
	}
	return k;
}

void anchor(struct weights *w, const struct weights_view *view)
{
	double k = scale(w, view);

	for (size_t i = 0; i < w->n; i++)
		if (!isnan(w->members[i].ratio))
			w->members[i].target =
			    clamp(w, k * w->members[i].target);
}
