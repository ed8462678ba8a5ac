/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A history: services that change, HAVE, and a kernel made of lists. */
#ifndef TESTS_UNIT_PLAN_WORLD_H
#define TESTS_UNIT_PLAN_WORLD_H

#include "rulesets/planning.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/plan_services.h"

struct world {
	struct gen gen;
	struct have have;
	struct fake kernel;
};

struct world *world_new(unsigned int seed);
void world_free(struct world *w);

/** world_plan() - from what is there to what the services want */
struct plan *world_plan(struct world *w);

/** world_first(), world_late() - bring a part to the kernel; it must accept */
void world_first(struct world *w, const struct plan *p);
void world_late(struct world *w, const struct plan *p);

/** world_pieces() - the first part as where the socket is small: taken apart at
 * every cut; @seen is called after each piece */
typedef void world_seen_fn(struct world *w, void *arg);
void world_pieces(struct world *w, const struct plan *p, world_seen_fn *seen,
		  void *arg);

/** world_take() - it is done: HAVE follows; frees @p */
void world_take(struct plan *p);

#endif
