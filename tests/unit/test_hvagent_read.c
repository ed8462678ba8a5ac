/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bindings as clients send them: every mistake is named, with its field. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hvagent/api_read.h"

#define S "\"service\":\"192.0.2.1:80/tcp\""
#define V "\"vm\":\"10.0.0.1:8080\""

static void test_one(void **state)
{
	struct err err = { "" };
	struct buf text = { 0 };
	struct binding b;
	const char *body = "{" S "," V "}";

	assert_int_equal(api_read_one(body, strlen(body), "a", &b, &err), 0);
	api_write_one(&text, &b);
	assert_string_equal(text.data,
			    "{\"name\":\"a\",\"service\":\"192.0.2.1:"
			    "80/tcp\",\"vm\":\"10.0.0.1:8080\","
			    "\"origin\":\"api\"}");
	free(b.name);
	buf_free(&text);
}

static void test_one_refused(void **state)
{
	static const struct {
		const char *name, *body, *said;
	} cases[] = {
		{ "a", "", "body: is empty" },
		{ "a", "{", "body: not JSON" },
		{ "a", "[]", "an object" },
		{ "a", "null", "an object" },
		{ "a", "{" S "}", "vm: is missing; allowed: ADDRESS" },
		{ "a", "{" V "}",
		  "service: is missing; allowed: ADDRESS:PORT" },
		{ "a", "{" S "," S "," V "}", "not JSON" },
		{ "a", "{" S "," V ",\"x\":1}",
		  "unknown field \"x\"; allowed" },
		{ "a", "{" S "," V ",\"name\":\"a\"}",
		  "unknown field \"name\"" },
		{ "a", "{\"service\":1," V "}", "service: found 1; allowed" },
		{ "a", "{\"service\":null," V "}", "service: found null" },
		{ "a", "{\"service\":\"192.0.2.1:80\"," V "}",
		  "service: found" },
		{ "a", "{\"service\":\"192.0.2.1:80/icmp\"," V "}", "sctp" },
		{ "a", "{\"service\":\"192.0.2.1:0/tcp\"," V "}", "65535" },
		{ "a", "{\"service\":\"192.0.2.1:65536/tcp\"," V "}", "65535" },
		{ "a", "{\"service\":\"192.0.2.1/tcp\"," V "}", "service:" },
		{ "a", "{\"service\":\"www.test:80/tcp\"," V "}", "service:" },
		{ "a", "{\"service\":\"192.0.2.01:80/tcp\"," V "}",
		  "service:" },
		{ "a", "{\"service\":\" 192.0.2.1:80/tcp\"," V "}",
		  "service:" },
		{ "a", "{\"service\":\"192.0.2.1:80/tcp\\n\"," V "}", "\\n" },
		{ "a", "{\"service\":\"224.0.0.1:80/tcp\"," V "}", "service:" },
		{ "a", "{\"service\":\"0.0.0.0:80/tcp\"," V "}", "service:" },
		{ "a", "{" S ",\"vm\":\"\"}", "vm: found \"\"; allowed" },
		{ "a", "{" S ",\"vm\":\"10.0.0.1:x\"}", "vm: found" },
		{ "a", "{" S ",\"vm\":\"127.0.0.1\"}", "vm: found 127.0.0.1" },
		{ "a", "{" S ",\"vm\":\"192.0.2.1\"}", "own address" },
		{ "a", "{" S ",\"vm\":\"2001:db8::1\"}", "family" },
		{ "a", "{" S ",\"vm\":[\"10.0.0.1\"]}", "vm: found an array" },
		{ "a", "{" S "," V ",\"tunnel\":\"x\"}",
		  "tunnel: found \"x\"" },
		{ "a", "{" S "," V ",\"tunnel\":\"\"}", "tunnel: found" },
		{ "a", "{" S "," V ",\"tunnel\":\"10.0.0.1:80\"}",
		  "tunnel: f" },
		{ "a", "{" S "," V ",\"tunnel\":\"ff02::1\"}", "one machine" },
		{ "a", "{" S "," V ",\"tunnel\":7}", "tunnel: found" },
		{ "", "{" S "," V "}", "name: found" },
		{ "-a", "{" S "," V "}", "name: found" },
		{ "a b", "{" S "," V "}", "name: found" },
		{ "a\"b", "{" S "," V "}", "name: found" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { "" };
		struct binding b;
		int ret = api_read_one(cases[i].body, strlen(cases[i].body),
				       cases[i].name, &b, &err);

		if (ret != -EINVAL || !strstr(err.msg, cases[i].said))
			fail_msg("%s: %d: \"%s\" is not in \"%s\"",
				 cases[i].body, ret, cases[i].said, err.msg);
		assert_null(b.name);
	}
}

static void test_list(void **state)
{
	const char *body = "[{\"name\":\"b\"," S "," V "},"
			   "{\"name\":\"a\"," S ",\"tunnel\":\"fd00::2\","
			   "\"vm\":\"10.0.0.2\"}]";
	struct err err = { "" };
	struct buf text = { 0 };
	struct binding *list;
	size_t n;

	assert_int_equal(api_read_list(body, strlen(body), &list, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "b");
	assert_string_equal(list[1].name, "a");
	assert_int_equal(list[1].vm_port, 0);
	assert_int_equal(list[0].tunnel.family, 0);
	api_write_one(&text, &list[1]);
	assert_non_null(strstr(text.data, ",\"tunnel\":\"fd00::2\","));
	buf_free(&text);
	api_read_free(list, n);
	assert_int_equal(api_read_list("[]", 2, &list, &n, &err), 0);
	assert_int_equal(n, 0);
	api_read_free(list, n);
}

static void test_list_refused(void **state)
{
	static const struct {
		const char *body, *said;
	} cases[] = {
		{ "", "not JSON" },
		{ "{}", "an array" },
		{ "[1]", "[0]." },
		{ "[{" S "," V "}]", "[0].name: is missing" },
		{ "[{\"name\":\"a/b\"," S "," V "}]", "[0].name: found" },
		{ "[{\"name\":\"a\"," S "," V "},{\"name\":\"b\"," S "}]",
		  "[1].vm: is missing" },
		{ "[{\"name\":\"a\"," S "," V "},{\"name\":\"a\"," S ","
		  "\"vm\":\"10.0.0.2\"}]",
		  "[1].name: found \"a\" a second time, first in [0]" },
		{ "[{\"name\":\"a\"," S "," V ",\"origin\":\"file\"}]",
		  "unknown field \"origin\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { "" };
		struct binding *list;
		size_t n;
		int ret = api_read_list(cases[i].body, strlen(cases[i].body),
					&list, &n, &err);

		if (ret != -EINVAL || !strstr(err.msg, cases[i].said))
			fail_msg("%s: %d: \"%s\" is not in \"%s\"",
				 cases[i].body, ret, cases[i].said, err.msg);
		assert_null(list);
		assert_int_equal(n, 0);
	}
}

static void test_list_too_long(void **state)
{
	struct err err = { "" };
	struct binding *list;
	struct buf body = { 0 };
	size_t n;

	buf_printf(&body, "[");
	for (int i = 0; i <= BINDINGS_MAX; i++)
		buf_printf(&body, "%s{}", i ? "," : "");
	buf_printf(&body, "]");
	assert_int_equal(api_read_list(body.data, body.len, &list, &n, &err),
			 -E2BIG);
	assert_non_null(strstr(err.msg, "65536"));
	buf_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_one_refused),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_refused),
		cmocka_unit_test(test_list_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
