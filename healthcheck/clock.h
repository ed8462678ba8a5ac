/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober's clock: monotonic, never cached. libev's own "now" is that of the
 * loop's last turn, and a turn that starts a thousand connections is long:
 * whoever measures must not use it.
 */
#ifndef HEALTHCHECK_CLOCK_H
#define HEALTHCHECK_CLOCK_H

#include <stdint.h>
#include <time.h>

/** clock_now_us() - microseconds of CLOCK_MONOTONIC */
static inline uint64_t clock_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

#endif
