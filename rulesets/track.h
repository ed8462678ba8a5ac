/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections per backend, kept up to date by conntrack's events: what costs
 * is what changes, not the size of the table. Beside flows.h, which asks
 * conntrack anew each time.
 */
#ifndef RULESETS_TRACK_H
#define RULESETS_TRACK_H

#include <ev.h>

#include "lib/err.h"
#include "rulesets/flows.h"

struct tracker;

struct track_count {
	uint64_t established; /* as flows_count() counts */
	uint64_t open;        /* as flows_count_open() counts */
	bool known; /* false: a dump that looks for its matches is to come */
};

struct track_stats {
	uint64_t entries; /* flows that are kept track of */
	uint64_t events;  /* messages of conntrack that were read */
	uint64_t lost;    /* times that messages were lost (ENOBUFS) */
	uint64_t dumps;   /* of the whole table: at start, after losses, and
			   * now and then to be sure */
	uint64_t drift;   /* flows that those to be sure put right */
	bool blind;       /* the kernel makes no events: only dumps tell */
};

/** track_open() - @loop: where its watchers run; tracks nothing yet. Returns 0
 * or -errno with @err. */
int track_open(struct tracker **out, struct ev_loop *loop, struct err *err);
/** track_close() - @t may be NULL */
void track_close(struct tracker *t);

/**
 * track_want() - from now on these, and no others
 * @match: @n of them, copied; flow number i belongs to cell @cell[i], below
 * @ncells. A flow belongs to the first match it fits. With @n == 0 nothing is
 * listened to, and nothing costs anything.
 * Where these are the matches of before in other cells, counts go on at once;
 * else matches that were wanted before keep theirs, and cells with new ones are
 * known after the next dump.
 */
void track_want(struct tracker *t, const struct flow_match *match,
		const size_t *cell, size_t n, size_t ncells);

/**
 * track_counts() - of each cell, as of the last event that was read
 * Return: an array of @ncells, the tracker's, good until the next turn of the
 * loop or track_want(); NULL while none is known (the first dump is under way).
 */
const struct track_count *track_counts(const struct tracker *t);

void track_stats(const struct tracker *t, struct track_stats *out);

#endif
