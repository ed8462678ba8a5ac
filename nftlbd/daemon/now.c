/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model's clock. */
#include <time.h>

#include "daemon/daemon.h"

int64_t daemon_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}
