/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the daemon's side of health checks share. */
#ifndef NFTLB_DAEMON_HEALTH_IMPL_H
#define NFTLB_DAEMON_HEALTH_IMPL_H

#include "daemon/health.h"
#include "daemon/health_jobs.h"
#include "daemon/hooks.h"
#include "daemon/prober_process.h"

enum prober_state {
	PROBER_OFF,
	PROBER_STARTING,
	PROBER_RUNNING,
	PROBER_STUCK,
	PROBER_GONE
};

/* A prober and all that it is told. */
struct lane {
	struct healthcheck *h;
	const char *name;
	struct prober *prober;
	enum prober_state state;
	struct health_jobs jobs;
	uint64_t results, late, ignored, local;
	struct hc_stats before, now; /* of all before this one; its own */
};

struct healthcheck {
	struct daemon *d;
	struct lane lanes[HEALTH_LANES];
	struct hooks hooks;
	uint32_t *specs;      /* spec id of each check in use, else 0 */
	uint32_t *feed_specs; /* the same of each feed */
	bool started;         /* the first sync is over */
	bool quiet;           /* no hooks for what happens now */
	uint64_t local;       /* faults of our own since it was last said */
	ev_tstamp local_said; /* 0 = never */
};

/* health.c: tell the prober what it does not know yet */
void lane_flush(struct lane *lane);
/* health.c: the prober is to run, or not */
void lane_want(struct lane *lane, bool wanted);

/* health_sync.c: who probes so */
struct lane *health_lane(struct healthcheck *h, enum hc_type type);

/* health_feeds.c: what asks @b for feed number @feed of @s, without the spec */
void health_feed_job(const struct service *s, const struct backend *b,
		     size_t feed, struct hc_job *job);

/* health_results.c; for prober_ops */
const char *lane_results(void *arg, const struct hc_result *results, size_t n);

#endif
