/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden vectors of the hash that source-hash rests on. That they are also the
 * running kernel's is test_route_kernel's to show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include "rulesets/route.h"

/* lookup3.c's own examples: hashlittle("", 0, 0xdeadbeef) and of the sentence;
 * its start value is ours without the seed. */
static void agrees_with_lookup3(void **state)
{
	static const char text[] = "Four score and seven years ago";

	assert_int_equal(rs_jhash("", 0, 0), 0xdeadbeef);
	assert_int_equal(rs_jhash("", 0, 0xdeadbeef), 0xbd5b7dde);
	assert_int_equal(rs_jhash(text, 30, 0), 0x17770551);
	assert_int_equal(rs_jhash(text, 30, 1), 0xcd628161);
}

struct vector {
	enum rs_hash_key key;
	const char *client, *vip;
	uint32_t m, slot;
};

/* Port 40000 to 192.0.2.1 or 2001:db8::1, port 443, TCP, seed 0x1a2b3c4d. */
static void golden_slots(void **state)
{
	static const struct vector vectors[] = {
		{ RS_KEY_SOURCE, "198.51.100.7", "192.0.2.1", 1021, 668 },
		{ RS_KEY_SOURCE, "198.51.100.7", "192.0.2.1", 1048573, 686676 },
		{ RS_KEY_SOURCE_PORT, "198.51.100.7", "192.0.2.1", 1021, 971 },
		{ RS_KEY_SOURCE_PORT, "198.51.100.7", "192.0.2.1", 1048573,
		  997473 },
		{ RS_KEY_5TUPLE, "198.51.100.7", "192.0.2.1", 1021, 436 },
		{ RS_KEY_5TUPLE, "198.51.100.7", "192.0.2.1", 1048573, 448530 },
		{ RS_KEY_SOURCE, "2001:db8:1:2:3:4:5:6", "2001:db8::1", 1021,
		  251 },
		{ RS_KEY_SOURCE, "2001:db8:1:2:3:4:5:6", "2001:db8::1", 1048573,
		  258005 },
		{ RS_KEY_SOURCE_PORT, "2001:db8:1:2:3:4:5:6", "2001:db8::1",
		  1021, 536 },
		{ RS_KEY_SOURCE_PORT, "2001:db8:1:2:3:4:5:6", "2001:db8::1",
		  1048573, 550869 },
		{ RS_KEY_5TUPLE, "2001:db8:1:2:3:4:5:6", "2001:db8::1", 1021,
		  684 },
		{ RS_KEY_5TUPLE, "2001:db8:1:2:3:4:5:6", "2001:db8::1", 1048573,
		  703154 },
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *v = &vectors[i];
		struct rs_service svc = { .scheduler = RS_SOURCE_HASH,
					  .hash_key = v->key,
					  .hash_seed = 0x1a2b3c4d };
		struct addr client, vip;

		assert_int_equal(addr_parse(v->client, &client), 0);
		assert_int_equal(addr_parse(v->vip, &vip), 0);
		assert_int_equal(route_slot(&svc, v->m, &client, 40000, &vip,
					    443, IPPROTO_TCP),
				 v->slot);
	}
}

/* Only what the key names may matter. */
static void key_decides_what_matters(void **state)
{
	struct rs_service svc = { .hash_seed = 7 };
	struct addr client, vip, other;

	addr_parse("198.51.100.7", &client);
	addr_parse("192.0.2.1", &vip);
	addr_parse("192.0.2.2", &other);
	for (int key = RS_KEY_SOURCE; key <= RS_KEY_5TUPLE; key++) {
		uint32_t m = 1048573, slot;

		svc.hash_key = (enum rs_hash_key)key;
		slot =
		    route_slot(&svc, m, &client, 1000, &vip, 80, IPPROTO_TCP);
		assert_true(slot < m);
		assert_int_not_equal(slot, route_slot(&svc, m, &other, 1000,
						      &vip, 80, IPPROTO_TCP));
		assert_int_equal(slot == route_slot(&svc, m, &client, 1001,
						    &vip, 80, IPPROTO_TCP),
				 key == RS_KEY_SOURCE);
		assert_int_equal(slot == route_slot(&svc, m, &client, 1000,
						    &other, 80, IPPROTO_TCP),
				 key != RS_KEY_5TUPLE);
		assert_int_equal(slot == route_slot(&svc, m, &client, 1000,
						    &vip, 81, IPPROTO_TCP),
				 key != RS_KEY_5TUPLE);
		assert_int_equal(slot == route_slot(&svc, m, &client, 1000,
						    &vip, 80, IPPROTO_UDP),
				 key != RS_KEY_5TUPLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_lookup3),
		cmocka_unit_test(golden_slots),
		cmocka_unit_test(key_decides_what_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
