/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slot tables of schedulers whose weights move with the load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "slots_fixture.h"

#define UNIT RS_WEIGHT_UNIT
#define SOME 12 /* backends of a random service at most */

static void be_quiet(struct make *k)
{
	for (size_t i = 0; i < k->svc.nbackends; i++) {
		k->backends[i].now = k->backends[i].weight * UNIT;
		k->backends[i].usable = true;
	}
}

static void make_moving(struct make *k, size_t n, uint32_t weight_max)
{
	if (weight_max)
		make_random(k, RS_LEAST_RESPONSE, n, weight_max);
	else
		make_service(k, RS_LEAST_RESPONSE, n, NULL);
	k->svc.fine = true;
	be_quiet(k);
}

/* Slots that changed hands, and how many of them had to. */
struct moves {
	uint64_t moved, had_to;
};

static void count_moves(struct moves *sum, const struct table *a,
			const struct table *b, size_t n)
{
	assert_int_equal(a->m, b->m);
	for (uint32_t i = 0; i < a->m; i++)
		sum->moved += a->owner[i] != b->owner[i];
	for (size_t i = 0; i < n; i++)
		if (b->count[i] > a->count[i])
			sum->had_to += b->count[i] - a->count[i];
}

static void enough_slots_for_a_small_move(void **state)
{
	static const uint32_t few[] = { 5, 3, 2 };
	static struct make k;
	uint32_t m;

	make_moving(&k, 10, 0);
	assert_int_equal(slots_size(&k.svc), 320);
	k.backends[3].now = UNIT / 5; /* what it is now does not count */
	assert_int_equal(slots_size(&k.svc), 320);
	make_moving(&k, 1000, 0);
	assert_in_range(slots_size(&k.svc), 16384, 16384 + 4000);
	make_service(&k, RS_WEIGHTED, 3, few);
	m = slots_size(&k.svc);
	make_service(&k, RS_LEAST_CPU, 3, few);
	k.svc.fine = true;
	assert_int_equal(slots_size(&k.svc) % m, 0);
	assert_true(slots_size(&k.svc) >= 96);
	k.svc.slots = 10; /* the file's word */
	assert_int_equal(slots_size(&k.svc), 10);
}

/* With 1..n slots more or less, one table is that of before but for these. */
static void what_is_kept_is_nested(void **state)
{
	static struct make k;
	struct table last, t;

	make_moving(&k, 2, 0);
	last = table_make(&k.svc);
	for (uint32_t now = UNIT; now >= UNIT / 5; now -= 10) {
		k.backends[1].now = now;
		t = table_make(&k.svc);
		assert_in_range(t.count[1], last.count[1] - 1, last.count[1]);
		for (uint32_t i = 0; i < t.m; i++)
			if (t.owner[i] == 1)
				assert_int_equal(last.owner[i], 1);
		table_free(&last);
		last = t;
	}
	assert_int_equal(last.count[1], 11); /* of 64, 0.2 : 1 */
	table_free(&last);
}

/* To less than a slot, but for those who would have none. */
static void judge_shares(const struct make *k, const struct table *t)
{
	int64_t sum = 0, least = 0;

	for (size_t i = 0; i < k->svc.nbackends; i++)
		if (k->backends[i].usable && k->backends[i].weight)
			sum += k->backends[i].now;
	for (size_t i = 0; i < k->svc.nbackends && sum; i++) {
		int64_t part = (int64_t)t->m * k->backends[i].now;

		if (!k->backends[i].usable || !k->backends[i].weight)
			assert_int_equal(t->count[i], 0);
		else if (part < sum)
			assert_int_equal(t->count[i], 1);
		least += part < sum;
	}
	for (size_t i = 0; i < k->svc.nbackends && sum; i++) {
		int64_t part = (int64_t)t->m * k->backends[i].now;
		int64_t has = t->count[i] * sum;

		if (t->count[i] > 1)
			assert_in_range(has - part + (1 + least) * sum, 1,
					(2 + least) * sum - 1);
	}
}

static void shares_are_those_of_the_weights(void **state)
{
	static struct make k;

	rnd_seed(21);
	for (int round = 0; round < 300; round++) {
		size_t n = 1 + rnd(SOME);
		struct table quiet, t, again;

		make_moving(&k, n, 1 + rnd(6));
		quiet = table_make(&k.svc);
		for (size_t i = 0; i < n; i++) {
			k.backends[i].now =
			    k.backends[i].weight * (200 + rnd(2800));
			k.backends[i].usable = rnd(6);
		}
		t = table_make(&k.svc);
		again = table_make(&k.svc);
		judge_shares(&k, &t);
		assert_memory_equal(t.owner, again.owner,
				    t.m * sizeof(*t.owner));
		table_free(&t);
		table_free(&again);
		be_quiet(&k);
		t = table_make(&k.svc);
		assert_memory_equal(t.owner, quiet.owner,
				    t.m * sizeof(*t.owner));
		table_free(&t);
		table_free(&quiet);
	}
}

/* Nobody else's slots move, and back they all go. */
static void a_failure_moves_its_own_slots(void **state)
{
	static struct make k;

	rnd_seed(22);
	for (int round = 0; round < 300; round++) {
		size_t n = 2 + rnd(60);
		struct table up, down;

		make_moving(&k, n, 9);
		if (round % 3 == 0)
			k.svc.slots = 64 + rnd(1000);
		up = table_make(&k.svc);
		for (uint32_t dead = 0; dead < 1 + rnd(3); dead++)
			k.backends[rnd((uint32_t)n)].usable = false;
		down = table_make(&k.svc);
		for (uint32_t i = 0; i < up.m; i++)
			if (k.backends[up.owner[i]].usable &&
			    down.owner[i] != SLOT_NONE)
				assert_int_equal(down.owner[i], up.owner[i]);
		table_free(&up);
		table_free(&down);
	}
}

/* ---- weights that wander */

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 5..25 % up or down for about @part of 10, towards home when far from it */
static void wander(struct make *k, uint32_t part)
{
	for (size_t i = 0; i < k->svc.nbackends; i++) {
		uint64_t now = k->backends[i].now;
		uint32_t step = 50 + rnd(201);
		bool up = rnd(2);

		if (rnd(10) >= part)
			continue;
		now = up ? now * (1000 + step) / 1000
			 : now * 1000 / (1000 + step);
		if (now < UNIT / 5 || now > 3 * UNIT)
			now = UNIT;
		k->backends[i].now = (uint32_t)now;
	}
}

struct walk {
	uint32_t m;
	struct moves moves;
	uint32_t run; /* the longest burst */
	double us;    /* a table */
};

static double excess(const struct walk *w)
{
	return (double)w->moves.moved / (double)w->moves.had_to;
}

/* @m: slots; 0 = as many as it has by itself */
static struct walk walk(enum rs_scheduler scheduler, uint32_t m, size_t n,
			uint32_t part, uint32_t ticks)
{
	static struct make k;
	struct walk w = { 0 };
	struct table last;

	make_moving(&k, n, 0);
	w.m = m ? m : slots_size(&k.svc);
	k.svc.slots = w.m;
	k.svc.scheduler = scheduler;
	rnd_seed(23);
	last = table_make(&k.svc);
	for (uint32_t tick = 0; tick < ticks; tick++) {
		struct table t;
		double start;
		uint32_t run;

		wander(&k, part);
		start = cpu_s();
		t = table_make(&k.svc);
		w.us += (cpu_s() - start) * 1e6 / ticks;
		count_moves(&w.moves, &last, &t, n);
		run = table_max_run(&t);
		w.run = run > w.run ? run : w.run;
		table_free(&last);
		last = t;
	}
	table_free(&last);
	return w;
}

struct walk_case {
	size_t n;
	uint32_t part, ticks;
	uint32_t run;  /* the longest burst that is allowed */
	double excess; /* moved, of what had to, at most */
};

/* And a third less at least than `weighted` moves of as many slots. */
static void few_slots_move(void **state)
{
	static const struct walk_case cases[] = {
		{ 4, 3, 300, 6, 1.5 },   { 4, 10, 300, 5, 1.5 },
		{ 10, 1, 300, 3, 2.0 },  { 10, 10, 300, 3, 1.7 },
		{ 100, 1, 100, 2, 3.0 }, { 100, 10, 100, 2, 1.8 },
		{ 1000, 1, 6, 1, 2.2 },  { 1000, 10, 6, 1, 1.7 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct walk_case *c = &cases[i];
		struct walk w =
		    walk(RS_LEAST_RESPONSE, 0, c->n, c->part, c->ticks);
		struct walk old =
		    walk(RS_WEIGHTED, w.m, c->n, c->part, c->ticks);

		print_message("%zu backends, %u of 10 move: %.1f slots a tick, "
			      "%.2f of what must (weighted: %.2f); "
			      "burst %u (%u); %.1f us (%.1f)\n",
			      c->n, c->part, (double)w.moves.moved / c->ticks,
			      excess(&w), excess(&old), w.run, old.run, w.us,
			      old.us);
		assert_true(excess(&w) < c->excess);
		assert_true(excess(&w) * 3 < excess(&old) * 2);
		assert_true(w.run <= c->run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enough_slots_for_a_small_move),
		cmocka_unit_test(what_is_kept_is_nested),
		cmocka_unit_test(shares_are_those_of_the_weights),
		cmocka_unit_test(a_failure_moves_its_own_slots),
		cmocka_unit_test(few_slots_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
