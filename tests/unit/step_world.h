/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random configurations, each a little different from the one before. */
#ifndef TESTS_UNIT_STEP_WORLD_H
#define TESTS_UNIT_STEP_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "step_oracle.h"

struct world_check {
	uint32_t rise, fall, start, agent, send, port;
};

struct world_backend {
	uint32_t away, weight, backup, disabled, address, checks, need;
};

struct world_service {
	uint32_t away, first, scheduler, backup_when, min_usable, quorum,
	    hysteresis, slow_start, flap_hold, drain_timeout, cut, slots, floor,
	    tick, feed;
	struct world_backend backends[O_BACKENDS];
};

struct world {
	uint64_t seed;
	struct world_check checks[O_CHECKS];
	struct world_service services[O_SERVICES];
};

/** world_random() - below @below */
uint32_t world_random(struct world *w, uint32_t below);
/** world_begin() - a first one, from @seed */
void world_begin(struct world *w, uint64_t seed);
/** world_change() - a few of its numbers */
void world_change(struct world *w);
/** world_text() - as made_conf() wants it, appended to @out */
void world_text(const struct world *w, struct buf *out);

#endif
