/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's side of health checks with a real model and a real prober
 * process. Only what is right of the model is fake: committer and events are
 * counted and kept.
 */
#ifndef TESTS_UNIT_HEALTH_RIG_H
#define TESTS_UNIT_HEALTH_RIG_H

#include <stdbool.h>

#include "daemon/daemon.h"
#include "daemon/health.h"
#include "listener.h"

struct health_rig {
	struct daemon d;
	char dir[64];               /* configuration and programs */
	unsigned int urgent, batch; /* calls of the committer */
};

/** health_rig_open() - the model of the INI text @ini, and a prober
 * @prober: how it misbehaves (see bad_prober.c), or NULL: the real one */
void health_rig_open(struct health_rig *r, const char *prober, const char *ini);
void health_rig_close(struct health_rig *r);
/** health_rig_reload() - as the daemon does, with other text */
void health_rig_reload(struct health_rig *r, const char *ini);

/** health_rig_install() - put the program (as for health_rig_open()) where the
 * daemon finds it at its next start; NULL_PROBER: none is there */
void health_rig_install(struct health_rig *r, const char *prober);
#define NULL_PROBER "-"

struct health_info health_rig_info(const struct health_rig *r);
struct backend *health_rig_backend(const struct health_rig *r,
				   const char *service, const char *backend);

/** health_rig_events() - how many events are of @kind, with @old and @new state
 * and @words in the reason; NULL = any */
unsigned int health_rig_events(const struct health_rig *r, const char *kind,
			       const char *old, const char *new,
			       const char *words);

/** health_rig_turn() - let the loop run, 20 ms at most */
void health_rig_turn(struct health_rig *r);

/** LOOP_UNTIL() - run the loop until @cond, at most 90 s, else fail */
#define LOOP_UNTIL(r, cond)                                                    \
	do {                                                                   \
		uint64_t until_ = now_ms() + 90000;                            \
		while (!(cond)) {                                              \
			assert_true(now_ms() < until_);                        \
			health_rig_turn(r);                                    \
		}                                                              \
	} while (0)

#endif
