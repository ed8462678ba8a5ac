/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bindings: texts both ways, what is refused, and a list that stays in order
 * and without clashes whatever is done to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hvagent/binding.h"

static struct binding make(const char *name, const char *service,
			   const char *vm)
{
	struct binding b = { .name = (char *)name };

	assert_int_equal(binding_service_parse(service, &b), 0);
	assert_int_equal(binding_vm_parse(vm, &b), 0);
	return b;
}

static void test_texts(void **state)
{
	static const char *const good[] = { "192.0.2.1:80/tcp",
					    "[2001:db8::1]:53/udp",
					    "192.0.2.1:65535/sctp" };
	static const char *const bad[] = {
		"",
		"192.0.2.1:80",
		"192.0.2.1/tcp",
		"192.0.2.1:0/tcp",
		"192.0.2.1:80/ip",
		"192.0.2.1:80/tcp/udp",
		"192.0.2.1:65536/tcp",
		"x:80/tcp",
		"2001:db8::1:80/tcp ",
		"192.0.2.1:80/ tcp",
	};
	struct binding b = { 0 };
	char text[BINDING_SERVICE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(binding_service_parse(good[i], &b), 0);
		assert_string_equal(binding_service_text(&b, text), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct binding before = b;

		assert_int_equal(binding_service_parse(bad[i], &b), -EINVAL);
		assert_memory_equal(&b, &before, sizeof(b));
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *name, *service, *vm, *field;
	} cases[] = {
		{ "-x", "192.0.2.1:80/tcp", "10.0.0.1", "name" },
		{ "", "192.0.2.1:80/tcp", "10.0.0.1", "name" },
		{ "a/b", "192.0.2.1:80/tcp", "10.0.0.1", "name" },
		{ "_vm.x", "192.0.2.1:80/tcp", "10.0.0.1", "name" },
		{ "a", "127.0.0.1:80/tcp", "10.0.0.1", "service" },
		{ "a", "224.0.0.1:80/tcp", "10.0.0.1", "service" },
		{ "a", "[fe80::1]:80/tcp", "fd00::1", "service" },
		{ "a", "192.0.2.1:80/tcp", "0.0.0.0", "vm" },
		{ "a", "192.0.2.1:80/tcp", "fd00::1", "vm" },
		{ "a", "192.0.2.1:80/tcp", "192.0.2.1:8080", "vm" },
		{ "a", "[2001:db8::1]:80/tcp", "ff02::1", "vm" },
	};
	struct bindings l = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct binding b =
		    make(cases[i].name, cases[i].service, cases[i].vm);
		const char *field = NULL;
		struct err err = { "" };

		assert_int_equal(binding_check(&b, &field, &err), -EINVAL);
		assert_string_equal(field, cases[i].field);
		assert_int_equal(strncmp(err.msg, field, strlen(field)), 0);
		assert_non_null(strstr(err.msg, "; allowed: "));
		assert_int_equal(bindings_put(&l, &b, &err), -EINVAL);
		assert_int_equal(l.n, 0);
	}
}

/* Who is told apart by the outer address, whatever is inside. */
static void test_tunnels(void **state)
{
	struct binding a = make("a", "192.0.2.1:80/tcp", "10.0.0.1:8080");
	struct binding same = make("b", "192.0.2.1:80/tcp", "10.0.0.2");
	struct binding v6 = make("c", "[2001:db8::1]:80/tcp", "fd00::1");
	const char *field;
	struct bindings l = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(binding_tunnel_parse("fd00::1:80/x", &a), -EINVAL);
	assert_int_equal(a.tunnel.family, 0);
	assert_int_equal(binding_tunnel_parse("192.0.2.1", &a), 0);
	assert_int_equal(binding_check(&a, &field, &err), -EINVAL);
	assert_string_equal(field, "tunnel");
	assert_int_equal(binding_tunnel_parse("ff02::1", &a), 0);
	assert_int_equal(binding_check(&a, &field, &err), -EINVAL);
	assert_int_equal(binding_tunnel_parse("fd00::1", &a), 0);
	assert_int_equal(binding_tunnel_parse("fd00::1", &same), 0);
	assert_int_equal(bindings_put(&l, &a, &err), 0);
	assert_int_equal(bindings_put(&l, &same, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "fd00::1"));
	assert_int_equal(binding_tunnel_parse("fd00::2", &same), 0);
	assert_int_equal(bindings_put(&l, &same, &err), 0);
	assert_int_equal(bindings_put(&l, &v6, &err), 0);
	assert_int_equal(l.crossed[0], 2);
	assert_int_equal(l.crossed[1], 0);
	assert_true(bindings_have_vm(&l, &same.vm));
	assert_false(bindings_have_tunnel(&l, &same.vm));
	assert_true(bindings_have_tunnel(&l, &same.tunnel));
	assert_true(bindings_remove(&l, "a"));
	assert_true(bindings_have_tunnel(&l, &a.tunnel)); /* of c */
	assert_false(bindings_have_vm(&l, &a.vm));
	assert_int_equal(l.crossed[0], 1);
	same.tunnel.family = 0; /* replaced: in IPv4 from now on */
	assert_int_equal(bindings_put(&l, &same, &err), 0);
	assert_int_equal(l.crossed[0], 0);
	bindings_free(&l);
}

static void test_clashes(void **state)
{
	struct binding a = make("a", "192.0.2.1:80/tcp", "10.0.0.1:8080");
	struct binding same = make("b", "192.0.2.1:80/tcp", "10.0.0.1:9090");
	struct binding other = make("b", "192.0.2.1:80/udp", "10.0.0.1:9090");
	struct binding vm2 = make("c", "192.0.2.1:80/tcp", "10.0.0.2");
	struct bindings l = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(bindings_put(&l, &a, &err), 0);
	assert_int_equal(bindings_put(&l, &same, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "first in a"));
	assert_int_equal(bindings_put(&l, &other, &err), 0);
	assert_int_equal(bindings_put(&l, &vm2, &err), 0);
	/* the same name: it is replaced, and clashes with others only */
	a.vm_port = 81;
	assert_int_equal(bindings_put(&l, &a, &err), 0);
	assert_int_equal(l.n, 3);
	assert_int_equal(bindings_find(&l, "a")->vm_port, 81);
	assert_true(bindings_have_vm(&l, &vm2.vm));
	assert_true(bindings_remove(&l, "c"));
	assert_false(bindings_remove(&l, "c"));
	assert_false(bindings_have_vm(&l, &vm2.vm));
	assert_true(bindings_remove(&l, "a"));
	assert_true(bindings_have_vm(&l, &a.vm)); /* of b */
	assert_true(bindings_have_tunnel(&l, &a.vm));
	assert_int_equal(bindings_put(&l, &same, &err),
			 0); /* b, as it was not */
	assert_int_equal(l.n, 1);
	bindings_free(&l);
}

/* Against a plain array, 20,000 times. */
static void test_random(void **state)
{
	enum { NAMES = 40 };
	struct binding model[NAMES] = { 0 };
	unsigned int seed = 7;
	struct bindings l = { 0 };

	(void)state;
	for (int step = 0; step < 20000; step++) {
		int at = rand_r(&seed) % NAMES, k;
		char name[8], vm[32], service[32];
		struct binding b;
		bool clash = false;

		snprintf(name, sizeof(name), "n%d", at);
		snprintf(vm, sizeof(vm), "10.0.0.%d", 1 + rand_r(&seed) % 5);
		snprintf(service, sizeof(service), "192.0.2.%d:80/tcp",
			 1 + rand_r(&seed) % 5);
		b = make(name, service, vm);
		if (rand_r(&seed) % 3 == 0) {
			assert_int_equal(bindings_remove(&l, name),
					 model[at].port != 0);
			model[at].port = 0;
			continue;
		}
		for (k = 0; k < NAMES; k++)
			clash |= k != at && model[k].port &&
				 !addr_cmp(&model[k].vm, &b.vm) &&
				 !addr_cmp(&model[k].service, &b.service);
		assert_int_equal(bindings_put(&l, &b, NULL),
				 clash ? -EEXIST : 0);
		if (!clash)
			model[at] = b;
		for (size_t i = 1; i < l.n; i++)
			assert_true(
			    strcmp(l.list[i - 1]->name, l.list[i]->name) < 0);
	}
	bindings_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_tunnels), cmocka_unit_test(test_clashes),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
