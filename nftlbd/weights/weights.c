/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The object: memory, samples in, weights out. What moves them is tick.c. */
#include "weights/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "weights/impl.h"

const struct word weights_why_words[] = {
	{ "steady", WEIGHTS_STEADY },
	{ "moving", WEIGHTS_MOVING },
	{ "idle", WEIGHTS_IDLE },
	{ "starting", WEIGHTS_STARTING },
	{ "stale", WEIGHTS_STALE },
	{ "one-reporter", WEIGHTS_ONE_REPORTER },
	{ "saturated", WEIGHTS_SATURATED },
	{ "blackout", WEIGHTS_BLACKOUT },
	{ "slow-start", WEIGHTS_SLOW_START },
	{ "out", WEIGHTS_OUT },
	{ "static", WEIGHTS_STATIC },
	{ NULL, 0 },
};

struct weights *weights_new(const struct weights_conf *conf,
			    const enum weights_law *signals, size_t nsignals,
			    size_t nmembers)
{
	struct weights *w = xcalloc(1, sizeof(*w));

	w->conf = *conf;
	w->n = nmembers;
	w->nsignals = nsignals;
	w->why = WEIGHTS_STARTING;
	memcpy(w->laws, signals, nsignals * sizeof(*signals));
	w->signals = xcalloc(nmembers * nsignals + 1, sizeof(*w->signals));
	w->members = xcalloc(nmembers + 1, sizeof(*w->members));
	for (size_t i = 0; i < nmembers; i++)
		w->members[i] = (struct member){ .weight = 1,
						 .target = 1,
						 .aim = 1,
						 .ratio = NAN,
						 .caution = 1,
						 .why = WEIGHTS_STARTING };
	return w;
}

void weights_free(struct weights *w)
{
	if (!w)
		return;
	free(w->members);
	free(w->signals);
	free(w);
}

void weights_sample(struct weights *w, size_t member, size_t signal,
		    double value, bool full, uint32_t good_ms, int64_t now_ms)
{
	const struct law *law = law_of(w->laws[signal]);

	if (!isfinite(value) || value < 0)
		return;
	signal_add(signal_of(w, member, signal), value, full, good_ms,
		   !law->counted, w->conf.smoothing_ms, now_ms);
}

void weights_late(struct weights *w, int64_t late_ms, int64_t now_ms)
{
	for (size_t i = 0; i < w->n * w->nsignals; i++)
		signal_late(&w->signals[i], late_ms, now_ms);
	if (w->grace_ms)
		w->grace_ms += late_ms;
}

int64_t weights_next_ms(const struct weights *w)
{
	return w->next_ms;
}

uint32_t weights_get(const struct weights *w, size_t member)
{
	uint32_t parts =
	    (uint32_t)lround(w->members[member].weight * WEIGHTS_ONE);

	return parts ? parts : 1;
}

void weights_set(struct weights *w, size_t member, uint32_t dynamic)
{
	struct member *m = &w->members[member];

	if (dynamic < w->conf.floor)
		dynamic = w->conf.floor;
	if (dynamic > w->conf.ceiling)
		dynamic = w->conf.ceiling;
	m->weight = m->aim = (double)dynamic / WEIGHTS_ONE;
	m->turn = (float)log(m->weight); /* that was no way it went */
	m->way = 0;
}

enum weights_why weights_why(const struct weights *w, size_t member)
{
	return w->members[member].why;
}

enum weights_why weights_pool_why(const struct weights *w)
{
	return w->why;
}

bool weights_value(const struct weights *w, size_t member, size_t signal,
		   int64_t now_ms, double *value, int64_t *age_ms)
{
	const struct signal *g = signal_of(w, member, signal);

	if (!signal_fresh(g, now_ms))
		return false;
	*value = g->smooth;
	*age_ms = now_ms - g->at_ms;
	return true;
}

void weights_carry(struct weights *w, size_t member, const struct weights *old,
		   size_t old_member, const int *to)
{
	uint32_t dynamic = weights_get(old, old_member);

	w->members[member] = old->members[old_member];
	weights_set(w, member, dynamic);
	w->began |= old->began;
	w->grace_ms = old->grace_ms;
	w->why = old->why;
	if (old->next_ms) /* a tick after the last one, as long as ticks are now
			   */
		w->next_ms = old->next_ms - old->conf.tick_ms + w->conf.tick_ms;
	for (size_t s = 0; s < w->nsignals; s++)
		if (to[s] >= 0)
			*signal_of(w, member, s) =
			    *signal_of(old, old_member, (size_t)to[s]);
}
