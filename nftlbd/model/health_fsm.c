/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rise and fall. A backend's health changes only against a streak: `fall`
 * failures in a row take it down, `rise` successes in a row bring it up.
 * Before anything is known the first result decides, and maintenance is not
 * something that one waits for.
 *
 * Invariant: at most one of the two counters is not 0. A streak is compared
 * with >=, so a reload with a smaller rise or fall takes effect with the next
 * result.
 */
#include "model/health_fsm.h"

static const bool counts_as_nothing[HC_REASON_MAX] = {
	[HC_LATE] = true,
	[HC_LOCAL] = true,
	[HC_IGNORED] = true,
};

bool health_counts(enum hc_reason reason)
{
	return !counts_as_nothing[reason];
}

/* Counters stand still at the top instead of wrapping round to "not enough". */
static uint32_t one_more(uint32_t n)
{
	return n == UINT32_MAX ? n : n + 1;
}

struct health_step health_step(struct check_state *cs, enum health health,
			       const struct conf_check *check,
			       enum hc_reason reason, uint32_t duration_us)
{
	bool good = reason == HC_OK;
	struct health_step step = { .health = health };

	cs->reason = (uint8_t)reason;
	if (!health_counts(reason))
		return step;
	cs->last_us = duration_us;
	cs->decided = true;
	cs->rise = good ? one_more(cs->rise) : 0;
	cs->fall = good ? 0 : one_more(cs->fall);

	step.streak = good ? cs->rise : cs->fall;
	step.needed = good ? check->rise : check->fall;
	if (health == HEALTH_UNKNOWN || reason == HC_MAINTENANCE)
		step.needed = 1;
	if (step.streak >= step.needed)
		step.health = good ? HEALTH_UP : HEALTH_DOWN;
	return step;
}
