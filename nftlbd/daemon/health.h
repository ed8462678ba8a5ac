/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's side of health checks: starts and restarts the prober process,
 * gives it jobs, turns its results into health (rise, fall), tells the model.
 */
#ifndef NFTLB_DAEMON_HEALTH_H
#define NFTLB_DAEMON_HEALTH_H

#include "daemon/daemon.h"

/**
 * health_open() - start the prober (as d->model->conf->user when we are root)
 * and give it the jobs of d->model. d->loop must be libev's default loop, which
 * alone watches children; nothing may fork the daemon itself after this.
 * The prober's path is PROBER_PATH, or $NFTLB_PROBER (tests). A prober that
 * cannot start is tried again with back-off: never fatal, health is kept.
 */
int health_open(struct healthcheck **out, struct daemon *d, struct err *err);
/** health_close() - stop the prober and wait for it (1 s at most, then kill) */
void health_close(struct healthcheck *h);

/**
 * health_sync() - the model was replaced: add, keep and stop jobs accordingly
 * Job ids of backends whose check is unchanged are kept, and so is the rhythm
 * of their probes: a reload is no reason to probe again.
 */
void health_sync(struct healthcheck *h);

struct health_info {
	pid_t pid; /* 0 = not running now */
	unsigned int restarts;
	uint64_t results; /* since start */
	size_t jobs;
};
void health_info(const struct healthcheck *h, struct health_info *info);

#endif
