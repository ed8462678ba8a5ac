/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model against the oracle: random results, commands, reloads and time.
 * After each step:
 * - the model is in the oracle's state, to the last flag;
 * - the step's changes are the difference of the oracle's states before and
 *   after it, each once: none is lost, none doubled, none invented;
 * - in the slot table that want.c and rulesets/ make of it everybody who serves
 *   owns a slot, and nobody else;
 * - what differs from the last commit is dirty;
 * - no timer of the oracle is due before the model's next one: time goes on to
 *   right before it, and to it, as often as anywhere else;
 * - dynamic weights move in ticks only, not too far, and within their bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/want.h"
#include "lib/xalloc.h"
#include "model/load.h"
#include "model_rig.h"
#include "rulesets/slots.h"
#include "step_expect.h"
#include "step_oracle.h"
#include "step_world.h"

#define ROUNDS 80
#define STEPS  1000

/* What the kernel would be told of a service. */
struct told {
	struct buf key, seen; /* what was wanted last, and its slots */
	struct buf committed;
};

struct run {
	struct world w;
	struct oracle o, before;
	struct model *m;
	struct changes changes;
	int64_t now_ms;
	bool reloaded, heard; /* the last step was a reload; a result */
	struct told told[O_SERVICES];
	size_t steps, reloads, events, moves;
};

/* ---- the model is in the oracle's state */

static void compare_backend(const struct run *r, const struct service *s,
			    const struct backend *b, const struct o_backend *o)
{
	uint64_t now = (uint64_t)o->weight_100 * o->tenths * o->dynamic / 1000;

	if (now == 0)
		now = o->weight_100 * o->tenths > 0;

	for (size_t i = 0; i < o->nchecks; i++)
		assert_int_equal(b->checks[i].health, o->checks[i].health);
	assert_int_equal(b->health, o->health);
	assert_int_equal(b->admin, o->admin);
	assert_int_equal(b->said_admin, o->said);
	assert_int_equal(b->weight, o->weight);
	assert_int_equal(b->serving, o->serving);
	assert_int_equal(backend_dynamic(s, b), o->dynamic);
	assert_int_equal(b->now, o->serving ? now : 0);
	assert_in_range(b->now, 0, 65535u * RS_WEIGHT_UNIT * 3);
	assert_int_equal(b->ramp, o->tenths);
	assert_int_equal(b->flaps, o->flaps);
	assert_int_equal(b->drained, o->drained);
	assert_int_equal(b->state, o->state);
	assert_int_equal(backend_state(b), o->state);
	assert_int_equal(backend_cut(s, b), o->cut);
	assert_int_equal(backend_weight_100(s, b), o->weight_100);
	assert_true(backend_effective_weight(s, b) <= 65535 * 3);
	assert_int_equal(backend_effective_weight(s, b) > 0, o->serving);
	assert_false(b->fresh);
}

static void compare(const struct run *r)
{
	assert_int_equal(r->m->nservices, r->o.nservices);
	for (size_t i = 0; i < r->o.nservices; i++) {
		const struct service *s = &r->m->services[i];
		const struct o_service *o = &r->o.services[i];

		assert_int_equal(s->nbackends, o->nbackends);
		for (size_t k = 0; k < s->nbackends; k++)
			compare_backend(r, s, &s->backends[k], &o->backends[k]);
		assert_int_equal(s->state, o->state);
		assert_int_equal(s->panic, o->panic);
		assert_int_equal(s->backups, o->backups);
		assert_int_equal(s->quorum_lost, o->lost);
	}
}

static void compare_changes(struct run *r)
{
	enum expect_kind kind = r->reloaded ? EXPECT_RELOAD
				: r->heard  ? EXPECT_RESULT
					    : EXPECT_STEP;

	expect_changes(&r->changes, &r->before, &r->o, kind);
	r->events += r->changes.n;
}

/* ---- who serves is in the slot table, and what differs is dirty */

static void slots_of(const struct service *s, const struct rs_service *rs,
		     struct buf *text)
{
	size_t owns[O_BACKENDS] = { 0 };
	uint32_t m = slots_size(rs);
	uint16_t *owner = xcalloc(m, sizeof(*owner));
	bool any = false;
	double all = 0;

	for (size_t i = 0; i < s->nbackends; i++)
		all += s->backends[i].now;
	slots_fill(rs, owner, m);
	for (uint32_t i = 0; i < m; i++)
		if (owner[i] != SLOT_NONE)
			owns[owner[i]]++;
	for (size_t i = 0; i < rs->nbackends; i++) {
		assert_int_equal(owns[i] > 0, s->backends[i].serving);
		/* in proportion to what it weighs now, rounding aside */
		if (rs->scheduler == RS_WEIGHTED && owns[i])
			assert_true((double)owns[i] <=
				    s->backends[i].now / all * m + 2);
		any |= owns[i] > 0;
		buf_printf(text, "%s %u %u %s\n", rs->backends[i].name,
			   rs->backends[i].addr.ip[3], rs->backends[i].weight,
			   rs->backends[i].usable ? "usable" : "");
	}
	for (uint32_t i = 0; i < m; i++)
		assert_true(any || owner[i] == SLOT_NONE);
	/* the kernel has one table for all that follow the load */
	buf_printf(text, "%d ",
		   s->load ? RS_LEAST_CONNECTIONS : (int)rs->scheduler);
	buf_append(text, owner, m * sizeof(*owner));
	free(owner);
}

/* All that slots_of() is a function of. */
static void key_of(const struct service *s, const struct rs_service *rs,
		   struct buf *key)
{
	buf_printf(key, "%d %u %d\n", (int)rs->scheduler, rs->slots, rs->fine);
	for (size_t i = 0; i < rs->nbackends; i++)
		buf_printf(key, "%s %u %u %u %d %d\n", rs->backends[i].name,
			   rs->backends[i].addr.ip[3], rs->backends[i].weight,
			   rs->backends[i].now, rs->backends[i].usable,
			   s->backends[i].serving);
}

static bool buf_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (!a->len || !memcmp(a->data, b->data, a->len));
}

static void told_free(struct told *t)
{
	buf_free(&t->key);
	buf_free(&t->seen);
	buf_free(&t->committed);
}

static struct told *told_of(struct run *r, const char *name)
{
	return &r->told[!strcmp(name, "s1")];
}

static void commit(struct service *s, struct told *t)
{
	buf_clear(&t->committed);
	buf_append(&t->committed, t->seen.data, t->seen.len);
	s->dirty = false;
	for (size_t i = 0; i < s->nbackends; i++)
		s->backends[i].flows_cut =
		    (uint8_t)backend_cut(s, &s->backends[i]);
}

static void see(const struct run *r, const struct service *s, struct told *t)
{
	struct want_list w = { 0 };
	struct buf key = { 0 };

	want_add(&w, r->m, s);
	key_of(s, &w.list[0], &key);
	if (!buf_same(&key, &t->key)) {
		buf_clear(&t->seen);
		slots_of(s, &w.list[0], &t->seen);
	}
	buf_free(&t->key);
	t->key = key;
	want_free(&w);
}

/* Most steps are followed by a commit, as in life; all of the dirty ones. */
static void look_at_slots(struct run *r)
{
	bool commits = world_random(&r->w, 3) > 0;

	for (size_t i = 0; i < r->m->nservices; i++) {
		struct service *s = &r->m->services[i];
		struct told *t = told_of(r, s->conf->name);

		see(r, s, t);
		if (s->dirty && commits)
			commit(s, t);
		if (s->dirty)
			continue;
		assert_true(buf_same(&t->seen, &t->committed));
		for (size_t k = 0; k < s->nbackends; k++)
			assert_int_equal(s->backends[k].flows_cut,
					 backend_cut(s, &s->backends[k]));
	}
	if (commits)
		r->m->ndirty = 0;
}

static void look_at_haste(const struct run *r)
{
	bool left = false;

	for (size_t i = 0; i < r->o.nservices && !r->reloaded; i++)
		for (size_t k = 0; k < r->o.services[i].nbackends; k++)
			left |= r->before.services[i].backends[k].serving &&
				!r->o.services[i].backends[k].serving;
	if (!r->reloaded)
		assert_int_equal(r->changes.urgent, left);
}

/* ---- steps */

static void take_result(struct run *r, size_t s, size_t b)
{
	static const uint8_t says[] = {
		HC_SAYS_READY, HC_SAYS_READY,
		HC_SAYS_READY, HC_SAYS_DRAIN,
		HC_SAYS_MAINT, HC_SAYS_READY | HC_SAYS_PERCENT,
		HC_SAYS_READY, HC_SAYS_PERCENT,
		HC_SAYS_READY, HC_SAYS_READY | HC_SAYS_WEIGHT,
	};
	static const uint16_t weights[] = { 0, 1, 50, 75, 100, 100, 65535 };
	struct backend *backend = &r->m->services[s].backends[b];
	struct observation o = { .duration_us = 1 };
	size_t i;

	if (!backend->conf->checks)
		return;
	i = world_random(&r->w, backend->conf->checks->n);
	if (world_random(&r->w, 3) == 0)
		o.reason = (enum hc_reason)world_random(&r->w, HC_REASON_MAX);
	o.detail = (int32_t)world_random(&r->w, 3);
	o.first_us = world_random(&r->w, 5) * 1000;
	if (backend->conf->checks->list[i]->type == HC_AGENT &&
	    world_random(&r->w, 2)) {
		o.says = says[world_random(&r->w, sizeof(says))];
		if (o.says & (HC_SAYS_PERCENT | HC_SAYS_WEIGHT))
			o.weight = weights[world_random(&r->w, 7)];
	}
	r->heard = true;
	step_observe(r->m, &r->m->services[s], backend, i, &o, r->now_ms,
		     &r->changes);
	oracle_result(&r->o, s, b, i, &o);
}

/* What is measured beside checks: anything, of anybody, but more of some. */
static void measure(struct run *r, struct service *s)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct backend *b = &s->backends[i];

		load_connections(s, b, world_random(&r->w, 400) * (i % 3),
				 world_random(&r->w, 9) == 0, r->now_ms);
		for (size_t k = 0; k < s->conf->nfeeds; k++)
			load_feed(s, b, k, world_random(&r->w, 12) / 10.0,
				  r->now_ms);
	}
}

static bool in_step(const struct service *s, const struct o_backend *o,
		    uint32_t now)
{
	const struct weights_conf *w = &s->conf->weights;
	uint32_t most = o->dynamic * w->max_step / WEIGHTS_ONE + 1;
	uint32_t gone = now > o->dynamic ? now - o->dynamic : o->dynamic - now;

	return gone <= most && now >= w->floor && now <= w->ceiling;
}

static void take_weights(struct run *r, size_t number, bool due)
{
	const struct service *s = &r->m->services[number];

	for (size_t i = 0; i < s->nbackends; i++) {
		uint32_t now = backend_dynamic(s, &s->backends[i]);
		const struct o_backend *o = &r->o.services[number].backends[i];

		if (now == o->dynamic)
			continue;
		assert_true(due && in_step(s, o, now));
		r->moves++;
		oracle_dynamic(&r->o, number, i, now);
	}
}

/* Words about it, and no others: all else was due before. */
static void look_at_words(struct run *r)
{
	for (size_t i = 0; i < r->changes.n; i++)
		assert_true(!strcmp(r->changes.list[i].kind, "weights") ||
			    !strcmp(r->changes.list[i].kind, "feed"));
	assert_false(r->changes.urgent);
	changes_free(&r->changes);
}

static void tick_weights(struct run *r, size_t number)
{
	struct service *s = &r->m->services[number];
	bool due = load_next_ms(s) <= r->now_ms, dirty = s->dirty;
	size_t moves = r->moves;

	assert_int_equal(s->load != NULL, oracle_is_dynamic(s->conf));
	if (!s->load)
		return;
	if (world_random(&r->w, 3))
		measure(r, s);
	step_load(r->m, s, r->now_ms, &r->changes);
	take_weights(r, number, due);
	if (moves == r->moves)
		assert_int_equal(s->dirty, dirty);
	assert_true(load_next_ms(s) > r->now_ms);
}

/* To where something is due, right before that, or just on. */
static void pass_time(struct run *r)
{
	int64_t next_ms = step_next_ms(r->m);
	uint32_t kind = world_random(&r->w, 4);

	if (kind == 0 && next_ms > r->now_ms)
		r->now_ms = next_ms;
	else if (kind == 1 && next_ms > r->now_ms + 1)
		r->now_ms = next_ms - 1;
	else
		r->now_ms += world_random(&r->w, kind == 2 ? 1000 : 50);
	step_tick(r->m, r->now_ms, &r->changes);
	oracle_time(&r->o, r->now_ms);
	next_ms = step_next_ms(r->m);
	assert_true(next_ms == 0 || next_ms > r->now_ms);
}

/* Nothing else happens in this step. */
static void pass_tick(struct run *r)
{
	for (size_t i = 0; i < r->m->nservices; i++)
		tick_weights(r, i);
	look_at_words(r);
}

static void reload(struct run *r)
{
	struct model *old = r->m;
	struct buf text = { 0 };

	if (old)
		world_change(&r->w);
	world_text(&r->w, &text);
	r->m = model_new(made_conf(text.data), old);
	step_begin(r->m, r->now_ms, old ? &r->changes : NULL);
	oracle_conf(&r->o, r->m->conf);
	r->reloaded = true;
	r->reloads++;
	if (old)
		compare_changes(r);
	changes_free(&r->changes);
	model_free(old);
	buf_free(&text);
	r->before = r->o;
}

static void command(struct run *r, size_t s, size_t b)
{
	static const int weights[] = { 0, 1, 2, 3, 7, WEIGHT_DEFAULT };
	struct service *service = &r->m->services[s];
	struct backend *backend = &service->backends[b];
	enum admin admin;
	bool disabled;
	int weight;

	switch (world_random(&r->w, 5)) {
	case 0:
		weight = weights[world_random(&r->w, 6)];
		if (world_random(&r->w, 50) == 0)
			weight = 65535;
		step_weight(r->m, service, backend, weight, "w", r->now_ms,
			    &r->changes);
		oracle_weight(&r->o, s, b, weight);
		break;
	case 1:
		disabled = world_random(&r->w, 9) == 0;
		step_disable(r->m, service, disabled, "w", r->now_ms,
			     &r->changes);
		oracle_disable(&r->o, s, disabled);
		break;
	default:
		admin = (enum admin)world_random(&r->w, 3);
		if (world_random(&r->w, 4))
			admin = ADMIN_ENABLED;
		step_admin(r->m, service, backend, admin, "w", r->now_ms,
			   &r->changes);
		oracle_admin(&r->o, s, b, admin);
	}
}

static void one_step(struct run *r)
{
	uint32_t kind = world_random(&r->w, 100);
	size_t s, b = 0;

	r->before = r->o;
	r->reloaded = r->heard = false;
	if (kind < 3 || r->m->nservices == 0) {
		reload(r);
	} else if (kind < 20) {
		pass_time(r);
	} else if (kind < 30) {
		pass_tick(r);
	} else {
		s = world_random(&r->w, (uint32_t)r->m->nservices);
		if (r->m->services[s].nbackends == 0)
			return;
		b = world_random(&r->w, (uint32_t)r->m->services[s].nbackends);
		if (kind < 40)
			command(r, s, b);
		else
			take_result(r, s, b);
	}
	r->steps++;
	compare(r);
	if (!r->reloaded) {
		compare_changes(r);
		look_at_haste(r);
	}
	look_at_slots(r);
	changes_free(&r->changes);
}

static void test_the_model_does_what_the_rules_say(void **state)
{
	size_t steps = 0, reloads = 0, events = 0, moves = 0;

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct run r = { .now_ms = 1 };

		world_begin(&r.w, seed * 7919);
		r.o.now_ms = r.now_ms;
		reload(&r);
		compare(&r);
		for (int i = 0; i < STEPS; i++)
			one_step(&r);
		steps += r.steps;
		reloads += r.reloads;
		events += r.events;
		moves += r.moves;
		model_free(r.m);
		for (size_t i = 0; i < O_SERVICES; i++)
			told_free(&r.told[i]);
	}
	print_message("%zu steps, %zu reloads, %zu changes, %zu moves\n", steps,
		      reloads, events, moves);
	assert_true(steps > 20000 && events > 10000 && reloads > 500 &&
		    moves > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_model_does_what_the_rules_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
