/* SPDX-License-Identifier: GPL-2.0-or-later */
/* healthcheck/icmp_message: echo requests, replies and errors as bytes. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "healthcheck/icmp_message.h"

#define COOKIE 0x0807060504030201u
#define IP4                                                                    \
	0x45, 0, 0, 36, 0, 0, 0x40, 0, 64, 1, 0, 0, 10, 0, 0, 1, 192, 0, 2, 7
#define IP6                                                                    \
	0x60, 0, 0, 0, 0, 16, 58, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
	    0, 0, 0, 1, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7
#define ECHO(type) type, 0, 0, 0, 0x12, 0x34, 0x56, 0x78
#define DATA       1, 2, 3, 4, 5, 6, 7, 8

/* A copy of just this size: the sanitizer sees who reads beyond it. */
static bool reads(int family, const uint8_t *data, size_t len,
		  struct icmp_seen *seen)
{
	uint8_t *copy = malloc(len ? len : 1);
	bool good;

	memcpy(copy, data, len);
	good = icmp_read(family, copy, len, seen);
	free(copy);
	return good;
}

static void requests(void **state)
{
	/* the sum of all 16-bit words is ffff */
	static const uint8_t v4[] = { 8,    0,    0x7f, 0x3f, 0x12,
				      0x34, 0x56, 0x78, DATA };
	static const uint8_t v6[] = { ECHO(128), DATA };
	uint8_t out[ICMP_ECHO_LEN];
	struct icmp_seen seen;

	icmp_echo(AF_INET, 0x1234, 0x5678, COOKIE, out);
	assert_memory_equal(out, v4, sizeof(v4));
	assert_true(icmp_read_request(AF_INET, out, sizeof(out), &seen));
	assert_int_equal(seen.seq, 0x5678);
	assert_true(seen.cookie == COOKIE);
	assert_false(icmp_read_request(AF_INET6, out, sizeof(out), &seen));
	assert_false(icmp_read_request(AF_INET, out, sizeof(out) - 1, &seen));
	icmp_echo(AF_INET6, 0x1234, 0x5678, COOKIE, out);
	assert_memory_equal(out, v6, sizeof(v6));
	/* our own request is no answer */
	assert_false(reads(AF_INET6, v6, sizeof(v6), &seen));
	assert_false(reads(AF_INET, v4, sizeof(v4), &seen));
}

static void replies(void **state)
{
	static const uint8_t v4[] = { ECHO(0), DATA };
	static const uint8_t v6[] = { ECHO(129), DATA, 99 };
	struct icmp_seen seen;

	assert_true(reads(AF_INET, v4, sizeof(v4), &seen));
	assert_false(seen.is_error);
	assert_int_equal(seen.id, 0x1234);
	assert_int_equal(seen.seq, 0x5678);
	assert_true(seen.cookie == COOKIE);
	assert_true(reads(AF_INET6, v6, sizeof(v6), &seen));
	assert_true(seen.cookie == COOKIE);
	assert_false(reads(AF_INET, v4, sizeof(v4) - 1, &seen));
	assert_false(reads(AF_INET, v4, 7, &seen));
	assert_false(reads(AF_INET, v4, 0, &seen));
	assert_false(reads(AF_INET, v6, sizeof(v6), &seen));
}

static void errors_of_ipv4(void **state)
{
	uint8_t data[] = { 3, 13, 0, 0, 0, 0, 0, 0, IP4, ECHO(8), DATA };
	static const struct addr to = { AF_INET, { 192, 0, 2, 7 } };
	struct icmp_seen seen;

	assert_true(reads(AF_INET, data, sizeof(data), &seen));
	assert_true(seen.is_error);
	assert_int_equal(seen.why, 3 << 8 | 13);
	assert_int_equal(addr_cmp(&seen.to, &to), 0);
	assert_true(seen.cookie == COOKIE);
	/* anybody can guess what is in front of the cookie */
	for (size_t n = 0; n < sizeof(data); n++)
		assert_false(reads(AF_INET, data, n, &seen));
	data[0] = 11;
	assert_true(reads(AF_INET, data, sizeof(data), &seen));
	data[0] = 4; /* source quench */
	assert_false(reads(AF_INET, data, sizeof(data), &seen));
	data[0] = 3;
	data[8 + 9] = 17; /* somebody's UDP */
	assert_false(reads(AF_INET, data, sizeof(data), &seen));
	data[8 + 9] = 1;
	data[8 + 20] = 0; /* a reply of ours */
	assert_false(reads(AF_INET, data, sizeof(data), &seen));
	data[8 + 20] = 8;
	data[8 + 7] = 1; /* not the first fragment */
	assert_false(reads(AF_INET, data, sizeof(data), &seen));
}

static void errors_of_ipv6(void **state)
{
	uint8_t data[] = { 1, 4, 0, 0, 0, 0, 0, 0, IP6, ECHO(128), DATA };
	struct addr to = { AF_INET6, { 0xfd } };
	struct icmp_seen seen;

	to.ip[15] = 7;
	assert_true(reads(AF_INET6, data, sizeof(data), &seen));
	assert_true(seen.is_error);
	assert_int_equal(seen.why, 1 << 8 | 4);
	assert_int_equal(addr_cmp(&seen.to, &to), 0);
	assert_true(seen.cookie == COOKIE);
	for (size_t n = 0; n < sizeof(data); n++)
		assert_false(reads(AF_INET6, data, n, &seen));
	data[0] = 2; /* packet too big */
	assert_false(reads(AF_INET6, data, sizeof(data), &seen));
	data[0] = 3;
	assert_true(reads(AF_INET6, data, sizeof(data), &seen));
	data[8 + 6] = 17;
	assert_false(reads(AF_INET6, data, sizeof(data), &seen));
}

static void headers_of_ipv4(void **state)
{
	uint8_t data[64] = { IP4 };

	assert_int_equal(icmp_behind_ip4(data, sizeof(data)), 20);
	assert_int_equal(icmp_behind_ip4(data, 21), 20);
	assert_int_equal(icmp_behind_ip4(data, 20), 0);
	assert_int_equal(icmp_behind_ip4(data, 19), 0);
	data[0] = 0x4f; /* with options */
	assert_int_equal(icmp_behind_ip4(data, sizeof(data)), 60);
	assert_int_equal(icmp_behind_ip4(data, 60), 0);
	data[0] = 0x44;
	assert_int_equal(icmp_behind_ip4(data, sizeof(data)), 0);
	data[0] = 0x65;
	assert_int_equal(icmp_behind_ip4(data, sizeof(data)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(replies),
		cmocka_unit_test(errors_of_ipv4),
		cmocka_unit_test(errors_of_ipv6),
		cmocka_unit_test(headers_of_ipv4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
