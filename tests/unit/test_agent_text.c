/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of agents: HAProxy's grammar, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "healthcheck/agent_text.h"

static void lines_say_what_haproxy_takes_them_for(void **state)
{
	static const struct {
		const char *line;
		enum hc_reason reason;
		int says;
		int weight;
	} rows[] = {
		{ "up\n", HC_OK, 0, 0 },
		{ "UP\r\n", HC_OK, 0, 0 },
		{ "ready\n", HC_OK, HC_SAYS_READY, 0 },
		{ "75%\n", HC_OK, HC_SAYS_PERCENT, 75 },
		{ "0%\n", HC_OK, HC_SAYS_PERCENT, 0 },
		{ "100%", HC_OK, HC_SAYS_PERCENT, 100 },
		{ "99999999999999999999%\n", HC_OK, HC_SAYS_PERCENT, 65535 },
		{ "up 50%, ready\n", HC_OK, HC_SAYS_READY | HC_SAYS_PERCENT,
		  50 },
		{ "10% 20%\n", HC_OK, HC_SAYS_PERCENT, 20 },
		{ "drain\n", HC_OK, HC_SAYS_DRAIN, 0 },
		{ "drain,ready\n", HC_OK, HC_SAYS_READY, 0 },
		{ "maint\n", HC_MAINTENANCE, HC_SAYS_MAINT, 0 },
		{ "maint down 5%\n", HC_MAINTENANCE,
		  HC_SAYS_MAINT | HC_SAYS_PERCENT, 5 },
		{ "drain stopped\n", HC_SAID_DOWN, HC_SAYS_DRAIN, 0 },
		{ "down\n", HC_SAID_DOWN, 0, 0 },
		{ "fail\n", HC_SAID_DOWN, 0, 0 },
		{ "failed\n", HC_SAID_DOWN, 0, 0 },
		{ "stopped\r", HC_SAID_DOWN, 0, 0 },
		{ "down up\n", HC_OK, 0, 0 },
		{ "up down\n", HC_SAID_DOWN, 0, 0 },
		{ "down # up again soon\n", HC_SAID_DOWN, 0, 0 },
		{ "up #down\n", HC_OK, 0, 0 },
		{ "maxconn:30\n", HC_OK, 0, 0 },
		{ "maxconn:30 down\n", HC_SAID_DOWN, 0, 0 },
		{ "hello up\n", HC_OK, 0, 0 },
		{ " \t,, up ,\n", HC_OK, 0, 0 },
		{ "up\ndown\n", HC_OK, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct agent_said said;

		agent_parse(rows[i].line, strlen(rows[i].line), &said);
		assert_int_equal(said.reason, rows[i].reason);
		assert_int_equal(said.says, rows[i].says);
		assert_int_equal(said.weight, rows[i].weight);
	}
}

static void nonsense_is_malformed(void **state)
{
	static const char *const rows[] = {
		"",           "\n",
		"\nup\n",     "#up\n",
		"upp\n",      "u p\n",
		"up#\n",      "75\n",
		"%\n",        "7 %\n",
		"-5%\n",      "5.5%\n",
		"75%x\n",     "HTTP/1.1 200 OK\r\n",
		"maxconn:\n", "maxconn\n",
	};
	struct agent_said said;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		agent_parse(rows[i], strlen(rows[i]), &said);
		assert_int_equal(said.reason, HC_MALFORMED);
		assert_int_equal(said.says, 0);
		assert_int_equal(said.weight, 0);
	}
	agent_parse("up\0\n", 4, &said);
	assert_int_equal(said.reason, HC_MALFORMED);
}

static void a_line_ends_with_cr_or_lf(void **state)
{
	assert_false(agent_line_ends("", 0));
	assert_false(agent_line_ends("100%", 4));
	assert_true(agent_line_ends("100%\r", 5));
	assert_true(agent_line_ends("100%\nup", 7));
	assert_false(agent_line_ends("up\n", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_say_what_haproxy_takes_them_for),
		cmocka_unit_test(nonsense_is_malformed),
		cmocka_unit_test(a_line_ends_with_cr_or_lf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
