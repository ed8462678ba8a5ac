/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans, by property: random lists of services, one after the other, brought to
 * a kernel made of lists. Whatever changes, it accepts both parts, holds what a
 * fresh compile would have given, and no packet sees a half in between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/base.h"
#include "rulesets/compile.h"
#include "rulesets/rule.h"
#include "tests/unit/plan_world.h"

#define SEEDS 6
#define STEPS 80

/* ---- what a packet meets */

/* Rules of one moment, elements of another. */
struct view {
	const struct fake_table *rules, *elems;
	bool may_miss; /* a slot that is not there yet: the packet is dropped */
	const struct rs_service *svc;
	const struct unit *old; /* its backends are allowed as well, or NULL */
};

static bool is_backend_of(const struct rs_service *svc, const struct elem *e)
{
	unsigned int len = svc->family == AF_INET6 ? 16 : 4;

	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];
		uint16_t port = htons(b->port);

		if (!b->usable || b->weight == 0 ||
		    memcmp(e->data, b->addr.ip, len) != 0 ||
		    e->map != (b->port ? MAP_BACKENDS : MAP_BACKENDS_PORTLESS))
			continue;
		if (!memcmp(e->data + len, &port, 2))
			return true;
	}
	return false;
}

static void check_slot(const struct view *v, uint32_t key)
{
	uint32_t id = v->elems->slots[key];
	struct elem want = { 0 };
	const struct elem *e, *old;

	if (id == ID_NONE) {
		assert_true(v->may_miss);
		return;
	}
	if (id == ID_REJECT || id == ID_DROP)
		return;
	elem_set_id(&want, id);
	want.map = MAP_BACKENDS;
	e = fake_elem(v->elems, &want);
	if (!e) {
		want.map = MAP_BACKENDS_PORTLESS;
		e = fake_elem(v->elems, &want);
	}
	assert_non_null(e);
	old = v->old ? unit_backend(v->old, id) : NULL;
	assert_true((old && elem_same(old, e)) || is_backend_of(v->svc, e));
}

static void check_chain(const struct view *v)
{
	char name[CHAIN_NAME_MAX];
	const struct fake_chain *c;
	uint32_t base, m;

	snprintf(name, sizeof(name), CHAIN_SERVICE "%s", v->svc->name);
	c = fake_chain(v->rules, name);
	assert_non_null(c);
	assert_int_equal(c->n, 1);
	assert_true(rule_slots(c->rules[0].data, c->rules[0].len, &base, &m));
	for (uint32_t i = 0; i < m; i++)
		check_slot(v, base + i);
}

struct moments {
	const struct fake_table *before, *middle, *after;
	bool unfinished; /* not all new keys are there in the middle */
};

/* Who gets the packet before and after gets it in between. */
static void check_packet(const struct moments *t, const struct addr *addr,
			 uint8_t proto, uint16_t port)
{
	const char *before = fake_lookup(t->before, addr, proto, port);
	const char *middle = fake_lookup(t->middle, addr, proto, port);
	const char *after = fake_lookup(t->after, addr, proto, port);

	assert_non_null(after);
	if (before || !t->unfinished)
		assert_non_null(middle);
	if (before && !strcmp(before, after))
		assert_string_equal(middle, after);
}

static void check_packets(const struct moments *t, const struct rs_service *s)
{
	for (size_t a = 0; a < s->naddrs; a++)
		for (size_t p = 0; p < s->nprotos; p++) {
			const struct addr *addr = &s->addrs[a];

			if (s->nports == 0)
				check_packet(t, addr, s->protos[p], 65000);
			for (size_t i = 0; i < s->nports; i++) {
				check_packet(t, addr, s->protos[p],
					     s->ports[i].lo);
				check_packet(t, addr, s->protos[p],
					     s->ports[i].hi);
			}
		}
}

/* No packet sees a half: whatever is looked up early or late, it goes to a
 * backend, is refused, or (to a range that is being filled) dropped. */
static void check_service(const struct rs_service *svc, const struct unit *old,
			  const struct moments *t)
{
	const struct view views[] = {
		{ t->middle, t->middle, false, svc, NULL },
		{ t->after, t->after, false, svc, NULL },
		{ t->middle, t->after, false, svc, NULL },
		{ t->before, t->middle, false, svc, old },
		{ t->middle, t->before, true, svc, old },
	};

	for (size_t i = 0; i < (old ? 5 : 3); i++)
		check_chain(&views[i]);
	check_packets(t, svc);
}

/* ---- the end is what a fresh start would have made */

static void check_rules(const struct fake_table *t,
			const struct rs_service *svc, const struct unit *have)
{
	char name[CHAIN_NAME_MAX];
	struct fake_chain *c;
	struct buf r = { 0 };

	snprintf(name, sizeof(name), CHAIN_SERVICE "%s", svc->name);
	c = fake_chain(t, name);
	service_rule(&r, svc, have->base, have->m);
	assert_int_equal(c->rules[0].len, r.len);
	assert_memory_equal(c->rules[0].data, r.data, r.len);
	snprintf(name, sizeof(name), CHAIN_SOURCE "%s", svc->name);
	c = fake_chain(t, name);
	assert_int_equal(c != NULL, svc->mode == RS_SNAT);
	if (c) {
		buf_clear(&r);
		source_rule(&r, svc);
		assert_int_equal(c->n, 1);
		assert_int_equal(c->rules[0].len, r.len);
		assert_memory_equal(c->rules[0].data, r.data, r.len);
	}
	buf_free(&r);
}

/* Slot @i belongs to a backend of the same name, or is refused the same way. */
static void check_owner(const struct fake_table *t, const struct unit *fresh,
			uint32_t base, uint32_t i)
{
	const struct elem *want = unit_backend(fresh, fresh->ids[i]);
	uint32_t id = t->slots[base + i];
	const struct elem *have;
	struct elem key;

	if (!want) {
		assert_int_equal(id, fresh->ids[i]);
		return;
	}
	key = *want;
	elem_set_id(&key, id);
	have = fake_elem(t, &key);
	assert_non_null(have);
	assert_true(elem_same(have, want));
}

/* A probe's port leads to the backend that it is said to be for. */
static void check_probe(const struct fake_table *t, const struct elem *fresh,
			const struct unit *have)
{
	const struct elem *in_kernel = fake_elem(t, fresh), *backend;
	uint32_t id;

	assert_non_null(in_kernel);
	assert_string_equal(in_kernel->text, fresh->text);
	memcpy(&id, in_kernel->data, sizeof(id));
	backend = unit_backend(have, id);
	assert_non_null(backend);
	assert_string_equal(backend->text, fresh->text);
}

static void check_fresh(const struct fake_table *t,
			const struct rs_service *svc, const struct unit *have)
{
	struct unit *fresh;
	struct alloc alloc;

	alloc_init(&alloc);
	fresh = compile_unit(svc, NULL, NULL, &alloc);
	assert_int_equal(fresh->nelems, have->nelems);
	assert_int_equal(fresh->m, have->m);
	for (size_t i = 0; i < fresh->nelems; i++) {
		const struct elem *e = &fresh->elems[i], *in_kernel;

		if (elem_is_backend(e))
			continue;
		if (e->map == MAP_PROBES) {
			check_probe(t, e, have);
			continue;
		}
		in_kernel = fake_elem(t, e);
		assert_non_null(in_kernel);
		assert_true(elem_same(in_kernel, e));
	}
	for (size_t i = 0; i < have->nelems; i++) {
		const struct elem *in_kernel = fake_elem(t, &have->elems[i]);

		assert_non_null(in_kernel);
		assert_true(elem_same(in_kernel, &have->elems[i]));
	}
	for (uint32_t i = 0; i < fresh->m; i++)
		check_owner(t, fresh, have->base, i);
	check_rules(t, svc, have);
	unit_free(fresh);
	alloc_free(&alloc);
}

static size_t base_chain_count(void)
{
	size_t n = 0;

	for (const struct base_chain *c = base_chains; c->name; c++)
		n += c->feature == FEATURE_NONE;
	return n;
}

static size_t ids_used(const struct alloc *a)
{
	size_t n = 0;

	for (uint32_t i = 0; i < a->nids / 64; i++)
		n += (size_t)__builtin_popcountll(a->ids[i]);
	return n;
}

static uint64_t keys_free(const struct alloc *a)
{
	uint64_t n = 0;

	for (size_t i = 0; i < a->nfree; i++)
		n += a->free[i].len;
	return n;
}

/* Nothing else is there, and nothing else is taken. */
static void check_totals(struct world *w, unsigned int f)
{
	size_t elems = 0, backends = 0, chains = base_chain_count();
	const struct alloc *a = &w->have.tab[f].alloc;
	uint64_t slots = 0;

	for (size_t i = 0; i < w->have.nunits; i++) {
		const struct unit *u = w->have.units[i];

		if (u->family != family_of(f))
			continue;
		elems += u->nelems;
		slots += u->m;
		chains += u->nchains;
		for (size_t e = 0; e < u->nelems; e++)
			backends += elem_is_backend(&u->elems[e]);
	}
	assert_int_equal(w->kernel.tab[f].elems->nelems, elems);
	assert_int_equal(fake_slot_count(&w->kernel.tab[f]), slots);
	assert_int_equal(w->kernel.tab[f].nchains, chains);
	assert_int_equal(ids_used(a), backends);
	assert_int_equal(keys_free(a), UINT64_C(0xfffffffe) - 16 + 1 - slots);
}

static void check_end(struct world *w)
{
	struct plan *again = world_plan(w);

	assert_int_equal(w->have.nunits, w->gen.n);
	for (size_t i = 0; i < w->gen.n; i++) {
		const struct rs_service *s = &w->gen.list[i];
		const struct unit *u = have_find(&w->have, s->name, s->family);

		assert_non_null(u);
		check_fresh(&w->kernel.tab[family_index(s->family)], s, u);
	}
	check_totals(w, 0);
	check_totals(w, 1);
	assert_true(plan_empty(again));
	plan_free(again);
}

/* ---- the tests */

static void check_discard(struct world *w)
{
	size_t nfree[RS_FAMILIES], ids[RS_FAMILIES];
	struct extent *extents[RS_FAMILIES];

	for (int f = 0; f < RS_FAMILIES; f++) {
		const struct alloc *a = &w->have.tab[f].alloc;

		nfree[f] = a->nfree;
		ids[f] = ids_used(a);
		extents[f] = xcalloc(a->nfree, sizeof(*a->free));
		memcpy(extents[f], a->free, a->nfree * sizeof(*a->free));
	}
	plan_free(world_plan(w));
	for (int f = 0; f < RS_FAMILIES; f++) {
		const struct alloc *a = &w->have.tab[f].alloc;

		assert_int_equal(a->nfree, nfree[f]);
		assert_memory_equal(a->free, extents[f],
				    nfree[f] * sizeof(*a->free));
		assert_int_equal(ids_used(a), ids[f]);
		free(extents[f]);
	}
}

static void step(struct world *w)
{
	struct fake before, middle;
	struct plan *p;

	check_discard(w);
	p = world_plan(w);
	fake_copy(&before, &w->kernel);
	world_first(w, p);
	fake_copy(&middle, &w->kernel);
	world_late(w, p);
	for (size_t i = 0; i < w->gen.n; i++) {
		const struct rs_service *s = &w->gen.list[i];
		unsigned int f = family_index(s->family);
		const struct moments t = { &before.tab[f], &middle.tab[f],
					   &w->kernel.tab[f], false };

		check_service(s, have_find(&w->have, s->name, s->family), &t);
	}
	world_take(p);
	check_end(w);
	fake_free(&before);
	fake_free(&middle);
}

static void test_histories(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= SEEDS; seed++) {
		struct world *w = world_new(seed);

		for (int i = 0; i < STEPS; i++) {
			gen_step(&w->gen);
			step(w);
		}
		world_free(w);
	}
}

/* ---- the first part in pieces, where the socket is too small for it */

struct pieces {
	struct fake before, after;
	size_t seen;
};

static void check_piece(struct world *w, void *arg)
{
	struct pieces *ps = arg;

	ps->seen++;
	for (size_t i = 0; i < w->gen.n; i++) {
		const struct rs_service *s = &w->gen.list[i];
		const struct unit *old =
		    have_find(&w->have, s->name, s->family);
		unsigned int f = family_index(s->family);
		const struct moments t = { &ps->before.tab[f],
					   &w->kernel.tab[f], &ps->after.tab[f],
					   true };
		const struct view v = { t.middle, t.middle, false, s, old };

		if (old)
			check_chain(&v);
		check_packets(&t, s);
	}
}

static void step_in_pieces(struct world *w)
{
	struct plan *p = world_plan(w);
	struct pieces ps = { .seen = 0 };

	fake_copy(&ps.before, &w->kernel);
	world_first(w, p);
	ps.after = w->kernel;
	fake_copy(&w->kernel, &ps.before);
	world_pieces(w, p, check_piece, &ps);
	assert_true(plan_empty(p) || ps.seen > 2);
	world_late(w, p);
	world_take(p);
	check_end(w);
	fake_free(&ps.before);
	fake_free(&ps.after);
}

static void test_pieces(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= SEEDS; seed++) {
		struct world *w = world_new(seed + 100);

		for (int i = 0; i < STEPS / 4; i++) {
			gen_step(&w->gen);
			step_in_pieces(w);
		}
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
