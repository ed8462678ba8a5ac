/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib: metrics as text, in both forms. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/exposition.h"

static void both_forms_of_a_counter(void **state)
{
	static const char *const want[2] = {
		"# HELP x_total Of \\\\ and\\nmore \"x\".\n"
		"# TYPE x_total counter\n"
		"x_total 0\n"
		"x_total{way=\"in\"} 18446744073709551615\n",
		"# HELP x Of \\\\ and\\nmore \\\"x\\\".\n"
		"# TYPE x counter\n"
		"x_total 0\n"
		"x_total{way=\"in\"} 18446744073709551615\n"
		"# EOF\n",
	};

	for (int i = 0; i < 2; i++) {
		struct buf out = { 0 };
		struct expo e = { .out = &out, .openmetrics = i };

		expo_family(&e, "x_total", EXPO_COUNTER,
			    "Of \\ and\nmore \"x\".");
		expo_count(&e, 0);
		expo_count_of(&e, "way", "in", UINT64_MAX);
		expo_end(&e);
		assert_string_equal(out.data, want[i]);
		expo_free(&e);
		buf_free(&out);
	}
}

static void labels_are_escaped_and_cut(void **state)
{
	struct buf out = { 0 };
	struct expo e = { .out = &out };
	size_t len;

	expo_family(&e, "x", EXPO_GAUGE, "x");
	buf_clear(&out);
	expo_label(&e, "a", "back\\slash \"quotes\"\nline");
	len = expo_labels(&e);
	expo_label(&e, "b", "");
	expo_real(&e, 0.1);
	expo_labels_cut(&e, len);
	expo_real_of(&e, "c", "d", -INFINITY);
	expo_labels_cut(&e, 0);
	expo_real(&e, NAN);
	assert_string_equal(
	    out.data,
	    "x{a=\"back\\\\slash \\\"quotes\\\"\\nline\",b=\"\"} 0.1\n"
	    "x{a=\"back\\\\slash \\\"quotes\\\"\\nline\",c=\"d\"} "
	    "-Inf\n"
	    "x NaN\n");
	expo_label(&e, "a", "b");
	buf_clear(&out);
	expo_family(&e, "y", EXPO_GAUGE, "y"); /* begins without labels */
	expo_count(&e, 1);
	assert_string_equal(out.data, "# HELP y y\n# TYPE y gauge\ny 1\n");
	expo_free(&e);
	buf_free(&out);
}

static void a_histogram_has_all_its_parts(void **state)
{
	static const struct expo_le le[] = { { "0.5", 3 }, { "2.5", 3 } };
	static const uint64_t upto[] = { 3, 3, UINT64_MAX };
	const uint64_t sum_us = 1234567890000123;
	struct buf out = { 0 };
	struct expo e = { .out = &out };

	expo_family(&e, "h_seconds", EXPO_HISTOGRAM, "h");
	expo_label(&e, "k", "v");
	expo_histogram(&e, le, upto, 2, &sum_us);
	expo_labels_cut(&e, 0);
	expo_histogram(&e, le, upto, 1, NULL);
	assert_string_equal(out.data,
			    "# HELP h_seconds h\n"
			    "# TYPE h_seconds histogram\n"
			    "h_seconds_bucket{k=\"v\",le=\"0.5\"} 3\n"
			    "h_seconds_bucket{k=\"v\",le=\"2.5\"} 3\n"
			    "h_seconds_bucket{k=\"v\",le=\"+Inf\"} "
			    "18446744073709551615\n"
			    "h_seconds_count{k=\"v\"} "
			    "18446744073709551615\n"
			    "h_seconds_sum{k=\"v\"} 1234567890.000123\n"
			    "h_seconds_bucket{le=\"0.5\"} 3\n"
			    "h_seconds_bucket{le=\"+Inf\"} 3\n"
			    "h_seconds_count 3\n");
	expo_free(&e);
	buf_free(&out);
}

/* Whole numbers are written by hand; they read as printf()'s. */
static void numbers_are_as_printf_writes_them(void **state)
{
	static const double values[] = {
		0,
		1,
		9,
		10,
		12345678,
		999999999999999,
		1e15,
		1e22,
		-0.0,
		-3,
		0.5,
		1e-7,
		1. / 3,
		1792057236.25,
		123456789.123456789,
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct buf out = { 0 };
		struct expo e = { .out = &out };
		char want[64];

		expo_family(&e, "x", EXPO_GAUGE, "x");
		buf_clear(&out);
		expo_real(&e, values[i]);
		snprintf(want, sizeof(want), "x %.15g\n", values[i]);
		assert_string_equal(out.data, want);
		expo_free(&e);
		buf_free(&out);
	}
}

static void the_form_is_the_clients_choice(void **state)
{
	assert_false(expo_wanted(NULL));
	assert_false(expo_wanted("*/*"));
	assert_false(expo_wanted("text/plain;version=0.0.4;q=1,*/*;q=0.1"));
	assert_true(expo_wanted("application/openmetrics-text;version=1.0.0,"
				"text/plain;version=0.0.4;q=0.5"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_of_a_counter),
		cmocka_unit_test(labels_are_escaped_and_cut),
		cmocka_unit_test(a_histogram_has_all_its_parts),
		cmocka_unit_test(numbers_are_as_printf_writes_them),
		cmocka_unit_test(the_form_is_the_clients_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
