/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's side of dynamic weights: ticks, and counts of connections. What
 * checks and feeds say comes by way of health_results.c. */
#ifndef NFTLB_DAEMON_LOAD_H
#define NFTLB_DAEMON_LOAD_H

#include "daemon/daemon.h"
#include "rulesets/track.h"

/** load_open() - begin to tick and to count; after the first step_begin() */
struct load *load_open(struct daemon *d);
/** load_sync() - d->model is another one */
void load_sync(struct load *l);
/** load_close() - @l may be NULL */
void load_close(struct load *l);

/** load_count() - @l may be NULL; connections of a backend, where they are kept
 * track of; false where not, or not yet */
bool load_count(const struct load *l, const struct service *s,
		const struct backend *b, struct track_count *out);
/** load_track_stats() - false where nothing is kept track of */
bool load_track_stats(const struct load *l, struct track_stats *out);

#endif
