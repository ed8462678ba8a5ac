/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's side of health checks: starts and restarts the probers, gives
 * them jobs, hands their results to the model.
 *
 * There are two probers: one for all that uses the network, and, only while it
 * is needed, one that runs scripts and hooks.
 */
#ifndef NFTLB_DAEMON_HEALTH_H
#define NFTLB_DAEMON_HEALTH_H

#include "daemon/daemon.h"
#include "healthcheck/protocol.h"

/**
 * health_open() - start the probers (as d->model->conf->user and script_user
 * when we are root) and give them the jobs of d->model. d->loop must be libev's
 * default loop, which alone watches children; nothing may fork the daemon
 * itself after this. The prober's path is PROBER_PATH, or $NFTLB_PROBER
 * (tests). A prober that cannot start is tried again with back-off: never
 * fatal, health is kept.
 */
int health_open(struct healthcheck **out, struct daemon *d, struct err *err);
/** health_close() - stop the probers and wait for them (1 s at most each, then
 * kill) */
void health_close(struct healthcheck *h);

/**
 * health_sync() - the model was replaced: add, keep and stop jobs accordingly
 * What is probed in the same way as before keeps its rhythm: a reload is no
 * reason to probe again. What is new is probed at once.
 */
void health_sync(struct healthcheck *h);

/**
 * health_catch_up() - checks without a result hear the last one of their job
 * For who is new to a job that others have had for a while: he is as if probed
 * at once.
 */
void health_catch_up(struct healthcheck *h);

/**
 * health_event() - run the hook of @e, if there is one
 * @h: may be NULL
 */
void health_event(struct healthcheck *h, const struct event *e);

enum health_lane { HEALTH_NETWORK, HEALTH_SCRIPTS, HEALTH_LANES };

struct health_lane_info {
	const char *name; /* network scripts */
	bool wanted;
	pid_t pid; /* 0 = not running now */
	unsigned int restarts;
	size_t jobs, owners, specs; /* owners: checks of backends, and
				     * feeds */
	/* since start: */
	uint64_t results, late, ignored, local;
	struct hc_stats stats;
};

struct health_info {
	/* the network's prober */
	pid_t pid;
	unsigned int restarts;
	/* of both */
	uint64_t results; /* since start */
	size_t jobs;
	struct health_lane_info lanes[HEALTH_LANES];
	/* hooks: waiting or running now; since start: */
	size_t hooks;
	uint64_t hooks_done, hooks_failed, hooks_dropped;
};
void health_info(const struct healthcheck *h, struct health_info *info);

/* What is known of one check of one backend beside its check_state. */
struct health_probe {
	int64_t last_ms; /* Unix time of the last result; 0 = none yet */
	uint32_t results, failures; /* since its job began */
	uint32_t owners;            /* checks that share it, with this one */
	uint32_t job;               /* id, the same for those that share it */
};

/**
 * health_probe() - of check @check of a backend; indices into d->model
 * Return: false where it is not probed.
 */
bool health_probe(const struct healthcheck *h, size_t service, size_t backend,
		  size_t check, struct health_probe *out);

#endif
