/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of its CPUs a host uses, from its counters. Pure. */
#ifndef HEALTHCHECK_CPU_USAGE_H
#define HEALTHCHECK_CPU_USAGE_H

#include <stdint.h>

#include "healthcheck/counter.h"

/* Of UCD-SNMP-MIB: ssCpuRaw..., 32 bits each, of all CPUs together. */
enum cpu_tick {
	CPU_USER,
	CPU_NICE,
	CPU_SYSTEM,
	CPU_IDLE,
	CPU_WAIT,
	CPU_KERNEL,
	CPU_INTERRUPT,
	CPU_SOFTIRQ,
	CPU_STEAL,
	CPU_TICKS
};

struct cpu_ticks {
	struct counter_time time;
	uint32_t of[CPU_TICKS]; /* 0 where the agent does not have it */
};

enum cpu_news {
	CPU_NEWS,  /* there is a usage */
	CPU_SAME,  /* nothing was counted: compare with @before again */
	CPU_AFRESH /* they have nothing to do with each other: with @now */
};

/**
 * cpu_usage() - the part of the time in which CPUs were busy
 * @usage: 0..1, set with CPU_NEWS
 */
enum cpu_news cpu_usage(const struct cpu_ticks *before,
			const struct cpu_ticks *now, double *usage);

/** cpu_usage_of_load() - of a load average; 0..1, and 0 for what is none
 * @cores: 0 = not known: one */
double cpu_usage_of_load(double load, unsigned int cores);

#endif
