/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a child is waited for, and what is forgotten when. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/respawn.h"

static void starts_are_put_off(void **state)
{
	struct respawn r = { 0 };
	double last = 0, delay = 0;

	for (int i = 0; i < 12; i++) {
		respawn_begins(&r, i);
		respawn_ends(&r, i + 0.5);
		delay = respawn_delay(&r);
		assert_true(delay >= 0.1 && delay <= 10);
		assert_true(delay > last || delay == 10);
		last = delay;
	}
	assert_true(delay == 10);
	respawn_begins(&r, 100);
	respawn_ends(&r, 110);
	assert_true(respawn_delay(&r) == 0.1);
}

static void a_late_hello_is_given_time(void **state)
{
	struct respawn r = { 0 };
	double first = respawn_begins(&r, 0), last = first;

	for (int i = 1; i < 12; i++) {
		double now;

		respawn_no_hello(&r);
		now = respawn_begins(&r, i);
		assert_true(now == 2 * last || (now == last && now == 80));
		last = now;
	}
	assert_true(last == 80);
	respawn_hello(&r);
	assert_true(respawn_begins(&r, 20) == first);
}

static void words_of_a_death(void **state)
{
	char words[64];

	respawn_words(3 << 8, "", words, sizeof(words));
	assert_string_equal(words, "exited status=3");
	respawn_words(SIGKILL, "", words, sizeof(words));
	assert_string_equal(words, "killed signal=9");
	respawn_words(SIGKILL, "no hello", words, sizeof(words));
	assert_string_equal(words, "no hello");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_are_put_off),
		cmocka_unit_test(a_late_hello_is_given_time),
		cmocka_unit_test(words_of_a_death),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
