/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters per service and backend, from the kernel's named counters to totals
 * that never go back; and the watch over sets that are full.
 */
#ifndef NFTLB_DAEMON_COUNTERS_H
#define NFTLB_DAEMON_COUNTERS_H

#include "daemon/counters_totals.h"
#include "daemon/daemon.h"

/** counters_open() - after the tables' first commit; what an earlier daemon
 * kept in state-dir goes on. 0 or -errno with words. */
int counters_open(struct counters **out, struct daemon *d, struct err *err);
/** counters_close() - reads all a last time, keeps it, frees. @c may be NULL */
void counters_close(struct counters *c);

/**
 * counters_read() - bring totals up to date, piece by piece
 * @service: NULL = of all services
 * @done: called once, from the loop or from counters_close(), never from inside
 * of this call. @known: false where the kernel could not be asked.
 */
typedef void counters_done_fn(void *arg, bool known);
void counters_read(struct counters *c, const char *service,
		   counters_done_fn *done, void *arg);

/** counters_of() - the totals of a service as last read; NULL: nothing was ever
 * counted. Valid until the loop turns. */
const struct totals_service *counters_of(const struct counters *c,
					 const char *service);
/** counters_next() - the same, of one after the other in the order of names;
 * @place: 0 to begin with, see totals_service_next() */
const struct totals_service *counters_next(const struct counters *c,
					   const char *service, size_t *place);

/** counters_read_ms() - when all of them were last read, daemon_now_ms(); 0 =
 * not yet. @c may be NULL */
int64_t counters_read_ms(const struct counters *c);

/** counters_adopted() - the kernel has what d->model wants: what neither has
 * any longer goes */
void counters_adopted(struct counters *c);
/** counters_last() - our tables are about to go: read them a last time */
void counters_last(struct counters *c);

struct counters_overflow {
	size_t full;                     /* sets, at the moment */
	uint64_t packets[OVERFLOW_SETS]; /* that found no room, of all */
};
void counters_overflow(const struct counters *c, struct counters_overflow *out);

#endif
