/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See sim_rig.h. */
#include "tests/unit/sim_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CALM_S 30
#define SPAN_S 10 /* shorter ones say nothing */

struct trial {
	const struct sim_case *c;
	const struct sim_scenario *s;
	enum sim_scheduler scheduler;
	uint64_t seed;
	unsigned int failed;
};

static void at_most(struct trial *t, const char *what, double is, double most)
{
	if (is <= most)
		return;
	print_error("%s (%g s late), %s, seed %u: %s %.3f, limit %.3f\n",
		    t->s->name, t->s->delay_s,
		    sim_scheduler_names[t->scheduler], (unsigned int)t->seed,
		    what, is, most);
	t->failed++;
}

static void check_span(struct trial *t, const struct sim_run *r, size_t from,
		       size_t to)
{
	size_t late = (size_t)t->s->delay_s;
	size_t calm = from + late + CALM_S;

	if (calm + SPAN_S > to)
		return;
	at_most(t, "seconds to settle",
		(double)sim_settled(r, from, to) - (double)(from + late),
		t->c->most.settle_s);
	at_most(t, "swing", sim_swing(r, calm, to), t->c->most.swing);
}

static void check_spans(struct trial *t, const struct sim_run *r)
{
	const struct sim_happens *h = t->s->happens;
	size_t from = 0;

	for (; h->what != SIM_END; h++) {
		check_span(t, r, from, (size_t)h->at_s);
		from = (size_t)h->at_s;
	}
	check_span(t, r, from, r->seconds);
}

static void check_run(struct trial *t, const struct sim_run *fixed)
{
	struct sim_run *r = sim_run(t->s, t->scheduler, t->seed, SIM_WARM_S);
	size_t end = r->seconds;

	check_spans(t, r);
	/* (weights are thousandths: floor may be rounded) */
	at_most(t, "lack of share", -sim_least(r, 0, end),
		0.002 - t->c->most.starve);
	at_most(t, "more seconds of overload",
		(double)sim_overload(r, SIM_WARM_S, end) -
		    (double)sim_overload(fixed, SIM_WARM_S, end),
		t->c->most.overload_s);
	at_most(t, "more imbalance",
		sim_imbalance(r, SIM_WARM_S, end) -
		    sim_imbalance(fixed, SIM_WARM_S, end),
		t->c->most.imbalance);
	sim_free(r);
}

static unsigned int check_case(const struct sim_case *c)
{
	struct sim_scenario s =
	    sim_delayed(sim_scenario(c->scenario), c->delay_s);
	struct trial t = { .c = c, .s = &s };

	for (t.seed = 1; t.seed <= c->seeds; t.seed++) {
		struct sim_run *fixed =
		    sim_run(&s, SIM_WEIGHTED, t.seed, SIM_WARM_S);

		for (unsigned int k = 0; k < SIM_SCHEDULERS; k++) {
			t.scheduler = (enum sim_scheduler)k;
			if (c->by & 1u << k)
				check_run(&t, fixed);
		}
		sim_free(fixed);
	}
	return t.failed;
}

void sim_check(const struct sim_case *cases, size_t n)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += check_case(&cases[i]);
	assert_int_equal(failed, 0);
}
