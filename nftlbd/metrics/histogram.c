/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Histograms. Bounds are few: each is a time series for each check of each
 * backend.
 *
 * Must not know: of what the durations are.
 */
#include "metrics/histogram.h"

#define LE(text)                                                               \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

const struct histogram_kind histogram_checks = {
	.n = 4,
	.us = { 1000, 10000, 100000, 1000000 },
	.le = { LE("0.001"), LE("0.01"), LE("0.1"), LE("1") },
};

const struct histogram_kind histogram_commits = {
	.n = 7,
	.us = { 1000, 5000, 20000, 100000, 500000, 2000000, 10000000 },
	.le = { LE("0.001"), LE("0.005"), LE("0.02"), LE("0.1"), LE("0.5"),
		LE("2"), LE("10") },
};

const struct histogram_kind histogram_failovers = {
	.n = 7,
	.us = { 1000, 2500, 5000, 10000, 50000, 250000, 1000000 },
	.le = { LE("0.001"), LE("0.0025"), LE("0.005"), LE("0.01"), LE("0.05"),
		LE("0.25"), LE("1") },
};

void histogram_add(struct histogram *h, const struct histogram_kind *kind,
		   uint64_t us)
{
	size_t i = 0;

	while (i < kind->n && us > kind->us[i])
		i++;
	h->bin[i]++;
	h->sum_us += us;
}

uint64_t histogram_count(const struct histogram *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i < HISTOGRAM_BINS; i++)
		n += h->bin[i];
	return n;
}

void histogram_show(const struct histogram *h,
		    const struct histogram_kind *kind, struct expo *e)
{
	uint64_t upto[HISTOGRAM_BINS], n = 0;

	for (size_t i = 0; i <= kind->n; i++)
		upto[i] = n += h->bin[i];
	expo_histogram(e, kind->le, upto, kind->n, &h->sum_us);
}
