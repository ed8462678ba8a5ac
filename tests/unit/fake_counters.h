/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands for daemon/counters.c: totals that a test fills. */
#ifndef TESTS_UNIT_FAKE_COUNTERS_H
#define TESTS_UNIT_FAKE_COUNTERS_H

#include "daemon/counters.h"

struct counters {
	struct ev_loop *loop;
	struct totals totals;
	struct counters_overflow overflow;
	unsigned int reads; /* counters_read() calls */
	char asked[64];     /* the service of the last; "" = all */
};

/** fake_count() - a kernel counter with this value and 100 bytes a packet */
void fake_count(struct counters *c, const char *name, uint64_t packets);

#endif
