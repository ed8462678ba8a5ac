/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections of the backends of services that go by them. */
#ifndef NFTLB_DAEMON_LOAD_COUNTS_H
#define NFTLB_DAEMON_LOAD_COUNTS_H

#include "daemon/daemon.h"
#include "rulesets/track.h"

struct load_counts {
	struct tracker *tracker; /* NULL: there are no such services */
	uint32_t *services;      /* indices into the model, in its order */
	size_t *first;           /* of each the cell of its first backend */
	size_t n;
};

/** load_counts_sync() - from now on those of d->model, which is a new one */
void load_counts_sync(struct load_counts *c, struct daemon *d);
void load_counts_close(struct load_counts *c);

/** load_counts_of() - of the backends of service number @service, in their
 * order; NULL where they are not kept track of, or not known yet */
const struct track_count *load_counts_of(const struct load_counts *c,
					 size_t service);

#endif
