/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When does the kernel hear of a change, and what if it refuses?
 *
 * Down is urgent: committed before the loop sleeps, but after a commit there is
 * a pause as long as it took, so that commits take half of the time at most and
 * ten thousand backends going down at once are a few of them. Better news waits
 * for the next tick. A refusal, and anybody else's
 * hand in our tables, means: scan, plan the whole, commit; with back-off, and
 * the old rule set keeps serving meanwhile.
 */
#include "daemon/committer.h"

#include <netinet/in.h>
#include <stdio.h>

#include <stdlib.h>
#include <string.h>

#include "daemon/counters.h"
#include "daemon/delays.h"
#include "daemon/full.h"
#include "daemon/lists.h"
#include "daemon/modules.h"
#include "daemon/offload.h"
#include "daemon/sessions.h"
#include "daemon/want.h"
#include "lib/xalloc.h"
#include "model/full.h"

#define URGENT_GAP_MIN_S 0.002
#define URGENT_GAP_MAX_S 0.05
#define TICK_S           0.2
/* Repairs are done at once, but not more of them than this, for somebody may
 * keep changing our tables: so many in a row, so many a second after that, and
 * never more than half of the time. */
#define REPAIR_BURST 10.0
#define REPAIR_RATE  10.0
/* ... nor later than this: one repair may take long for its lists. */
#define REPAIR_PAUSE_MAX_S 1.0
#define REFUSED_MIN_S      0.05
#define REFUSED_MAX_S      5.0

struct committer {
	struct daemon *d;
	ev_timer commit; /* the next commit of dirty services */
	ev_timer repair; /* the next scan */
	ev_io watch;
	ev_tstamp last_commit; /* when it was over */
	ev_tstamp last_repair;
	double commit_took_s;
	double repair_took_s; /* the last one */
	double repair_tokens; /* 0..REPAIR_BURST */
	double refused_wait_s;
	struct delays delays;
};

/* ---- flows of backends that are out */

/* Those that the model says have lost their backend, once, when they do. One
 * that comes back may lose them again. */
static void cut_flows(struct daemon *d, struct service *s)
{
	struct flow_matches m = { 0 };

	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &s->backends[i];
		enum cut cut = backend_cut(s, b);

		if (cut > (enum cut)b->flows_cut)
			want_flows(&m, s, b, cut);
		b->flows_cut = (uint8_t)cut;
	}
	if (m.n > 0)
		flows_cut(d->flows, m.list, m.n);
	free(m.list);
}

static void committed(struct daemon *d, struct service *s)
{
	s->dirty = false;
	cut_flows(d, s);
	sessions_committed(d->sessions, s);
}

/* ---- commits */

static void note_commit(struct daemon *d, const struct plan *p, const char *why,
			double took_s)
{
	struct plan_price price;

	histogram_add(&d->observed.commits, &histogram_commits,
		      took_s > 0 ? (uint64_t)(took_s * 1e6) : 0);
	plan_price(p, &price);
	d->observed.slots_moved += price.slots_moved;
	log_debug("commit reason=%s elements=+%zu/-%zu chains=%zu took=%.1fms",
		  why, price.elements_added, price.elements_removed,
		  price.chains, took_s * 1e3);
}

/* Plan @w, commit it, cut the flows that lost their backend by it. */
static int commit_list(struct daemon *d, const struct want_list *w, bool whole,
		       const char *why, struct err *err)
{
	struct plan *p = ruleset_plan(d->ruleset, w->list, w->n, whole);
	struct flow_match *gone = NULL;
	size_t ngone = whole ? plan_gone(p, IPPROTO_UDP, &gone) : 0;
	uint64_t commits = ruleset_stats(d->ruleset)->commits;
	ev_tstamp start = ev_time();
	int ret = ruleset_commit(d->ruleset, p, err);

	if (ret == 0) {
		if (ruleset_stats(d->ruleset)->commits != commits)
			note_commit(d, p, why, ev_time() - start);
		lists_committed(d->lists);
		if (ngone)
			flows_cut(d->flows, gone, ngone);
	}
	free(gone);
	plan_free(p);
	return ret;
}

static int commit_dirty(struct daemon *d, struct err *err)
{
	struct model *m = d->model;
	struct want_list w = { 0 };
	int ret;

	for (size_t i = 0; i < m->ndirty; i++)
		want_add(&w, m, &m->services[m->dirty[i]]);
	ret = commit_list(d, &w, false, "change", err);
	want_free(&w);
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < m->ndirty; i++)
		committed(d, &m->services[m->dirty[i]]);
	m->ndirty = 0;
	return 0;
}

int committer_whole(struct daemon *d, const struct model *m,
		    enum commit_scope scope, const char *why, struct err *err)
{
	const struct rs_hooks hooks = offload_hooks(m->conf);
	struct want_list w = { 0 };
	int ret;

	ruleset_hooks(d->ruleset, &hooks);
	if (scope == COMMIT_DIRTY)
		want_changes(&w, m);
	else
		want_all(&w, m);
	modules_load(&d->modules, &w);
	ret = commit_list(d, &w, true, why, err);
	want_free(&w);
	return ret;
}

void committer_adopted(struct daemon *d)
{
	struct model *m = d->model;

	for (size_t i = 0; i < m->nservices; i++)
		committed(d, &m->services[i]);
	m->ndirty = 0;
	counters_adopted(d->counters);
	delays_end(&d->committer->delays, true, &d->observed.failovers);
}

/* ---- repair */

static void repair_in(struct committer *c, double wait_s)
{
	if (ev_is_active(&c->repair))
		return;
	ev_timer_set(&c->repair, wait_s, 0);
	ev_timer_start(c->d->loop, &c->repair);
}

/* Somebody else changed our tables. */
static void repair_soon(struct committer *c)
{
	double calm_s = ev_time() - c->last_repair;
	double wait_s = c->repair_took_s - calm_s;

	if (ev_is_active(&c->repair))
		return;
	if (wait_s > REPAIR_PAUSE_MAX_S)
		wait_s = REPAIR_PAUSE_MAX_S;
	c->repair_tokens += calm_s * REPAIR_RATE;
	if (c->repair_tokens > REPAIR_BURST)
		c->repair_tokens = REPAIR_BURST;
	if (c->repair_tokens < 1 && wait_s < 1 / REPAIR_RATE)
		wait_s = 1 / REPAIR_RATE;
	c->repair_tokens -= 1;
	repair_in(c, wait_s > 0 ? wait_s : 0);
}

int committer_repair(struct committer *c, enum resync why, struct err *err)
{
	struct daemon *d = c->d;
	uint64_t commits = ruleset_stats(d->ruleset)->commits;
	ev_tstamp start = ev_time();
	int ret = ruleset_scan(d->ruleset, err);

	d->observed.resyncs[why]++;
	if (ret == 0 && !d->full)
		full_restore(d);
	if (ret == 0)
		sessions_scanned(d->sessions);
	if (ret == 0)
		ret = lists_repair(d->lists, err);
	if (ret == 0)
		ret = committer_whole(d, d->model, COMMIT_ALL,
				      word_text(resync_words, (int)why), err);
	if (ret == 0) {
		committer_adopted(d);
		if (commits != ruleset_stats(d->ruleset)->commits) {
			full_doubt(d->model);
			if (d->full)
				full_sync(d->full);
		}
		d->last_error[0] = '\0';
		d->observed.refused = false;
		c->refused_wait_s = 0;
	}
	c->last_repair = ev_time();
	c->repair_took_s = c->last_repair - start;
	return ret;
}

static void refused(struct committer *c, const struct err *err)
{
	struct daemon *d = c->d;

	/* The same words again are no news. */
	if (strcmp(d->last_error, err->msg) != 0)
		log_error("commit failed: %s; the old rule set stays, trying "
			  "again",
			  err->msg);
	snprintf(d->last_error, sizeof(d->last_error), "%s", err->msg);
	d->observed.refused = true;
	c->refused_wait_s *= 2;
	if (c->refused_wait_s < REFUSED_MIN_S)
		c->refused_wait_s = REFUSED_MIN_S;
	if (c->refused_wait_s > REFUSED_MAX_S)
		c->refused_wait_s = REFUSED_MAX_S;
	repair_in(c, c->refused_wait_s);
}

static void repair_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct committer *c = w->data;
	struct err err = { "" };

	if (c->d->flushed)
		return;
	if (committer_repair(
		c, c->d->observed.refused ? RESYNC_REFUSED : RESYNC_FOREIGN,
		&err) < 0) {
		refused(c, &err);
		return;
	}
	daemon_event(c->d, "resync", NULL, NULL, NULL, NULL,
		     "the tables were changed by somebody else, repaired");
}

static void watch_check(struct committer *c)
{
	if (ruleset_watch_read(c->d->ruleset) && !c->d->flushed)
		repair_soon(c);
}

static void watch_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	watch_check(w->data);
}

/* ---- the outside */

int committer_now(struct committer *c, struct err *err)
{
	struct daemon *d = c->d;
	struct err own = { "" };
	ev_tstamp start;
	int ret;

	ev_timer_stop(d->loop, &c->commit);
	if (d->flushed || d->model->ndirty == 0)
		return 0;
	start = ev_time();
	ret = commit_dirty(d, &own);
	if (ret < 0) {
		/* Most likely somebody else was in our tables. */
		ret = committer_repair(c, RESYNC_REFUSED, &own);
		if (ret < 0)
			refused(c, &own);
	}
	if (ret < 0 && err)
		*err = own;
	delays_end(&c->delays, ret == 0, &d->observed.failovers);
	c->last_commit = ev_time();
	c->commit_took_s = c->last_commit - start;
	watch_check(c);
	return ret;
}

static void commit_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	committer_now(w->data, NULL);
}

static void commit_in(struct committer *c, double delay_s)
{
	if (ev_is_active(&c->commit)) {
		if (ev_timer_remaining(c->d->loop, &c->commit) <= delay_s)
			return;
		ev_timer_stop(c->d->loop, &c->commit);
	}
	ev_timer_set(&c->commit, delay_s, 0);
	ev_timer_start(c->d->loop, &c->commit);
}

void committer_urgent(struct committer *c, int64_t since_us)
{
	double since_s = ev_time() - c->last_commit;
	double gap_s = c->commit_took_s;

	if (gap_s < URGENT_GAP_MIN_S)
		gap_s = URGENT_GAP_MIN_S;
	if (gap_s > URGENT_GAP_MAX_S)
		gap_s = URGENT_GAP_MAX_S;
	delays_add(&c->delays, since_us);
	/* Since when was may be less than nothing: the clock was set. */
	commit_in(c, since_s >= gap_s || since_s < 0 ? 0 : gap_s - since_s);
}

void committer_batch(struct committer *c)
{
	commit_in(c, TICK_S);
}

int committer_open(struct committer **out, struct daemon *d, struct err *err)
{
	struct committer *c = xcalloc(1, sizeof(*c));

	c->d = d;
	c->repair_tokens = REPAIR_BURST;
	ev_init(&c->commit, commit_cb);
	ev_init(&c->repair, repair_cb);
	ev_io_init(&c->watch, watch_cb, ruleset_watch_fd(d->ruleset), EV_READ);
	c->commit.data = c->repair.data = c->watch.data = c;
	ev_io_start(d->loop, &c->watch);
	*out = c;
	return 0;
}

void committer_close(struct committer *c)
{
	if (!c)
		return;
	ev_timer_stop(c->d->loop, &c->commit);
	ev_timer_stop(c->d->loop, &c->repair);
	ev_io_stop(c->d->loop, &c->watch);
	delays_free(&c->delays);
	free(c);
}

void committer_delays(const struct committer *c, struct committer_delays *out)
{
	delays_sum_up(&c->delays, out);
}

void committer_retry(struct committer *c, const struct err *err)
{
	refused(c, err);
}

bool committer_forgot(const struct committer *c)
{
	return c->d->model->ndirty > 0 && !c->d->flushed && !c->d->reload &&
	       !ev_is_active(&c->commit) && !ev_is_active(&c->repair);
}
