/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gateways: what nftlbd does, with its own code for all that decides. Each has
 * weights and slots of its own and counts its own connections only; where there
 * are two they do not know of each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tests/sim/world.h"

#define TICK_MS 1000

struct row {
	enum rs_scheduler scheduler;
	int law; /* of its own signal; -1 = none */
	bool feed;
	uint32_t smoothing_ms;
};

static const struct row rows[SIM_SCHEDULERS] = {
	[SIM_ROUND_ROBIN] = { RS_ROUND_ROBIN, -1, false, 0 },
	[SIM_WEIGHTED] = { RS_WEIGHTED, -1, false, 0 },
	[SIM_LEAST_CONNECTIONS] = { RS_LEAST_CONNECTIONS, WEIGHTS_CONNECTIONS,
				    false, 3000 },
	[SIM_LEAST_RESPONSE] = { RS_LEAST_RESPONSE, WEIGHTS_RESPONSE, false,
				 5000 },
	[SIM_LEAST_CPU] = { RS_LEAST_CPU, -1, true, 10000 },
	[SIM_IDEAL] = { RS_WEIGHTED, -1, false, 0 },
};

static bool is_dynamic(enum sim_scheduler s)
{
	return rows[s].law >= 0 || rows[s].feed;
}

uint32_t weight_of(const struct sim_scenario *s, size_t i)
{
	size_t n = 0;

	if (!s->weights)
		return 1;
	while (s->weights[n])
		n++;
	return s->weights[i % n];
}

/* With the defaults of nftlbd.conf(5). */
static void weights_open(struct world *w, struct gateway *g)
{
	const struct row *row = &rows[w->scheduler];
	enum weights_law laws[2];
	size_t n = 0;

	g->conf = (struct weights_conf){
		.tick_ms = TICK_MS,
		.smoothing_ms = row->smoothing_ms,
		.blackout_ms = 10000,
		.max_step = 250,
		.dead_band = 50,
		.floor = 200,
		.ceiling = 3000,
	};
	g->feed = -1;
	if (row->law >= 0)
		laws[n++] = (enum weights_law)row->law;
	if (row->feed || w->s->feed) {
		g->feed = (int)n;
		laws[n++] = WEIGHTS_LOAD;
	}
	g->weights = weights_new(&g->conf, laws, n, w->s->nbackends);
}

static void fill(struct gateway *g)
{
	for (size_t i = 0; i < g->svc.nbackends; i++)
		if (g->weights)
			g->backends[i].now =
			    g->backends[i].weight * weights_get(g->weights, i);
	slots_fill(&g->svc, g->owner, g->m);
}

static void gateway_open(struct world *w, struct gateway *g)
{
	size_t n = w->s->nbackends;

	g->backends = xcalloc(n, sizeof(*g->backends));
	g->views = xcalloc(n, sizeof(*g->views));
	g->reporters = xcalloc(n, sizeof(*g->reporters));
	for (size_t i = 0; i < n; i++) {
		g->backends[i].name = xasprintf("b%zu", i + 1);
		g->backends[i].weight = weight_of(w->s, i);
		g->backends[i].usable = true;
		g->views[i].weight_100 = g->backends[i].weight * 100;
		g->views[i].serving = true;
	}
	g->svc = (struct rs_service){
		.name = "sim",
		.scheduler = rows[w->scheduler].scheduler,
		.fine = is_dynamic(w->scheduler),
		.backends = g->backends,
		.nbackends = n,
	};
	if (is_dynamic(w->scheduler))
		weights_open(w, g);
	g->m = slots_size(&g->svc);
	g->owner = xcalloc(g->m, sizeof(*g->owner));
	g->before = xcalloc(g->m, sizeof(*g->before));
	fill(g);
}

void gateways_open(struct world *w)
{
	for (size_t i = 0; i < w->ngateways; i++) {
		struct gateway *g = &w->gateways[i];

		gateway_open(w, g);
		if (!g->weights)
			continue;
		samples_open(w, i);
		/* they were not started at the same moment */
		plan(w, 1 + 0.4 * (double)i,
		     (struct event){ .kind = EVENT_TICK,
				     .gateway = (uint16_t)i });
	}
}

void gateways_close(struct world *w)
{
	for (size_t i = 0; i < w->ngateways; i++) {
		struct gateway *g = &w->gateways[i];

		for (size_t k = 0; k < w->s->nbackends; k++)
			free((char *)g->backends[k].name);
		weights_free(g->weights);
		free(g->backends);
		free(g->views);
		free(g->reporters);
		free(g->owner);
		free(g->before);
	}
}

double gateway_weight(const struct gateway *g, size_t backend)
{
	const struct rs_backend *b = &g->backends[backend];

	return g->weights ? b->now : b->weight;
}

/* Least of (connections / weight); who is looked at first goes round. */
static uint16_t choose_ideal(const struct world *w, struct gateway *g, size_t i)
{
	size_t n = w->s->nbackends, from = g->round++ % n, best = from;

	for (size_t k = 1; k < n; k++) {
		size_t b = (from + k) % n;
		uint64_t mine = w->backends[b].connections[i];
		uint64_t least = w->backends[best].connections[i];

		if (mine * g->backends[best].weight <
		    least * g->backends[b].weight)
			best = b;
	}
	return (uint16_t)best;
}

uint16_t gateway_choose(struct world *w, size_t gateway)
{
	struct gateway *g = &w->gateways[gateway];

	if (w->scheduler == SIM_IDEAL)
		return choose_ideal(w, g, gateway);
	return g->owner[g->round++ % g->m];
}

static void count_connections(struct world *w, size_t gateway)
{
	struct gateway *g = &w->gateways[gateway];

	for (size_t i = 0; i < w->s->nbackends; i++)
		weights_sample(g->weights, i, 0,
			       w->backends[i].connections[gateway], false,
			       3 * TICK_MS, w->now_us / 1000);
}

void gateway_tick(struct world *w, const struct event *e)
{
	struct gateway *g = &w->gateways[e->gateway];

	if (w->scheduler == SIM_LEAST_CONNECTIONS)
		count_connections(w, e->gateway);
	if (weights_tick(g->weights, g->views, w->now_us / 1000)) {
		memcpy(g->before, g->owner, g->m * sizeof(*g->owner));
		fill(g);
		for (uint32_t i = 0; i < g->m; i++)
			w->run->moved += g->before[i] != g->owner[i];
	}
	plan(w, TICK_MS / 1000.0, *e);
}
