/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that take too long to make in the loop: a child makes them. */
#ifndef NFTLB_HTTP_LISTING_H
#define NFTLB_HTTP_LISTING_H

#include "http/request.h"

struct listing_kind {
	const char *what; /* "listing the rule set", for failures */
	const char *content_type;
	/* Runs in the child, which has our memory as it was, and no
	 * descriptors but 0..2: writes the answer to stdout. Returns the exit
	 * status. */
	int (*child)(const struct request *rq);
};

/** listing_start() - answer @rq with what a child of this kind writes */
void listing_start(struct request *rq, const struct listing_kind *kind);

#endif
