/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many connections backends have, asked of conntrack for all who ask. */
#ifndef NFTLB_CONTROL_COUNTS_H
#define NFTLB_CONTROL_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/handlers.h"

/* Of consecutive services of the model of one generation. */
struct counts {
	unsigned int refs;   /* counts_free() takes one */
	bool known;          /* false: conntrack could not be asked */
	uint64_t generation; /* of the model that the indices belong to */
	size_t first;        /* index of the first service */
	size_t nservices;
	size_t *offset; /* of each service's first backend in n[] */
	uint64_t *n;
};

/* Called once per counts_start(); @c is the callee's, who frees it. It is of
 * d->model as it is at the time of the call. */
typedef void counts_done_fn(struct request *rq, struct counts *c);

/**
 * counts_start() - count, then call @done
 * @service: NULL = all services; a name that is not in the model: none
 * @wanted: false: @done is called at once and nothing is known
 * Suspends @rq where it takes time. When the model is replaced meanwhile, it
 * counts again. Counts are 0.2 s old at most, 1 s where counting takes long,
 * and not older than the last change of a state.
 */
void counts_start(struct request *rq, const char *service, bool wanted,
		  counts_done_fn *done);
void counts_free(struct counts *c);

/** counts_take() - count all services for nobody in particular
 * @done: called once, from the loop or before this returns; it owns @c, which
 * may be of a model that is no more. Not after flows_close(). */
typedef void counts_taken_fn(void *arg, struct counts *c);
void counts_take(struct daemon *d, counts_taken_fn *done, void *arg);

/** counts_get() - of one backend, by indices; false where it is not known */
bool counts_get(const struct counts *c, size_t service, size_t backend,
		uint64_t *n);

#endif
