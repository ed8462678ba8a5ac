/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The laws as a table; what all share is ratio.c's: the ratio of a backend is
 * the pool's mean by its own value, so that a third of the speed gets a third
 * of the flows.
 */
#include "weights/laws.h"

#include <math.h>

static const struct law laws[] = {
	[WEIGHTS_CONNECTIONS] = { .median = false,
				  .per_weight = true,
				  .samples = 1,
				  .zero = 5,
				  .idle = 1,
				  .brim = INFINITY,
				  .pace = 0.5 },
	[WEIGHTS_RESPONSE] = { .median = true,
			       .samples = 3,
			       .zero = 500,
			       .idle = 0,
			       .brim = INFINITY,
			       .pace = 1 },
	[WEIGHTS_LOAD] = { .median = true,
			   .samples = 3,
			   .zero = 0.05,
			   .idle = 0.05,
			   .brim = 0.95,
			   .pace = 1 },
};

const struct law *law_of(enum weights_law law)
{
	return &laws[law];
}
