/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One reading for all scrapes: first the counters, then the connections. What a
 * reading takes depends on how many there are, which nobody who scrapes should
 * have to wait for each time.
 *
 * Invariants: one reading at a time. Whoever waits is in the list until he is
 * served or has gone.
 * Must not know: metrics.
 */
#include "metrics/readings.h"

#include <stdlib.h>

#include "control/counts.h"
#include "control/handlers.h"
#include "daemon/counters.h"
#include "lib/xalloc.h"

#define FRESH_MS 1000   /* so old it may be, whatever it takes */
#define LONG_MS  50     /* a reading that takes that takes long: */
#define GOOD_MS  120000 /* then it may be so old */

struct waiter {
	struct later later; /* first */
	void (*done)(struct request *rq, struct counts *c);
	struct waiter *next, **prev;
};

struct readings {
	struct daemon *d;
	struct counts *counts; /* of the last one; NULL = there was none */
	int64_t begun_ms, ended_ms;
	int64_t took_ms;
	bool running;
	struct waiter *waiters;
};

/* ---- who waits */

static void waiter_unlink(struct waiter *w)
{
	*w->prev = w->next;
	if (w->next)
		w->next->prev = w->prev;
}

static void waiter_abandon(struct later *l)
{
	struct waiter *w = (struct waiter *)l;

	waiter_unlink(w);
	free(w);
}

static void wait_for(struct readings *r, struct request *rq,
		     void (*done)(struct request *rq, struct counts *c))
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	w->later = (struct later){ .rq = rq, .abandon = waiter_abandon };
	w->done = done;
	w->next = r->waiters;
	w->prev = &r->waiters;
	if (w->next)
		w->next->prev = &w->next;
	r->waiters = w;
	request_suspend(rq, &w->later);
}

static struct counts *shared(struct readings *r)
{
	r->counts->refs++;
	return r->counts;
}

static void serve_waiters(struct readings *r)
{
	struct waiter *w;

	while ((w = r->waiters)) {
		struct request *rq = w->later.rq;

		waiter_unlink(w);
		request_resume(rq);
		w->done(rq, shared(r));
		free(w);
	}
}

/* ---- reading */

static void have_connections(void *arg, struct counts *c)
{
	struct readings *r = arg;

	counts_free(r->counts);
	r->counts = c;
	r->ended_ms = daemon_now_ms();
	r->took_ms = r->ended_ms - r->begun_ms;
	r->running = false;
	serve_waiters(r);
}

static void have_counters(void *arg, bool known)
{
	struct readings *r = arg;

	(void)known; /* what was read last is true as of then */
	counts_take(r->d, have_connections, r);
}

static void start(struct readings *r)
{
	r->running = true;
	r->begun_ms = daemon_now_ms();
	if (r->d->counters)
		counters_read(r->d->counters, NULL, have_counters, r);
	else
		have_counters(r, false);
}

/* ---- the outside */

static bool is_long(const struct readings *r)
{
	return r->took_ms >= LONG_MS;
}

/* A fifth of the time at most is spent on what takes long. */
static bool is_due(const struct readings *r)
{
	return is_long(r) && daemon_now_ms() - r->ended_ms >= 4 * r->took_ms;
}

static bool is_good(const struct readings *r)
{
	int64_t age_ms = daemon_now_ms() - r->ended_ms;

	return r->counts && r->counts->generation == r->d->model->generation &&
	       age_ms <= (is_long(r) ? GOOD_MS : FRESH_MS);
}

void readings_get(struct request *rq,
		  void (*done)(struct request *rq, struct counts *c))
{
	struct daemon *d = request_daemon(rq);
	struct readings *r = d->readings;
	bool good;

	if (!r) {
		r = d->readings = xcalloc(1, sizeof(*r));
		r->d = d;
	}
	good = is_good(r);
	if (!r->running && !good)
		start(r);
	if (good || is_good(r))
		done(rq, shared(r));
	else
		wait_for(r, rq, done);
}

void readings_next(struct daemon *d)
{
	struct readings *r = d->readings;

	if (r && !r->running && is_due(r))
		start(r);
}

void readings_close(struct readings *r)
{
	if (!r)
		return;
	counts_free(r->counts);
	free(r);
}
