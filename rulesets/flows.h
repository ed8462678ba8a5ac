/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conntrack: cut the flows of a backend, count flows per backend. Both are
 * asynchronous (a table of a million entries must not hold up the event loop):
 * a dump is read in pieces from a libev watcher. Jobs that arrive while a pass
 * is under way are served by the next pass; one pass serves all queued jobs.
 */
#ifndef RULESETS_FLOWS_H
#define RULESETS_FLOWS_H

#include <ev.h>

#include "lib/err.h"
#include "rulesets/types.h"

struct flows;

/* Flows whose original destination is a service and whose reply source is a
 * backend. Every field counts; a job matches all of a service's addresses when
 * queued once per address. */
struct flow_match {
	uint8_t proto;    /* IPPROTO_* */
	struct addr vip;  /* original destination address */
	uint16_t port_lo; /* original destination port range, host order */
	uint16_t port_hi;
	struct addr backend;   /* reply source address */
	uint16_t backend_port; /* reply source port; 0 = the original port */
};

/**
 * flows_open() - @loop: where the watchers run. Returns 0 or -errno with @err.
 */
int flows_open(struct flows **out, struct ev_loop *loop, struct err *err);

/** flows_close() - @f may be NULL; counts still due are told -ECANCELED */
void flows_close(struct flows *f);

/**
 * flows_cut() - delete the conntrack entries that match, and no others
 * Copies @match. Starts a pass at once where none is running. A failure is
 * logged: entries expire by themselves in the end.
 */
void flows_cut(struct flows *f, const struct flow_match *match, size_t n);

/** flows_cut_total() - how many entries were deleted since flows_open() */
uint64_t flows_cut_total(const struct flows *f);

/**
 * flows_count() - count entries per match, answer through @done exactly once
 * @match: n of them, copied. An entry counts for the first match it fits.
 * TCP entries count in state ESTABLISHED only, others always.
 * @done: counts[i] belongs to match[i]; status 0 or -errno; counts are only
 * valid during the call. It is called from the loop, never from inside
 * flows_count(), and may ask again; it must not call flows_close().
 */
typedef void flows_done_fn(void *arg, int status, const uint64_t *counts,
			   size_t n);
void flows_count(struct flows *f, const struct flow_match *match, size_t n,
		 flows_done_fn *done, void *arg);

/** flows_count_open() - the same, but TCP entries count in all states except
 * TIME_WAIT and CLOSE: what the kernel's "ct count" counts */
void flows_count_open(struct flows *f, const struct flow_match *match, size_t n,
		      flows_done_fn *done, void *arg);

#endif
