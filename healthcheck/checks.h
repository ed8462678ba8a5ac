/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One probe under way, of whatever type. A check is embedded in its job, runs
 * at most once at a time, and ends in exactly one call of `done` unless it is
 * cancelled.
 */
#ifndef HEALTHCHECK_CHECKS_H
#define HEALTHCHECK_CHECKS_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "healthcheck/protocol.h"
#include "healthcheck/tcp.h"

#define CHECK_RUNNING (-1) /* instead of an enum hc_reason: no answer yet */

struct check;

/* A type of check. start and look return an enum hc_reason or CHECK_RUNNING. */
struct check_ops {
	/* begin; may be over at once */
	int (*start)(struct check *c, const struct hc_job *job);
	/* is it over? Asked once more before a timeout is believed. */
	int (*look)(struct check *c);
	/* give everything back; called exactly once after start */
	void (*cancel)(struct check *c);
};

typedef void check_done(struct check *c, enum hc_reason reason,
			uint32_t duration_us);

struct check {
	const struct check_ops *ops; /* NULL = not running */
	struct ev_loop *loop;
	check_done *done;
	uint64_t started_us;
	uint32_t timeout_ms;
	struct ev_timer timeout;
	union {
		struct tcp_check tcp;
	} of;
};

/** check_init() - an idle check; @done is called at the end of each run */
void check_init(struct check *c, struct ev_loop *loop, check_done *done);

/**
 * check_start() - probe @job's target now
 * @c: idle. `done` may be called before this returns.
 */
void check_start(struct check *c, const struct hc_job *job);

/** check_finish() - for the types: the run is over because of @reason */
void check_finish(struct check *c, enum hc_reason reason);

/** check_cancel() - forget the run, if there is one; `done` is not called */
void check_cancel(struct check *c);

/** check_running() - between check_start() and `done` or check_cancel()? */
bool check_running(const struct check *c);

/** check_type_known() - is @type one that this prober can run? */
bool check_type_known(unsigned int type);

#endif
