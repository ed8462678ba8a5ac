/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers that are the same on each run: splitmix64 (Steele, Lea, Flood,
 * "Fast splittable pseudorandom number generators", 2014). */
#ifndef TESTS_SIM_DICE_H
#define TESTS_SIM_DICE_H

#include <stdint.h>

struct dice {
	uint64_t state; /* the seed */
};

/** dice_split() - other dice, by the name @which; @d rolls on as before */
struct dice dice_split(const struct dice *d, uint64_t which);
/** dice_unit() - above 0, at most 1 */
double dice_unit(struct dice *d);
double dice_exp(struct dice *d, double mean);
/** dice_lognormal() - @sigma: of the logarithm */
double dice_lognormal(struct dice *d, double mean, double sigma);

#endif
