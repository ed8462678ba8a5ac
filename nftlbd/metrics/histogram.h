/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations, counted by how long they were. Pure; 40 bytes each, for there may
 * be a hundred thousand. */
#ifndef NFTLB_METRICS_HISTOGRAM_H
#define NFTLB_METRICS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/exposition.h"

#define HISTOGRAM_BINS 8

/* Where the bins end; the same for all histograms of one metric, for ever. */
struct histogram_kind {
	size_t n; /* bounds, up to HISTOGRAM_BINS - 1, ascending */
	uint32_t us[HISTOGRAM_BINS - 1]; /* this long, or less */
	struct expo_le le[HISTOGRAM_BINS - 1];
};

extern const struct histogram_kind histogram_checks;    /* of probes */
extern const struct histogram_kind histogram_commits;   /* transactions */
extern const struct histogram_kind histogram_failovers; /* failed to gone */

/* Zero is an empty one. */
struct histogram {
	uint64_t sum_us;
	uint32_t bin[HISTOGRAM_BINS];
};

void histogram_add(struct histogram *h, const struct histogram_kind *kind,
		   uint64_t us);
/** histogram_count() - how many were added */
uint64_t histogram_count(const struct histogram *h);
/** histogram_show() - as samples of the family of @e */
void histogram_show(const struct histogram *h,
		    const struct histogram_kind *kind, struct expo *e);

#endif
