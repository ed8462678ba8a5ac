/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes through services and backends: totals, and rates between two looks
 * at the counters. Pure: JSON in, JSON out. */
#ifndef NFTLB_CTL_TRAFFIC_H
#define NFTLB_CTL_TRAFFIC_H

#include <jansson.h>

/**
 * traffic_make() - of each service and backend that counts
 * @before: an earlier answer of /v1/counters, or NULL; @now: the later one
 * @seconds: between the two
 * Return: {"www": T, "www/b1": T}, T = {"new", "packets", "bytes": totals of
 * both ways, "rate": {"new", "packets", "bits"} a second, or null where it was
 * not there before, "local": true where the service has no backends}; the
 * caller's.
 */
json_t *traffic_make(const json_t *before, const json_t *now, double seconds);

#endif
