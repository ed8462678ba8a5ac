/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The labels of services and backends, ready to be copied, one after the other
 * in memory: a dozen families walk over all of them, and what took longest was
 * waiting for names from all over the memory.
 */
#ifndef NFTLB_METRICS_LABELS_H
#define NFTLB_METRICS_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/exposition.h"
#include "model/model.h"

struct labels {
	uint64_t generation; /* of the model that they are of; 0 = none yet */
	/* of each service its label, then its backends'; each of them a byte
	 * that says how long it is, and the text */
	struct buf text;
	size_t *at; /* where they begin, by place in by_name */
};

/** labels_update() - of @m; nothing to do where they are of its generation */
void labels_update(struct labels *l, const struct model *m);
void labels_free(struct labels *l);

/** labels_set() - what is at @at becomes a label of @e
 * labels_next() - what comes after it */
static inline void labels_set(struct expo *e, const char *at)
{
	expo_label_ready(e, at + 1, (unsigned char)*at);
}

static inline const char *labels_next(const char *at)
{
	return at + 1 + (unsigned char)*at;
}

#endif
