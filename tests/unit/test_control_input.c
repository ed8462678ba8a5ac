/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients send: commands arrive as they were meant, and whatever else is
 * sent is refused in words and carried out in no part.
 */
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

#include "tests/unit/control_rig.h"
#include "tests/unit/netns.h"

static const char two_services[] = "[service www]\n"
				   "address = 192.0.2.10, 2001:db8::10\n"
				   "port = 80, 8000-8010\n"
				   "scheduler = weighted\n"
				   "check = none\n"
				   "backend.b1 = 10.0.0.11:8080 weight=2\n"
				   "backend.b2 = 10.0.0.12:8080 weight=1\n"
				   "backend.b3 = [2001:db8:1::11]:8080\n"
				   "[service hash]\n"
				   "address = 192.0.2.11\n"
				   "port = any\n"
				   "protocol = udp\n"
				   "scheduler = source-hash\n"
				   "hash-key = source-port\n"
				   "check = tcp\n"
				   "backend.h1 = 10.0.0.21 check-port=53\n"
				   "backend.h2 = 10.0.0.22 check-port=53\n";

static int setup(void **state)
{
	*state = control_rig_open(two_services);
	return 0;
}

static int teardown(void **state)
{
	control_rig_close(*state);
	return 0;
}

/* ---- commands */

static const struct {
	const char *method, *path, *body, *said;
} commands[] = {
	{ "PATCH", "/v1/services/www", "{\"admin\":\"disabled\"}",
	  "www disabled 1" },
	{ "PATCH", "/v1/services/www", "{\"admin\":\"enabled\"}",
	  "www disabled 0" },
	{ "PATCH", "/v1/services/www/backends/b1", "{\"admin\":\"drain\"}",
	  "www/b1 admin drain" },
	{ "PATCH", "/v1/services/www/backends/b1", "{\"weight\":65535}",
	  "www/b1 weight 65535" },
	{ "PATCH", "/v1/services/www/backends/b1", "{\"weight\":null}",
	  "www/b1 weight -1" },
	{ "PATCH", "/v1/services/www/backends/b1",
	  "{\"weight\":0,\"admin\":\"enabled\"}", "www/b1 weight 0" },
	{ "DELETE", "/v1/services/www/sessions", NULL,
	  "www sessions of all forgotten" },
	{ "DELETE", "/v1/services/www/sessions/10.0.0.0%2F24", NULL,
	  "www sessions of 10.0.0.0/24 forgotten" },
	{ "DELETE", "/v1/services/www/sessions/2001:db8::1", NULL,
	  "www sessions of 2001:db8::1 forgotten" },
	{ "POST", "/v1/sync", NULL, "sync" },
	{ "POST", "/v1/flush", "{}", "flush" },
	{ "POST", "/v1/config/reload", NULL, "reload" },
};

static void test_commands(void **state)
{
	struct control_rig *rig = *state;
	struct exchange x;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		rig->said[0] = '\0';
		rig_ask(rig, commands[i].method, commands[i].path,
			commands[i].body, &x);
		assert_int_equal(x.status, 200);
		assert_true(json_is_object(x.json));
		if (!strstr(rig->said, commands[i].said))
			fail_msg("said \"%s\" instead of \"%s\"", rig->said,
				 commands[i].said);
		exchange_free(&x);
	}
}

static void test_author(void **state)
{
	struct control_rig *rig = *state;
	struct exchange x;
	char words[32];

	rig_ask(rig, "PATCH", "/v1/services/www/backends/b1",
		"{\"admin\":\"drain\"}", &x);
	snprintf(words, sizeof(words), "uid %u:", (unsigned int)getuid());
	assert_non_null(strstr(rig->said, words));
	assert_string_equal(json_string_value(json_object_get(x.json, "state")),
			    "drain");
	exchange_free(&x);
}

/* The answer of a command decides the status. */
static void test_refusals(void **state)
{
	static const struct {
		int ret, status;
	} map[] = { { -EAGAIN, 503 }, { -ERANGE, 400 }, { -EIO, 500 } };
	struct control_rig *rig = *state;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		rig->refuse = map[i].ret;
		rig_refused(rig, "POST", "/v1/sync", NULL, map[i].status,
			    "refused by the test");
	}
}

/* ---- what is refused */

static const struct {
	const char *method, *path, *body;
	int status;
	const char *words;
} wrong[] = {
	{ "GET", "/v1/services/", NULL, 404, "no such path" },
	{ "DELETE", "/v1/services/nobody/sessions", NULL, 404, "no service" },
	{ "GET", "/v1/services/nobody/sessions", NULL, 404, "no service" },
	{ "GET", "/v1/services/www/sessions/10.0.0.1", NULL, 405, "DELETE" },
	{ "DELETE", "/v1/services/www/sessions/", NULL, 404, "no such path" },
	{ "GET", "/v1/services/nobody", NULL, 404, "no service \"nobody\"" },
	{ "GET", "/v1/services/www/backends/b9", NULL, 404, "no backend" },
	{ "GET", "/v1/services/nobody/slots", NULL, 404, "no service" },
	{ "GET", "/v1/services/nobody/backends", NULL, 404, "no service" },
	{ "GET", "/v1/services/a%2fb", NULL, 404, "no such path" },
	{ "PATCH", "/v1/services/nobody", "{\"admin\":\"enabled\"}", 404,
	  "nobody" },
	{ "DELETE", "/v1/services/www", NULL, 405, "GET, PATCH" },
	{ "POST", "/v1/status", NULL, 405, "GET" },
	{ "GET", "/v1/sync", NULL, 405, "POST" },
	{ "GET", "/v1/status?x=1", NULL, 400, "\"x\"" },
	{ "GET", "/v1/services?fields=all", NULL, 400, "fields" },
	{ "GET", "/v1/services?state=fine", NULL, 400, "not-up" },
	{ "GET", "/v1/services?fields=summary&state=", NULL, 400, "state" },
	{ "GET", "/v1/services?connections=maybe", NULL, 400, "connections" },
	{ "GET", "/v1/events?sinc=1", NULL, 400, "since limit" },
	{ "GET", "/v1/events?since", NULL, 400, "since" },
	{ "GET", "/v1/route", NULL, 400, "service" },
	{ "GET", "/v1/route?service=www", NULL, 400, "client" },
	{ "GET", "/v1/route?service=no&client=1.2.3.4", NULL, 404, "\"no\"" },
	{ "GET", "/v1/route?service=www&client=pub", NULL, 400, "client" },
	{ "GET", "/v1/route?service=hash&client=1.2.3.4", NULL, 400, "port" },
	{ "GET", "/v1/route?service=hash&client=1.2.3.4&port=0", NULL, 400,
	  "1..65535" },
	{ "GET", "/v1/route?service=hash&client=::1&port=1", NULL, 404,
	  "IPv6" },
	{ "PATCH", "/v1/services/www", NULL, 400, "admin" },
	{ "PATCH", "/v1/services/www", "", 400, "admin" },
	{ "PATCH", "/v1/services/www", "{}", 400, "admin" },
	{ "PATCH", "/v1/services/www", "{\"admin\":", 400, "not JSON" },
	{ "PATCH", "/v1/services/www", "[]", 400, "an object" },
	{ "PATCH", "/v1/services/www", "\"enabled\"", 400, "an object" },
	{ "PATCH", "/v1/services/www", "null", 400, "an object" },
	{ "PATCH", "/v1/services/www", "{\"admin\":\"drain\"}", 400,
	  "enabled or disabled" },
	{ "PATCH", "/v1/services/www", "{\"admin\":1}", 400, "admin: 1" },
	{ "PATCH", "/v1/services/www",
	  "{\"admin\":\"enabled\",\"admin\":\"enabled\"}", 400, "duplicate" },
	{ "PATCH", "/v1/services/www", "{\"Admin\":\"enabled\"}", 400,
	  "\"Admin\"; allowed: admin" },
	{ "PATCH", "/v1/services/www", "{\"admin\":\"\\u0000\"}", 400,
	  "not JSON" },
	{ "PATCH", "/v1/services/www", "{\"admin\":\"\xff\"}", 400,
	  "not JSON" },
	{ "PATCH", "/v1/services/www/backends/b1", "{\"weight\":65536}", 400,
	  "0..65535" },
	{ "PATCH", "/v1/services/www/backends/b1", "{\"weight\":-1}", 400,
	  "0..65535" },
	{ "PATCH", "/v1/services/www/backends/b1", "{\"weight\":1.5}", 400,
	  "an integer" },
	{ "PATCH", "/v1/services/www/backends/b1", "{\"weight\":\"1\"}", 400,
	  "weight: \"1\"" },
	{ "PATCH", "/v1/services/www/backends/b1",
	  "{\"weight\":99999999999999999999}", 400, "not JSON" },
	{ "PATCH", "/v1/services/www/backends/b1",
	  "{\"admin\":\"drain\",\"weight\":true}", 400, "weight: true" },
	{ "POST", "/v1/sync", "{\"a\":1}", 400, "none is allowed" },
	{ "POST", "/v1/flush", "x", 400, "not JSON" },
	{ "POST", "/v1/config/reload", "{\"path\":\"/x\"}", 400, "path" },
	{ "POST", "/v1/config/check", "{\"path\":\"conf\"}", 400, "absolute" },
	{ "POST", "/v1/config/check", "{\"path\":7}", 400, "absolute" },
	{ "POST", "/v1/config/diff", "{\"path\":null}", 400, "absolute" },
	{ "POST", "/v1/config/check", "{\"path\":\"/nonexistent\"}", 422,
	  "error" },
};

static void test_wrong(void **state)
{
	struct control_rig *rig = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		rig_refused(rig, wrong[i].method, wrong[i].path, wrong[i].body,
			    wrong[i].status, wrong[i].words);
	/* Nothing of all this was carried out. */
	assert_string_equal(rig->said, "");
	assert_int_equal(rig->nplans, 0);
}

static void test_allow_header(void **state)
{
	struct exchange x;

	rig_ask(*state, "PUT", "/v1/services/www", NULL, &x);
	assert_int_equal(x.status, 405);
	assert_non_null(strstr(x.head, "\r\nAllow: GET, PATCH\r\n"));
	exchange_free(&x);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_commands),     TEST(test_author),
		TEST(test_refusals),     TEST(test_wrong),
		TEST(test_allow_header),
	};

	if (netns_enter() < 0) {
		fprintf(stderr, "no network namespace\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
