/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An agent with bindings and an export, and a loop that is watched: nothing may
 * hold it up. */
#ifndef TESTS_UNIT_EXPORT_RIG_H
#define TESTS_UNIT_EXPORT_RIG_H

#include "hvagent/export_impl.h"

struct export_rig {
	struct agent a;
	struct hv_conf conf;
	ev_timer tick;
	ev_tstamp ticked, longest; /* the longest turn of the loop, seconds */
};

/** rig_open() - @n bindings "b00001".. ; export as said, every second */
void rig_open(struct export_rig *r, enum hv_export type, const char *target,
	      const char *topic, size_t n);
void rig_close(struct export_rig *r);
/** rig_fill() - @n bindings instead */
void rig_fill(struct export_rig *r, size_t n);

/** rig_wait() - let the loop run until so many exports were good and have
 * failed, or 20 s have passed: the test fails then */
void rig_wait(struct export_rig *r, uint64_t good, uint64_t failed);

#endif
