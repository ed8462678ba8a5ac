/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is different between signals of one kind and of another. */
#ifndef NFTLB_WEIGHTS_LAWS_H
#define NFTLB_WEIGHTS_LAWS_H

#include "weights/weights.h"

struct law {
	bool counted;    /* exactly, not measured: no single one is wrong */
	bool per_weight; /* the value is a sum: twice the weight, twice of it */
	uint8_t samples; /* so many, or it is not measured yet */
	bool repeats;    /* it may well be the same for long */
	double zero;     /* added to values: what is far below it is one */
	double idle;     /* with a mean below, nothing is going on */
	double brim;     /* full from here on */
	double doubt;    /* who says less than that part of the mean is wrong */
	double pace;     /* the part of the way to the target made in a tick */
	double least;    /* caution takes the exponent down to that at most */
};

/** law_of() - never NULL */
const struct law *law_of(enum weights_law law);

#endif
