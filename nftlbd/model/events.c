/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring of events: the newest overwrites the oldest, ids never repeat. Knows
 * nothing of who reads it or what the events mean.
 */
#include "model/events.h"

#include <stddef.h>

uint64_t events_add(struct events *ev, const struct event *e)
{
	struct event *slot = &ev->ring[++ev->last % EVENTS_KEPT];

	*slot = *e;
	slot->id = ev->last;
	return ev->last;
}

const struct event *events_get(const struct events *ev, uint64_t id)
{
	if (id == 0 || id > ev->last || ev->last - id >= EVENTS_KEPT)
		return NULL;
	return &ev->ring[id % EVENTS_KEPT];
}
