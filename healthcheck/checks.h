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

#include "healthcheck/icmp.h"
#include "healthcheck/lag.h"
#include "healthcheck/protocol.h"
#include "healthcheck/script.h"
#include "healthcheck/spec.h"
#include "healthcheck/tcp.h"
#include "healthcheck/udp.h"

#define CHECK_RUNNING (-1) /* instead of an enum hc_reason: no answer yet */

struct check;

/* What jobs share: what to do, and what its type made of it once for all. */
struct spec {
	uint32_t id;
	enum hc_type type;
	struct hc_spec of;
	void *prepared;     /* the type's own; NULL = nothing */
	bool broken;        /* prepare failed: nothing can be started */
	unsigned int users; /* jobs */
};

/* A type of check. start and look return an enum hc_reason or CHECK_RUNNING. */
struct check_ops {
	/* begin; may be over at once, and may put another row into c->ops,
	 * whose look and cancel count then */
	int (*start)(struct check *c, const struct hc_job *job);
	/* is it over? Asked once more before a timeout is believed. */
	int (*look)(struct check *c);
	/* give everything back; called exactly once after start */
	void (*cancel)(struct check *c);
	/* once for each spec, before any start (NULL: nothing to do): make
	 * s->prepared. NULL, or what is wrong with it */
	const char *(*prepare)(struct spec *s, struct ev_loop *loop);
	/* after the last cancel, where prepare said NULL */
	void (*release)(struct spec *s);
	/* The kernel alone answers, and look asks it: what has no answer when
	 * the time is up has none, however late our loop was. */
	bool kernel_answers;
	bool needs_port;
	/* the time is up, and the loop was on time: what does that mean? An
	 * enum hc_reason (NULL: HC_TIMEOUT) */
	int (*expire)(struct check *c);
};

/* How long its phases took; as in struct hc_result. Together they are no longer
 * than the run. */
struct check_phases {
	uint32_t connect_us, tls_us, first_us;
};

/* What a probe found out. */
struct finding {
	enum hc_reason reason;
	int32_t detail;
	uint8_t says; /* enum hc_says */
	uint16_t weight;
	uint32_t duration_us;
	struct check_phases phases;
	bool has_value;
	double value;
};

typedef void check_done(struct check *c, const struct finding *found);

struct check {
	const struct check_ops *ops; /* NULL = not running */
	const struct spec *spec;     /* while it runs */
	struct ev_loop *loop;
	struct lag *lag;
	check_done *done;
	uint64_t started_us;
	uint64_t phase_us;    /* when what is measured now began */
	uint64_t stalled_us;  /* lag_stalled_us() that the time-out knows of */
	uint64_t extended_us; /* the time-out, because of that */
	uint32_t timeout_ms;
	struct ev_timer timeout;
	/* for the type to fill in while it runs; zero at the start */
	int32_t detail;
	uint8_t says;
	uint16_t weight;
	struct check_phases phases;
	bool has_value; /* feeds */
	double value;
	/* the type's own from one run to the next; NULL at first */
	void *memory;
	void (*memory_free)(void *memory);
	union {
		struct tcp_check tcp;
		struct icmp_check icmp;
		struct udp_check udp;
		struct script_check script;
		void *own; /* what is larger than 200 bytes is allocated */
	} of;
};

/** check_init() - an idle check; @done is called at the end of each run
 * @lag: of the same loop; must outlive it */
void check_init(struct check *c, struct ev_loop *loop, struct lag *lag,
		check_done *done);

/**
 * check_start() - probe @job's target now, in the way of @spec
 * @c: idle. `done` may be called before this returns.
 */
void check_start(struct check *c, const struct spec *spec,
		 const struct hc_job *job);

/** check_phase_begin() - for the types: what is measured next begins now
 * Not needed for the first phase of a run, nor after another one. */
void check_phase_begin(struct check *c);

/**
 * check_phase_end() - for the types: what is measured is over; the next begins
 * @phase: of c->phases; what comes twice is added up. At least 1: 0 is for
 * phases that there are not.
 */
void check_phase_end(struct check *c, uint32_t *phase);

/** check_finish() - for the types: the run is over because of @reason */
void check_finish(struct check *c, enum hc_reason reason);

/** check_cancel() - forget the run, if there is one; `done` is not called */
void check_cancel(struct check *c);

/**
 * check_forget() - check_cancel(), and nothing is remembered of earlier runs
 * For a check that will not run again, or has another spec or target then; the
 * spec of the earlier runs is still there.
 */
void check_forget(struct check *c);

/** check_running() - between check_start() and `done` or check_cancel()? */
bool check_running(const struct check *c);

/** check_ops_of() - the row of @type, or NULL where this prober has none */
const struct check_ops *check_ops_of(unsigned int type);

#endif
