/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A counter that is less than it was went through 0, or began anew. sysUpTime
 * tells (RFC 3418; RFC 2578, 7.1.6: its discontinuities are the counters' own):
 * it begins with the agent, and so does no later than the machine. Who has none
 * to show is believed that a small step is one through 0, and a large one is
 * none: half of the numbers are much time for what counts to 2^32.
 *
 * Must not know what is counted.
 */
#include "healthcheck/counter.h"

#define SLACK_US (3 * 1000000) /* a request's way, and rough clocks */
#define SLACK_OF 8             /* more, as a part of the time between */

bool counter_same_life(const struct counter_time *before,
		       const struct counter_time *now)
{
	uint64_t ours_us = now->at_us - before->at_us, theirs_us, slack_us;

	if (!before->has_uptime || !now->has_uptime)
		return true;
	/* in 32 bits: 497 days, and then 0 */
	theirs_us = (uint64_t)(now->uptime_cs - before->uptime_cs) * 10000;
	slack_us = SLACK_US + ours_us / SLACK_OF;
	return theirs_us <= ours_us + slack_us &&
	       ours_us <= theirs_us + slack_us;
}

uint64_t counter_since(uint64_t before, uint64_t now, unsigned int bits)
{
	return bits == 32 ? (uint32_t)(now - before) : now - before;
}

bool counter_went_back(uint64_t before, uint64_t now, unsigned int bits)
{
	return counter_since(before, now, bits) >> (bits - 1);
}

bool counter_rate(const struct counter_time *before, uint64_t count_before,
		  const struct counter_time *now, uint64_t count_now,
		  unsigned int bits, double *per_second)
{
	bool sure = before->has_uptime && now->has_uptime && bits == 32;

	if (now->at_us <= before->at_us || !counter_same_life(before, now) ||
	    (!sure && counter_went_back(count_before, count_now, bits)))
		return false;
	*per_second = (double)counter_since(count_before, count_now, bits) /
		      ((double)(now->at_us - before->at_us) / 1e6);
	return true;
}
