/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From ticks to a usage: what was not idle, of all that was counted between two
 * looks. The time between them does not matter, nor how many CPUs there are and
 * how long a tick is: they are the same in both.
 *
 * - Waiting for disks counts as busy. A CPU that waits could do something else,
 *   but a server whose requests hang on its disks must not look idle, or it is
 *   given more of them. hrProcessorLoad (all that is not idle) and the load
 *   average (what waits for disks is in it) say so too, and hosts are compared
 *   whichever of them they have.
 * - Steal is busy: that time is not to be had. Guests are in user already.
 * - System may be a sum that has Kernel, Wait and Interrupt in it, says the
 *   MIB. It is one where an agent counts Kernel (Solaris, BSD); Linux has 0
 *   there. Then these are left out.
 * - A counter that goes back a little (Linux corrects idle and iowait) counted
 *   nothing; it is believed from then on. Where that is idle, nothing can be
 *   said of this time.
 * - More ticks than any machine has are those of another life of the machine,
 *   of which no uptime told.
 *
 * Invariant: 0 <= usage <= 1.
 */
#include "healthcheck/cpu_usage.h"

#include <math.h>

/* Ten thousand CPUs with a thousand ticks a second. */
#define TICKS_PER_MS 10000
#define AGENT_OLD_MS 60000 /* its figures may be as old as this, then new */

static uint64_t ticks_since(const struct cpu_ticks *before,
			    const struct cpu_ticks *now, enum cpu_tick i)
{
	return counter_went_back(before->of[i], now->of[i], 32)
		   ? 0
		   : counter_since(before->of[i], now->of[i], 32);
}

/* Is it in System already? */
static bool counted_twice(const struct cpu_ticks *now, enum cpu_tick i)
{
	return now->of[CPU_KERNEL] > 0 &&
	       (i == CPU_KERNEL || i == CPU_WAIT || i == CPU_INTERRUPT);
}

enum cpu_news cpu_usage(const struct cpu_ticks *before,
			const struct cpu_ticks *now, double *usage)
{
	uint64_t elapsed_ms = (now->time.at_us - before->time.at_us) / 1000;
	uint64_t idle = ticks_since(before, now, CPU_IDLE), all = 0;
	bool moved = false;

	if (!counter_same_life(&before->time, &now->time))
		return CPU_AFRESH;
	for (enum cpu_tick i = 0; i < CPU_TICKS; i++) {
		moved |= before->of[i] != now->of[i];
		if (!counted_twice(now, i))
			all += ticks_since(before, now, i);
	}
	if (!moved)
		return CPU_SAME;
	if (all == 0 || all > (elapsed_ms + AGENT_OLD_MS) * TICKS_PER_MS ||
	    counter_went_back(before->of[CPU_IDLE], now->of[CPU_IDLE], 32))
		return CPU_AFRESH;
	*usage = (double)(all - idle) / (double)all;
	return CPU_NEWS;
}

double cpu_usage_of_load(double load, unsigned int cores)
{
	double usage = load / (cores ? cores : 1);

	return isnan(usage) || usage < 0 ? 0 : usage > 1 ? 1 : usage;
}
