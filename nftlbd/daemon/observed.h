/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon counts of itself since it was started: plain data, written
 * where it happens, read by metrics/.
 */
#ifndef NFTLB_DAEMON_OBSERVED_H
#define NFTLB_DAEMON_OBSERVED_H

#include <stdbool.h>
#include <stdint.h>

#include "healthcheck/protocol.h"
#include "metrics/histogram.h"

/* Why the kernel was read again, and the whole committed. */
enum resync {
	RESYNC_START,
	RESYNC_FOREIGN,   /* somebody else changed our tables */
	RESYNC_REFUSED,   /* a commit was refused */
	RESYNC_OPERATOR,  /* sync was said */
	RESYNC_INTERFACE, /* one came or went */
	RESYNC_REASONS
};

extern const struct word resync_words[]; /* start foreign refused ... */

struct observed {
	struct histogram commits; /* that the kernel took */
	/* from the probe that took a backend down to the end of the commit */
	struct histogram failovers;
	uint64_t slots_moved; /* by these commits */
	uint64_t resyncs[RESYNC_REASONS];
	uint64_t reloads, reloads_refused;
	double reloaded; /* Unix time of the last good one; 0 = none yet */
	uint64_t failures[HC_REASON_MAX]; /* results of probes, of each kind */
	bool refused; /* the kernel may not hold what it is to hold: what was
		       * committed last was refused, and is tried again */
};

#endif
