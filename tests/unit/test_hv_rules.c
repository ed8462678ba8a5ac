/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bindings compile into, and what a plan of a change has in it. Pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hvagent/want.h"
#include "rulesets/have.h"
#include "rulesets/planning.h"

static void put(struct bindings *l, const char *name, const char *service,
		const char *vm)
{
	struct binding b = { .name = (char *)name };

	assert_int_equal(binding_service_parse(service, &b), 0);
	assert_int_equal(binding_vm_parse(vm, &b), 0);
	assert_int_equal(bindings_put(l, &b, NULL), 0);
}

/* Numbers differ, stay, and do not depend on who else asked before. */
static void test_numbers(void **state)
{
	enum { VMS = 20000 };
	static uint32_t first[VMS];
	struct vm_ids ids = { 0 };
	struct addr a = { .family = AF_INET6, .ip = { 0xfd } };

	(void)state;
	for (uint32_t i = 0; i < VMS; i++) {
		memcpy(a.ip + 12, &i, sizeof(i));
		first[i] = vm_id(&ids, &a);
		assert_true(first[i] >= ID_FIRST && first[i] != ID_NONE);
	}
	for (uint32_t i = VMS; i-- > 0;) {
		memcpy(a.ip + 12, &i, sizeof(i));
		assert_int_equal(vm_id(&ids, &a), first[i]);
	}
	assert_int_equal(ids.n, VMS); /* each is another */
	vm_ids_free(&ids);
	assert_int_equal(addr_parse("10.0.3.1", &a), 0);
	assert_int_equal(vm_id(&ids, &a), 0x0a000301);
	vm_ids_free(&ids);
}

static size_t added(const struct plan *p, unsigned int table, enum rs_map map)
{
	return p->tab[table].add[map].n;
}

struct world {
	struct have have;
	struct bindings bindings;
	struct hv_conf conf;
	struct vm_ids ids;
};

static int setup(void **state)
{
	static struct addr gateways[3];
	struct world *w = calloc(1, sizeof(*w));

	addr_parse("10.0.2.254", &gateways[0]);
	addr_parse("fd00:2::254", &gateways[1]);
	gateways[2] = gateways[0]; /* twice is once */
	have_init(&w->have);
	w->have.own = FEATURE_AGENT;
	w->conf.gateways = gateways;
	w->conf.ngateways = 3;
	put(&w->bindings, "a", "192.0.2.1:80/tcp", "10.0.3.1:8080");
	put(&w->bindings, "b", "192.0.2.1:80/tcp", "10.0.3.2");
	put(&w->bindings, "c", "192.0.2.1:53/udp", "10.0.3.1");
	put(&w->bindings, "d", "[2001:db8::1]:80/tcp", "fd00:3::1");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	have_free(&w->have);
	bindings_free(&w->bindings);
	vm_ids_free(&w->ids);
	free(w);
	return 0;
}

static struct plan *plan_whole(struct world *w)
{
	const struct uplink up = { .ifindex = 7,
				   .mtu = 1500,
				   .addr = { w->conf.gateways[0] } };
	struct want want = { 0 };
	struct plan *p;

	want_all(&want, &w->ids, &w->bindings, &w->conf);
	want_uplink(&want, &w->bindings, "eth0", &up);
	p = plan_make(&w->have, want.list, want.n, true);
	want_free(&want);
	return p;
}

static void test_all(void **state)
{
	struct world *w = *state;
	struct plan *p = plan_whole(w);

	for (unsigned int t = 0; t < RS_FAMILIES; t++) {
		/* nothing of the daemon's is in the agent's tables */
		assert_int_equal(p->tab[t].base, FEATURE_BIT(FEATURE_AGENT));
		assert_int_equal(added(p, t, MAP_GATEWAYS), 1);
		assert_int_equal(added(p, t, MAP_UPLINKS), t == 0);
		assert_int_equal(added(p, t, MAP_VMS), t ? 1 : 2);
		assert_int_equal(added(p, t, MAP_ANSWERS), t ? 1 : 2);
		assert_int_equal(added(p, t, MAP_BINDINGS), t ? 1 : 3);
		assert_int_equal(added(p, t, MAP_BOUND_PORTS), t ? 1 : 3);
		assert_int_equal(added(p, t, MAP_SOURCES), t ? 1 : 3);
	}
	plan_take_over(p);
	plan_free(p);
	p = plan_whole(w);
	assert_false(plan_has_first(p) || plan_has_late(p));
	plan_free(p);
}

/* Found by the outer address in the table of its family, translated in the
 * other; numbers of both are in one map. */
static void test_tunnel_of_the_other_family(void **state)
{
	struct world *w = *state;
	struct binding b = *bindings_find(&w->bindings, "b");
	struct plan *p;
	struct addr v6;

	b.name = (char *)"b";
	assert_int_equal(binding_tunnel_parse("fd00:3::9", &b), 0);
	assert_int_equal(bindings_put(&w->bindings, &b, NULL), 0);
	p = plan_whole(w);
	assert_int_equal(added(p, 0, MAP_VMS), 1); /* 10.0.3.1 */
	assert_int_equal(added(p, 1, MAP_VMS), 2);
	assert_int_equal(added(p, 0, MAP_ANSWERS), 2);
	assert_int_equal(added(p, 0, MAP_BINDINGS), 3);
	assert_int_equal(added(p, 1, MAP_BINDINGS), 1);
	plan_free(p);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(addr_parse("fd00:3::", &v6), 0);
		memcpy(v6.ip + 12, &i, sizeof(i));
		assert_true(vm_id(&w->ids, &v6) >= 0xe0000000);
	}
}

/* A change is a plan of what changes, and of nothing else. */
static void test_change(void **state)
{
	struct world *w = *state;
	struct plan *p = plan_whole(w);
	struct want want = { 0 };
	struct binding b = *bindings_find(&w->bindings, "b");

	plan_take_over(p);
	plan_free(p);
	bindings_remove(&w->bindings, "b");
	b.name = (char *)"b";
	want_binding(&want, &w->ids, &b, true);
	want_vm(&want, &w->ids, &w->bindings, &b.vm);
	p = plan_make(&w->have, want.list, want.n, false);
	assert_false(plan_has_first(p)); /* packets on their way come through */
	assert_int_equal(p->tab[0].late_del[MAP_BINDINGS].n, 1);
	assert_int_equal(p->tab[0].late_del[MAP_VMS].n, 1);
	assert_int_equal(p->tab[0].late_del[MAP_ANSWERS].n, 1);
	assert_int_equal(p->nunits, 2);
	plan_take_over(p);
	plan_free(p);
	want_free(&want);
	assert_null(have_find(&w->have, "b", AF_INET));
	assert_non_null(have_find(&w->have, "a", AF_INET));
	/* gone a second time is nothing */
	want_binding(&want, &w->ids, &b, true);
	p = plan_make(&w->have, want.list, want.n, false);
	assert_false(plan_has_first(p) || plan_has_late(p));
	plan_free(p);
	want_free(&want);
}

static void change_ports(struct world *w, const struct binding *b, int bound,
			 int unbound, int sources, int no_sources)
{
	struct want want = { 0 };
	struct plan *p;

	want_port(&want, &w->bindings, b);
	p = plan_make(&w->have, want.list, want.n, false);
	assert_int_equal(added(p, 0, MAP_BOUND_PORTS), bound);
	assert_int_equal(p->tab[0].late_del[MAP_BOUND_PORTS].n, unbound);
	assert_int_equal(added(p, 0, MAP_SOURCES), sources);
	assert_int_equal(p->tab[0].del[MAP_SOURCES].n +
			     p->tab[0].late_del[MAP_SOURCES].n,
			 no_sources);
	plan_take_over(p);
	plan_free(p);
	want_free(&want);
}

/* A machine's port says which service it is as long as that is one. */
static void test_ports(void **state)
{
	struct world *w = *state;
	struct plan *p = plan_whole(w);
	struct binding b = { 0 };

	plan_take_over(p);
	plan_free(p);
	assert_int_equal(binding_service_parse("192.0.2.9:81/tcp", &b), 0);
	assert_int_equal(binding_vm_parse("10.0.3.1:8080", &b), 0);
	change_ports(w, &b, 0, 0, 0, 0);
	put(&w->bindings, "e", "192.0.2.9:81/tcp", "10.0.3.1:8080");
	change_ports(w, &b, 0, 0, 0, 1);
	bindings_remove(&w->bindings, "a");
	change_ports(w, &b, 0, 0, 1, 0);
	bindings_remove(&w->bindings, "e");
	change_ports(w, &b, 0, 1, 0, 1);
	put(&w->bindings, "e", "192.0.2.9:81/tcp", "10.0.3.1:8080");
	change_ports(w, &b, 1, 0, 1, 0);
	/* of another protocol it is another */
	put(&w->bindings, "f", "192.0.2.9:81/udp", "10.0.3.1:8080");
	change_ports(w, &b, 0, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test_setup_teardown(test_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tunnel_of_the_other_family,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_change, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
