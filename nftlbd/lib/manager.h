/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the service manager is told (sd_notify): ready, reloading, stopping, how
 * we are, and that we live. Without a manager all of it does nothing.
 */
#ifndef NFTLB_LIB_MANAGER_H
#define NFTLB_LIB_MANAGER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

void manager_ready(void);
/** manager_reloading() - until manager_ready() */
void manager_reloading(void);
void manager_stopping(void);
/** manager_extend() - what is under way may take @seconds more */
void manager_extend(unsigned int seconds);

#define MANAGER_STATUS_MAX 256

/* Who feeds the watchdog: a timer of the loop that is watched, so that a loop
 * that hangs does not. */
struct manager {
	/* is all well but for the loop? NULL = that is all there is */
	bool (*fit)(void *arg);
	/* one line for `systemctl status`; sent when it changes; may be NULL */
	void (*status)(void *arg, char line[MANAGER_STATUS_MAX]);
	void *arg;
	/* private */
	ev_timer timer;
	double feed_s; /* 0 = no watchdog is wanted */
	ev_tstamp fed;
	char said[MANAGER_STATUS_MAX];
};

/** manager_start() - @m: its callbacks are set; it stays until manager_stop().
 * Nothing runs where there is no manager. */
void manager_start(struct manager *m, struct ev_loop *loop);
void manager_stop(struct manager *m, struct ev_loop *loop);

#endif
