/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flags of full backends in the running kernel: read, raised, taken down, while
 * packets and time do the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/ruleset_rig.h"

#include "rulesets/full.h"

#define LONG_MS 60000

static void make_sets(void)
{
	const char *const families[] = { "ip", "ip6" };

	for (int i = 0; i < 2; i++)
		assert_int_equal(nft("add set %s " RIG_TABLE " backends-full { "
				     "type classid; flags dynamic,timeout; "
				     "size 65536; }",
				     families[i]),
				 0);
}

/* The flags that are up, as text: "4/16 6/17". */
static const char *flags(const struct rig *r)
{
	static char text[256];
	struct err err = { "" };
	struct full_flag *list;
	size_t n, len = 0;

	assert_int_equal(full_read(r->rs, &list, &n, &err), 0);
	text[0] = '\0';
	for (size_t i = 0; i < n && len < sizeof(text) - 16; i++) {
		assert_true(list[i].left_ms <= LONG_MS);
		len += (size_t)sprintf(text + len, "%s%d/%u", i ? " " : "",
				       list[i].family == AF_INET6 ? 6 : 4,
				       list[i].id);
	}
	free(list);
	return text;
}

static uint32_t left_ms(const struct rig *r, uint8_t family, uint32_t id)
{
	struct err err = { "" };
	const struct full_flag *f;
	struct full_flag *list;
	uint32_t left;
	size_t n;

	assert_int_equal(full_read(r->rs, &list, &n, &err), 0);
	f = full_find(list, n, family, id);
	left = f ? f->left_ms : 0;
	free(list);
	return left;
}

static void raise_flag(const struct rig *r, uint8_t family, uint32_t id,
		       uint32_t for_ms)
{
	struct err err = { "" };

	assert_int_equal(full_raise(r->rs, family, id, for_ms, &err), 0);
}

static void clear_flag(const struct rig *r, uint8_t family, uint32_t id)
{
	struct err err = { "" };

	assert_int_equal(full_clear(r->rs, family, id, &err), 0);
}

static void no_set_no_flags(void **state)
{
	assert_string_equal(flags(*state), "");
	clear_flag(*state, AF_INET, 16);
}

static void flags_come_and_go(void **state)
{
	const struct rig *r = *state;

	make_sets();
	assert_string_equal(flags(r), "");
	raise_flag(r, AF_INET6, 17, LONG_MS);
	raise_flag(r, AF_INET, 300, LONG_MS);
	raise_flag(r, AF_INET, 16, LONG_MS);
	assert_string_equal(flags(r), "4/16 4/300 6/17");
	assert_int_equal(left_ms(r, AF_INET6, 16), 0);
	clear_flag(r, AF_INET, 300);
	clear_flag(r, AF_INET, 300);
	assert_string_equal(flags(r), "4/16 6/17");
	clear_flag(r, AF_INET, 16);
	clear_flag(r, AF_INET6, 17);
	assert_string_equal(flags(r), "");
}

/* As packets raise them: "add" with 10 s. */
static void flags_of_packets(void **state)
{
	const struct rig *r = *state;

	make_sets();
	assert_int_equal(nft("add element ip " RIG_TABLE " backends-full { "
			     "0:10 timeout 10s, 1:2 timeout 10s }"),
			 0);
	assert_string_equal(flags(r), "4/16 4/65538");
	assert_in_range(left_ms(r, AF_INET, 16), 5000, 10000);
	raise_flag(r, AF_INET, 16, LONG_MS);
	assert_in_range(left_ms(r, AF_INET, 16), 30000, LONG_MS);
	raise_flag(r, AF_INET, 16, LONG_MS / 2);
	assert_in_range(left_ms(r, AF_INET, 16), 10001, LONG_MS / 2);
	clear_flag(r, AF_INET, 65538);
	assert_string_equal(flags(r), "4/16");
}

static void sleep_ms(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* Around the moment at which it goes by itself. */
static void flags_time_out(void **state)
{
	const struct rig *r = *state;

	make_sets();
	for (int i = 0; i < 40; i++) {
		raise_flag(r, AF_INET, 16, 20);
		sleep_ms(i % 20 + 10);
		if (i < 20)
			clear_flag(r, AF_INET, 16);
		else
			raise_flag(r, AF_INET, 16, LONG_MS);
		assert_string_equal(flags(r), i < 20 ? "" : "4/16");
		clear_flag(r, AF_INET, 16);
	}
}

static void ids_by_name(void **state)
{
	const struct rig *r = *state;
	uint32_t b1 = full_id(r->rs, "web", AF_INET, "b1");

	assert_true(b1 >= 16);
	assert_int_not_equal(b1, full_id(r->rs, "web", AF_INET, "b2"));
	assert_int_not_equal(b1, full_id(r->rs, "any", AF_INET, "b1"));
	assert_true(full_id(r->rs, "web", AF_INET6, "b2") >= 16);
	assert_int_equal(full_id(r->rs, "web", AF_INET, "b9"), 0);
	assert_int_equal(full_id(r->rs, "any", AF_INET6, "b1"), 0);
}

/* Nothing of this is anybody else's hand in our tables. */
static void watch_does_not_mind(void **state)
{
	const struct rig *r = *state;

	make_sets();
	ruleset_watch_read(r->rs);
	raise_flag(r, AF_INET, 16, LONG_MS);
	raise_flag(r, AF_INET, 16, LONG_MS);
	clear_flag(r, AF_INET, 16);
	clear_flag(r, AF_INET, 16);
	assert_false(ruleset_watch_read(r->rs));
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void cost(void **state)
{
	const struct rig *r = *state;

	make_sets();
	for (uint32_t n = 0; n <= 100; n += 100) {
		double start;

		for (uint32_t i = 0; i < n; i++)
			raise_flag(r, AF_INET, 16 + i, LONG_MS);
		start = now_ms();
		for (int i = 0; i < 100; i++)
			flags(r);
		print_message("%u flags: %.0f us to read\n", n,
			      (now_ms() - start) * 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
		T(no_set_no_flags),
		T(flags_come_and_go),
		T(flags_of_packets),
		T(flags_time_out),
		T(ids_by_name),
		T(watch_does_not_mind),
		T(cost),
	};

	return cmocka_run_group_tests(tests, rig_enter, NULL);
}
