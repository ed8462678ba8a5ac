/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober in networks that are not as they should be: routes that lead
 * nowhere, no ports left, a connection that meets itself. In a network
 * namespace of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "netns.h"
#include "prober_rig.h"

/* What one probe of this target finds. */
static enum hc_reason probe(const char *address, uint16_t port)
{
	struct listener l = { .family =
				  strchr(address, ':') ? AF_INET6 : AF_INET,
			      .port = port };
	struct hc_job j = rig_job(1, &l, 60000, 1000);
	struct hc_result r;
	struct rig p;

	assert_int_equal(inet_pton(l.family, address, j.ip), 1);
	rig_open(&p);
	rig_jobs(&p, &j, 1);
	r = rig_result(&p, 1, NONE);
	rig_close(&p);
	return (enum hc_reason)r.reason;
}

static void test_routes_that_lead_nowhere(void **state)
{
	static const struct {
		const char *route, *address;
	} ways[] = {
		{ "blackhole 10.1.0.0/24", "10.1.0.1" },
		{ "unreachable 10.2.0.0/24", "10.2.0.1" },
		{ "prohibit 10.3.0.0/24", "10.3.0.1" },
		{ "unreachable 2001:db8:1::/64", "2001:db8:1::1" },
		{ "prohibit 2001:db8:2::/64", "2001:db8:2::1" },
		{ NULL, "10.4.0.1" },
		{ NULL, "2001:db8:3::1" },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].route)
			assert_int_equal(
			    netns_run("ip %s route add %s",
				      strchr(ways[i].address, ':') ? "-6" : "",
				      ways[i].route),
			    0);
		assert_int_equal(probe(ways[i].address, 80), HC_UNREACHABLE);
	}
}

/*
 * With one ephemeral port left, a probe of that port on this machine connects
 * to itself: that is nobody who serves.
 */
static void test_a_connection_that_meets_itself(void **state)
{
	assert_int_equal(netns_run("echo 40000 40001 > "
				   "/proc/sys/net/ipv4/ip_local_port_range"),
			 0);
	assert_int_equal(probe("127.0.0.1", 40000), HC_REFUSED);
	assert_int_equal(probe("::1", 40000), HC_REFUSED);
}

static void test_no_port_left_is_our_own_fault(void **state)
{
	struct listener used[2], well;

	listener_open(&well, AF_INET, 64);
	/* two ports are all there are, and both are taken */
	assert_int_equal(netns_run("echo 50000 50001 > "
				   "/proc/sys/net/ipv4/ip_local_port_range"),
			 0);
	listener_open(&used[0], AF_INET, 64);
	listener_open(&used[1], AF_INET, 64);
	assert_int_equal(probe("127.0.0.1", well.port), HC_LOCAL);
	listener_close(&used[0]);
	assert_int_equal(probe("127.0.0.1", well.port), HC_OK);
	listener_close(&used[1]);
	listener_close(&well);
}

static int enter(void **state)
{
	return netns_enter();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes_that_lead_nowhere),
		cmocka_unit_test(test_a_connection_that_meets_itself),
		cmocka_unit_test(test_no_port_left_is_our_own_fault),
	};

	return cmocka_run_group_tests(tests, enter, NULL);
}
