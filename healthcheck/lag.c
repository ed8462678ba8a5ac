/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heartbeat of the loop. A timer that should come every BEAT_MS and the
 * real clock say together when nothing was looked at: a callback that took
 * long, a process that was stopped, a CPU that others had. The time since the
 * last beat is a stall as a whole if it is longer than BEAT_MS and SLACK_MS.
 *
 * Whoever waits for the network compares lag_stalled_us() before and after: in
 * that time answers may lie unread, or the request may not have left in time.
 *
 * Must not know checks.
 */
#include "healthcheck/lag.h"

#include <string.h>

#include "healthcheck/clock.h"

#define BEAT_MS  20
#define SLACK_MS 10 /* timers that are collected, others' callbacks */

static uint64_t stall_us(const struct lag *l, uint64_t now_us)
{
	uint64_t gap_us = now_us > l->beat_us ? now_us - l->beat_us : 0;

	return gap_us > (BEAT_MS + SLACK_MS) * 1000 ? gap_us : 0;
}

static void beat_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct lag *l = w->data;
	uint64_t now_us = clock_now_us(), stalled_us = stall_us(l, now_us);

	l->stalls += stalled_us > 0;
	l->stalled_us += stalled_us;
	l->beat_us = now_us;
}

uint64_t lag_stalled_us(const struct lag *l, uint64_t now_us)
{
	return l->stalled_us + stall_us(l, now_us);
}

void lag_stats(const struct lag *l, struct hc_stats *stats)
{
	stats->stalls = l->stalls;
	stats->stalled_us = l->stalled_us;
	stats->extended = l->extended;
}

void lag_open(struct lag *l, struct ev_loop *loop)
{
	memset(l, 0, sizeof(*l));
	l->loop = loop;
	l->beat_us = clock_now_us();
	ev_timer_init(&l->beat, beat_cb, BEAT_MS / 1e3, BEAT_MS / 1e3);
	ev_set_priority(&l->beat, EV_MAXPRI);
	l->beat.data = l;
	ev_timer_start(loop, &l->beat);
}

void lag_close(struct lag *l)
{
	ev_timer_stop(l->loop, &l->beat);
}
