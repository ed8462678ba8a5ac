/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections per backend: when to listen to conntrack's events, when to dump
 * its table. What messages do to flows is in track_flows.c.
 *
 * Why events. With a million entries a dump costs 4.2 s of CPU (3.5 of them the
 * kernel's, who makes the messages; conntrack -L takes 8.4 s): once a second is
 * impossible, and the kernel's filters (one address, protocol, mark, status) do
 * not fit 1,000 backends. An event costs 2 us; a TCP flow has eight, of which
 * the kernel queues six for us (track_filter.c). Measured with ./lab bench
 * counts, a million entries, four busy cores, audits included: 2.4 % of a
 * core where nothing happens (nearly all of it is audits), 4 % with 1,000 new
 * flows a second, 7..8 % with 4,000 to 5,000 (27,000 events), each time right
 * to the entry when the last event was read, 50 ms after it at most. Memory:
 * 16 bytes a flow, twice that with the room to grow in; only flows of wanted
 * matches are kept. The first dump takes one core for 4 to 6 s, in turns of 2
 * ms.
 *
 * Why dumps all the same ("audits", 2 % of a core at most, 4 % after one that
 * found much): what has no events. Entries from before we listened have none
 * (with nf_conntrack_events=2, the default, only what is made while somebody
 * listens has), none has with nf_conntrack_events=0, and an entry whose time is
 * over stays, without a word, until the kernel's own collector or a dump comes
 * by; a dump collects all. So what is possible is: right to the entry at any
 * time for flows that began while we listened; for others, and for those that
 * expire, after the next audit: a second with 10,000 entries, up to 200 s with
 * a million of which all were there before us. An audit that finds nothing
 * wrong doubles the time to the next, up to a minute. Where the kernel makes no
 * events at all, which is looked at every two seconds and told, audits are all
 * there is: every 0.6 s with a small table, and up to 10 % of a core, which
 * makes it 45 s with a million entries.
 *
 * Invariants: counts are published when a dump has ended since the matches were
 * wanted, and stand (going on by events) while a loss is repaired; a loss is
 * repaired on a new socket, as the kernel drops all events of the old one until
 * its queue is empty; dumps in a hurry take a quarter of a core on average;
 * nothing wanted: no socket, no timer (listeners cost the kernel, too).
 * Known limits: the kernel has one hash of entries for all network namespaces,
 * so that a dump walks over the entries of all of them, though it names only
 * ours: others' millions make it slower, and audits rarer. Where
 * nf_conntrack_buckets changes during a dump, the kernel may leave out entries;
 * the next audit mends that.
 *
 * Must not know: services and backends by name, what is done with counts.
 */
#include "rulesets/track.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "rulesets/track_impl.h"

#define SWEEP_A_TURN 256u /* shards */
#define RETRY_S      1.0  /* after the kernel refused */
#define REST         3    /* times the cost of a dump: a quarter of a core */
#define AUDIT_MIN_S  0.6
#define AUDIT_MAX_S  60.0
#define AUDIT_SHARE  2   /* of a core, in parts of 100; and where much was */
#define AUDIT_SHARE2 4   /* wrong last time: */
#define BLIND_SHARE  10  /* and where there are no events */
#define LOOK_S       2.0 /* from one look to the next whether there are any */
#define TELL_S       60.0
#define MUCH(n)      ((n) / 1000 + 10)
#define QUEUED_S     0.1 /* after so long what an event queued was read */

struct tracker {
	struct ev_loop *loop;
	struct track_flows flows;
	struct track_events events;
	struct track_dump dump;
	ev_timer later; /* the next dump */
	ev_timer sweep; /* the dump is over: the next piece of the sweep */
	uint32_t swept; /* shards */
	bool urgent;    /* something is not known: the next dump is no audit */
	bool rematch;   /* other matches than when the last dump began */
	bool audit;     /* the dump under way is one to be sure */
	uint64_t begun, ended; /* numbers of dumps; ended: and well */
	uint64_t drift;        /* by audits */
	double rest_until;     /* no dump before */
	double audit_s;        /* from one audit to the next */
	double audit_at;       /* the next one */
	double told_at;        /* when a loss was last logged; 0 = never */
	bool blind;            /* the kernel makes no events */
	bool refused;          /* as was said */
	unsigned int share;    /* of audits */
	uint64_t lost, dumps;
};

/* No step of the system's clock may hold up a dump. */
static double now_s(void)
{
	return (double)track_now_ns() / 1e9;
}

/* ---- dumps */

/* When is the next dump? */
static void plan(struct tracker *t)
{
	double now = now_s();
	double wait = (t->urgent ? t->rest_until : t->audit_at) - now;

	if (t->flows.claims.nwants == 0 || t->dump.nl ||
	    ev_is_active(&t->sweep))
		return;
	ev_timer_stop(t->loop, &t->later);
	wait = wait < LOOK_S ? wait : LOOK_S;
	ev_timer_set(&t->later, wait > 0 ? wait : 0, 0);
	ev_timer_start(t->loop, &t->later);
}

/* Once, until it works again. */
static void refused(struct tracker *t, int error)
{
	if (!t->refused)
		log_warning("conntrack: cannot follow connections: %s; this is "
			    "tried again each second",
			    strerror(-error));
	t->refused = true;
	t->rest_until = t->audit_at = now_s() + RETRY_S;
	plan(t);
}

/* Does the kernel make events? The administrator may change that. */
static void look(struct tracker *t)
{
	bool blind = !track_events_made();

	if (blind && !t->blind)
		log_warning("conntrack: net.netfilter.nf_conntrack_events is "
			    "0: connections are counted by dumps, which costs "
			    "more, and counts may be a second old, or with a "
			    "large table a minute");
	else if (!blind && t->blind)
		log_info("conntrack: there are events again");
	if (blind != t->blind)
		t->audit_at = 0;
	t->blind = blind;
}

static void later_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct tracker *t = w->data;
	int ret = t->events.nl ? 0 : track_events_open(&t->events);

	look(t);
	if (ret == 0 && !t->urgent && t->audit_at > now_s()) {
		plan(t);
		return;
	}
	t->audit = !t->urgent;
	if (ret == 0)
		ret = track_dump_begin(&t->dump, t->flows.claims.wants,
				       t->flows.claims.nwants,
				       t->audit ? t->share : 0);
	if (ret < 0) {
		refused(t, ret);
		return;
	}
	t->begun++;
	track_round(&t->flows, !t->audit, t->rematch);
	t->urgent = t->rematch = false;
}

/* The dump under way is of no use. */
static void dump_failed(struct tracker *t)
{
	track_dump_end(&t->dump);
	t->flows.listing = false;
	t->urgent |= !t->audit;
	t->rematch |= t->flows.rematch;
	t->audit_at = now_s() + t->audit_s;
	t->rest_until = now_s() + REST * (double)t->dump.cost_ns / 1e9;
}

static void dump_done(void *arg, int status)
{
	struct tracker *t = arg;

	if (status < 0) {
		dump_failed(t);
		if (status == -EINTR || status == -EOPNOTSUPP)
			plan(t);
		else
			refused(t, status);
		return;
	}
	t->swept = 0;
	ev_timer_set(&t->sweep, t->audit ? QUEUED_S : 0, 0);
	ev_timer_start(t->loop, &t->sweep);
}

/* An audit was: when is the next one, and how fast? */
static void audit_pace(struct tracker *t)
{
	bool right = t->audit && t->flows.drift == 0;

	t->audit_s = right ? 2 * t->audit_s : AUDIT_MIN_S;
	if (t->audit_s > AUDIT_MAX_S)
		t->audit_s = AUDIT_MAX_S;
	t->share = t->audit && t->flows.drift > MUCH(t->flows.table.n)
		       ? AUDIT_SHARE2
		       : AUDIT_SHARE;
	if (t->blind) {
		t->audit_s = AUDIT_MIN_S;
		t->share = BLIND_SHARE;
	}
	t->audit_at = now_s() + t->audit_s;
}

static void swept_all(struct tracker *t)
{
	if (t->refused)
		log_info("conntrack: connections are followed again");
	t->refused = false;
	t->dumps++;
	t->ended = t->begun;
	t->drift += t->flows.drift;
	track_claims_known(&t->flows.claims, t->ended);
	t->rest_until = now_s() + REST * (double)t->dump.cost_ns / 1e9;
	audit_pace(t);
	plan(t);
}

static void sweep_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct tracker *t = w->data;

	t->flows.listing = false;
	for (uint32_t i = 0; i < SWEEP_A_TURN && t->swept < TRACK_SHARDS; i++)
		track_sweep(&t->flows, t->swept++);
	if (t->swept == TRACK_SHARDS) {
		swept_all(t);
		return;
	}
	ev_timer_set(&t->sweep, 0, 0);
	ev_timer_start(t->loop, &t->sweep);
}

/* Something is not known any more, or not yet. */
static void dump_soon(struct tracker *t)
{
	t->urgent = true;
	if (t->dump.nl && t->audit)
		dump_failed(t);
	plan(t);
}

static void listed(void *arg, const struct nlmsghdr *nlh)
{
	struct tracker *t = arg;

	track_seen(&t->flows, nlh);
}

/* ---- events */

/* A storm of flows may lose events again and again. */
static void tell_lost(struct tracker *t, int error)
{
	double now = now_s();

	if (t->told_at > 0 && now < t->told_at + TELL_S)
		return;
	log_warning("conntrack: events were lost (%s): counting anew; times "
		    "so far: %llu",
		    strerror(-error), (unsigned long long)t->lost);
	t->told_at = now;
}

static void lost(void *arg, int error)
{
	struct tracker *t = arg;
	int ret;

	t->lost++;
	tell_lost(t, error);
	if (t->dump.nl)
		dump_failed(t);
	ret = track_events_open(&t->events);
	if (ret < 0) {
		track_events_close(&t->events);
		refused(t, ret);
	}
	dump_soon(t);
}

/* ---- the public side */

int track_open(struct tracker **out, struct ev_loop *loop, struct err *err)
{
	struct tracker *t = xcalloc(1, sizeof(*t));

	t->loop = t->events.loop = t->dump.loop = loop;
	t->events.arg = t->dump.arg = t;
	t->events.seen = t->dump.seen = listed;
	t->events.lost = lost;
	t->dump.done = dump_done;
	t->audit_s = AUDIT_MIN_S;
	t->share = AUDIT_SHARE;
	ev_init(&t->later, later_cb);
	ev_init(&t->sweep, sweep_cb);
	t->later.data = t->sweep.data = t;
	if (getrandom(&t->flows.seed, sizeof(t->flows.seed), 0) < 0) {
		int ret = -errno;

		free(t);
		return err_set(err, ret, "conntrack: no random seed: %s",
			       strerror(-ret));
	}
	*out = t;
	return 0;
}

/* Nothing is wanted. */
static void stop(struct tracker *t)
{
	track_dump_end(&t->dump);
	track_events_close(&t->events);
	ev_timer_stop(t->loop, &t->later);
	ev_timer_stop(t->loop, &t->sweep);
	track_table_free(&t->flows.table);
	track_claims_free(&t->flows.claims);
	t->flows.listing = t->urgent = t->rematch = false;
	t->ended = 0;
}

void track_close(struct tracker *t)
{
	if (!t)
		return;
	stop(t);
	free(t);
}

void track_want(struct tracker *t, const struct flow_match *match,
		const size_t *cell, size_t n, size_t ncells)
{
	if (n == 0) {
		stop(t);
		return;
	}
	if (!t->flows.table.shards)
		track_table_init(&t->flows.table);
	if (!track_claims_set(&t->flows.claims, match, cell, n, ncells,
			      t->begun + 1)) {
		t->rematch = true;
		dump_soon(t);
	}
	track_claims_known(&t->flows.claims, t->ended);
}

const struct track_count *track_counts(const struct tracker *t)
{
	return t->ended ? t->flows.claims.cells : NULL;
}

void track_stats(const struct tracker *t, struct track_stats *out)
{
	*out = (struct track_stats){
		.entries = t->flows.table.n,
		.events = t->events.n,
		.lost = t->lost,
		.dumps = t->dumps,
		.drift = t->drift,
		.blind = t->blind,
	};
}
