/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The languages of snmp, script and file checks: OIDs, words in braces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "healthcheck/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- OIDs ---- */

static void numbers_are_read(void **state)
{
	static const struct {
		const char *text;
		unsigned long numbers[6];
		size_t n;
	} rows[] = {
		{ ".1.3.6.1", { 1, 3, 6, 1 }, 4 },
		{ "1.3.6.1", { 1, 3, 6, 1 }, 4 },
		{ "0.0", { 0, 0 }, 2 },
		{ "1.39", { 1, 39 }, 2 },
		{ "2.999.4294967295", { 2, 999, 4294967295ul }, 3 },
	};
	unsigned long out[OID_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_null(oid_problem(rows[i].text));
		assert_int_equal(oid_numbers(rows[i].text, out), rows[i].n);
		assert_memory_equal(out, rows[i].numbers,
				    rows[i].n * sizeof(out[0]));
	}
}

static void what_is_no_oid_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		".",
		"1",
		"..1.3",
		"1.3.",
		"1..3",
		"3.1",
		"1.40",
		"0.40",
		"1.3.x",
		"sysUpTime.0",
		"1.3 ",
		" 1.3",
		"-1.3",
		"1.-3",
		"1.3.06",
		"1.3,6",
		"1.3.4294967296",
		"1.3.99999999999999999999999999",
	};
	unsigned long out[OID_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_non_null(oid_problem(rows[i]));
		assert_int_equal(oid_numbers(rows[i], out), 0);
	}
}

static void no_more_numbers_than_fit(void **state)
{
	char text[2 * (OID_MAX + 1) + 1] = "1";
	unsigned long out[OID_MAX];

	for (int i = 1; i < OID_MAX; i++)
		strcat(text, ".3");
	assert_int_equal(oid_numbers(text, out), OID_MAX);
	strcat(text, ".3");
	assert_string_equal(oid_problem(text), "more than 128 numbers");
}

/* ---- words in braces ---- */

static void words_are_filled_in(void **state)
{
	static const struct {
		const char *text, *filled;
	} rows[] = {
		{ "", "" },
		{ "plain } text", "plain } text" },
		{ "{address}", "2001:db8::1" },
		{ "[{address}]:{port}", "[2001:db8::1]:8080" },
		{ "/run/{backend}.down", "/run/{port}.down" },
		{ "{{address}", "{address}" },
		{ "{{{port}}", "{8080}" },
		{ "{port}{port}", "80808080" },
	};
	struct buf out = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_clear(&out);
		assert_null(braces_problem(rows[i].text));
		/* a name that looks like a word stays as it is */
		braces_fill(rows[i].text, "2001:db8::1", 8080, "{port}", &out);
		assert_string_equal(out.data ? out.data : "", rows[i].filled);
	}
	buf_free(&out);
}

static void unknown_words_are_refused(void **state)
{
	static const char *const rows[] = {
		"{",      "{}",       "{Address}",  "{address",
		"{name}", "{ port }", "{address}{", "{{{",
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_non_null(braces_problem(rows[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(what_is_no_oid_is_refused),
		cmocka_unit_test(no_more_numbers_than_fit),
		cmocka_unit_test(words_are_filled_in),
		cmocka_unit_test(unknown_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
