/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sticky backend is one whose persistent clients are welcome: it serves, or
 * is drained and well. Who loses that loses his clients for good: the entries
 * that name him are void at once, and the daemon removes them soon. If he
 * returns before, he serves, but is not sticky: what is found then would be
 * clients from before.
 *
 * Invariants: sticky only if nothing is stale; a purge frees only those who
 * were not sticky in the kernel when it began to read. Pins alone leave no
 * entries: nothing gets stale by them. Flows that nobody tracks do, but those
 * are welcome even when a backend has been away.
 *
 * Must not know: tables, entries, who purges.
 */
#include "model/sticky.h"

bool sticky_wanted(const struct service *s)
{
	return s->conf->persist.kind != RS_PERSIST_NONE || s->conf->npins > 0 ||
	       rs_is_direct(s->conf->mode);
}

static bool welcome(const struct service *s, const struct backend *b)
{
	if (s->disabled || !sticky_wanted(s))
		return false;
	return b->serving || (backend_state(b) == BACKEND_DRAIN && !b->drained);
}

bool sticky_update(const struct service *s, struct backend *b)
{
	bool was = b->sticky;

	if (was && !welcome(s, b))
		b->stale = STALE_NEWLY;
	if (s->conf->persist.kind == RS_PERSIST_NONE)
		b->stale = STALE_NOT;
	b->sticky = welcome(s, b) && b->stale == STALE_NOT;
	return b->sticky != was;
}

bool sticky_committed(struct service *s)
{
	bool any = false;

	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &s->backends[i];

		if (b->stale == STALE_NEWLY)
			b->stale = STALE_KNOWN;
		any |= b->stale == STALE_KNOWN;
	}
	return any;
}

void sticky_purge_begin(struct service *s, uint8_t family)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &s->backends[i];

		if (b->stale == STALE_KNOWN && b->conf->addr.family == family)
			b->stale = STALE_PURGED;
	}
}
