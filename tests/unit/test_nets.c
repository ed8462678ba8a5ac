/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/nets: sets of ranges, next to a bitmap of 256 addresses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/nets.h"

static struct net_range net(const char *text)
{
	struct err err = { "" };
	struct net_range r;

	if (net_parse(text, &r, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

/* "a b c" for what is in the set */
static void expect(const struct nets *s, const char *wanted)
{
	char text[1024] = "", one[96];

	for (size_t i = 0; i < s->n; i++) {
		net_print(&s->list[i], one, sizeof(one));
		if (i)
			strcat(text, " ");
		strcat(text, one);
	}
	assert_string_equal(text, wanted);
}

static void fill(struct nets *s, const char *const *texts)
{
	for (; *texts; texts++) {
		struct net_range r = net(*texts);

		nets_push(s, &r);
	}
	nets_tidy(s);
}

/* ---- text */

static void parses_three_forms_and_prints_the_shortest(void **state)
{
	static const char *const rows[][2] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1/32", "192.0.2.1" },
		{ "192.0.2.77/24", "192.0.2.0/24" },
		{ "192.0.2.0-192.0.2.255", "192.0.2.0/24" },
		{ "192.0.2.1-192.0.2.2", "192.0.2.1-192.0.2.2" },
		{ "192.0.2.2-192.0.2.3", "192.0.2.2/31" },
		{ "192.0.2.5-192.0.2.5", "192.0.2.5" },
		{ "10.0.0.0/9", "10.0.0.0/9" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "0.0.0.0-255.255.255.255", "0.0.0.0/0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:DB8::5/64", "2001:db8::/64" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:db8::/127", "2001:db8::/127" },
		{ "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0" },
		{ "::/0", "::/0" },
		{ "fe80::1-fe80::ffff", "fe80::1-fe80::ffff" },
	};
	char text[96];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_range r = net(rows[i][0]);

		net_print(&r, text, sizeof(text));
		assert_string_equal(text, rows[i][1]);
	}
}

static void refuses_the_rest_and_says_what(void **state)
{
	static const char *const rows[][2] = {
		{ "", "\"\" is not an address; " },
		{ "example.org", "\"example.org\" is not an address; " },
		{ "192.0.2.1/33", "\"33\" is not a prefix length of 0..32; " },
		{ "192.0.2.1/", "\"\" is not a prefix length of 0..32; " },
		{ "::/129", "\"129\" is not a prefix length of 0..128; " },
		{ "192.0.2.1/24/8", "\"24/8\" is not a prefix length" },
		{ "192.0.2.0/255.255.255.0", "is not a prefix length" },
		{ "192.0.2.9-192.0.2.1",
		  "\"192.0.2.1\" is not 192.0.2.9 or above it; " },
		{ "192.0.2.9-2001:db8::", "is not of the family of 192.0.2.9" },
		{ "192.0.2.9-", "\"\" is not an address; " },
		{ " 192.0.2.9", "\" 192.0.2.9\" is not an address; " },
		{ "-1", "\"-1\" is not an address; " },
		{ "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111",
		  "is not an address; " },
	};
	struct net_range r, before;

	memset(&r, 0x55, sizeof(r));
	before = r;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { "" };

		assert_int_equal(net_parse(rows[i][0], &r, &err), -EINVAL);
		assert_memory_equal(&r, &before, sizeof(r));
		assert_non_null(strstr(err.msg, rows[i][1]));
		assert_non_null(strstr(
		    err.msg, "; allowed: an address, a network or a range"));
	}
	assert_int_equal(net_parse("x", &r, NULL), -EINVAL);
}

/* ---- hand-made sets */

static void merges_what_overlaps_or_touches(void **state)
{
	struct nets s = { 0 };

	fill(&s,
	     (const char *const[]){ "10.0.0.5", "10.0.0.0/30", "10.0.0.4",
				    "10.0.0.8/29", "10.0.2.0/24", "10.0.1.0/24",
				    "10.0.2.0", "192.0.2.1", NULL });
	expect(&s, "10.0.0.0-10.0.0.5 10.0.0.8/29 10.0.1.0-10.0.2.255 "
		   "192.0.2.1");
	nets_free(&s);
}

static void the_whole_and_its_ends(void **state)
{
	static const char *const rows[][4] = {
		/* whole, taken out, left, first address */
		{ "0.0.0.0/0", "255.255.255.255", "0.0.0.0-255.255.255.254",
		  "0.0.0.0" },
		{ "0.0.0.0/0", "0.0.0.0", "0.0.0.1-255.255.255.255",
		  "255.255.255.255" },
		{ "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "::" },
		{ "::/0", "::", "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_range all = net(rows[i][0]), out = net(rows[i][1]);
		struct net_range end = net(rows[i][3]);
		struct nets s = { 0 };

		assert_true(nets_add(&s, &end));
		assert_true(nets_add(&s, &all));
		assert_false(nets_add(&s, &all));
		expect(&s, rows[i][0]);
		assert_true(nets_remove(&s, &out));
		assert_false(nets_remove(&s, &out));
		expect(&s, rows[i][2]);
		assert_true(nets_has(&s, &end.lo));
		assert_false(nets_has(&s, &out.lo));
		assert_true(nets_add(&s, &out));
		expect(&s, rows[i][0]);
		assert_true(nets_remove(&s, &all));
		assert_int_equal(s.n, 0);
		assert_false(nets_has(&s, &end.lo));
		nets_free(&s);
	}
}

static void an_empty_set_has_nothing(void **state)
{
	struct nets s = { 0 }, copy = { 0 }, del = { 0 }, add = { 0 };
	struct net_range r = net("192.0.2.0/24");

	nets_tidy(&s);
	assert_false(nets_has(&s, &r.lo));
	assert_false(nets_remove(&s, &r));
	nets_copy(&copy, &s);
	assert_true(nets_same(&copy, &s));
	nets_diff(&s, &copy, &del, &add);
	assert_int_equal(del.n + add.n, 0);
	nets_free(&s);
}

/* ---- next to an oracle */

#define SPACE 256

/* Where the 256 addresses lie: also at the very ends of each family. */
static const char *const bases[] = {
	"0.0.0.0",
	"192.0.1.128",
	"255.255.255.0",
	"::",
	"2001:db8::ffff:ff80",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00"
};

static struct addr at(const struct addr *base, unsigned int i)
{
	struct addr a = *base;

	for (unsigned int k = addr_len(base), carry = i; k-- > 0; carry >>= 8) {
		carry += a.ip[k];
		a.ip[k] = (uint8_t)carry;
	}
	return a;
}

static struct net_range some_range(const struct addr *base, unsigned int *lo,
				   unsigned int *hi)
{
	*lo = (unsigned int)rand() % SPACE;
	*hi = *lo + (rand() % 3 ? (unsigned int)rand() % 8
				: (unsigned int)rand() % SPACE);
	if (*hi >= SPACE)
		*hi = SPACE - 1;
	return (struct net_range){ at(base, *lo), at(base, *hi) };
}

/* The set is what the bitmap says, in the one form that there is. */
static void expect_bits(const struct nets *s, const bool *bits,
			const struct addr *base)
{
	size_t runs = 0;

	assert_false(s->loose);
	for (unsigned int i = 0; i < SPACE; i++) {
		struct addr a = at(base, i);

		assert_int_equal(nets_has(s, &a), bits[i]);
		if (bits[i] && (i == 0 || !bits[i - 1])) {
			assert_true(runs < s->n);
			assert_memory_equal(&s->list[runs++].lo, &a, sizeof(a));
		}
		if (bits[i] && (i == SPACE - 1 || !bits[i + 1]))
			assert_memory_equal(&s->list[runs - 1].hi, &a,
					    sizeof(a));
	}
	assert_int_equal(runs, s->n);
}

static void mark_bits(bool *bits, unsigned int lo, unsigned int hi, bool value)
{
	for (unsigned int i = lo; i <= hi; i++)
		bits[i] = value;
}

static void change_at_random(struct nets *s, bool *bits,
			     const struct addr *base)
{
	for (int step = 0; step < 60; step++) {
		unsigned int lo, hi;
		struct net_range r = some_range(base, &lo, &hi);
		bool add = rand() % 2, before[SPACE], changed;

		memcpy(before, bits, sizeof(before));
		mark_bits(bits, lo, hi, add);
		assert_int_equal(nets_has_all(s, &r),
				 !memchr(before + lo, false, hi - lo + 1));
		assert_int_equal(nets_has_any(s, &r),
				 memchr(before + lo, true, hi - lo + 1) !=
				     NULL);
		changed = add ? nets_add(s, &r) : nets_remove(s, &r);
		assert_int_equal(changed,
				 memcmp(before, bits, sizeof(before)) != 0);
		expect_bits(s, bits, base);
	}
}

/* Both at once, next to the bits. */
static void change_all_at_random(struct nets *s, bool *bits,
				 const struct addr *base)
{
	for (int step = 0; step < 8; step++) {
		struct nets other = { 0 };
		bool add = rand() % 2;

		for (int n = rand() % 9; n > 0; n--) {
			unsigned int lo, hi;
			struct net_range r = some_range(base, &lo, &hi);

			nets_push(&other, &r);
			mark_bits(bits, lo, hi, add);
		}
		nets_tidy(&other);
		if (add)
			nets_add_all(s, &other);
		else
			nets_remove_all(s, &other);
		expect_bits(s, bits, base);
		nets_free(&other);
	}
}

static void push_at_random(struct nets *s, bool *bits, const struct addr *base)
{
	for (int n = rand() % 40; n > 0; n--) {
		unsigned int lo, hi;
		struct net_range r = some_range(base, &lo, &hi);

		nets_push(s, &r);
		mark_bits(bits, lo, hi, true);
	}
	nets_tidy(s);
	expect_bits(s, bits, base);
}

static void random_changes(void **state)
{
	srand(4);
	for (int round = 0; round < 120; round++) {
		struct addr base = net(bases[round % 6]).lo;
		bool bits[SPACE] = { false };
		struct nets s = { 0 };

		push_at_random(&s, bits, &base);
		change_at_random(&s, bits, &base);
		change_all_at_random(&s, bits, &base);
		push_at_random(&s, bits, &base);
		nets_free(&s);
	}
}

/* @have without @del, with @add, is @want; nothing is in both of them. */
static void random_differences(void **state)
{
	srand(5);
	for (int round = 0; round < 300; round++) {
		struct addr base = net(bases[round % 6]).lo;
		bool bits[SPACE] = { false }, other[SPACE];
		struct nets have = { 0 }, want = { 0 }, del = { 0 },
			    add = { 0 };

		push_at_random(&have, bits, &base);
		nets_copy(&want, &have);
		assert_true(nets_same(&want, &have));
		memcpy(other, bits, sizeof(other));
		if (round % 4)
			change_at_random(&want, other, &base);
		assert_int_equal(nets_same(&want, &have),
				 memcmp(bits, other, sizeof(bits)) == 0);
		nets_diff(&have, &want, &del, &add);
		assert_int_equal(nets_distance(&have, &want, SPACE),
				 del.n + add.n);
		if (del.n + add.n > 2)
			assert_true(nets_distance(&have, &want, 2) > 2);
		for (size_t i = 0; i < del.n; i++)
			assert_true(nets_remove(&have, &del.list[i]));
		for (size_t i = 0; i < add.n; i++) {
			assert_false(nets_has(&have, &add.list[i].lo));
			assert_true(nets_add(&have, &add.list[i]));
		}
		assert_true(nets_same(&want, &have));
		nets_free(&have);
		nets_free(&want);
		nets_free(&del);
		nets_free(&add);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_three_forms_and_prints_the_shortest),
		cmocka_unit_test(refuses_the_rest_and_says_what),
		cmocka_unit_test(merges_what_overlaps_or_touches),
		cmocka_unit_test(the_whole_and_its_ends),
		cmocka_unit_test(an_empty_set_has_nothing),
		cmocka_unit_test(random_changes),
		cmocka_unit_test(random_differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
