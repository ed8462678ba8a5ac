/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pipeline from samples to dynamic weights. */
#include "weights/weights.h"

#include <stdlib.h>

#include "lib/xalloc.h"

struct weights {
	uint32_t *dynamic;
};

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

	w->dynamic = xcalloc(nmembers + 1, sizeof(*w->dynamic));
	for (size_t i = 0; i < nmembers; i++)
		w->dynamic[i] = WEIGHTS_ONE;
	return w;
}

void weights_free(struct weights *w)
{
	if (!w)
		return;
	free(w->dynamic);
	free(w);
}

void weights_sample(struct weights *w, size_t member, size_t signal,
		    double value, bool full, uint32_t good_ms, int64_t now_ms)
{
}

bool weights_tick(struct weights *w, const struct weights_view *view,
		  int64_t now_ms)
{
	return false;
}

int64_t weights_next_ms(const struct weights *w)
{
	return 0;
}

uint32_t weights_get(const struct weights *w, size_t member)
{
	return w->dynamic[member];
}

void weights_set(struct weights *w, size_t member, uint32_t dynamic)
{
	w->dynamic[member] = dynamic;
}

enum weights_why weights_why(const struct weights *w, size_t member)
{
	return WEIGHTS_STEADY;
}

enum weights_why weights_pool_why(const struct weights *w)
{
	return WEIGHTS_STEADY;
}

bool weights_value(const struct weights *w, size_t member, size_t signal,
		   int64_t now_ms, double *value, int64_t *age_ms)
{
	return false;
}

void weights_carry(struct weights *w, size_t member, const struct weights *old,
		   size_t old_member, const int *to)
{
}
