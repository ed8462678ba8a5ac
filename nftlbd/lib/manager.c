/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One timer of the lowest priority: when its turn comes, all others had theirs.
 * It feeds the watchdog four times as often as is wanted, and looks for a new
 * status each second. There is no thread, and no timer signal: what hangs the
 * loop silences both.
 */
#include "lib/manager.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define TURN_S         1.0
#define FEEDS_A_PERIOD 4

void manager_ready(void)
{
	sd_notify(0, "READY=1");
}

/* With the time, so that a READY=1 of before is not taken for the answer. */
void manager_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)now.tv_sec * 1000000 +
		       (uint64_t)now.tv_nsec / 1000);
}

void manager_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=stopping, the rules stay");
}

void manager_extend(unsigned int seconds)
{
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64,
		   (uint64_t)seconds * 1000000);
}

static void tell_status(struct manager *m)
{
	char line[MANAGER_STATUS_MAX] = "";

	if (!m->status)
		return;
	m->status(m->arg, line);
	/* a second line would be another message */
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	if (!strcmp(line, m->said))
		return;
	memcpy(m->said, line, sizeof(line));
	sd_notifyf(0, "STATUS=%s", line);
}

static void turn(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct manager *m = w->data;

	tell_status(m);
	if (m->feed_s <= 0 || ev_now(loop) - m->fed < m->feed_s * 0.9)
		return;
	if (m->fit && !m->fit(m->arg))
		return;
	m->fed = ev_now(loop);
	sd_notify(0, "WATCHDOG=1");
}

void manager_start(struct manager *m, struct ev_loop *loop)
{
	uint64_t usec = 0;
	double turn_s = TURN_S;

	ev_init(&m->timer, turn);
	m->timer.data = m;
	if (!getenv("NOTIFY_SOCKET"))
		return;
	if (sd_watchdog_enabled(0, &usec) > 0)
		m->feed_s = (double)usec / 1e6 / FEEDS_A_PERIOD;
	if (m->feed_s > 0 && m->feed_s < turn_s)
		turn_s = m->feed_s;
	tell_status(m);
	ev_set_priority(&m->timer, EV_MINPRI);
	ev_timer_set(&m->timer, turn_s, turn_s);
	ev_timer_start(loop, &m->timer);
}

void manager_stop(struct manager *m, struct ev_loop *loop)
{
	if (loop)
		ev_timer_stop(loop, &m->timer);
}
