/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run: what is planned happens, in order, and each second is written down.
 * Who needs chance has dice of his own, so that one scheduler's world has the
 * same requests as another's.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tests/sim/world.h"

const char *const sim_scheduler_names[SIM_SCHEDULERS] = {
	[SIM_ROUND_ROBIN] = "round-robin",
	[SIM_WEIGHTED] = "weighted",
	[SIM_LEAST_CONNECTIONS] = "least-connections",
	[SIM_LEAST_RESPONSE] = "least-response",
	[SIM_LEAST_CPU] = "least-cpu",
	[SIM_IDEAL] = "ideal",
};

void plan(struct world *w, double in_s, struct event e)
{
	e.at_us = w->now_us + llround(in_s * SECOND_US);
	agenda_add(&w->agenda, e);
}

/* Each gateway sends as many requests as the other. */
static void write_shares(const struct world *w, const struct gateway *g,
			 struct sim_second *at)
{
	double parts = (double)w->ngateways, all = 0;

	for (size_t i = 0; i < w->s->nbackends; i++)
		all += gateway_weight(g, i);
	for (size_t i = 0; i < w->s->nbackends; i++)
		at[i].share += (float)(gateway_weight(g, i) / all / parts);
	for (uint32_t i = 0; i < g->m; i++)
		at[g->owner[i]].slots += (float)(1 / parts / g->m);
}

static void write_second(struct world *w, const struct event *e)
{
	size_t now = (size_t)(w->now_us / SECOND_US) - 1;
	struct sim_run *r = w->run;
	struct sim_second *at = &r->at[now * r->nbackends];
	struct weights *first = w->gateways[0].weights;

	if (now >= r->seconds)
		return;
	for (size_t i = 0; i < w->ngateways; i++)
		write_shares(w, &w->gateways[i], at);
	for (size_t i = 0; i < r->nbackends; i++) {
		struct backend *b = &w->backends[i];
		double worked = backend_worked(w, b) - b->second_us;

		b->second_us += worked;
		at[i].busy = (float)(worked / SECOND_US / b->workers);
		at[i].queue = (float)b->queued / (float)b->workers;
	}
	r->why[now] = first ? weights_pool_why(first) : WEIGHTS_STATIC;
	plan(w, 1, *e);
}

static void something_happens(struct world *w, const struct event *e)
{
	const struct sim_happens *h = &w->s->happens[e->thing];

	switch (h->what) {
	case SIM_LOAD:
		clients_load(w, h->value);
		break;
	case SIM_SLOW:
		w->backends[h->backend].slow *= h->value;
		break;
	case SIM_AGENT:
		for (size_t g = 0; g < w->ngateways; g++)
			w->gateways[g].reporters[h->backend].agent =
			    (enum sim_agent)h->value;
		break;
	case SIM_END:
		break;
	}
}

static void (*const handlers[])(struct world *w, const struct event *e) = {
	[EVENT_ARRIVAL] = client_arrival,
	[EVENT_USER] = client_user,
	[EVENT_DONE] = backend_done,
	[EVENT_CHECK] = sample_check,
	[EVENT_CHECK_LATE] = sample_check_late,
	[EVENT_FEED] = sample_feed,
	[EVENT_SAMPLE] = sample_arrives,
	[EVENT_TICK] = gateway_tick,
	[EVENT_SECOND] = write_second,
	[EVENT_HAPPENS] = something_happens,
};

static struct sim_run *run_new(const struct world *w)
{
	const struct sim_scenario *s = w->s;
	struct sim_run *r = xcalloc(1, sizeof(*r));
	double all = 0;

	r->seconds = (size_t)s->seconds;
	r->nbackends = s->nbackends;
	r->at = xcalloc(r->seconds * r->nbackends, sizeof(*r->at));
	r->why = xcalloc(r->seconds, sizeof(*r->why));
	for (size_t i = 0; i < s->nbackends; i++)
		all += w->gateways[0].backends[i].weight;
	for (size_t i = 0; i < s->nbackends; i++)
		r->fair[i] = w->gateways[0].backends[i].weight / all;
	return r;
}

static void world_open(struct world *w, uint64_t seed)
{
	const struct dice all = { seed };
	const struct sim_happens *h = w->s->happens;

	w->clients = dice_split(&all, 1);
	w->works = dice_split(&all, 2);
	w->checks = dice_split(&all, 3);
	w->lies = dice_split(&all, 4);
	w->ngateways = w->s->gateways ? w->s->gateways : 1;
	backends_open(w);
	gateways_open(w);
	w->run = run_new(w);
	clients_open(w);
	plan(w, 1, (struct event){ .kind = EVENT_SECOND });
	for (uint32_t i = 0; h[i].what != SIM_END; i++)
		plan(w, h[i].at_s,
		     (struct event){ .kind = EVENT_HAPPENS, .thing = i });
}

struct sim_run *sim_run(const struct sim_scenario *s,
			enum sim_scheduler scheduler, uint64_t seed,
			double warm_s)
{
	struct world w = {
		.s = s,
		.scheduler = scheduler,
		.warm_us = llround(warm_s * SECOND_US),
		.end_us = llround(s->seconds * SECOND_US),
	};

	world_open(&w, seed);
	for (;;) {
		struct event e = agenda_next(&w.agenda);

		if (e.at_us > w.end_us)
			break;
		w.now_us = e.at_us;
		handlers[e.kind](&w, &e);
	}
	agenda_free(&w.agenda);
	clients_close(&w);
	gateways_close(&w);
	backends_close(&w);
	return w.run;
}

void sim_free(struct sim_run *r)
{
	if (!r)
		return;
	free(r->at);
	free(r->why);
	free(r);
}
