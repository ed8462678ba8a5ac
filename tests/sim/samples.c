/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a gateway is told of its backends, and when: checks, which wait in the
 * queue as any request does, and a feed that says how many workers were busy
 * since it was asked last; or says something else, if the agent is a bad one.
 */
#include "tests/sim/world.h"

#define TICK_US   10000
#define CHECK_MS  1000
#define FEED_MS   2000
#define TIMEOUT_S 1.0

static double timeout_s(const struct world *w)
{
	return w->s->timeout_s > 0 ? w->s->timeout_s : TIMEOUT_S;
}

static uint32_t check_ms(const struct world *w)
{
	return w->s->check_ms ? w->s->check_ms : CHECK_MS;
}

/* The first time of each is by chance, as it is in the prober. */
void samples_open(struct world *w, size_t gateway)
{
	const struct gateway *g = &w->gateways[gateway];

	for (size_t i = 0; i < w->s->nbackends; i++) {
		struct event e = { .gateway = (uint16_t)gateway,
				   .backend = (uint32_t)i };

		if (w->scheduler == SIM_LEAST_RESPONSE) {
			e.kind = EVENT_CHECK;
			plan(w, dice_unit(&w->checks) * check_ms(w) / 1000.0,
			     e);
		}
		if (g->feed >= 0) {
			e.kind = EVENT_FEED;
			plan(w, dice_unit(&w->checks) * FEED_MS / 1000.0, e);
		}
	}
}

/* value: < 0 where it is a time-out of that length */
static void send_sample(struct world *w, size_t gateway, uint32_t backend,
			uint32_t signal, double value)
{
	plan(w, w->s->delay_s,
	     (struct event){ .kind = EVENT_SAMPLE,
			     .gateway = (uint16_t)gateway,
			     .backend = backend,
			     .thing = signal,
			     .value = value });
}

void sample_arrives(struct world *w, const struct event *e)
{
	struct gateway *g = &w->gateways[e->gateway];
	bool is_feed = (int)e->thing == g->feed;
	uint32_t interval = is_feed ? FEED_MS : check_ms(w);
	double timeout = is_feed ? TIMEOUT_S : timeout_s(w);
	bool late = e->value < 0, full = late || (is_feed && e->value >= 1);

	weights_sample(
	    g->weights, e->backend, e->thing, late ? -e->value : e->value, full,
	    3 * interval + (uint32_t)(timeout * 1000), w->now_us / 1000);
}

void sample_check(struct world *w, const struct event *e)
{
	struct reporter *r = &w->gateways[e->gateway].reporters[e->backend];
	double mean = w->s->check_s > 0 ? w->s->check_s : w->s->service_s;
	struct request ask = {
		.came_us = w->now_us,
		/* it is the same page each time */
		.work_us = dice_lognormal(&w->checks, mean * SECOND_US, 0.25),
		.user = NOBODY,
		.backend = (uint16_t)e->backend,
		.gateway = (uint8_t)e->gateway,
		.check = true,
	};
	struct event late = *e;

	late.kind = EVENT_CHECK_LATE;
	r->checked_us = w->now_us;
	r->waits = true;
	backend_take(w, ask); /* where it is refused, no answer comes */
	plan(w, timeout_s(w), late);
	plan(w, check_ms(w) / 1000.0, *e);
}

void sample_answered(struct world *w, const struct request *ask)
{
	struct reporter *r = &w->gateways[ask->gateway].reporters[ask->backend];

	if (!r->waits || r->checked_us != ask->came_us)
		return;
	r->waits = false;
	send_sample(w, ask->gateway, ask->backend, 0,
		    (double)(w->now_us - ask->came_us));
}

void sample_check_late(struct world *w, const struct event *e)
{
	struct reporter *r = &w->gateways[e->gateway].reporters[e->backend];

	/* (another check may have begun at this very moment) */
	if (!r->waits ||
	    w->now_us - r->checked_us < (int64_t)(timeout_s(w) * SECOND_US) - 1)
		return;
	r->waits = false;
	send_sample(w, e->gateway, e->backend, 0, -timeout_s(w) * SECOND_US);
}

/* The counters of an SNMP agent that has a CPU for each worker. */
static struct cpu_ticks look_at(struct world *w, uint32_t backend)
{
	struct backend *b = &w->backends[backend];
	uint32_t busy = (uint32_t)(backend_worked(w, b) / TICK_US);
	uint32_t all = (uint32_t)(w->now_us / TICK_US) * b->workers;
	struct cpu_ticks t = {
		.time = { .at_us = (uint64_t)w->now_us,
			  .has_uptime = true,
			  .uptime_cs = (uint32_t)(w->now_us / TICK_US) },
		.of = { [CPU_USER] = w->s->counted + busy,
			[CPU_IDLE] = w->s->counted + all - busy },
	};

	return t;
}

/* Between two looks; false where they say nothing yet. */
static bool truth(struct world *w, struct reporter *r, uint32_t backend,
		  double *busy)
{
	struct cpu_ticks now = look_at(w, backend);
	enum cpu_news news =
	    r->looked ? cpu_usage(&r->ticks, &now, busy) : CPU_AFRESH;

	r->looked = true;
	if (news != CPU_SAME)
		r->ticks = now;
	return news == CPU_NEWS;
}

void sample_feed(struct world *w, const struct event *e)
{
	struct gateway *g = &w->gateways[e->gateway];
	struct reporter *r = &g->reporters[e->backend];
	double busy = 0;
	bool known = truth(w, r, e->backend, &busy);
	double says[] = {
		[SIM_HONEST] = busy, [SIM_STALE] = r->said, [SIM_ZERO] = 0,
		[SIM_ONE] = 1,       [SIM_RANDOM] = 0,      [SIM_MUTE] = 0,
	};

	if (r->agent == SIM_RANDOM)
		says[SIM_RANDOM] = dice_unit(&w->lies);
	r->said = says[r->agent];
	if (r->agent != SIM_MUTE && known)
		send_sample(w, e->gateway, e->backend, (uint32_t)g->feed,
			    r->said);
	plan(w, FEED_MS / 1000.0, *e);
}
