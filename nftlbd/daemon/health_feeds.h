/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the feeds' jobs, for those who show it. */
#ifndef NFTLB_DAEMON_HEALTH_FEEDS_H
#define NFTLB_DAEMON_HEALTH_FEEDS_H

#include "daemon/health.h"

/* The last result of one feed of one backend. */
struct health_feed {
	int64_t last_ms; /* Unix time; 0 = none yet */
	double value;    /* with has_value: the last one that was found, in the
			  * feed's own units */
	bool has_value;
	uint8_t reason; /* enum hc_reason of the last result */
	int32_t detail; /* that goes with it, see protocol.h */
};

/**
 * health_feed() - of feed number @feed of a backend's service; indices into
 * d->model
 * Return: false where it is not asked.
 */
bool health_feed(const struct healthcheck *h, size_t service, size_t backend,
		 size_t feed, struct health_feed *out);

#endif
