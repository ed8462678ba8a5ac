/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans of services with the rules around them, by property: random lists, one
 * after the other, each with other rules around. A kernel made of lists accepts
 * both parts, in one piece and in many, and holds what the units say and what
 * their features consist of, no more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rulesets/base.h"
#include "tests/unit/plan_world.h"

#define SEEDS 6
#define STEPS 50

/* What the list's services point to. */
struct around {
	struct gen rnd; /* its numbers only */
	struct rs_pin pins[GEN_SERVICES][2];
};

static bool some(struct around *a, uint32_t of)
{
	return gen_rnd(&a->rnd, of) == 0;
}

static struct rs_qos some_qos(struct around *a)
{
	struct rs_qos q = { .has_dscp = some(a, 4), .dscp = 46 };

	if (some(a, 3))
		q.packet = (struct rs_mark){ 1, 0xff };
	if (some(a, 3))
		q.priority = 0x10000 | gen_rnd(&a->rnd, 2);
	return q;
}

static void around_backends(struct around *a, const struct rs_service *s)
{
	struct rs_backend *b = (struct rs_backend *)s->backends;

	for (size_t i = 0; i < s->nbackends; i++) {
		b[i].sticky = b[i].usable || some(a, 3);
		b[i].max_connections = some(a, 4) ? 100 : 0;
		b[i].qos = some(a, 4) ? some_qos(a) : s->qos;
	}
}

static void around_service(struct around *a, struct rs_service *s,
			   struct rs_pin *pins)
{
	if (some(a, 2))
		s->stick =
		    (struct rs_stick){ .kind = RS_PERSIST_SOURCE,
				       .prefix = 24,
				       .timeout_ms = 60000,
				       .size = 10 + gen_rnd(&a->rnd, 2) };
	s->limits.prefix = s->family == AF_INET6 ? 128 : 32;
	s->limits.size = 100;
	if (some(a, 3))
		s->limits.fresh = (struct rs_rate){ 10, 10 };
	if (some(a, 3))
		s->limits.connections = 7;
	if (some(a, 4))
		s->limits.rst = (struct rs_rate){ 10, 10 };
	s->strict = some(a, 3);
	s->counters = some(a, 2);
	s->qos = some_qos(a);
	s->log = (struct rs_log){ .fresh = some(a, 5),
				  .drops = some(a, 5),
				  .prefix = "t",
				  .group = -1 };
	around_backends(a, s);
	for (size_t i = 0; i < 2 && i < s->nbackends && some(a, 3); i++) {
		pins[i] = (struct rs_pin){ .from = s->backends[0].addr,
					   .prefix = s->limits.prefix,
					   .backend = i };
		pins[i].from.ip[1] = (uint8_t)(77 + i);
		s->pins = pins;
		s->npins = i + 1;
	}
}

/* Two backends at one address may be one flow's (port kept, or the same port):
 * the configuration refuses that where flows are told apart. */
static bool same_addresses(const struct rs_service *s)
{
	for (size_t i = 0; i < s->nbackends; i++)
		for (size_t k = 0; k < i; k++)
			if (!addr_cmp(&s->backends[i].addr,
				      &s->backends[k].addr))
				return true;
	return false;
}

/* Any port beside another service's ports is refused as well; without flows to
 * tell apart it would work. */
static void around_all(struct around *a, struct world *w)
{
	for (size_t i = 0; i < w->gen.n; i++)
		if (w->gen.list[i].nports > 0 &&
		    !same_addresses(&w->gen.list[i]) && some(a, 2))
			around_service(a, &w->gen.list[i], a->pins[i]);
}

/* ---- */

static size_t bits(uint64_t mask)
{
	return (size_t)__builtin_popcount(mask);
}

static void check_table(const struct world *w, unsigned int f)
{
	const struct fake_table *t = &w->kernel.tab[f];
	uint32_t features = FEATURE_BIT(FEATURE_NONE);
	size_t elems = 0, chains = 0, sets = 0, objs = 0;
	struct base_parts parts;

	for (size_t i = 0; i < w->have.nunits; i++) {
		const struct unit *u = w->have.units[i];

		if (u->family != family_of(f))
			continue;
		features |= u->features;
		elems += u->nelems;
		chains += u->nchains;
		sets += u->nsets;
		objs += u->nobjs;
		for (size_t e = 0; e < u->nelems; e++) {
			const struct elem *in = fake_elem(t, &u->elems[e]);

			assert_non_null(in);
			assert_true(elem_same(in, &u->elems[e]));
		}
	}
	parts = base_parts_of(features, family_of(f));
	assert_int_equal(t->elems->nelems, elems);
	assert_int_equal(t->nchains, chains + bits(parts.chains));
	assert_int_equal(t->elems->nsets, sets + bits(parts.maps));
	assert_int_equal(t->elems->nobjs, objs + bits(parts.objs));
}

static void check_rules(const struct world *w)
{
	for (size_t i = 0; i < w->have.nunits; i++) {
		const struct unit *u = w->have.units[i];
		const struct fake_table *t =
		    &w->kernel.tab[family_index(u->family)];

		for (size_t k = 0; k < u->nchains; k++) {
			const struct unit_chain *want = u->chains[k];
			struct fake_chain *have = fake_chain(t, want->name);

			assert_non_null(have);
			assert_int_equal(have->n, want->nrules);
			for (size_t r = 0; r < want->nrules; r++) {
				assert_int_equal(have->rules[r].len,
						 want->rules[r].len);
				assert_memory_equal(have->rules[r].data,
						    want->rules[r].data,
						    want->rules[r].len);
			}
		}
	}
}

static void nothing(struct world *w, void *arg)
{
	(void)w;
	(void)arg;
}

static void step(struct world *w, struct around *a, bool pieces)
{
	struct plan *p, *again;

	gen_step(&w->gen);
	around_all(a, w);
	p = world_plan(w);
	if (pieces)
		world_pieces(w, p, nothing, NULL);
	else
		world_first(w, p);
	world_late(w, p);
	world_take(p);
	check_table(w, 0);
	check_table(w, 1);
	check_rules(w);
	again = world_plan(w);
	assert_true(plan_empty(again));
	plan_free(again);
}

static void histories(bool pieces)
{
	for (unsigned int seed = 1; seed <= SEEDS; seed++) {
		struct around *a = calloc(1, sizeof(*a));
		struct world *w = world_new(seed);

		gen_init(&a->rnd, seed + 1000);
		for (int i = 0; i < STEPS; i++)
			step(w, a, pieces);
		world_free(w);
		free(a);
	}
}

static void test_histories(void **state)
{
	(void)state;
	histories(false);
}

static void test_pieces(void **state)
{
	(void)state;
	histories(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests_name("plan around", tests, NULL, NULL);
}
