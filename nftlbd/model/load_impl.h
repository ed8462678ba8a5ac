/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What load.c and load_tick.c share; nobody else includes this. */
#ifndef NFTLB_MODEL_LOAD_IMPL_H
#define NFTLB_MODEL_LOAD_IMPL_H

#include "model/load.h"

/* Of one feed of one backend: does it answer? */
struct hearing {
	int64_t since_ms; /* so long it has said nothing; 0 = nobody has
			   * waited so far */
	uint8_t reason;   /* enum hc_reason of its last result */
	bool heard;       /* it has ever said something */
	bool silent;      /* the last words about it were that it is */
};

struct service_load {
	/* one for each address family that has backends: a flow has no choice
	 * between them. Members are all backends, by their place; those of
	 * others take no part. */
	struct weights *weights[RS_FAMILIES];
	struct weights_view *view;  /* of each backend, for a tick */
	struct hearing *feeds;      /* of each backend conf->nfeeds, in a row */
	uint8_t response[HC_TYPES]; /* signal of this type, plus 1; 0 = none */
	uint8_t nsignals;           /* feeds are the last ones */
	uint8_t told;    /* enum weights_why: what holds the pool, as was last
			  * said; WEIGHTS_STEADY = nothing */
	int64_t told_ms; /* when; 0 = never */
};

/** load_weights() - those that @b is a member of */
struct weights *load_weights(const struct service *s, const struct backend *b);
/** load_hearing() - of feed number @feed of @b */
struct hearing *load_hearing(const struct service *s, const struct backend *b,
			     size_t feed);
/** load_good_ms() - how long the answer to a probe is in date while the backend
 * is up: three may be missed */
uint32_t load_good_ms(const struct conf_check *probe);

#endif
