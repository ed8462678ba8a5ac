/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units: whose things are by their names, what a set is called when its form
 * changes, and the keys field by field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rulesets/base.h"
#include "rulesets/rule.h"
#include "rulesets/unit.h"

/* ---- names */

static void test_names(void **state)
{
	static const struct {
		enum unit_part part;
		const char *name, *unit; /* NULL: nobody's */
	} cases[] = {
		{ PART_CHAIN, "service.www", "www" },
		{ PART_CHAIN, "service.a.b", "a.b" },
		{ PART_CHAIN, "mark.www/b1", "www" },
		{ PART_CHAIN, "priority.www/b1/2", "www" },
		{ PART_CHAIN, "room.www/b1", "www" },
		{ PART_CHAIN, "service.", "" },
		{ PART_CHAIN, "services.www", NULL },
		{ PART_CHAIN, "service", NULL },
		{ PART_CHAIN, "prerouting", NULL },
		{ PART_CHAIN, "sessions.www", NULL },
		{ PART_SET, "sessions.www", "www" },
		{ PART_SET, "sessions.www/2", "www" },
		{ PART_SET, "group.pool", "/pool" },
		{ PART_SET, "group.pool/2", "/pool" },
		{ PART_SET, "list.bad", NULL },
		{ PART_SET, "service.www", NULL },
		{ PART_COUNTER, "new.www/b1", "www" },
		{ PART_COUNTER, "full-new.www", "www" },
		{ PART_COUNTER, "helper.ftp", NULL },
	};
	char unit[CHAIN_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool found = unit_of_name(cases[i].part, cases[i].name, unit);

		assert_int_equal(found, cases[i].unit != NULL);
		if (found)
			assert_string_equal(unit, cases[i].unit);
	}
}

static void test_long_names(void **state)
{
	char name[CHAIN_NAME_MAX + 16], unit[CHAIN_NAME_MAX];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memcpy(name, "group.", 6);
	assert_false(unit_of_name(PART_SET, name, unit));
	name[6 + CHAIN_NAME_MAX - 2] = '\0';
	assert_true(unit_of_name(PART_SET, name, unit));
	assert_int_equal(strlen(unit), CHAIN_NAME_MAX - 1);
}

/* ---- sets of another form */

static void test_set_name(void **state)
{
	static const struct set_form small = {
		.key = KEY_ADDR, .data = DATA_ID, .expires = true, .size = 10
	};
	static const struct set_form large = {
		.key = KEY_ADDR, .data = DATA_ID, .expires = true, .size = 20
	};
	static const struct set_form mac = {
		.key = KEY_MAC, .data = DATA_ID, .expires = true, .size = 10
	};
	struct unit *u = unit_new("www", AF_INET);
	char name[CHAIN_NAME_MAX];

	(void)state;
	unit_set_name(NULL, "sessions.www", &small, name);
	assert_string_equal(name, "sessions.www");
	unit_set_name(u, "sessions.www", &small, name);
	assert_string_equal(name, "sessions.www");
	unit_set_add(u, "sessions.www", &small);
	unit_set_name(u, "sessions.www", &small, name);
	assert_string_equal(name, "sessions.www");
	unit_set_name(u, "sessions.www", &large, name);
	assert_string_equal(name, "sessions.www/2");
	unit_set_add(u, "sessions.www/2", &large);
	unit_sort(u);
	unit_set_name(u, "sessions.www", &large, name);
	assert_string_equal(name, "sessions.www/2");
	unit_set_name(u, "sessions.www", &mac, name);
	assert_string_equal(name, "sessions.www/3");
	unit_free(u);
	u = unit_new("www", AF_INET);
	unit_set_add(u, "sessions.www/2", &large);
	unit_set_name(u, "sessions.www", &small, name);
	assert_string_equal(name, "sessions.www");
	unit_free(u);
}

/* ---- lists of a unit */

static void test_found_by_name(void **state)
{
	struct unit *u = unit_new("www", AF_INET);
	uint32_t base = 0, m = 0;
	struct unit_chain *c;

	(void)state;
	for (int i = 40; i > 0; i--) {
		unit_obj_add(u, "new.www/b%d", i);
		c = unit_chain_add(u, "mark.www/b%d", i);
		rule_verdict(chain_rule(c), 1, NULL);
	}
	c = unit_chain_add(u, "service.www");
	rule_verdict(chain_rule(c), NFT_JUMP, "allow.www");
	rule_numgen_inc(chain_rule(c), REG(0), 7, 99);
	unit_sort(u);
	assert_true(unit_has_obj(u, "new.www/b40"));
	assert_false(unit_has_obj(u, "new.www/b41"));
	assert_false(unit_has_obj(NULL, "new.www/b40"));
	assert_ptr_equal(unit_chain(u, "service.www"), c);
	assert_int_equal(c->nrules, 2);
	assert_null(unit_chain(u, "mark.www/b0"));
	assert_true(unit_slots(u, &base, &m));
	assert_int_equal(base, 99);
	assert_int_equal(m, 7);
	unit_free(u);
}

/* ---- keys */

static void test_keys(void **state)
{
	static const struct {
		enum map_key key;
		unsigned int len4, len6;
	} cases[] = {
		{ KEY_ADDR_PROTO_PORT, 12, 24 },
		{ KEY_ADDR_PROTO, 8, 20 },
		{ KEY_ID, 4, 4 },
		{ KEY_FLOW, 20, 44 },
		{ KEY_PIN, 16, 40 },
		{ KEY_MEMBER, 16, 28 },
		{ KEY_ADDR, 4, 16 },
		{ KEY_ADDR_PORT, 8, 20 },
		{ KEY_PORT_ADDR, 8, 20 },
		{ KEY_MAC, 6, 6 },
		{ KEY_TUPLE, 20, 44 },
		{ KEY_RECENT, 16, 40 },
		{ KEY_BOUND, 16, 28 },
		{ KEY_IFINDEX, 4, 4 },
	};

	(void)state;
	assert_int_equal(sizeof(cases) / sizeof(cases[0]), KEYS);
	for (size_t i = 0; i < KEYS; i++) {
		enum map_key key = cases[i].key;

		assert_int_equal(key_len(key, AF_INET), cases[i].len4);
		assert_int_equal(key_len(key, AF_INET6), cases[i].len6);
		assert_true(cases[i].len6 <= ELEM_KEY_MAX);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(key_type(key, AF_INET),
					     key_type(cases[k].key, AF_INET));
	}
	assert_int_equal(key_field_at(KEY_FLOW, 2, AF_INET6), 20);
	assert_int_equal(key_field_at(KEY_FLOW, 4, AF_INET), 16);
	assert_int_equal(key_field_len(KEY_FLOW, 4, AF_INET), 2);
	/* nft describes them so */
	assert_int_equal(key_type(KEY_ADDR_PROTO_PORT, AF_INET),
			 7 << 12 | 12 << 6 | 13);
	assert_int_equal(key_type(KEY_MAC, AF_INET6), 9);
}

/* ---- features */

/* Each map, chain and object is part of one feature; those of FEATURE_NONE need
 * nothing beyond it. What tables of type netdev share with the others is in
 * FEATURE_INGRESS as well: no table has both. */
static void test_parts(void **state)
{
	struct base_parts all = { 0, 0, 0 };

	(void)state;
	for (unsigned int f = 0; f < FEATURES; f++) {
		struct base_parts p = base_parts_of(FEATURE_BIT(f), AF_INET);

		if (f != FEATURE_INGRESS)
			assert_int_equal(all.maps & p.maps, 0);
		assert_int_equal(all.chains & p.chains, 0);
		assert_int_equal(all.objs & p.objs, 0);
		assert_true(p.maps || p.chains || p.objs);
		all.maps |= p.maps;
		all.chains |= p.chains;
		all.objs |= p.objs;
	}
	assert_int_equal(all.maps, (1ull << MAP_COUNT) - 1);
	/* the kernel has no helper pptp for IPv6 */
	assert_int_equal(
	    base_parts_of(FEATURE_BIT(FEATURE_HELPER_PPTP), AF_INET6).objs, 0);
	assert_int_not_equal(
	    base_parts_of(FEATURE_BIT(FEATURE_HELPER_PPTP), AF_INET).objs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_set_name),
		cmocka_unit_test(test_found_by_name),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
