/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Histograms. Bounds are few: each is a time series for each check of each
 * backend.
 *
 * Must not know: of what the durations are.
 */
#include "metrics/histogram.h"

const struct histogram_kind histogram_checks = {
	5,
	{ { 1000, "0.001" },
	  { 5000, "0.005" },
	  { 25000, "0.025" },
	  { 100000, "0.1" },
	  { 1000000, "1" } },
};

const struct histogram_kind histogram_commits = {
	7,
	{ { 1000, "0.001" },
	  { 5000, "0.005" },
	  { 20000, "0.02" },
	  { 100000, "0.1" },
	  { 500000, "0.5" },
	  { 2000000, "2" },
	  { 10000000, "10" } },
};

const struct histogram_kind histogram_failovers = {
	7,
	{ { 1000, "0.001" },
	  { 2500, "0.0025" },
	  { 5000, "0.005" },
	  { 10000, "0.01" },
	  { 50000, "0.05" },
	  { 250000, "0.25" },
	  { 1000000, "1" } },
};

void histogram_add(struct histogram *h, const struct histogram_kind *kind,
		   uint64_t us)
{
	size_t i = 0;

	while (i < kind->n && us > kind->bound[i].us)
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
	uint64_t n = 0;

	for (size_t i = 0; i < kind->n; i++) {
		n += h->bin[i];
		expo_bucket(e, kind->bound[i].le, n);
	}
	expo_sum_count(e, n + h->bin[kind->n]);
	expo_sum_us(e, h->sum_us);
}
