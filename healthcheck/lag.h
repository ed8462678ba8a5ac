/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Was the loop itself on time? */
#ifndef HEALTHCHECK_LAG_H
#define HEALTHCHECK_LAG_H

#include <ev.h>
#include <stdint.h>

#include "healthcheck/protocol.h"

struct lag {
	struct ev_loop *loop;
	struct ev_timer beat;
	uint64_t beat_us;    /* the last one */
	uint64_t stalls;     /* times that one was late */
	uint64_t stalled_us; /* all of them together */
	uint64_t extended;   /* time-outs put off because of that */
};

/** lag_open() - begin to measure; the loop is on time now */
void lag_open(struct lag *l, struct ev_loop *loop);
void lag_close(struct lag *l);

/**
 * lag_stalled_us() - microseconds the loop stood still, from lag_open() to now
 * Never falls. A stall that goes on is counted up to now: so it is right in the
 * first callback after one, and in the one that is the cause of it.
 * @now_us: of clock_now_us(), just now
 */
uint64_t lag_stalled_us(const struct lag *l, uint64_t now_us);

/** lag_stats() - fill in what this knows */
void lag_stats(const struct lag *l, struct hc_stats *stats);

#endif
