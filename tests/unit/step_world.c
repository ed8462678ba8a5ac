/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world is numbers, one for each thing a file may say. A row of the table
 * says where it is, what it may be, and how often it is more than 0.
 */
#include "step_world.h"

#include <stddef.h>

struct number {
	size_t offset;
	uint32_t below;
	uint32_t percent; /* of being drawn at all, else 0 */
};

#define OF_CHECK(field)   offsetof(struct world_check, field)
#define OF_SERVICE(field) offsetof(struct world_service, field)
#define OF_BACKEND(field) offsetof(struct world_backend, field)

static const struct number check_numbers[] = {
	{ OF_CHECK(rise), 3, 80 },  { OF_CHECK(fall), 3, 80 },
	{ OF_CHECK(start), 3, 60 }, { OF_CHECK(agent), 2, 100 },
	{ OF_CHECK(send), 2, 100 }, { OF_CHECK(port), 2, 100 },
};

static const struct number service_numbers[] = {
	{ OF_SERVICE(away), 2, 10 },
	{ OF_SERVICE(first), O_BACKENDS, 50 },
	{ OF_SERVICE(scheduler), 6, 60 },
	{ OF_SERVICE(backup_when), 4, 80 },
	{ OF_SERVICE(min_usable), 101, 20 },
	{ OF_SERVICE(quorum), 9, 30 },
	{ OF_SERVICE(hysteresis), 3, 60 },
	{ OF_SERVICE(slow_start), 900, 60 },
	{ OF_SERVICE(flap_hold), 300, 60 },
	{ OF_SERVICE(drain_timeout), 500, 60 },
	{ OF_SERVICE(cut), 2, 100 },
	{ OF_SERVICE(slots), 300, 50 },
	{ OF_SERVICE(floor), 800, 50 },
	{ OF_SERVICE(tick), 3, 80 },
	{ OF_SERVICE(feed), 2, 100 },
};

static const struct number backend_numbers[] = {
	{ OF_BACKEND(away), 2, 30 },
	{ OF_BACKEND(weight), 5, 90 },
	{ OF_BACKEND(backup), 2, 50 },
	{ OF_BACKEND(disabled), 2, 10 },
	{ OF_BACKEND(address), 2, 20 },
	{ OF_BACKEND(checks), 1 << O_CHECKS, 90 },
	{ OF_BACKEND(need), O_CHECKS, 80 },
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

uint32_t world_random(struct world *w, uint32_t below)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->seed >> 33) % below;
}

static void draw(struct world *w, void *at, const struct number *n)
{
	uint32_t *number = (uint32_t *)((char *)at + n->offset);

	*number =
	    world_random(w, 100) < n->percent ? world_random(w, n->below) : 0;
}

static void draw_all(struct world *w, void *at, const struct number *list,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		draw(w, at, &list[i]);
}

void world_begin(struct world *w, uint64_t seed)
{
	*w = (struct world){ .seed = seed };
	for (size_t i = 0; i < O_CHECKS; i++)
		draw_all(w, &w->checks[i], check_numbers, COUNT(check_numbers));
	for (size_t i = 0; i < O_SERVICES; i++) {
		struct world_service *s = &w->services[i];

		draw_all(w, s, service_numbers, COUNT(service_numbers));
		for (size_t k = 0; k < O_BACKENDS; k++)
			draw_all(w, &s->backends[k], backend_numbers,
				 COUNT(backend_numbers));
	}
}

void world_change(struct world *w)
{
	struct world_service *s;

	for (uint32_t n = world_random(w, 4); n > 0; n--) {
		s = &w->services[world_random(w, O_SERVICES)];
		switch (world_random(w, 3)) {
		case 0:
			draw(w, &w->checks[world_random(w, O_CHECKS)],
			     &check_numbers[world_random(
				 w, COUNT(check_numbers))]);
			break;
		case 1:
			draw(w, s,
			     &service_numbers[world_random(
				 w, COUNT(service_numbers))]);
			break;
		default:
			draw(w, &s->backends[world_random(w, O_BACKENDS)],
			     &backend_numbers[world_random(
				 w, COUNT(backend_numbers))]);
		}
	}
}

/* ---- text */

static void backend_text(const struct world_backend *b, size_t number,
			 struct buf *out)
{
	uint32_t n = 0;

	buf_printf(out, "backend b%zu weight=%u address=10.0.0.%u%s%s", number,
		   b->weight, b->address + 1, b->backup ? " backup" : "",
		   b->disabled ? " disabled" : "");
	for (size_t i = 0; i < O_CHECKS; i++) {
		if (!(b->checks >> i & 1))
			continue;
		buf_printf(out, " check=c%zu", i);
		n++;
	}
	if (n)
		buf_printf(out, " need=%u", b->need % n + 1);
	buf_printf(out, "\n");
}

static void service_text(const struct world_service *s, size_t number,
			 struct buf *out)
{
	static const char *const schedulers[] = {
		"weighted",          "round-robin",    "source-hash",
		"least-connections", "least-response", "least-cpu"
	};

	buf_printf(out,
		   "service s%zu scheduler=%s backup-when=%u min-usable=%u "
		   "quorum=%u hysteresis=%u slow-start=%u flap-hold=%u "
		   "flap-max=%u drain-timeout=%u on-down=%s slots=%u "
		   "floor=%u tick=%u%s\n",
		   number, schedulers[s->scheduler], s->backup_when,
		   s->min_usable, s->quorum, s->hysteresis, s->slow_start,
		   s->flap_hold, s->flap_hold * 3, s->drain_timeout,
		   s->cut ? "cut" : "keep", s->slots, s->floor + 10,
		   (s->tick + 1) * 100, s->feed ? " feed=f" : "");
	for (size_t i = 0; i < O_BACKENDS; i++) {
		size_t k = (s->first + i) % O_BACKENDS;

		if (!s->backends[k].away)
			backend_text(&s->backends[k], k, out);
	}
}

void world_text(const struct world *w, struct buf *out)
{
	static const char *const starts[] = { "up", "down", "unknown" };

	for (size_t i = 0; i < O_CHECKS; i++) {
		const struct world_check *c = &w->checks[i];

		buf_printf(out,
			   "check c%zu rise=%u fall=%u start=%s type=%s%s"
			   "%s interval=200\n",
			   i, c->rise + 1, c->fall + 1, starts[c->start],
			   c->agent ? "agent" : "tcp", c->send ? " send=x" : "",
			   c->port ? " port=80" : "");
	}
	buf_printf(out, "feed f interval=300\n");
	for (size_t i = 0; i < O_SERVICES; i++)
		if (!w->services[i].away)
			service_text(&w->services[i], i, out);
}
