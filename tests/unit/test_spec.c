/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Specs as bytes: what went in comes out, and nothing that is cut off, too
 * long, out of order or of another build gets in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "healthcheck/spec.h"

static char *headers[] = { (char *)"A: b", (char *)"", (char *)"C: d" };

/* At least one field of each kind, at both ends of its range. */
static const struct hc_spec full = {
	.source4 = { .family = AF_INET, .ip = { 192, 0, 2, 1 } },
	.source6 = { .family = AF_INET6, .ip = { 0x20, 1, [15] = 9 } },
	.interface = (char *)"eth0",
	.send = (char *)"",
	.expect = (char *)"+PONG*",
	.tls = SPEC_YES,
	.ca = { (uint8_t *)"a\0b", 3 },
	.key = { (uint8_t *)"", 0 },
	.headers = { headers, 3 },
	.min = INT64_MIN,
	.max = INT64_MAX,
	.timeout_ms = UINT32_MAX,
	.present = SPEC_SAYS_DOWN,
};

static void is_full(const struct hc_spec *s)
{
	assert_memory_equal(&s->source4, &full.source4, sizeof(s->source4));
	assert_memory_equal(&s->source6, &full.source6, sizeof(s->source6));
	assert_string_equal(s->interface, "eth0");
	assert_string_equal(s->send, ""); /* said, and empty */
	assert_string_equal(s->expect, "+PONG*");
	assert_null(s->host); /* not said */
	assert_int_equal(s->tls, SPEC_YES);
	assert_int_equal(s->tls_verify, 0);
	assert_int_equal(s->ca.len, 3);
	assert_memory_equal(s->ca.data, "a\0b", 3);
	assert_non_null(s->key.data);
	assert_int_equal(s->key.len, 0);
	assert_null(s->cert.data);
	assert_int_equal(s->headers.n, 3);
	for (int i = 0; i < 3; i++)
		assert_string_equal(s->headers.list[i], headers[i]);
	assert_int_equal(s->command.n, 0);
	assert_true(s->min == INT64_MIN && s->max == INT64_MAX);
	assert_int_equal(s->timeout_ms, UINT32_MAX);
	assert_int_equal(s->present, SPEC_SAYS_DOWN);
}

static void test_there_and_back(void **state)
{
	struct hc_spec s, copy;
	struct buf bytes = { 0 };

	spec_encode(&full, &bytes);
	assert_null(spec_decode(&s, bytes.data, bytes.len));
	is_full(&s);
	spec_copy(&copy, &s);
	spec_free(&s);
	is_full(&copy);
	spec_free(&copy);
	assert_null(copy.interface);
	buf_free(&bytes);
}

static void test_nothing_is_something(void **state)
{
	static const struct hc_spec nothing;
	struct buf bytes = { 0 };
	struct hc_spec s;

	spec_encode(&nothing, &bytes);
	assert_true(bytes.len > 0); /* a blob of no bytes cannot be sent */
	assert_null(spec_decode(&s, bytes.data, bytes.len));
	assert_memory_equal(&s, &nothing, sizeof(s));
	spec_free(&s);
	buf_free(&bytes);
}

static void refused(const struct buf *bytes, size_t len, const char *words)
{
	struct hc_spec s;
	const char *wrong = spec_decode(&s, bytes->data, len);

	spec_free(&s);
	assert_non_null(wrong);
	if (words)
		assert_string_equal(wrong, words);
}

static void test_cut_off(void **state)
{
	struct buf bytes = { 0 };
	size_t good = 0;

	spec_encode(&full, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		struct hc_spec s;

		/* between two fields it is a spec, elsewhere not */
		if (!spec_decode(&s, bytes.data, len))
			good++;
		spec_free(&s);
	}
	assert_int_equal(good, 13); /* before each of its fields */
	buf_free(&bytes);
}

static void field(struct buf *b, uint8_t row, const void *data, uint32_t len)
{
	buf_append(b, &row, sizeof(row));
	buf_append(b, &len, sizeof(len));
	buf_append(b, data, len);
}

/* Rows as in spec.c: 0 an address, 2 a text, 5 a number, 14 a list. */
static void wrong_field(uint8_t row, const void *data, uint32_t len,
			const char *words)
{
	static const struct hc_spec nothing;
	struct buf b = { 0 };

	spec_encode(&nothing, &b);
	field(&b, row, data, len);
	refused(&b, b.len, words);
	buf_free(&b);
}

static void test_wrong_fields(void **state)
{
	static const struct addr none;
	char list[SPEC_LIST_MAX + 1] = "";

	wrong_field(255, "", 0, "an unknown field, or fields out of order");
	wrong_field(2, "a\0b", 3, "a text with a NUL inside");
	wrong_field(5, "abc", 3, "a field of another length");
	wrong_field(5, "abcde", 5, "a field of another length");
	wrong_field(0, &none, sizeof(none), "an address of no family");
	wrong_field(14, "", 0, "a list without end");
	wrong_field(14, "abc", 3, "a list without end");
	wrong_field(14, list, sizeof(list), "a list too long");
}

static void test_order_and_build(void **state)
{
	static const struct hc_spec nothing;
	struct buf b = { 0 };

	refused(&b, 0, "a spec of another build");
	spec_encode(&nothing, &b);
	b.data[0]++;
	refused(&b, b.len, "a spec of another build");
	b.data[0]--;
	field(&b, 3, "x", 1);
	field(&b, 3, "x", 1);
	refused(&b, b.len, "an unknown field, or fields out of order");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_nothing_is_something),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_wrong_fields),
		cmocka_unit_test(test_order_and_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
