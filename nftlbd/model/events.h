/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last EVENTS_KEPT state changes, numbered from 1 without gaps. */
#ifndef NFTLB_MODEL_EVENTS_H
#define NFTLB_MODEL_EVENTS_H

#include <stdint.h>

#define EVENTS_KEPT 1024

struct event {
	uint64_t id;
	int64_t time_ms;    /* Unix time */
	char kind[16];      /* health admin weight reload commit resync ... */
	char service[64];   /* "" = none */
	char backend[64];   /* "" = none */
	char old_state[16]; /* "" = none */
	char new_state[16];
	char reason[192]; /* free words */
};

struct events {
	struct event ring[EVENTS_KEPT];
	uint64_t last; /* id of the newest; 0 = none yet */
};

/** events_add() - copy @e into the ring, numbering it; returns the id */
uint64_t events_add(struct events *ev, const struct event *e);
/** events_get() - event @id, or NULL (too old, not yet) */
const struct event *events_get(const struct events *ev, uint64_t id);

#endif
