/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ticks: one timer for all services, which come in phases: those of a phase
 * tick together and are committed together, and no more of them than fit. A
 * phase is as long as the committer collects changes, so that the number of
 * services does not make more commits than those. A tick in which nothing moved
 * commits nothing.
 *
 * Dynamic weights are kept on disk with the rest of the state, but seldom, and
 * only where they have gone some way: what was true ten seconds ago is as good
 * to begin with.
 *
 * Invariant: indices are of d->model; load_sync() makes them anew.
 * Must not know: what a weight follows from.
 */
#include "daemon/load.h"

#include <stdlib.h>

#include "daemon/load_counts.h"
#include "daemon/persist.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/load.h"

#define PHASE_MS          200
#define WAKE_MIN_S        0.05  /* what is due together is done together */
#define WAKE_LATE_S       0.002 /* the clock has to be past the time */
#define GOLDEN_RATIO_2_32 2654435769u
#define STOOD_MS          1000 /* who is so late did not run at all */
#define SAVE_MS           10000
#define SAVE_PART         50 /* a weight is saved when it has gone 1/50 */

/* A service that ticks. */
struct ticking {
	size_t service;
	size_t first; /* of load.saved: that of its first backend */
	int64_t next_ms, save_ms;
};

struct load {
	struct daemon *d;
	ev_timer timer;
	int64_t due_ms; /* of the timer */
	struct ticking *list;
	size_t n, cap;
	uint32_t *saved; /* dynamic weights, as they are on disk */
	struct load_counts counts;
};

static struct service *service_of(const struct load *l, const struct ticking *t)
{
	return &l->d->model->services[t->service];
}

/* ---- on disk */

static bool has_gone(uint32_t saved, uint32_t now)
{
	uint32_t gone = now > saved ? now - saved : saved - now;

	return (uint64_t)gone * SAVE_PART >= saved;
}

static void save(struct load *l, struct ticking *t, int64_t now_ms)
{
	const struct service *s = service_of(l, t);
	bool any = false;

	t->save_ms = now_ms + SAVE_MS;
	for (size_t i = 0; i < s->nbackends; i++) {
		uint32_t *saved = &l->saved[t->first + i];
		uint32_t now = backend_dynamic(s, &s->backends[i]);

		if (!has_gone(*saved, now))
			continue;
		*saved = now;
		persist_note(l->d->persist, s, &s->backends[i]);
		any = true;
	}
	if (any && l->d->on_event)
		l->d->on_event(l->d); /* it writes what was noted */
}

/* ---- ticks */

static bool is_full(const struct backend *b, const struct track_count *count)
{
	uint32_t max = b->conf->max_connections;

	return b->full || (max && count->open >= max);
}

static void take_counts(const struct load *l, const struct ticking *t,
			int64_t now_ms)
{
	struct service *s = service_of(l, t);
	const struct track_count *counts =
	    load_counts_of(&l->counts, t->service);

	for (size_t i = 0; counts && i < s->nbackends; i++)
		if (counts[i].known)
			load_connections(
			    s, &s->backends[i], counts[i].established,
			    is_full(&s->backends[i], &counts[i]), now_ms);
}

static void tick(struct load *l, struct ticking *t, int64_t now_ms,
		 struct changes *out)
{
	struct service *s = service_of(l, t);

	take_counts(l, t, now_ms);
	step_load(l->d->model, s, now_ms, out);
	t->next_ms = load_next_ms(s);
	if (t->next_ms <= now_ms)
		t->next_ms = now_ms + s->conf->weights.tick_ms;
	if (now_ms >= t->save_ms)
		save(l, t, now_ms);
}

static void wake_at(struct load *l, int64_t at_ms)
{
	double wait_s = (double)(at_ms - daemon_now_ms()) / 1e3 + WAKE_LATE_S;

	l->due_ms = at_ms;
	ev_now_update(l->d->loop);
	ev_timer_set(&l->timer, wait_s > WAKE_MIN_S ? wait_s : WAKE_MIN_S, 0);
	ev_timer_start(l->d->loop, &l->timer);
}

/* We were stopped, or the machine was: what has been measured before is as good
 * as it was then, and who could not be heard is not silent. */
static void stood_still(struct load *l, int64_t late_ms, int64_t now_ms)
{
	log_info("weights: stood still for %lld.%llds",
		 (long long)late_ms / 1000, (long long)late_ms / 100 % 10);
	for (size_t i = 0; i < l->n; i++)
		load_late(service_of(l, &l->list[i]), late_ms, now_ms);
}

static void timer_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct load *l = w->data;
	int64_t now_ms = daemon_now_ms(), next_ms = INT64_MAX;
	struct changes changes = { 0 };

	if (now_ms - l->due_ms >= STOOD_MS)
		stood_still(l, now_ms - l->due_ms, now_ms);
	for (size_t i = 0; i < l->n; i++) {
		struct ticking *t = &l->list[i];

		if (t->next_ms <= now_ms)
			tick(l, t, now_ms, &changes);
		if (t->next_ms < next_ms)
			next_ms = t->next_ms;
	}
	daemon_changes(l->d, &changes);
	wake_at(l, next_ms);
}

/* ---- which */

/* Multiples of the golden ratio are spread evenly, however many follow. */
static int64_t phase_ms(size_t number, uint32_t tick_ms)
{
	uint32_t part = (uint32_t)number * GOLDEN_RATIO_2_32;
	uint64_t phases = tick_ms / PHASE_MS;

	return phases ? (int64_t)(part * phases >> 32) * PHASE_MS : 0;
}

static void add(struct load *l, size_t service, size_t first, int64_t now_ms)
{
	const struct service *s = &l->d->model->services[service];
	int64_t due_ms = load_next_ms(s);

	if (due_ms <= now_ms)
		due_ms = now_ms + phase_ms(l->n, s->conf->weights.tick_ms);
	*VEC_PUSH(l->list, l->n, l->cap) = (struct ticking){
		.service = service,
		.first = first,
		.next_ms = due_ms,
		.save_ms = due_ms,
	};
}

/* Whoever replaced the model has written all of it. */
static void note_saved(struct load *l, const struct service *s)
{
	uint32_t *saved = &l->saved[l->list[l->n - 1].first];

	for (size_t i = 0; i < s->nbackends; i++)
		saved[i] = backend_dynamic(s, &s->backends[i]);
}

void load_sync(struct load *l)
{
	const struct model *m = l->d->model;
	int64_t now_ms = daemon_now_ms();
	size_t nbackends = 0;

	ev_timer_stop(l->d->loop, &l->timer);
	load_counts_sync(&l->counts, l->d);
	for (size_t i = 0; i < m->nservices; i++)
		if (m->services[i].load)
			nbackends += m->services[i].nbackends;
	free(l->saved);
	l->saved = xcalloc(nbackends + 1, sizeof(*l->saved));
	l->n = 0;
	nbackends = 0;
	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[i];

		if (!s->load)
			continue;
		add(l, i, nbackends, now_ms);
		note_saved(l, s);
		nbackends += s->nbackends;
	}
	if (l->n)
		wake_at(l, now_ms);
}

/* ---- the outside */

struct load *load_open(struct daemon *d)
{
	struct load *l = xcalloc(1, sizeof(*l));

	l->d = d;
	ev_init(&l->timer, timer_cb);
	l->timer.data = l;
	load_sync(l);
	return l;
}

void load_close(struct load *l)
{
	if (!l)
		return;
	ev_timer_stop(l->d->loop, &l->timer);
	load_counts_close(&l->counts);
	free(l->list);
	free(l->saved);
	free(l);
}

bool load_count(const struct load *l, const struct service *s,
		const struct backend *b, struct track_count *out)
{
	const struct track_count *counts;

	if (!l)
		return false;
	counts =
	    load_counts_of(&l->counts, (size_t)(s - l->d->model->services));
	if (counts)
		*out = counts[b - s->backends];
	return counts && out->known;
}

bool load_track_stats(const struct load *l, struct track_stats *out)
{
	if (!l || !l->counts.tracker)
		return false;
	track_stats(l->counts.tracker, out);
	return true;
}
