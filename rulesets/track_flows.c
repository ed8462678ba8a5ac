/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What messages do to flows. Events and the messages of a dump come on sockets
 * of their own, in no order between them; these rules make their order not
 * matter:
 *  - what an event has said since the dump began is newer than, or as new as,
 *    what the dump says, and stands;
 *  - a flow that ended since then leaves a tombstone, which keeps the dump from
 *    reviving it;
 *  - an event of a flow that is not known adds it only when it is new, or while
 *    a dump is under way: a late one must not revive it either;
 *  - what neither a complete dump nor an event since its begin has named is no
 *    more.
 * So after a dump each flow is as its last event has left it, or, where there
 * was none, as the dump saw it.
 *
 * Must not know: sockets, when there are dumps.
 */
#include <netinet/in.h>

#include "rulesets/track_impl.h"

/* The claim of a message's flow; false where it has none. */
static bool claim_of(const struct track_flows *t, const struct flow_entry *e,
		     uint32_t *claim)
{
	const struct flow_want *w = flow_index_first(&t->claims.index, e);

	if (w)
		*claim = (uint32_t)w->number;
	return w != NULL;
}

static void flow_state(struct track_flows *t, struct track_flow *f,
		       uint8_t proto, uint8_t tcp_state)
{
	bool established = flow_counts(proto, tcp_state, false);
	bool open = flow_counts(proto, tcp_state, true);

	if (f->established == established && f->open == open)
		return;
	track_count_flow(&t->claims, f, -1);
	f->established = established;
	f->open = open;
	track_count_flow(&t->claims, f, 1);
}

static void flow_uncount(struct track_flows *t, struct track_flow *f)
{
	track_count_flow(&t->claims, f, -1);
	f->established = f->open = 0;
}

static void flow_forget(struct track_flows *t, struct track_flow *f)
{
	flow_uncount(t, f);
	t->claims.list[f->claim].flows--;
	track_remove(&t->table, f);
}

/* The message names a flow that is not known: NULL where it is none of ours. */
static struct track_flow *flow_add(struct track_flows *t,
				   const struct track_msg *m)
{
	struct flow_entry e;
	struct track_flow *f;
	uint32_t claim;

	if (flow_parse(m->nlh, &e) < 0 || !claim_of(t, &e, &claim))
		return NULL;
	/* its state would be a guess; the dump knows it */
	if (m->what == TRACK_CHANGED && e.proto == IPPROTO_TCP && !m->has_state)
		return NULL;
	f = track_add(&t->table, m->key);
	f->id = m->id;
	f->claim = claim & (TRACK_CLAIMS_MAX - 1);
	f->round = t->round % TRACK_ROUNDS;
	t->claims.list[claim].flows++;
	if (m->what != TRACK_GONE)
		flow_state(t, f, e.proto, m->tcp_state);
	return f;
}

/* The dump was quicker than the event: nothing was wrong. */
static void settle_doubt(struct track_flows *t, struct track_flow *f)
{
	t->drift -= f->doubt && f->round == t->round;
	f->doubt = 0;
}

static void gone(struct track_flows *t, struct track_flow *f,
		 const struct track_msg *m)
{
	if (f && f->id != m->id && !f->gone)
		return; /* the one before it in this tuple */
	if (f)
		settle_doubt(t, f);
	if (!t->listing) {
		if (f)
			flow_forget(t, f);
		return;
	}
	if (!f)
		f = flow_add(t, m);
	if (!f)
		return;
	flow_uncount(t, f);
	f->id = m->id;
	f->gone = 1;
	f->round = t->round % TRACK_ROUNDS;
}

static void listed(struct track_flows *t, struct track_flow *f,
		   const struct track_msg *m)
{
	struct track_flow before = { 0 };

	if (f && f->round == t->round && (f->told || f->gone))
		return;
	if (f) {
		before = *f;
		flow_forget(t, f);
	}
	f = flow_add(t, m);
	if (t->first || (!f && !before.key))
		return;
	if (f && f->id == before.id && f->claim == before.claim &&
	    f->established == before.established && f->open == before.open) {
		f->doubt = before.doubt; /* it may be named twice */
		return;
	}
	t->drift++;
	if (f)
		f->doubt = 1;
}

/* Other matches are wanted than when @f was added: whose is it now? NULL where
 * it is nobody's any more. */
static struct track_flow *flow_rematch(struct track_flows *t,
				       struct track_flow *f,
				       const struct track_msg *m)
{
	struct flow_entry e;
	uint32_t claim;

	if (flow_parse(m->nlh, &e) < 0 || !claim_of(t, &e, &claim)) {
		flow_forget(t, f);
		return NULL;
	}
	track_count_flow(&t->claims, f, -1);
	t->claims.list[f->claim].flows--;
	f->claim = claim & (TRACK_CLAIMS_MAX - 1);
	t->claims.list[claim].flows++;
	track_count_flow(&t->claims, f, 1);
	return f;
}

/* Is this about another flow than the one that is known in this tuple, and to
 * be believed? Of two that are alive, the one of the last NEW. */
static bool replaces(const struct track_flows *t, const struct track_flow *f,
		     const struct track_msg *m)
{
	if (m->what == TRACK_NEW)
		return f->gone || f->id != m->id;
	return f->id != m->id && t->listing && f->round != t->round;
}

static void changed(struct track_flows *t, struct track_flow *f,
		    const struct track_msg *m)
{
	if (f && replaces(t, f, m)) {
		flow_forget(t, f);
		f = NULL;
	} else if (f && (f->gone || f->id != m->id)) {
		return; /* it was on its way when the flow ended */
	}
	if (f && t->rematch && f->round != t->round)
		f = flow_rematch(t, f, m);
	else if (!f && (m->what == TRACK_NEW || t->listing))
		f = flow_add(t, m);
	if (!f)
		return;
	if (m->has_state)
		flow_state(t, f, IPPROTO_TCP, m->tcp_state);
	settle_doubt(t, f);
	f->told = (f->told && f->round == t->round) || m->has_state ||
		  m->what == TRACK_NEW;
	f->round = t->round % TRACK_ROUNDS;
}

void track_seen(struct track_flows *t, const struct nlmsghdr *nlh)
{
	struct track_flow *f;
	struct track_msg m;

	if (track_msg_read(nlh, t->seed, &m) < 0)
		return;
	f = track_find(&t->table, m.key);
	if (m.what == TRACK_GONE)
		gone(t, f, &m);
	else if (m.what == TRACK_LISTED)
		listed(t, f, &m);
	else
		changed(t, f, &m);
}

void track_round(struct track_flows *t, bool first, bool rematch)
{
	t->round = (t->round + 1) % TRACK_ROUNDS;
	t->listing = true;
	t->first = first;
	t->rematch = rematch;
	t->drift = 0;
}

static bool stays(void *arg, struct track_flow *f)
{
	struct track_flows *t = arg;

	if (f->round == t->round && !f->gone)
		return true;
	t->drift += !f->gone && !t->first;
	flow_uncount(t, f);
	t->claims.list[f->claim].flows--;
	return false;
}

void track_sweep(struct track_flows *t, uint32_t shard)
{
	track_walk(&t->table, shard, stays, t);
}
