/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections per backend: flows_count() works with matches of addresses and
 * ports; here they are made from services and added up per backend.
 *
 * A dump of conntrack costs milliseconds, however little is in it, so there is
 * one for all who ask: who comes while it runs waits for it, who comes soon
 * after takes what it said, unless a state has changed since: what is shown of
 * it ("full", "drain") and of connections goes together.
 *
 * Invariants: indices are only used with the model that they were made from; a
 * reload meanwhile means counting anew, a few times at most. A pass outlives
 * those who wait for it: flows_count() answers once, whatever happened to them.
 * Where the daemon keeps track of all that is asked for, nothing is asked of
 * the kernel.
 * Must not know: JSON.
 */
#include "control/counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/control.h"
#include "control/handlers.h"
#include "daemon/load.h"
#include "lib/xalloc.h"

#define TRIES_MAX 3
/* How long after its end a pass is good: four times what it took, so that a
 * fifth of the time at most is spent on passes, within these. */
#define GOOD_MS     200
#define GOOD_MAX_MS 1000

struct waiter {
	struct later later;     /* first */
	counts_done_fn *done;   /* of a request, or: */
	counts_taken_fn *taken; /* with */
	void *arg;
	char *service; /* NULL = all */
	struct waiter *next, **prev;
};

/* What all who ask share. */
struct counting {
	struct daemon *d;
	struct counts *last; /* of all services; NULL = none yet */
	int64_t begun_ms, ended_ms;
	uint64_t event; /* the last one when it began */
	struct waiter *waiters, **tail;
	/* of the pass that runs: */
	bool running;
	int tries;
	struct counts *counts;
	struct flow_match *match;
	size_t *cell; /* of each match: where in counts->n it is added */
	size_t nmatch, capmatch, capcell;
};

static struct counts *counts_new(const struct model *m, const char *service)
{
	const struct service *only = service ? model_service(m, service) : NULL;
	struct counts *c = xcalloc(1, sizeof(*c));
	size_t total = 0;

	c->refs = 1;
	c->generation = m->generation;
	c->first = only ? (size_t)(only - m->services) : 0;
	c->nservices = service ? only != NULL : m->nservices;
	c->offset = xcalloc(c->nservices + 1, sizeof(*c->offset));
	for (size_t i = 0; i < c->nservices; i++) {
		c->offset[i] = total;
		total += m->services[c->first + i].nbackends;
	}
	c->n = xcalloc(total + 1, sizeof(*c->n));
	return c;
}

void counts_free(struct counts *c)
{
	if (!c || --c->refs > 0)
		return;
	free(c->offset);
	free(c->n);
	free(c);
}

bool counts_get(const struct counts *c, size_t service, size_t backend,
		uint64_t *n)
{
	if (!c || !c->known || service < c->first ||
	    service - c->first >= c->nservices)
		return false;
	*n = c->n[c->offset[service - c->first] + backend];
	return true;
}

/* ---- matches of a backend: addresses x protocols x port ranges */

static void add_match(struct counting *job, const struct flow_match *match,
		      size_t cell)
{
	*VEC_PUSH(job->match, job->nmatch, job->capmatch) = *match;
	if (job->capcell < job->capmatch) {
		job->capcell = job->capmatch;
		job->cell =
		    xreallocarray(job->cell, job->capcell, sizeof(*job->cell));
	}
	job->cell[job->nmatch - 1] = cell;
}

static void add_ports(struct counting *job, const struct conf_service *s,
		      struct flow_match *match, size_t cell)
{
	match->port_lo = 0;
	match->port_hi = UINT16_MAX;
	if (s->nports == 0)
		add_match(job, match, cell);
	for (size_t i = 0; i < s->nports; i++) {
		match->port_lo = s->ports[i].lo;
		match->port_hi = s->ports[i].hi;
		add_match(job, match, cell);
	}
}

static void add_backend(struct counting *job, const struct conf_service *s,
			const struct conf_backend *b, size_t cell)
{
	struct flow_match match = { .backend = b->addr,
				    .backend_port = b->port };

	for (size_t i = 0; i < s->naddrs; i++) {
		if (s->addrs[i].family != b->addr.family)
			continue;
		match.vip = s->addrs[i];
		for (size_t j = 0; j < s->nprotos; j++) {
			match.proto = s->protos[j];
			add_ports(job, s, &match, cell);
		}
	}
}

static void add_all(struct counting *job, const struct model *m)
{
	const struct counts *c = job->counts;

	job->nmatch = 0;
	for (size_t i = 0; i < c->nservices; i++) {
		const struct conf_service *s = m->services[c->first + i].conf;

		for (size_t j = 0; j < s->nbackends; j++)
			add_backend(job, s, &s->backends[j], c->offset[i] + j);
	}
}

/* ---- who waits */

static void waiter_free(struct waiter *w)
{
	*w->prev = w->next;
	if (w->next)
		w->next->prev = w->prev;
	free(w->service);
	free(w);
}

/* The last one may be the one whose end others are appended to. */
static void waiter_leave(struct counting *job, struct waiter *w)
{
	if (job->tail == &w->next)
		job->tail = w->prev;
	waiter_free(w);
}

static void waiter_abandon(struct later *l)
{
	struct waiter *w = (struct waiter *)l;

	waiter_leave(w->arg, w);
}

static struct waiter *waiter_add(struct counting *job)
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	w->prev = job->tail;
	*job->tail = w;
	job->tail = &w->next;
	return w;
}

/* Of one service, out of those of all. */
static struct counts *counts_of(const struct counting *job, const char *service)
{
	const struct counts *all = job->last;
	struct counts *c;

	if (!service) {
		job->last->refs++;
		return job->last;
	}
	c = counts_new(job->d->model, service);
	c->known = all->known;
	if (c->nservices)
		memcpy(c->n, all->n + all->offset[c->first],
		       job->d->model->services[c->first].nbackends *
			   sizeof(*c->n));
	return c;
}

static void serve(struct counting *job, struct waiter *w)
{
	struct counts *c = counts_of(job, w->service);
	struct request *rq = w->later.rq;
	counts_taken_fn *taken = w->taken;
	counts_done_fn *done = w->done;
	void *arg = w->arg;

	waiter_leave(job, w);
	if (taken) {
		taken(arg, c);
	} else {
		request_resume(rq);
		done(rq, c);
	}
}

/* Those who ask in a callback come after @last: they find a pass that is good.
 */
static void serve_waiters(struct counting *job)
{
	while (job->waiters && !job->running)
		serve(job, job->waiters);
}

/* ---- the pass */

static void on_counted(void *arg, int status, const uint64_t *counts, size_t n);

static void count_ask(struct counting *job)
{
	struct daemon *d = job->d;

	counts_free(job->counts);
	job->counts = counts_new(d->model, NULL);
	job->begun_ms = daemon_now_ms();
	job->event = d->events.last;
	add_all(job, d->model);
	flows_count(d->flows, job->match, job->nmatch, on_counted, job);
}

static void on_counted(void *arg, int status, const uint64_t *counts, size_t n)
{
	struct counting *job = arg;
	struct counts *c = job->counts;

	if (c->generation != job->d->model->generation) {
		if (++job->tries < TRIES_MAX && status != -ECANCELED) {
			count_ask(job);
			return;
		}
		counts_free(c);
		c = counts_new(job->d->model, NULL);
	} else if (status == 0) {
		c->known = true;
		for (size_t i = 0; i < n; i++)
			c->n[job->cell[i]] += counts[i];
	}
	job->counts = NULL;
	counts_free(job->last);
	job->last = c;
	job->ended_ms = daemon_now_ms();
	job->running = false;
	serve_waiters(job);
}

/* Weights are what changes often, and say nothing of connections that are. */
static bool has_changed(const struct counting *job)
{
	const struct events *ev = &job->d->events;

	for (uint64_t id = job->event + 1; id <= ev->last; id++) {
		const struct event *e = events_get(ev, id);

		if (!e || strcmp(e->kind, "weight") != 0)
			return true;
	}
	return false;
}

static bool is_good(const struct counting *job)
{
	int64_t good_ms = 4 * (job->ended_ms - job->begun_ms);

	if (good_ms < GOOD_MS)
		good_ms = GOOD_MS;
	if (good_ms > GOOD_MAX_MS)
		good_ms = GOOD_MAX_MS;
	return job->last &&
	       job->last->generation == job->d->model->generation &&
	       !has_changed(job) && daemon_now_ms() - job->ended_ms < good_ms;
}

static void count_begin(struct counting *job)
{
	if (job->running)
		return;
	job->running = true;
	job->tries = 0;
	count_ask(job);
}

static struct counting *counting_of(struct daemon *d)
{
	if (!d->counting) {
		d->counting = xcalloc(1, sizeof(*d->counting));
		d->counting->d = d;
		d->counting->tail = &d->counting->waiters;
	}
	return d->counting;
}

void counting_close(struct counting *job)
{
	if (!job)
		return;
	while (job->waiters)
		waiter_leave(job, job->waiters);
	counts_free(job->last);
	counts_free(job->counts);
	free(job->match);
	free(job->cell);
	free(job);
}

/* ---- what is kept track of */

static bool tracked_service(const struct daemon *d, const struct counts *c,
			    size_t i)
{
	const struct service *s = &d->model->services[c->first + i];
	struct track_count n;

	for (size_t j = 0; j < s->nbackends; j++) {
		if (!load_count(d->load, s, &s->backends[j], &n))
			return false;
		c->n[c->offset[i] + j] = n.established;
	}
	return true;
}

/* Of all of them, or of none: a dump for one tells of the others as well. */
static bool counts_tracked(const struct daemon *d, struct counts *c)
{
	for (size_t i = 0; d->load && i < c->nservices; i++)
		if (!tracked_service(d, c, i))
			return false;
	c->known = d->load != NULL;
	return c->known;
}

/* What is known without waiting; NULL = nothing. */
static struct counts *counts_now(struct daemon *d, const char *service,
				 bool wanted)
{
	struct counts *c = counts_new(d->model, service);

	if (!wanted || counts_tracked(d, c) || !d->flows)
		return c;
	counts_free(c);
	return is_good(counting_of(d)) ? counts_of(d->counting, service) : NULL;
}

void counts_start(struct request *rq, const char *service, bool wanted,
		  counts_done_fn *done)
{
	struct daemon *d = request_daemon(rq);
	struct counts *c = counts_now(d, service, wanted);
	struct waiter *w;

	if (c) {
		done(rq, c);
		return;
	}
	w = waiter_add(d->counting);
	w->later = (struct later){ .rq = rq, .abandon = waiter_abandon };
	w->arg = d->counting;
	w->done = done;
	w->service = service ? xstrdup(service) : NULL;
	request_suspend(rq, &w->later);
	count_begin(d->counting);
}

void counts_take(struct daemon *d, counts_taken_fn *done, void *arg)
{
	struct counts *c = counts_now(d, NULL, true);
	struct waiter *w;

	if (c) {
		done(arg, c);
		return;
	}
	w = waiter_add(d->counting);
	w->taken = done;
	w->arg = arg;
	count_begin(d->counting);
}
