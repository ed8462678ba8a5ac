/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of SNMP agents, between two looks at them. Pure. */
#ifndef HEALTHCHECK_COUNTER_H
#define HEALTHCHECK_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/* When a look was taken: by our clock, and by the agent's (sysUpTime). */
struct counter_time {
	uint64_t at_us;
	bool has_uptime;
	uint32_t uptime_cs; /* hundredths of a second; it wraps */
};

/**
 * counter_same_life() - did the agent live on from @before to @now?
 * Its clock went on as ours did, give or take what networks and clocks do.
 * True where it has no clock.
 */
bool counter_same_life(const struct counter_time *before,
		       const struct counter_time *now);

/**
 * counter_since() - how much a counter of @bits (32, 64) has counted, once
 * through 0 at most
 */
uint64_t counter_since(uint64_t before, uint64_t now, unsigned int bits);

/** counter_went_back() - is it less likely that it went through 0? */
bool counter_went_back(uint64_t before, uint64_t now, unsigned int bits);

/**
 * counter_rate() - per second
 * @per_second: >= 0
 * Return: false where nothing can be said: another life, or no time between.
 */
bool counter_rate(const struct counter_time *before, uint64_t count_before,
		  const struct counter_time *now, uint64_t count_now,
		  unsigned int bits, double *per_second);

#endif
