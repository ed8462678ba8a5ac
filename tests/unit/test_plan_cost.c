/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plan costs: it writes what differs and no more, its price says so, and
 * the flows that it names as lost are those that are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tests/unit/plan_world.h"

#define SEEDS 6
#define STEPS 60

/* ---- no more than needed, and the price says so */

static size_t elems_not_in(const struct fake_table *a,
			   const struct fake_table *b)
{
	size_t n = 0;

	for (size_t i = 0; i < a->elems->nelems; i++) {
		const struct elem *e = &a->elems->elems[i];
		const struct elem *other = fake_elem(b, e);

		n += !other || !elem_same(other, e);
	}
	for (uint32_t i = 0; i < FAKE_SLOTS; i++)
		n += a->slots[i] != ID_NONE && a->slots[i] != b->slots[i];
	return n;
}

/* A unit's own plan: does anything happen to it? */
static bool unit_touched(const struct plan_unit *pu)
{
	struct plan *p = xcalloc(1, sizeof(*p));
	bool touched;

	plan_unit_diff(p, pu->have, pu->want);
	touched = !plan_empty(p);
	p->nunits = 0; /* it owns none of them */
	plan_free(p);
	return touched;
}

static void check_price(const struct plan *p, const struct fake *before,
			const struct fake *after)
{
	size_t added = 0, removed = 0, new = 0, gone = 0, changed = 0;
	const struct fake_counts *b = &before->counts, *a = &after->counts;
	struct plan_price price;

	plan_price(p, &price);
	for (int f = 0; f < RS_FAMILIES; f++) {
		added += elems_not_in(&after->tab[f], &before->tab[f]);
		removed += elems_not_in(&before->tab[f], &after->tab[f]);
	}
	for (size_t i = 0; i < p->nunits; i++) {
		const struct plan_unit *pu = &p->units[i];

		new += !pu->have;
		gone += !pu->want;
		changed += pu->have && pu->want && unit_touched(pu);
	}
	assert_int_equal(a->elems_added - b->elems_added, added);
	assert_int_equal(a->elems_removed - b->elems_removed, removed);
	assert_int_equal(price.elements_added, added);
	assert_int_equal(price.elements_removed, removed);
	assert_int_equal(price.rules, a->service_rules - b->service_rules);
	assert_int_equal(price.chains, a->chains_added - b->chains_added +
					   a->chains_removed -
					   b->chains_removed);
	assert_int_equal(price.services_added, new);
	assert_int_equal(price.services_removed, gone);
	assert_int_equal(price.services_changed, changed);
	assert_true(price.slots_moved <= price.slots_total);
	assert_true(price.clients_moved >= 0 && price.clients_moved <= 1);
}

/* ---- flows that lose their backend, packet by packet */

static bool serves(const struct unit *u, const struct flow_match *flow)
{
	const struct elem *key = NULL, *target = NULL;

	for (size_t i = 0; u && i < u->nelems; i++) {
		const struct elem *e = &u->elems[i];
		unsigned int len = addr_len(&flow->vip);
		uint16_t lo, hi, port;

		if (elem_is_backend(e)) {
			memcpy(&port, e->data + len, 2);
			if (!memcmp(e->data, flow->backend.ip, len) &&
			    ntohs(port) == flow->backend_port)
				target = e;
			continue;
		}
		memcpy(&lo, e->key + len + 4, 2);
		hi = 0;
		if (e->key_end)
			memcpy(&hi, e->key_end + len + 4, 2);
		if (e->map > MAP_SERVICES_ANY || e->key[len] != flow->proto ||
		    memcmp(e->key, flow->vip.ip, len) != 0)
			continue;
		if (e->map == MAP_SERVICES_ANY ||
		    (ntohs(lo) <= flow->port_lo &&
		     flow->port_lo <= ntohs(hi ? hi : lo)))
			key = e;
	}
	return key && target;
}

static bool is_matched(const struct flow_match *list, size_t n,
		       const struct flow_match *flow)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].proto == flow->proto &&
		    !addr_cmp(&list[i].vip, &flow->vip) &&
		    !addr_cmp(&list[i].backend, &flow->backend) &&
		    list[i].backend_port == flow->backend_port &&
		    list[i].port_lo <= flow->port_lo &&
		    flow->port_lo <= list[i].port_hi)
			return true;
	return false;
}

/* A flow of the unit: one of its old keys, one of its old backends. */
static bool random_flow(struct gen *g, const struct unit *u,
			struct flow_match *flow)
{
	const struct elem *k = &u->elems[gen_rnd(g, (uint32_t)u->nelems)];
	const struct elem *b = &u->elems[gen_rnd(g, (uint32_t)u->nelems)];
	unsigned int len = u->family == AF_INET6 ? 16 : 4;
	uint16_t port;

	if (k->map > MAP_SERVICES_ANY || !elem_is_backend(b))
		return false;
	memset(flow, 0, sizeof(*flow));
	flow->vip.family = flow->backend.family = u->family;
	memcpy(flow->vip.ip, k->key, len);
	flow->proto = k->key[len];
	memcpy(flow->backend.ip, b->data, len);
	memcpy(&port, b->data + len, 2);
	flow->backend_port = ntohs(port);
	memcpy(&port, k->key + len + 4, 2);
	flow->port_lo = (uint16_t)(ntohs(port) + gen_rnd(g, 3));
	return serves(u, flow);
}

/* Some unit served it, and none does any more, of whatever name. */
static bool nobody_serves(const struct plan *p, const struct flow_match *flow)
{
	bool served = false;

	for (size_t i = 0; i < p->nunits; i++) {
		if (serves(p->units[i].want, flow))
			return false;
		served |= serves(p->units[i].have, flow);
	}
	return served;
}

static size_t check_gone(struct world *w, const struct plan *p)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_SCTP };
	size_t lost = 0;

	for (size_t t = 0; t < 3; t++) {
		struct flow_match *list = NULL, flow;
		size_t n = plan_gone(p, protos[t], &list);

		for (size_t u = 0; u < p->nunits; u++)
			for (int i = 0; p->units[u].have && i < 20; i++) {
				bool loses;

				if (!random_flow(&w->gen, p->units[u].have,
						 &flow) ||
				    flow.proto != protos[t])
					continue;
				loses = nobody_serves(p, &flow);
				assert_int_equal(is_matched(list, n, &flow),
						 loses);
				lost += loses;
			}
		free(list);
	}
	return lost;
}

/* ---- the tests */

static size_t step(struct world *w)
{
	struct plan *p = world_plan(w);
	struct fake before;
	size_t lost;

	fake_copy(&before, &w->kernel);
	world_first(w, p);
	world_late(w, p);
	check_price(p, &before, &w->kernel);
	lost = check_gone(w, p);
	world_take(p);
	fake_free(&before);
	return lost;
}

static void test_histories(void **state)
{
	size_t lost = 0;

	(void)state;
	for (unsigned int seed = 1; seed <= SEEDS; seed++) {
		struct world *w = world_new(seed);

		for (int i = 0; i < STEPS; i++) {
			gen_step(&w->gen);
			lost += step(w);
		}
		world_free(w);
	}
	assert_true(lost > 100); /* else check_gone() saw nothing */
}

/* ---- one backend down */

static void set_all_usable(struct gen *g)
{
	for (size_t i = 0; i < GEN_SERVICES; i++)
		for (size_t b = 0; b < GEN_BACKENDS; b++)
			g->entries[i].all[b].usable = true;
	g->entries[0].there[0] = g->entries[0].there[1] = true;
	g->entries[0].all[0].weight = g->entries[0].all[1].weight = 3;
	gen_write(g);
}

static uint32_t id_named(const struct unit *u, const char *name)
{
	for (size_t i = 0; i < u->nelems; i++)
		if (elem_is_backend(&u->elems[i]) &&
		    !strcmp(elem_backend_name(&u->elems[i]), name))
			return elem_id(&u->elems[i]);
	return ID_NONE;
}

/* Its slots are replaced, each once, and that is all. */
static void check_slots_only(const struct plan *p, const struct unit *u,
			     uint32_t id)
{
	const struct plan_table *t = &p->tab[family_index(u->family)];
	size_t owned = 0;

	for (uint32_t i = 0; i < u->m; i++)
		owned += u->ids[i] == id;
	assert_true(owned > 0);
	assert_int_equal(t->slot_add.n, owned);
	assert_int_equal(t->slot_del.n, owned);
	for (size_t i = 0; i < owned; i++) {
		uint32_t slot = t->slot_add.list[i].key - u->base;

		assert_true(slot < u->m);
		assert_int_equal(u->ids[slot], id);
		assert_int_not_equal(t->slot_add.list[i].id, id);
		assert_int_equal(t->slot_del.list[i].key,
				 t->slot_add.list[i].key);
	}
	assert_int_equal(t->chains.n, 0);
	assert_false(t->base || plan_has_late(p));
	for (int m = 0; m < MAP_COUNT; m++)
		assert_int_equal(t->del[m].n + t->add[m].n, 0);
}

static void test_backend_down(void **state)
{
	struct world *w = world_new(99);

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct gen_entry *e = &w->gen.entries[0];
		struct plan_price price;
		const struct unit *u;
		struct plan *p;

		gen_step(&w->gen);
		set_all_usable(&w->gen);
		p = world_plan(w);
		world_take(p);
		e->all[0].usable = false;
		gen_write(&w->gen);
		u = have_find(&w->have, e->name, e->svc.family);
		p = world_plan(w);
		check_slots_only(p, u, id_named(u, e->names[0]));
		plan_price(p, &price);
		assert_int_equal(price.slots_moved,
				 p->tab[0].slot_add.n + p->tab[1].slot_add.n);
		assert_int_equal(price.services_changed, 1);
		plan_free(p);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_backend_down),
	};

	return cmocka_run_group_tests_name("plan cost", tests, NULL, NULL);
}
