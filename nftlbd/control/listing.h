/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that take too long to make for the daemon itself: a child makes them.
 */
#ifndef NFTLB_CONTROL_LISTING_H
#define NFTLB_CONTROL_LISTING_H

#include "control/handlers.h"

struct listing_kind {
	const char *what; /* "listing the rule set", for failures */
	const char *content_type;
	/* Runs in the child, which has the daemon's memory as it was, and no
	 * descriptors but 0..2: writes the answer to stdout. Returns the exit
	 * status. */
	int (*child)(const struct request *rq);
};

/** listing_start() - answer @rq with what a child of this kind writes */
void listing_start(struct request *rq, const struct listing_kind *kind);

/**
 * listing_child() - print the tables named @table of all families to stdout, as
 * `nft list table` does
 * For a process of its own: libnftables takes its time and 90 MB for a large
 * rule set, and may crash over expressions that it does not know.
 * Return: exit status. No table is no error.
 */
int listing_child(const char *table);

#endif
