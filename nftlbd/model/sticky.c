/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sticky backend is one whose persistent clients are welcome: it serves, or
 * is drained and well. Who loses that loses his clients for good: the entries
 * that name him are void at once, and the daemon removes them soon. If he
 * returns before, he serves, but is not sticky: what is found then would be
 * clients from before.
 *
 * Flows that nobody tracks are other than clients: who returns may have them
 * back. So of those who may soon be back (down, or a backup that is not needed)
 * nothing is removed for a while.
 *
 * Invariants: sticky only if nothing is stale; a purge frees only those who
 * were not sticky in the kernel when it began to read. Pins alone leave no
 * entries: nothing gets stale by them.
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

bool sticky_remembers(const struct service *s)
{
	return rs_is_direct(s->conf->mode)
		   ? s->conf->direct.cache > 0
		   : s->conf->persist.kind != RS_PERSIST_NONE;
}

/* Nobody's word keeps it out. */
static bool may_return(const struct backend *b)
{
	enum backend_state state = backend_state(b);

	return state == BACKEND_DOWN || state == BACKEND_STANDBY;
}

/* true: it has waited long enough. */
static bool wait_over(struct backend *b, int64_t now_ms)
{
	if (b->stale != STALE_WAITING ||
	    (may_return(b) && now_ms < b->stale_ms + STICKY_WAIT_MS))
		return false;
	b->stale = STALE_NEWLY;
	return true;
}

bool sticky_update(const struct service *s, struct backend *b, int64_t now_ms)
{
	bool was = b->sticky, in = welcome(s, b);
	bool direct = rs_is_direct(s->conf->mode), over;

	if (was && !in) {
		b->stale = direct ? STALE_WAITING : STALE_NEWLY;
		b->stale_ms = now_ms;
	}
	if (!sticky_remembers(s) || (direct && in))
		b->stale = STALE_NOT;
	over = wait_over(b, now_ms);
	b->sticky = in && b->stale == STALE_NOT;
	return b->sticky != was || over;
}

int64_t sticky_next_ms(const struct backend *b)
{
	return b->stale == STALE_WAITING ? b->stale_ms + STICKY_WAIT_MS : 0;
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

		if (b->stale == STALE_KNOWN &&
		    conf_family(s->conf, b->conf) == family)
			b->stale = STALE_PURGED;
	}
}
