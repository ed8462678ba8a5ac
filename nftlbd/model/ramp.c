/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slow start in tenths: the first at once, the last after slow_start_ms, the
 * others evenly between. How far it is follows from when it began, so that late
 * ticks make no slower start and a reload may change its length.
 *
 * Only where weights count: a round has no tenths, and a hash must be the same
 * on every gateway. Who else serves is settle.c's.
 */
#include "model/ramp.h"

#define STEPS (RAMP_FULL - 1)

void ramp_start(const struct service *s, struct backend *b, int64_t now_ms)
{
	if (!service_weights(s) || s->conf->slow_start_ms == 0)
		return;
	b->ramp = 1;
	b->ramp_ms = now_ms;
}

void ramp_stop(struct backend *b)
{
	b->ramp = RAMP_FULL;
	b->ramp_ms = 0;
}

void ramp_update(const struct service *s, struct backend *b, int64_t now_ms)
{
	int64_t span_ms = s->conf->slow_start_ms, gone_ms;

	if (b->ramp == RAMP_FULL)
		return;
	gone_ms = now_ms - b->ramp_ms;
	if (!service_weights(s) || gone_ms >= span_ms)
		ramp_stop(b);
	else
		b->ramp = (uint8_t)(1 + gone_ms * STEPS / span_ms);
}

int64_t ramp_next_ms(const struct service *s, const struct backend *b)
{
	int64_t span_ms = s->conf->slow_start_ms;

	if (b->ramp == RAMP_FULL)
		return 0;
	return b->ramp_ms + (b->ramp * span_ms + STEPS - 1) / STEPS;
}
