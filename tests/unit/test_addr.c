/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/addr: addresses and endpoints as text, order, sockaddr. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/addr.h"

static void parses_and_prints_canonically(void **state)
{
	static const struct {
		const char *in, *out;
		unsigned int len;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", 4 },
		{ "0.0.0.0", "0.0.0.0", 4 },
		{ "2001:DB8:0:0::1", "2001:db8::1", 16 },
		{ "2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1", 16 },
		{ "::", "::", 16 },
		{ "1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0", 16 },
	};
	char text[ADDR_STRLEN];
	struct addr a;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(addr_parse(rows[i].in, &a), 0);
		assert_int_equal(addr_len(&a), rows[i].len);
		assert_string_equal(addr_format(&a, text), rows[i].out);
	}
}

static void refuses_what_is_no_address(void **state)
{
	static const char *const rows[] = {
		"",           "192.0.2",       "192.0.2.256", "192.0.02.1",
		"192.0.2.1 ", "192.0.2.1/24",  "fe80::1%lo",  "[::1]",
		":::",        "1:2:3:4:5:6:7", "example.org", "0x7f000001",
	};
	struct addr a, before;
	size_t i;

	memset(&a, 0x55, sizeof(a));
	before = a;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(addr_parse(rows[i], &a), -EINVAL);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static void none_has_no_length(void **state)
{
	struct addr none = { 0 };
	char text[ADDR_STRLEN];

	assert_int_equal(addr_len(&none), 0);
	assert_string_equal(addr_format(&none, text), "none");
}

static void orders_by_family_then_bytes(void **state)
{
	static const char *const sorted[] = { "10.0.0.1", "10.0.0.2",
					      "192.0.2.1", "::1",
					      "2001:db8::1" };
	struct addr a, b;
	size_t i, k;
	int order;

	for (i = 0; i < 5; i++) {
		for (k = 0; k < 5; k++) {
			addr_parse(sorted[i], &a);
			addr_parse(sorted[k], &b);
			order = addr_cmp(&a, &b);
			assert_true(i < k   ? order < 0
				    : i > k ? order > 0
					    : order == 0);
		}
	}
}

static void parses_endpoints(void **state)
{
	static const struct {
		const char *in, *out;
		uint16_t port;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", 0 },
		{ "192.0.2.1:1", "192.0.2.1:1", 1 },
		{ "192.0.2.1:65535", "192.0.2.1:65535", 65535 },
		{ "[2001:db8::1]:80", "[2001:db8::1]:80", 80 },
		{ "[2001:db8::1]", "2001:db8::1", 0 },
		{ "2001:db8::1", "2001:db8::1", 0 },
		/* without brackets all of it is the address */
		{ "2001:db8::1:80", "2001:db8::1:80", 0 },
	};
	char text[ENDPOINT_STRLEN];
	struct addr a;
	uint16_t port;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(endpoint_parse(rows[i].in, &a, &port), 0);
		assert_int_equal(port, rows[i].port);
		assert_string_equal(endpoint_format(&a, port, text),
				    rows[i].out);
	}
}

static void refuses_bad_endpoints(void **state)
{
	static const char *const rows[] = {
		"",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:+80",
		"192.0.2.1: 80",
		"[192.0.2.1]:80",
		"[2001:db8::1",
		"[2001:db8::1]80",
		"[2001:db8::1]:",
		"[]:80",
		"192.0.2.1:80:80",
		"[2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:1]:80",
	};
	uint16_t port = 7;
	struct addr a;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(endpoint_parse(rows[i], &a, &port), -EINVAL);
		assert_int_equal(port, 7);
	}
}

static void fills_sockaddr(void **state)
{
	struct sockaddr_storage ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	struct addr a;

	addr_parse("192.0.2.1", &a);
	assert_int_equal(addr_sockaddr(&a, 80, &ss), sizeof(*in));
	assert_int_equal(in->sin_family, AF_INET);
	assert_int_equal(in->sin_port, htons(80));
	assert_int_equal(in->sin_addr.s_addr, htonl(0xc0000201));
	addr_parse("::1", &a);
	assert_int_equal(addr_sockaddr(&a, 443, &ss), sizeof(*in6));
	assert_int_equal(in6->sin6_family, AF_INET6);
	assert_int_equal(in6->sin6_port, htons(443));
	assert_true(IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr));
	assert_int_equal(in6->sin6_scope_id, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_prints_canonically),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(none_has_no_length),
		cmocka_unit_test(orders_by_family_then_bytes),
		cmocka_unit_test(parses_endpoints),
		cmocka_unit_test(refuses_bad_endpoints),
		cmocka_unit_test(fills_sockaddr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
