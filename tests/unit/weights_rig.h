/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pool whose weights follow what is said to be measured, second by second. */
#ifndef TESTS_UNIT_WEIGHTS_RIG_H
#define TESTS_UNIT_WEIGHTS_RIG_H

#include "weights/weights.h"

#define RIG_MEMBERS 8
#define RIG_SIGNALS 2
#define RIG_SILENT  (-1.0) /* nothing is measured */

struct weights_rig {
	struct weights *w;
	struct weights_view view[RIG_MEMBERS];
	double value[RIG_SIGNALS][RIG_MEMBERS];
	bool full;
	size_t n, nsignals;
	int64_t now_ms;
};

/** weights_rig_conf() - the defaults of nftlbd.conf(5) for the law */
struct weights_conf weights_rig_conf(enum weights_law law);
/** weights_rig_begin() - @n members of weight 1 that serve; one signal */
void weights_rig_begin(struct weights_rig *r, enum weights_law law, size_t n);
/** weights_rig_begin2() - two signals */
void weights_rig_begin2(struct weights_rig *r, enum weights_law first,
			enum weights_law second, size_t n);
void weights_rig_end(struct weights_rig *r);
/** weights_rig_say() - what is measured of all from now on; the same of the
 * second and all after it */
void weights_rig_say(struct weights_rig *r, double first, double others);
/** weights_rig_run() - @seconds: samples of all, then a tick; how many ticks
 * moved something */
unsigned int weights_rig_run(struct weights_rig *r, unsigned int seconds);
/** weights_rig_mean() - of the weights, by configured weight */
double weights_rig_mean(const struct weights_rig *r);

#endif
