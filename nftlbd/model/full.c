/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A full backend takes no new connections, and that is all: it is in service,
 * its health is good, it counts for the quorum, backups do not come for it.
 * Who is full has clients.
 *
 * The kernel stops at the right connection by itself and raises a flag; here is
 * decided, by what conntrack counted, when the flag may go. Two things make the
 * kernel's own count unlike that. It begins at zero whenever its rule is
 * written, while connections from before are still there: so many (uncounted)
 * its number is smaller. And it may hold connections that it turned away, and
 * that went elsewhere: then it is full too early. Once may be chance, for
 * connections end meanwhile; the second time in a row it begins anew, with a
 * number made for what is there.
 *
 * Invariant: connections that the kernel knows + uncounted <= max_connections.
 * Those that are uncounted become fewer without our knowing; then the kernel is
 * early as well, and gets another number. It also does when not half of them
 * can be left: that is far from the limit, where nothing hangs on a moment.
 */
#include "model/full.h"

#include "model/settle.h"

#define EARLY_MAX 2
/* One with short connections and a small limit is full several times a second:
 * that he is again is not said sooner after he was not. */
#define TELL_MS 10000

uint32_t backend_room(const struct backend *b)
{
	return b->conf->max_connections - b->uncounted;
}

/* Is the kernel's count of no use? It has room for somebody. */
static bool begins_anew(const struct backend *b, uint64_t n, bool flagged)
{
	if (b->doubtful)
		return n != b->uncounted;
	if (!flagged)
		return n < b->uncounted && n <= b->uncounted / 2;
	return b->uncounted || b->early >= EARLY_MAX;
}

static void begin_anew(struct model *m, struct service *s, struct backend *b,
		       uint32_t n, struct changes *out)
{
	b->uncounted = n;
	b->recount = !b->recount;
	b->early = 0;
	model_mark_dirty(m, s);
	if (out)
		out->urgent = true;
}

static void tell(const struct service *s, const struct backend *b, bool full,
		 uint64_t n, struct changes *out)
{
	static const int states[] = { BACKEND_ACTIVE, BACKEND_FULL };

	changes_add(out, "state", s, b,
		    word_text(backend_state_words, states[!full]),
		    word_text(backend_state_words, states[full]),
		    "%llu connections, max-connections=%u",
		    (unsigned long long)n, b->conf->max_connections);
}

static void tell_full(const struct service *s, struct backend *b, uint64_t n,
		      int64_t now_ms, struct changes *out)
{
	enum backend_state state = backend_state(b);

	if (state == BACKEND_FULL && !b->told_full &&
	    (b->told_ms == 0 || now_ms - b->told_ms >= TELL_MS)) {
		tell(s, b, true, n, out);
		b->told_full = true;
	} else if (state != BACKEND_FULL && b->told_full) {
		if (state == BACKEND_ACTIVE)
			tell(s, b, false, n, out);
		b->told_full = false;
		b->told_ms = now_ms;
	}
}

static void becomes(struct model *m, struct service *s, struct backend *b,
		    bool full, int64_t now_ms, struct changes *out)
{
	if (full == b->full)
		return;
	b->full = full;
	settle_one(m, s, b, now_ms, out);
}

bool step_counted(struct model *m, struct service *s, struct backend *b,
		  uint64_t n, bool flagged, int64_t now_ms, struct changes *out)
{
	uint32_t max = b->conf->max_connections;
	bool full = max && n >= max;

	if (full || b->full || !flagged)
		b->early = 0;
	else if (b->early < EARLY_MAX)
		b->early++;
	if (max && !full && begins_anew(b, n, flagged))
		begin_anew(m, s, b, (uint32_t)n, out);
	b->doubtful = b->doubtful && full;
	becomes(m, s, b, full, now_ms, out);
	tell_full(s, b, n, now_ms, out);
	return full;
}

void step_flagged(struct model *m, struct service *s, struct backend *b,
		  int64_t now_ms)
{
	becomes(m, s, b, true, now_ms, NULL);
	b->told_full = true;
}

void full_doubt(struct model *m)
{
	for (size_t i = 0; i < m->nservices; i++)
		for (size_t k = 0; k < m->services[i].nbackends; k++) {
			struct backend *b = &m->services[i].backends[k];

			b->doubtful = b->conf->max_connections > 0;
		}
}

void full_carry(struct backend *b, const struct backend *old, bool same_server)
{
	uint32_t max = b->conf->max_connections;

	if (same_server && max == old->conf->max_connections)
		return;
	b->doubtful = max > 0;
	b->uncounted = 0;
	b->early = 0;
	if (same_server && max > 0)
		return; /* who is full is so until it has been counted */
	b->full = false;
	b->recount = !b->recount;
}
