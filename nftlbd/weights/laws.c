/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The laws, as a table. All are: mean of the pool by value (F5's dynamic ratio,
 * Cheetah's weighted round-robin do alike), so that who takes three times as
 * long gets a third. Why not more, where more could be known?
 *
 * connections: where they are long, flows add up to counts by themselves, and
 * it ends with all even. (Squared, it ends sooner; but where connections are
 * short, weights then swing by a quarter rather than a tenth.) Where they are
 * short, a count is what came within a service time, which answers at once:
 * half of the way is made in a tick, or it would jump between too many and too
 * few. Small counts differ by chance; five are added, so that one who has none
 * among those who have two gets no burst.
 *
 * response: of queues, times are the same part longer than unloaded when the
 * same part of each backend is busy, so that shares by the inverse time end
 * with shares by what the backends can do, exactly. But close to saturation a
 * queue answers by several times what its share changes: caution.c; but one
 * that takes three times as long shall lose half of its share whatever went
 * before, so the exponent stays at 0.9 at least. Half a millisecond is added:
 * what is quicker differs by our own scheduling.
 *
 * load: busy time is in proportion to share. The inverse of it goes half of the
 * way to even (by the logarithm), at once, and is stable whatever the delay of
 * the samples, which we do not know. Share by load (gRPC's A58) goes all of the
 * way, but takes load that comes late for capacity: with samples 30 s old, what
 * we tried of that kind swung from the floor to far above 1. As Prequal says:
 * load is a limit, not an aim.
 */
#include "weights/laws.h"

#include <math.h>

static const struct law laws[] = {
	[WEIGHTS_CONNECTIONS] = { .counted = true,
				  .per_weight = true,
				  .repeats = true,
				  .samples = 1,
				  .zero = 5,
				  .idle = 1,
				  .brim = INFINITY,
				  .pace = 0.5,
				  .least = 0.35 },
	[WEIGHTS_RESPONSE] = { .repeats = true,
			       .samples = 3,
			       .zero = 500,
			       .brim = INFINITY,
			       .pace = 1,
			       .least = 0.9 },
	[WEIGHTS_LOAD] = { .samples = 3,
			   .zero = 0.05,
			   .idle = 0.05,
			   .brim = 0.95,
			   .doubt = 0.1,
			   .pace = 1,
			   .least = 1 },
};

const struct law *law_of(enum weights_law law)
{
	return &laws[law];
}
