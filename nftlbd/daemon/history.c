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

static void ask(struct daemon_history *h, struct asked *a,
		struct flow_matches *m, int64_t now_ms)
{
	a->h = h;
	a->begun_ms = now_ms;
	a->generation = h->data.generation;
	a->tick = h->data.tick;
	h->asked = a;
	flows_count(h->d->flows, m->list, m->n, on_counted, a);
}

static void sample_connections(struct daemon_history *h, int cell)
{
	const struct model *m = h->d->model;
	struct flow_matches matches = { 0 };
	int64_t now_ms = daemon_now_ms();
	bool may_ask = h->d->flows && !h->asked && now_ms >= h->pause_ms;
	struct asked *a = xcalloc(1, sizeof(*a));

	for (size_t i = 0; i < m->nservices; i++)
		if (!take_tracked(h, &m->services[i], i, cell) && may_ask)
			want_service(a, &matches, &m->services[i], i);
	if (matches.n)
		ask(h, a, &matches, now_ms);
	else
		asked_free(a);
	free(matches.list);
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

static void sample(struct daemon_history *h)
{
	const struct model *m = h->d->model;
	int64_t now_ms = daemon_now_ms();
	int64_t read_ms = counters_read_ms(h->d->counters);
	int cell;

	bring_model(h);
	if (!history_tick(&h->data, now_ms))
		return;
	cell = history_cell(&h->data, 0);
	for (size_t i = 0; i < m->nservices; i++) {
		history_states(&h->data, m, &m->services[i], now_ms);
		history_shares(&h->data, m, &m->services[i]);
		sample_flows(h, &m->services[i], &h->data.services[i], cell,
			     read_ms);
	}
	h->read_ms = read_ms;
	sample_connections(h, cell);
	h->changes++;
}

static void sample_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct daemon_history *h = w->data;

	sample(h);
	ev_timer_set(w, h->data.step_ms / 1000., 0);
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
