/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends: workers, and a queue before them, first come first served. How much
 * work a request is, is known when it comes, and the same whoever gets it; how
 * long that takes is the backend's matter.
 */
#include <stdlib.h>

#include "lib/xalloc.h"
#include "tests/sim/world.h"

static double speed_of(const struct sim_scenario *s, size_t i)
{
	size_t n = 0;

	if (!s->speeds)
		return 1;
	while (s->speeds[n] > 0)
		n++;
	return s->speeds[i % n];
}

void backends_open(struct world *w)
{
	const struct sim_scenario *s = w->s;

	w->backends = xcalloc(s->nbackends, sizeof(*w->backends));
	w->unused = NOBODY;
	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &w->backends[i];

		b->workers = s->workers * (s->sized ? weight_of(s, i) : 1);
		b->slow = 1 / speed_of(s, i);
		b->head = NOBODY;
		w->capacity += b->workers / b->slow / s->service_s;
	}
}

void backends_close(struct world *w)
{
	free(w->backends);
	free(w->requests);
}

static uint32_t request_new(struct world *w, struct request r)
{
	uint32_t i = w->unused;

	if (i == NOBODY) {
		i = (uint32_t)w->nrequests;
		VEC_PUSH(w->requests, w->nrequests, w->caprequests);
	} else {
		w->unused = w->requests[i].next;
	}
	r.next = NOBODY;
	w->requests[i] = r;
	return i;
}

double backend_worked(struct world *w, struct backend *b)
{
	b->worked_us += b->busy * (double)(w->now_us - b->worked_at_us);
	b->worked_at_us = w->now_us;
	return b->worked_us;
}

static void backend_begin(struct world *w, struct backend *b, uint32_t i)
{
	const struct request *r = &w->requests[i];

	backend_worked(w, b);
	b->busy++;
	plan(w, r->work_us * b->slow / SECOND_US,
	     (struct event){ .kind = EVENT_DONE, .thing = i });
}

static void backend_queue(struct world *w, struct backend *b, uint32_t i)
{
	if (b->head == NOBODY)
		b->head = i;
	else
		w->requests[b->tail].next = i;
	b->tail = i;
	b->queued++;
}

uint32_t backend_take(struct world *w, struct request r)
{
	struct backend *b = &w->backends[r.backend];
	uint32_t i;

	if (w->s->queue_max && b->queued >= w->s->queue_max)
		return NOBODY;
	i = request_new(w, r);
	if (!r.check)
		b->connections[r.gateway]++;
	if (b->busy < b->workers)
		backend_begin(w, b, i);
	else
		backend_queue(w, b, i);
	return i;
}

static void count_time(struct world *w, int64_t came_us)
{
	if (w->now_us < w->warm_us)
		return;
	w->run->times[sim_bin((double)(w->now_us - came_us) / SECOND_US)]++;
	w->run->answers++;
}

void backend_done(struct world *w, const struct event *e)
{
	struct request r = w->requests[e->thing];
	struct backend *b = &w->backends[r.backend];
	uint32_t first = b->head;

	backend_worked(w, b);
	b->busy--;
	w->requests[e->thing].next = w->unused;
	w->unused = e->thing;
	if (first != NOBODY) {
		b->head = w->requests[first].next;
		b->queued--;
		backend_begin(w, b, first);
	}
	if (r.check) {
		sample_answered(w, &r);
		return;
	}
	b->connections[r.gateway]--;
	count_time(w, r.came_us);
	client_answered(w, r.user);
}
