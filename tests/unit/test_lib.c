/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib: errors, buffers, vectors, words, small parsers, quoting, the log. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "healthcheck/protocol.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/parse.h"
#include "lib/words.h"
#include "lib/xalloc.h"
#include "rulesets/types.h"

static void err_keeps_words_and_code(void **state)
{
	struct err e;
	char longer[2000];

	assert_int_equal(err_set(NULL, -ENOENT, "%s", "unseen"), -ENOENT);
	assert_int_equal(err_set(&e, -EINVAL, "no %s here", "b1"), -EINVAL);
	assert_string_equal(e.msg, "no b1 here");
	/* a caller may put words around those that it got */
	err_set(&e, -EINVAL, "commit: %s", e.msg);
	assert_string_equal(e.msg, "commit: no b1 here");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&e, -EINVAL, "%s", longer);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_string_equal(e.msg + sizeof(e.msg) - 4, "...");
}

static void buf_grows_and_stays_text(void **state)
{
	struct buf b = { 0 };
	char chunk[300];
	size_t i;

	memset(chunk, 'a', sizeof(chunk));
	for (i = 0; i < 100; i++) {
		buf_append(&b, chunk, sizeof(chunk));
		assert_int_equal(b.data[b.len], '\0');
	}
	assert_int_equal(b.len, 30000);
	assert_int_equal(strlen(b.data), 30000);
	buf_clear(&b);
	assert_string_equal(b.data, "");
	/* longer than what is reserved at first */
	buf_printf(&b, "%0*d|", 5000, 7);
	buf_printf(&b, "%s", "end");
	assert_int_equal(b.len, 5004);
	assert_string_equal(b.data + 4999, "7|end");
	buf_append(&b, "", 0);
	assert_int_equal(b.len, 5004);
	buf_free(&b);
	assert_null(b.data);
	buf_printf(&b, "again");
	assert_string_equal(b.data, "again");
	buf_free(&b);
}

static void vectors_grow(void **state)
{
	unsigned int *v = NULL;
	size_t n = 0, cap = 0, i;

	for (i = 0; i < 1000; i++)
		*VEC_PUSH(v, n, cap) = (unsigned int)i;
	assert_int_equal(n, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(v[i], i);
	free(v);
}

static void words_map_both_ways(void **state)
{
	char list[128], tiny[8];

	assert_int_equal(word_find(rs_mode_words, "snat"), RS_SNAT);
	assert_int_equal(word_find(rs_mode_words, "SNAT"), -1);
	assert_int_equal(word_find(rs_mode_words, ""), -1);
	assert_string_equal(word_text(hc_reason_words, HC_REFUSED), "refused");
	assert_string_equal(word_text(hc_reason_words, 99), "?");
	assert_string_equal(words_list(hc_start_words, list, sizeof(list)),
			    "up, down or unknown");
	assert_string_equal(words_list(hc_type_words, list, sizeof(list)),
			    "tcp, http, https, icmp, udp, dns, snmp, script, "
			    "agent, file or cpu");
	assert_string_equal(words_list(rs_mode_words, list, sizeof(list)),
			    "dnat, snat, local, stateless, dsr or ipip");
	words_list(hc_start_words, tiny, sizeof(tiny));
	assert_string_equal(tiny, "up, dow");
}

static void every_reason_has_a_word(void **state)
{
	int i;

	for (i = 0; i < HC_REASON_MAX; i++)
		assert_string_not_equal(word_text(hc_reason_words, i), "?");
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint32_t min, max;
		int ret;
		uint32_t value;
	} rows[] = {
		{ "0", 0, 10, 0, 0 },
		{ "10", 0, 10, 0, 10 },
		{ "11", 0, 10, -ERANGE, 0 },
		{ "1", 2, 10, -ERANGE, 0 },
		{ "0x1F", 0, 100, 0, 31 },
		{ "0xffffffff", 0, UINT32_MAX, 0, UINT32_MAX },
		{ "4294967295", 0, UINT32_MAX, 0, UINT32_MAX },
		{ "4294967296", 0, UINT32_MAX, -ERANGE, 0 },
		{ "99999999999999999999999", 0, UINT32_MAX, -ERANGE, 0 },
		/* twice past 2^32: must not come round to something small */
		{ "42949672960000000005", 0, 10, -ERANGE, 0 },
		{ "007", 0, 10, 0, 7 },
		{ "", 0, 10, -EINVAL, 0 },
		{ "0x", 0, 10, -EINVAL, 0 },
		{ "-1", 0, 10, -EINVAL, 0 },
		{ "+1", 0, 10, -EINVAL, 0 },
		{ " 1", 0, 10, -EINVAL, 0 },
		{ "1 ", 0, 10, -EINVAL, 0 },
		{ "1.5", 0, 10, -EINVAL, 0 },
		{ "9999999999x", 0, 10, -EINVAL, 0 },
	};
	uint32_t n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = 12345;
		assert_int_equal(
		    parse_number(rows[i].text, rows[i].min, rows[i].max, &n),
		    rows[i].ret);
		assert_int_equal(n, rows[i].ret ? 12345 : rows[i].value);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int ret;
		uint32_t ms;
		const char *back;
	} rows[] = {
		{ "200ms", 0, 200, "200ms" },
		{ "5s", 0, 5000, "5s" },
		{ "90s", 0, 90000, "90s" },
		{ "60s", 0, 60000, "1m" },
		{ "1m", 0, 60000, "1m" },
		{ "2h", 0, 7200000, "2h" },
		{ "1500ms", 0, 1500, "1500ms" },
		{ "0", 0, 0, "0" },
		{ "0s", 0, 0, "0" },
		{ "4294967295ms", 0, UINT32_MAX, "4294967295ms" },
		{ "4294968s", -ERANGE, 0, NULL },
		{ "1194h", -ERANGE, 0, NULL },
		{ "99999999999s", -ERANGE, 0, NULL },
		{ "5", -EINVAL, 0, NULL },
		{ "s", -EINVAL, 0, NULL },
		{ "", -EINVAL, 0, NULL },
		{ "5 s", -EINVAL, 0, NULL },
		{ "5d", -EINVAL, 0, NULL },
		{ "-5s", -EINVAL, 0, NULL },
		{ "1.5s", -EINVAL, 0, NULL },
		{ "0x5s", -EINVAL, 0, NULL },
	};
	char text[DURATION_STRLEN];
	uint32_t ms;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ms = 77;
		assert_int_equal(parse_duration(rows[i].text, &ms),
				 rows[i].ret);
		assert_int_equal(ms, rows[i].ret ? 77 : rows[i].ms);
		if (!rows[i].ret)
			assert_string_equal(duration_format(ms, text),
					    rows[i].back);
	}
}

static void names(void **state)
{
	char longest[65];

	memset(longest, 'a', sizeof(longest));
	longest[63] = '\0';
	assert_true(name_valid(longest));
	longest[63] = 'a';
	longest[64] = '\0';
	assert_false(name_valid(longest));
	assert_true(name_valid("a"));
	assert_true(name_valid("0web-1_b.example"));
	assert_false(name_valid(""));
	assert_false(name_valid(".a"));
	assert_false(name_valid("-a"));
	assert_false(name_valid("a b"));
	assert_false(name_valid("a\"b"));
	assert_false(name_valid("a/b"));
	assert_false(name_valid("gr\xc3\xbc\xc3\x9f"));
}

static void quotes_safely(void **state)
{
	char out[64], small[16];

	assert_string_equal(text_quote("plain", 5, out, sizeof(out)),
			    "\"plain\"");
	assert_string_equal(text_quote("a\"b\\c", 5, out, sizeof(out)),
			    "\"a\\\"b\\\\c\"");
	assert_string_equal(text_quote("\n\t\r\x1b[2J\0x", 9, out, sizeof(out)),
			    "\"\\n\\t\\r\\x1b[2J\\x00x\"");
	assert_string_equal(text_quote("\xc3\xbc\xff\xc3", 4, out, sizeof(out)),
			    "\"\xc3\xbc\\xff\\xc3\"");
	/* U+009B is a terminal's CSI */
	assert_string_equal(text_quote("\xc2\x9b", 2, out, sizeof(out)),
			    "\"\\xc2\\x9b\"");
	assert_string_equal(
	    text_quote("0123456789abcdef", 16, small, sizeof(small)),
	    "\"0123456789...\"");
	/* never half of a character */
	assert_string_equal(
	    text_quote("012345678\xc3\xbc\xc3\xbc", 13, small, sizeof(small)),
	    "\"012345678...\"");
}

static void utf8(void **state)
{
	static const struct {
		const char *text;
		size_t valid;
	} rows[] = {
		{ "ascii", 5 },
		{ "\xc3\xbc", 2 },
		{ "\xe2\x82\xac", 3 },
		{ "\xf0\x9f\x98\x80", 4 },
		{ "a\xc0\x80", 1 },         /* overlong NUL */
		{ "a\xe0\x9f\xbf", 1 },     /* overlong */
		{ "a\xed\xa0\x80", 1 },     /* surrogate */
		{ "a\xf4\x90\x80\x80", 1 }, /* above U+10FFFF */
		{ "a\xf0\x8f\xbf\xbf", 1 }, /* overlong */
		{ "a\xe2\x82", 1 },         /* cut */
		{ "a\x80", 1 },
		{ "a\xff", 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(utf8_check(rows[i].text, strlen(rows[i].text)),
				 rows[i].valid);
}

/* What a call of the log writes to stderr. */
static void log_capture(char *out, size_t size, enum log_level level,
			const char *text)
{
	int pipes[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	log_write(level, "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipes[1]);
	n = read(pipes[0], out, size - 1);
	close(pipes[0]);
	out[n > 0 ? n : 0] = '\0';
}

static void log_is_one_line(void **state)
{
	char out[256];

	unsetenv("JOURNAL_STREAM");
	log_open("test", false);
	log_set_level(LOG_LVL_INFO);
	log_capture(out, sizeof(out), LOG_LVL_DEBUG, "unseen");
	assert_string_equal(out, "");
	log_capture(out, sizeof(out), LOG_LVL_INFO, "a\nb\x1b[2J");
	assert_string_equal(out, "test: a?b?[2J\n");
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_open("test", false);
	log_capture(out, sizeof(out), LOG_LVL_ERROR, "bad");
	assert_string_equal(out, "<3>bad\n");
	unsetenv("JOURNAL_STREAM");
	assert_true(log_enabled(LOG_LVL_WARNING));
	assert_false(log_enabled(LOG_LVL_DEBUG));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_keeps_words_and_code),
		cmocka_unit_test(buf_grows_and_stays_text),
		cmocka_unit_test(vectors_grow),
		cmocka_unit_test(words_map_both_ways),
		cmocka_unit_test(every_reason_has_a_word),
		cmocka_unit_test(numbers),
		cmocka_unit_test(durations),
		cmocka_unit_test(names),
		cmocka_unit_test(quotes_safely),
		cmocka_unit_test(utf8),
		cmocka_unit_test(log_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
