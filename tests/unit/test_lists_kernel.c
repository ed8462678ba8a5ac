/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists in the running kernel, as nft sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rulesets/lists.h"
#include "tests/unit/netns.h"
#include "tests/unit/ruleset_rig.h"

#define V6_LAST "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

static struct nets nets_of(const char *const *texts)
{
	struct nets s = { 0 };

	for (; texts && *texts; texts++) {
		struct net_range r;

		assert_int_equal(net_parse(*texts, &r, NULL), 0);
		nets_push(&s, &r);
	}
	nets_tidy(&s);
	return s;
}

static int open_empty(void **state)
{
	struct ruleset *rs;

	if (nft("flush ruleset") != 0 || ruleset_open(&rs, RIG_TABLE, NULL) < 0)
		return -1;
	*state = rs;
	return 0;
}

static int close_it(void **state)
{
	ruleset_close(*state);
	return 0;
}

#define OK(call)                                                               \
	do {                                                                   \
		struct err err_ = { "" };                                      \
		int ret_ = (call);                                             \
		if (ret_ < 0)                                                  \
			fail_msg("%d: %s", ret_, err_.msg);                    \
	} while (0)

/* The elements that nft lists, without blanks between them. */
static void expect(const char *family, const char *set, const char *wanted)
{
	char command[512], text[4096] = "";
	FILE *f;
	size_t n;

	snprintf(command, sizeof(command),
		 "nft list set %s " RIG_TABLE " '%s' | tr -d '\\n\\t ' | "
		 "sed -n 's/.*elements={\\([^}]*\\)}.*/\\1/p'",
		 family, set);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_string_equal(text, wanted);
}

/* ---- */

static void a_set_is_filled_as_nft_would(void **state)
{
	static const char *const v4[] = { "0.0.0.0/8",   "10.0.0.0/24",
					  "10.0.1.5",    "10.0.1.7-10.0.1.9",
					  "192.0.2.255", "255.255.255.255",
					  NULL };
	static const char *const v6[] = { "::/1", "9000::5-9000::9",
					  "fe80::/10", V6_LAST, NULL };
	struct nets want4 = nets_of(v4), want6 = nets_of(v6);

	OK(lists_fill(*state, "list.a", AF_INET, &want4, &err_));
	OK(lists_fill(*state, "list.a", AF_INET6, &want6, &err_));
	expect("ip", "list.a",
	       "0.0.0.0/8,10.0.0.0/24,10.0.1.5,10.0.1.7-10.0.1.9,192.0.2.255,"
	       "255.255.255.255");
	expect("ip6", "list.a", "::/1,9000::5-9000::9,fe80::/10," V6_LAST);
	/* What it lists it can load again. */
	assert_int_equal(
	    netns_run("nft list ruleset >/tmp/nftlb-lists.$PPID && "
		      "nft flush ruleset && nft -f /tmp/nftlb-lists.$PPID; "
		      "r=$?; rm /tmp/nftlb-lists.$PPID; exit $r"),
	    0);
	expect("ip6", "list.a", "::/1,9000::5-9000::9,fe80::/10," V6_LAST);
	nets_free(&want4);
	nets_free(&want6);
}

static void filling_replaces_what_was_there(void **state)
{
	static const char *const first[] = { "10.0.0.0/24", "10.0.1.1", NULL };
	static const char *const then[] = { "10.0.0.128-10.0.1.0",
					    "255.0.0.0/8", NULL };
	static const char *const whole[] = { "0.0.0.0/0", NULL };
	struct nets a = nets_of(first), b = nets_of(then), c = nets_of(whole);

	OK(lists_fill(*state, "list.a", AF_INET, &a, &err_));
	assert_int_equal(nft("add element ip rig list.a { 99.0.0.0/8 }"), 0);
	OK(lists_fill(*state, "list.a", AF_INET, &b, &err_));
	expect("ip", "list.a", "10.0.0.128-10.0.1.0,255.0.0.0/8");
	OK(lists_fill(*state, "list.a", AF_INET, &c, &err_));
	expect("ip", "list.a", "0.0.0.0/0");
	OK(lists_fill(*state, "list.a", AF_INET, NULL, &err_));
	expect("ip", "list.a", "");
	nets_free(&a);
	nets_free(&b);
	nets_free(&c);
}

/* From each of some contents to each other by their difference. */
static void a_difference_makes_one_of_the_other(void **state)
{
	static const char *const contents[][8] = {
		{ NULL },
		{ "10.0.0.0/24", "10.0.1.1", NULL },
		{ "10.0.0.0-10.0.1.1", "255.0.0.0/8", NULL },
		{ "10.0.0.1", "10.0.0.3", "10.0.0.5", NULL },
		{ "10.0.0.2", "10.0.0.4", "10.0.0.6-255.255.255.255", NULL },
		{ "0.0.0.0/0", NULL },
		{ "255.255.255.255", NULL },
	};
	static const char *const texts[] = {
		"",
		"10.0.0.0/24,10.0.1.1",
		"10.0.0.0-10.0.1.1,255.0.0.0/8",
		"10.0.0.1,10.0.0.3,10.0.0.5",
		"10.0.0.2,10.0.0.4,10.0.0.6-255.255.255.255",
		"0.0.0.0/0",
		"255.255.255.255",
	};
	const size_t n = sizeof(texts) / sizeof(texts[0]);

	for (size_t i = 0; i < n * n; i++) {
		struct nets have = nets_of(contents[i / n]);
		struct nets want = nets_of(contents[i % n]);
		struct list_change c = { .name = "list.a", .family = AF_INET };

		OK(lists_fill(*state, "list.a", AF_INET, &have, &err_));
		nets_diff(&have, &want, &c.del, &c.add);
		OK(lists_change(*state, &c, 1, &err_));
		expect("ip", "list.a", texts[i % n]);
		nets_free(&have);
		nets_free(&want);
		nets_free(&c.del);
		nets_free(&c.add);
	}
}

static void several_sets_change_at_once_or_not_at_all(void **state)
{
	static const char *const one[] = { "10.0.0.1", NULL };
	struct nets first = nets_of(one);
	struct list_change c[] = {
		{ .name = "list.a/added", .family = AF_INET, .add = first },
		{ .name = "list.a/removed", .family = AF_INET, .del = first },
	};
	struct err err = { "" };

	OK(lists_fill(*state, "list.a/added", AF_INET, NULL, &err_));
	OK(lists_fill(*state, "list.a/removed", AF_INET, NULL, &err_));
	assert_true(lists_change(*state, c, 2, &err) < 0);
	assert_non_null(strstr(err.msg, "list.a/removed"));
	expect("ip", "list.a/added", "");
	OK(lists_fill(*state, "list.a/removed", AF_INET, &first, &err_));
	OK(lists_change(*state, c, 2, &err_));
	expect("ip", "list.a/added", "10.0.0.1");
	expect("ip", "list.a/removed", "");
	nets_free(&first);
}

static void a_scan_finds_names_and_forms(void **state)
{
	struct list_finds finds = { 0 };
	const struct list_found *a;
	uint64_t handle;

	OK(lists_scan(*state, &finds, &err_)); /* no table */
	assert_int_equal(finds.n, 0);
	OK(lists_fill(*state, "list.a", AF_INET, NULL, &err_));
	OK(lists_fill(*state, "list.a/2", AF_INET6, NULL, &err_));
	assert_int_equal(
	    nft("add set ip rig list.b { type ipv4_addr; }\n"
		"add set ip rig list.c { type ether_addr; flags interval; }\n"
		"add set ip rig other { type ipv4_addr; flags interval; }\n"
		"add table ip x\n"
		"add set ip x list.d { type ipv4_addr; flags interval; }\n"),
	    0);
	OK(lists_scan(*state, &finds, &err_));
	assert_int_equal(finds.n, 4);
	a = list_find(&finds, "list.a", AF_INET);
	assert_true(a && a->good);
	handle = a->handle;
	assert_null(list_find(&finds, "list.a", AF_INET6));
	assert_true(list_find(&finds, "list.a/2", AF_INET6)->good);
	assert_false(list_find(&finds, "list.b", AF_INET)->good);
	assert_false(list_find(&finds, "list.c", AF_INET)->good);
	/* One that is made again has another handle. */
	OK(lists_delete(*state, "list.a", AF_INET, &err_));
	OK(lists_delete(*state, "list.a", AF_INET, &err_));
	OK(lists_fill(*state, "list.a", AF_INET, NULL, &err_));
	OK(lists_scan(*state, &finds, &err_));
	assert_true(list_find(&finds, "list.a", AF_INET)->handle != handle);
	list_finds_free(&finds);
}

static void what_we_do_is_nobody_elses(void **state)
{
	static const char *const one[] = { "10.0.0.1", NULL };
	struct nets want = nets_of(one);

	OK(ruleset_scan(*state, &err_));
	OK(lists_fill(*state, "list.a", AF_INET, &want, &err_));
	assert_false(ruleset_watch_read(*state));
	assert_int_equal(nft("add element ip rig list.a { 10.0.0.9 }"), 0);
	assert_true(ruleset_watch_read(*state));
	nets_free(&want);
}

/* 20,000 ranges: four pieces, and others commit in between. */
static void a_large_set_is_built_in_pieces(void **state)
{
	struct list_build b;
	struct nets want = { 0 };
	int steps = 1, ret;

	for (uint32_t i = 0; i < 20000; i++) {
		struct net_range r = { .lo = { .family = AF_INET } };

		r.lo.ip[0] = 10;
		r.lo.ip[1] = (uint8_t)(i >> 14);
		r.lo.ip[2] = (uint8_t)(i >> 6);
		r.lo.ip[3] = (uint8_t)(i << 2);
		r.hi = r.lo;
		nets_push(&want, &r);
	}
	nets_tidy(&want);
	OK(list_build_begin(&b, *state, "list.a/2", AF_INET, &want, &err_));
	while ((ret = list_build_step(&b, *state, NULL)) == 1) {
		assert_int_equal(nft("add table ip other"), 0);
		steps++;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(steps, 4);
	assert_int_equal(netns_run("test $(nft list set ip rig list.a/2 | "
				   "grep -o '10\\.[0-9.]*' | wc -l) = 20000"),
			 0);
	nets_free(&want);
}

static void names(void **state)
{
	char name[LIST_SET_NAME_MAX];

	assert_string_equal(list_set_name("bad", LIST_BASE, name), "list.bad");
	assert_string_equal(list_set_name("bad", LIST_BASE2, name),
			    "list.bad/2");
	assert_string_equal(list_set_part("list.bad", LIST_ADDED, name),
			    "list.bad/added");
	assert_string_equal(list_set_part("list.bad/2", LIST_REMOVED, name),
			    "list.bad/removed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_empty, close_it)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		TEST(a_set_is_filled_as_nft_would),
		TEST(filling_replaces_what_was_there),
		TEST(a_difference_makes_one_of_the_other),
		TEST(several_sets_change_at_once_or_not_at_all),
		TEST(a_scan_finds_names_and_forms),
		TEST(what_we_do_is_nobody_elses),
		TEST(a_large_set_is_built_in_pieces),
	};

	return cmocka_run_group_tests(tests, rig_enter, NULL);
}
