/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients. Open: requests come by chance (Poisson), however long answers take.
 * Closed: each of so many users asks, waits for the answer, thinks, asks again;
 * so a slow service has fewer requests.
 */
#include <math.h>
#include <stdlib.h>

#include "lib/xalloc.h"
#include "tests/sim/world.h"

static uint32_t users_for(const struct world *w, double load)
{
	const struct sim_scenario *s = w->s;

	return (uint32_t)lround(load * w->capacity *
				(s->think_s + s->service_s));
}

static double most_load(const struct sim_scenario *s)
{
	double most = s->load;

	for (const struct sim_happens *h = s->happens; h->what != SIM_END; h++)
		if (h->what == SIM_LOAD && h->value > most)
			most = h->value;
	return most;
}

static void pile_up(struct world *w);

void clients_open(struct world *w)
{
	if (w->s->think_s > 0) {
		w->nusers = users_for(w, most_load(w->s));
		w->asleep = xcalloc(w->nusers + 1, sizeof(*w->asleep));
		for (uint32_t i = 0; i < w->nusers; i++)
			w->asleep[i] = true;
	}
	pile_up(w);
	clients_load(w, w->s->load);
}

void clients_close(struct world *w)
{
	free(w->asleep);
}

static double work_us(struct world *w)
{
	const struct sim_scenario *s = w->s;
	double us = s->service_s * SECOND_US;

	return s->sigma > 0 ? dice_lognormal(&w->works, us, s->sigma)
			    : dice_exp(&w->works, us);
}

static bool client_ask(struct world *w, size_t gateway, uint32_t user)
{
	struct request r = {
		.came_us = w->now_us,
		.work_us = work_us(w),
		.user = user,
		.gateway = (uint8_t)gateway,
		.backend = gateway_choose(w, gateway),
	};

	if (backend_take(w, r) != NOBODY)
		return true;
	w->run->refused++;
	return false;
}

static void pile_up(struct world *w)
{
	for (uint32_t i = 0; i < w->s->pile; i++) {
		struct request r = {
			.work_us = work_us(w),
			.user = NOBODY,
			.gateway = (uint8_t)(i % w->ngateways),
		};

		backend_take(w, r);
	}
}

static void user_thinks(struct world *w, uint32_t user)
{
	plan(w, dice_exp(&w->clients, w->s->think_s),
	     (struct event){ .kind = EVENT_USER, .thing = user });
}

static void next_arrival(struct world *w, size_t gateway)
{
	if (w->rate > 0)
		plan(w, dice_exp(&w->clients, (double)w->ngateways / w->rate),
		     (struct event){ .kind = EVENT_ARRIVAL,
				     .gateway = (uint16_t)gateway,
				     .thing = w->arrivals });
}

void clients_load(struct world *w, double load)
{
	if (w->s->think_s > 0) {
		w->active = users_for(w, load);
		for (uint32_t i = 0; i < w->active; i++) {
			if (!w->asleep[i])
				continue;
			w->asleep[i] = false;
			user_thinks(w, i);
		}
		return;
	}
	w->rate = load * w->capacity;
	w->arrivals++; /* chance has no memory: begin anew */
	for (size_t g = 0; g < w->ngateways; g++)
		next_arrival(w, g);
}

void client_arrival(struct world *w, const struct event *e)
{
	if (e->thing != w->arrivals)
		return;
	client_ask(w, e->gateway, NOBODY);
	next_arrival(w, e->gateway);
}

void client_user(struct world *w, const struct event *e)
{
	if (e->thing >= w->active)
		w->asleep[e->thing] = true;
	else if (!client_ask(w, e->thing % w->ngateways, e->thing))
		user_thinks(w, e->thing);
}

void client_answered(struct world *w, uint32_t user)
{
	if (user == NOBODY)
		return;
	if (user >= w->active)
		w->asleep[user] = true;
	else
		user_thinks(w, user);
}
