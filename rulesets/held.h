/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ids of backends that are gone, but that entries of persistent clients, or of
 * flows that nobody tracks, may still name: nobody may get them before these
 * are purged, or he would get the clients, too.
 */
#ifndef RULESETS_HELD_H
#define RULESETS_HELD_H

#include "rulesets/have.h"
#include "rulesets/plan.h"

struct held_id {
	uint32_t id;
	uint8_t table; /* enum rs_table */
	bool taken;    /* of HAVE's allocator */
	bool marked; /* whoever reads the table from here on finds no fresh one
		      */
	char *unit;
};

struct held {
	struct held_id *list;
	size_t n, cap;
};

void held_free(struct held *h);
/** held_add() - @unit is copied */
void held_add(struct held *h, const char *unit, unsigned int table,
	      uint32_t id);
/** held_plan() - ids that @p takes away from units that keep their table; those
 * of units that go are free. To be called before the plan is taken over */
void held_plan(struct held *h, const struct plan *p);
/** held_take() - keep them from being given out; @again: HAVE is another */
void held_take(struct held *h, struct have *have, bool again);

/** held_any() - in whichever table */
bool held_any(const struct held *h, const char *unit);
/** held_mark(), held_release() - the purge of a table begins; those that were
 * there then are free */
void held_mark(struct held *h, const char *unit, unsigned int table);
void held_release(struct held *h, struct have *have, const char *unit,
		  unsigned int table);

#endif
