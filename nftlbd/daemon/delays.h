/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long it took until the kernel knew of what the probes had found. */
#ifndef NFTLB_DAEMON_DELAYS_H
#define NFTLB_DAEMON_DELAYS_H

#include "daemon/committer.h"

#define DELAYS_KEPT 1024

struct delays {
	int64_t *open; /* measured, and not yet in the kernel: since when, us */
	size_t n, cap;
	uint32_t kept_us[DELAYS_KEPT]; /* a ring */
	uint64_t total;
};

/** delays_add() - something was measured at @since_us (CLOCK_MONOTONIC); 0, and
 * what is not yet or too long ago, is passed over */
void delays_add(struct delays *d, int64_t since_us);
/** delays_end() - the kernel has it all now; @good false: it has not
 * @all: counts them as well, for ever */
void delays_end(struct delays *d, bool good, struct histogram *all);
/** delays_sum_up() - of those that are kept */
void delays_sum_up(const struct delays *d, struct committer_delays *out);
void delays_free(struct delays *d);

#endif
