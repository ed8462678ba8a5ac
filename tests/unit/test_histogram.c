/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics: durations by how long they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/histogram.h"

static const struct histogram_kind *const kinds[] = {
	&histogram_checks,
	&histogram_commits,
	&histogram_failovers,
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void bounds_ascend_and_are_what_they_say(void **state)
{
	for (size_t k = 0; k < KINDS; k++) {
		assert_in_range(kinds[k]->n, 1, HISTOGRAM_BINS - 1);
		for (size_t i = 0; i < kinds[k]->n; i++) {
			double s = strtod(kinds[k]->le[i].text, NULL);

			assert_int_equal(kinds[k]->le[i].len,
					 strlen(kinds[k]->le[i].text));
			assert_int_equal(kinds[k]->us[i],
					 (uint32_t)(s * 1e6 + 0.5));
			if (i > 0)
				assert_true(kinds[k]->us[i] >
					    kinds[k]->us[i - 1]);
		}
	}
}

static void a_bound_belongs_to_its_own_bin(void **state)
{
	for (size_t k = 0; k < KINDS; k++) {
		struct histogram h = { 0 };

		for (size_t i = 0; i < kinds[k]->n; i++) {
			histogram_add(&h, kinds[k], kinds[k]->us[i]);
			histogram_add(&h, kinds[k], kinds[k]->us[i] + 1);
		}
		histogram_add(&h, kinds[k], 0);
		assert_int_equal(h.bin[0], 2);
		for (size_t i = 1; i < kinds[k]->n; i++)
			assert_int_equal(h.bin[i], 2);
		assert_int_equal(h.bin[kinds[k]->n], 1);
		assert_int_equal(histogram_count(&h), 2 * kinds[k]->n + 1);
	}
}

static void what_is_shown_adds_up(void **state)
{
	struct buf out = { 0 };
	struct expo e = { .out = &out };
	struct histogram h = { 0 };

	histogram_add(&h, &histogram_commits, 900);
	histogram_add(&h, &histogram_commits, 4000);
	histogram_add(&h, &histogram_commits, 4000);
	histogram_add(&h, &histogram_commits, UINT64_C(5000000000));
	expo_family(&e, "h", EXPO_HISTOGRAM, "h");
	buf_clear(&out);
	histogram_show(&h, &histogram_commits, &e);
	assert_string_equal(out.data, "h_bucket{le=\"0.001\"} 1\n"
				      "h_bucket{le=\"0.005\"} 3\n"
				      "h_bucket{le=\"0.02\"} 3\n"
				      "h_bucket{le=\"0.1\"} 3\n"
				      "h_bucket{le=\"0.5\"} 3\n"
				      "h_bucket{le=\"2\"} 3\n"
				      "h_bucket{le=\"10\"} 3\n"
				      "h_bucket{le=\"+Inf\"} 4\n"
				      "h_count 4\n"
				      "h_sum 5000.008900\n");
	expo_free(&e);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_ascend_and_are_what_they_say),
		cmocka_unit_test(a_bound_belongs_to_its_own_bin),
		cmocka_unit_test(what_is_shown_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
