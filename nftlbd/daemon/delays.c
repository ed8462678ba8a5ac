/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delays from a probe to the kernel: those that wait for the next commit, and a
 * ring of the last that were measured. Prober and daemon have one clock.
 */
#include "daemon/delays.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/xalloc.h"

/* More is a clock that went wrong, or tables that were flushed. */
#define BELIEVED_US 60000000

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void delays_add(struct delays *d, int64_t since_us)
{
	int64_t past_us = now_us() - since_us;

	if (d->n < DELAYS_KEPT && since_us > 0 && past_us >= 0 &&
	    past_us < BELIEVED_US)
		*VEC_PUSH(d->open, d->n, d->cap) = since_us;
}

void delays_end(struct delays *d, bool good, struct histogram *all)
{
	int64_t end_us = now_us();

	for (size_t i = 0; good && i < d->n; i++) {
		int64_t took_us = end_us - d->open[i];

		if (took_us >= BELIEVED_US)
			continue;
		d->kept_us[d->total++ % DELAYS_KEPT] = (uint32_t)took_us;
		histogram_add(all, &histogram_failovers, (uint64_t)took_us);
	}
	if (good)
		d->n = 0;
}

static int by_length(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

void delays_sum_up(const struct delays *d, struct committer_delays *out)
{
	uint32_t sorted[DELAYS_KEPT];
	size_t n = d->total < DELAYS_KEPT ? (size_t)d->total : DELAYS_KEPT;

	*out = (struct committer_delays){ .n = n };
	if (n == 0)
		return;
	memcpy(sorted, d->kept_us, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), by_length);
	out->p50_ms = sorted[n / 2] / 1e3;
	out->p99_ms = sorted[n * 99 / 100] / 1e3;
	out->worst_ms = sorted[n - 1] / 1e3;
}

void delays_free(struct delays *d)
{
	free(d->open);
	*d = (struct delays){ 0 };
}
