/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When samples are taken, and where their figures come from.
 *
 * Invariants: one count of connections at most is under way; its answer is for
 * the model and the cell that it was asked for, or for nobody. The history is
 * made for another model before anything is written to it.
 */
#include "daemon/history.h"

#include <stdlib.h>

#include "daemon/counters.h"
#include "daemon/load.h"
#include "daemon/want.h"
#include "lib/xalloc.h"

#define PAUSE_EACH 200. /* times what a count takes */
#define LATE_MS    100  /* after the time of a sample */
#define PART       2000 /* services and backends between turns of the loop */

/* A count under way; outlives the history when it is closed. */
struct asked {
	struct daemon_history *h; /* NULL: closed */
	uint64_t generation;
	int64_t tick;
	uint32_t *service, *backend; /* of each match */
	size_t n;
	int64_t begun_ms;
};

struct daemon_history {
	struct daemon *d;
	struct history data;
	ev_timer sample;
	struct asked *asked; /* NULL = none is under way */
	int64_t pause_ms;    /* conntrack is not asked before */
	int64_t read_ms;     /* counters, as of the last sample */
	/* A sample that is being made: */
	bool sampling;
	uint64_t generation; /* of the model that it is about */
	size_t next;         /* service */
	int64_t reading_ms;
	struct asked *making; /* NULL: conntrack is not asked this time */
	struct flow_matches matches;
	uint64_t changes;
};

static void bring_model(struct daemon_history *h)
{
	if (h->data.generation != h->d->model->generation)
		history_sync(&h->data, h->d->model, daemon_now_ms());
}

/* ---- connections */

static void add_up(uint16_t *code, uint64_t n)
{
	uint64_t before = *code == HISTORY_UNKNOWN ? 0 : history_unpack(*code);

	*code = history_pack(before + n);
}

static void take_count(struct history *data, size_t service, size_t backend,
		       int cell, uint64_t n)
{
	struct history_service *s = &data->services[service];

	add_up(&s->backends[backend].connections[cell], n);
	add_up(&s->connections[cell], n);
}

static void asked_free(struct asked *a)
{
	free(a->service);
	free(a->backend);
	free(a);
}

static void on_counted(void *arg, int status, const uint64_t *counts, size_t n)
{
	struct asked *a = arg;
	struct daemon_history *h = a->h;
	int64_t now_ms = daemon_now_ms();
	int cell;

	if (!h) {
		asked_free(a);
		return;
	}
	h->asked = NULL;
	h->pause_ms =
	    now_ms + (int64_t)((double)(now_ms - a->begun_ms) * PAUSE_EACH);
	cell = history_cell(&h->data, (uint32_t)(h->data.tick - a->tick));
	if (status == 0 && cell >= 0 && a->tick >= 0 &&
	    a->generation == h->data.generation) {
		for (size_t i = 0; i < n; i++)
			take_count(&h->data, a->service[i], a->backend[i], cell,
				   counts[i]);
		h->changes++;
	}
	asked_free(a);
}

/* Does the daemon know it anyhow? */
static bool take_tracked(struct daemon_history *h, const struct service *s,
			 size_t index, int cell)
{
	struct track_count n;

	for (size_t i = 0; i < s->nbackends; i++)
		if (!load_count(h->d->load, s, &s->backends[i], &n))
			return false;
	for (size_t i = 0; i < s->nbackends; i++)
		if (load_count(h->d->load, s, &s->backends[i], &n))
			take_count(&h->data, index, i, cell, n.established);
	return true;
}

static void want_service(struct asked *a, struct flow_matches *m,
			 const struct service *s, size_t index)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		want_flows(m, s, &s->backends[i], CUT_ALL);
		a->service =
		    xreallocarray(a->service, m->cap + 1, sizeof(*a->service));
		a->backend =
		    xreallocarray(a->backend, m->cap + 1, sizeof(*a->backend));
		for (; a->n < m->n; a->n++) {
			a->service[a->n] = (uint32_t)index;
			a->backend[a->n] = (uint32_t)i;
		}
	}
}

static void ask(struct daemon_history *h)
{
	struct asked *a = h->making;

	h->making = NULL;
	if (a && h->matches.n) {
		a->h = h;
		a->begun_ms = daemon_now_ms();
		a->generation = h->data.generation;
		a->tick = h->data.tick;
		h->asked = a;
		flows_count(h->d->flows, h->matches.list, h->matches.n,
			    on_counted, a);
	} else if (a) {
		asked_free(a);
	}
	free(h->matches.list);
	h->matches = (struct flow_matches){ 0 };
}

/* ---- new flows */

/* Between two samples the counters may not have been read: then the rate is
 * that of before, for all we know. */
static void sample_flows(struct daemon_history *h, const struct service *s,
			 struct history_service *hs, int cell, int64_t read_ms)
{
	const struct totals_service *t =
	    counters_of(h->d->counters, s->conf->name);
	int before = history_cell(&h->data, 1);
	uint64_t packets, bytes, was = hs->flows_seen;
	bool known = hs->flows_known;

	if (!s->conf->counters || read_ms == 0) {
		hs->flows_known = false;
		return;
	}
	if (read_ms == h->read_ms && known) {
		if (before >= 0)
			hs->new_flows[cell] = hs->new_flows[before];
		return;
	}
	totals_sum(t, "new", &packets, &bytes);
	hs->flows_seen = packets;
	hs->flows_known = true;
	if (known && packets >= was)
		hs->new_flows[cell] =
		    history_pack((packets - was) * 100000 /
				 (uint64_t)(read_ms - h->read_ms));
}

/* ---- samples */

static void sample_service(struct daemon_history *h, size_t i, int cell)
{
	const struct model *m = h->d->model;
	const struct service *s = &m->services[i];

	history_states(&h->data, m, s, daemon_now_ms());
	history_shares(&h->data, m, s);
	sample_flows(h, s, &h->data.services[i], cell, h->reading_ms);
	if (!take_tracked(h, s, i, cell) && h->making)
		want_service(h->making, &h->matches, s, i);
}

/* A part of it; the loop turns between the parts. False: that was all. */
static bool sample_go_on(struct daemon_history *h)
{
	const struct model *m = h->d->model;
	int cell = history_cell(&h->data, 0);
	size_t done = 0;

	if (h->generation != m->generation) /* the next one is whole */
		h->next = SIZE_MAX;
	while (cell >= 0 && h->next < m->nservices && done < PART) {
		done += m->services[h->next].nbackends + 1;
		sample_service(h, h->next++, cell);
	}
	if (h->next < m->nservices)
		return true;
	if (h->next == SIZE_MAX)
		h->matches.n = 0;
	else
		h->read_ms = h->reading_ms;
	ask(h);
	h->changes++;
	return false;
}

static bool sample_begin(struct daemon_history *h)
{
	int64_t now_ms = daemon_now_ms();

	bring_model(h);
	if (!history_tick(&h->data, now_ms))
		return false;
	h->next = 0;
	h->generation = h->data.generation;
	h->reading_ms = counters_read_ms(h->d->counters);
	if (h->d->flows && !h->asked && now_ms >= h->pause_ms)
		h->making = xcalloc(1, sizeof(*h->making));
	h->sampling = true;
	return true;
}

/* Until the next one is due: by the clock, so that none is left out. */
static double next_s(const struct history *data)
{
	int64_t due_ms = data->began_ms +
			 (data->tick + 1) * (int64_t)data->step_ms + LATE_MS;
	int64_t wait_ms = due_ms - daemon_now_ms();

	return wait_ms > LATE_MS ? (double)wait_ms / 1e3 : LATE_MS / 1e3;
}

static void sample_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct daemon_history *h = w->data;
	double wait_s = 0;

	if (h->sampling || sample_begin(h))
		h->sampling = sample_go_on(h);
	if (!h->sampling)
		wait_s = next_s(&h->data);
	ev_timer_set(w, wait_s, 0);
	ev_timer_start(loop, w);
}

/* ---- the outside */

struct daemon_history *daemon_history_open(struct daemon *d)
{
	struct daemon_history *h = xcalloc(1, sizeof(*h));

	h->d = d;
	bring_model(h);
	/* the first one soon: who looks wants to see something */
	ev_timer_init(&h->sample, sample_cb, 1., 0);
	h->sample.data = h;
	ev_timer_start(d->loop, &h->sample);
	return h;
}

void daemon_history_close(struct daemon_history *h)
{
	if (!h)
		return;
	ev_timer_stop(h->d->loop, &h->sample);
	if (h->asked)
		h->asked->h = NULL;
	h->matches.n = 0;
	ask(h);
	history_free(&h->data);
	free(h);
}

void daemon_history_event(struct daemon_history *h, const char *service)
{
	const struct service *s;

	if (!h)
		return;
	bring_model(h);
	s = service ? model_service(h->d->model, service) : NULL;
	if (s)
		history_states(&h->data, h->d->model, s, daemon_now_ms());
}

const struct history *daemon_history_view(struct daemon_history *h,
					  int64_t *began_ms)
{
	if (!h)
		return NULL;
	bring_model(h);
	if (began_ms)
		*began_ms = (int64_t)(ev_time() * 1e3) -
			    (daemon_now_ms() - h->data.began_ms);
	return &h->data;
}

uint64_t daemon_history_changes(const struct daemon_history *h)
{
	return h ? h->changes : 0;
}
