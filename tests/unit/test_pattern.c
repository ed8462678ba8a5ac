/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to send and what to expect: escapes, wildcards, and their cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "healthcheck/pattern.h"
#include "healthcheck/text.h"
#include "lib/buf.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void send_is_text_with_escapes(void **state)
{
	static const struct {
		const char *text, *bytes;
		size_t len;
	} rows[] = {
		{ "", "", 0 },
		{ "PING\\r\\n", "PING\r\n", 6 },
		{ "a\\tb\\0c\\\\", "a\tb\0c\\", 6 },
		{ "\\x00\\xfF\\x7e", "\0\377~", 3 },
		{ "\\\\x41", "\\x41", 4 },
		{ "? * are themselves", "? * are themselves", 18 },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct buf out = { 0 };

		assert_null(send_problem(rows[i].text));
		send_bytes(rows[i].text, &out);
		assert_int_equal(out.len, rows[i].len);
		if (out.len)
			assert_memory_equal(out.data, rows[i].bytes, out.len);
		buf_free(&out);
	}
}

static void bad_escapes_are_refused(void **state)
{
	static const char *const both[] = { "\\",    "\\q",   "a\\x", "\\x1",
					    "\\x1g", "\\xg1", "\\R",  "b\\ " };
	char *longest = malloc(TEXT_PATTERN_MAX + 2);

	for (size_t i = 0; i < LEN(both); i++) {
		assert_non_null(send_problem(both[i]));
		assert_non_null(pattern_problem(both[i]));
	}
	assert_non_null(send_problem("\\?"));
	assert_non_null(send_problem("\\*"));
	assert_null(pattern_problem("\\?\\*"));
	assert_non_null(pattern_problem(""));

	memset(longest, '?', TEXT_PATTERN_MAX + 1);
	longest[TEXT_PATTERN_MAX + 1] = '\0';
	assert_non_null(send_problem(longest));
	assert_non_null(pattern_problem(longest));
	longest[TEXT_PATTERN_MAX] = '\0';
	assert_null(send_problem(longest));
	assert_null(pattern_problem(longest));
	free(longest);
}

/* All at once, and byte by byte: the answer is the same. */
static enum pattern_match match(const char *text, const char *data, size_t len)
{
	struct pattern *p = pattern_compile(text);
	uint64_t *whole = pattern_begin(p), *slow = pattern_begin(p);
	enum pattern_match got = pattern_feed(p, whole, data, len);
	enum pattern_match piece = pattern_feed(p, slow, data, 0);

	for (size_t i = 0; i < len && piece == PATTERN_MORE; i++)
		piece = pattern_feed(p, slow, data + i, 1);
	assert_int_equal(got, piece);
	free(whole);
	free(slow);
	pattern_free(p);
	return got;
}

static void patterns_match_from_the_first_byte(void **state)
{
	static const struct {
		const char *text, *data;
		enum pattern_match want;
	} rows[] = {
		{ "+PONG", "+PONG\r\n", PATTERN_MATCHES },
		{ "+PONG", "+PON", PATTERN_MORE },
		{ "+PONG", "", PATTERN_MORE },
		{ "+PONG", "-ERR", PATTERN_NO },
		{ "+PONG", " +PONG", PATTERN_NO },
		{ "a?c", "abcd", PATTERN_MATCHES },
		{ "a?c", "a?d", PATTERN_NO },
		{ "a\\?c", "abc", PATTERN_NO },
		{ "a\\?c", "a?c", PATTERN_MATCHES },
		{ "a\\*", "a*", PATTERN_MATCHES },
		{ "a\\*", "ab", PATTERN_NO },
		{ "*", "", PATTERN_MATCHES },
		{ "**", "x", PATTERN_MATCHES },
		{ "?*", "", PATTERN_MORE },
		{ "?*", "x", PATTERN_MATCHES },
		{ "*x", "", PATTERN_MORE },
		{ "*ok", "this is okay", PATTERN_MATCHES },
		{ "*ok", "nothing of the kind", PATTERN_MORE },
		{ "*aab", "aaaaab", PATTERN_MATCHES },
		{ "*a?b", "aaxaxb", PATTERN_MATCHES },
		{ "220*\\r\\n", "220 mail\r\n250", PATTERN_MATCHES },
		{ "220*\\r\\n", "220 mail\r", PATTERN_MORE },
		{ "220*\\r\\n", "554 no\r\n", PATTERN_NO },
		{ "a*b*c", "a.c.b.c", PATTERN_MATCHES },
		{ "a*b*c", "a.c.b.b", PATTERN_MORE },
		{ "a*b*c", "b", PATTERN_NO },
		{ "\\xff\\x80", "\377\200", PATTERN_MATCHES },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		assert_null(pattern_problem(rows[i].text));
		assert_int_equal(
		    match(rows[i].text, rows[i].data, strlen(rows[i].data)),
		    rows[i].want);
	}
	assert_int_equal(match("\\0?\\x00", "\0\0\0", 3), PATTERN_MATCHES);
	assert_int_equal(match("\\0", "x", 1), PATTERN_NO);
}

/* Elements on both sides of the words that a match is made of. */
static void long_patterns_match(void **state)
{
	char text[400], data[400];

	for (size_t n = 60; n < 200; n++) {
		for (size_t i = 0; i < n; i++)
			text[i] = data[i] = (char)('a' + i * 7 % 26);
		text[n] = '\0';
		assert_int_equal(match(text, data, n - 1), PATTERN_MORE);
		assert_int_equal(match(text, data, n), PATTERN_MATCHES);
		data[n - 1] = '.';
		assert_int_equal(match(text, data, n), PATTERN_NO);
		data[n - 1] = text[n - 1];
		memmove(data + 50, data, n);
		text[0] = '*';
		assert_int_equal(match(text, data, n + 50), PATTERN_MATCHES);
	}
}

/* What ruins a matcher that tries one way after the other: this ends at once,
 * or not in our lifetime. */
static void many_gaps_cost_nothing(void **state)
{
	char text[TEXT_PATTERN_MAX + 1], data[16384];

	for (size_t i = 0; i < TEXT_PATTERN_MAX; i++)
		text[i] = "*a"[i % 2];
	text[TEXT_PATTERN_MAX - 1] = 'b';
	text[TEXT_PATTERN_MAX] = '\0';
	memset(data, 'a', sizeof(data));
	assert_int_equal(match(text, data, sizeof(data)), PATTERN_MORE);
	data[sizeof(data) - 1] = 'b';
	assert_int_equal(match(text, data, sizeof(data)), PATTERN_MATCHES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(send_is_text_with_escapes),
		cmocka_unit_test(bad_escapes_are_refused),
		cmocka_unit_test(patterns_match_from_the_first_byte),
		cmocka_unit_test(long_patterns_match),
		cmocka_unit_test(many_gaps_cost_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
