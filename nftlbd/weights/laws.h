/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ratio follows from the values of a signal. */
#ifndef NFTLB_WEIGHTS_LAWS_H
#define NFTLB_WEIGHTS_LAWS_H

#include "weights/weights.h"

struct law {
	bool median;     /* one sample may be wrong */
	bool per_weight; /* the value is a sum: twice the weight, twice of it */
	uint8_t samples; /* that many, or it is not measured yet */
	double zero; /* added to all values: what is far below does not count */
	double idle; /* a mean below says that nothing is going on */
	double brim; /* full from here on */
	double pace; /* the part of the way to the target made in a tick */
};

/** law_of() - never NULL */
const struct law *law_of(enum weights_law law);

#endif
