/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_slot() against the running kernel: in a network namespace of its own
 * nft computes the slot of packets from many clients with the very expressions
 * of our rules, and writes flow and slot into a set; we compute them again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rulesets/route.h"
#include "tests/unit/netns.h"

#define SEED  0x1a2b3c4du
#define M     65521u /* slots */
#define FLOWS 1200

/* Client, its port, slot: a set for each kind of key. Nothing gets out, hence
 * no answers and no other flows. */
static const char rules[] =
    "table ip%1$s t {\n"
    " set source { type ipv%4$u_addr . inet_service . mark; flags dynamic; }\n"
    " set source-port { type ipv%4$u_addr . inet_service . mark; flags "
    "dynamic; "
    "}\n"
    " set all5 { type ipv%4$u_addr . inet_service . mark; flags dynamic; }\n"
    " chain c { type filter hook output priority 0;\n"
    "  meta l4proto != { tcp, udp } drop\n"
    "  meta mark set jhash ip%1$s saddr mod %2$u seed %3$u\n"
    "  add @source { ip%1$s saddr . th sport . meta mark }\n"
    "  meta mark set jhash ip%1$s saddr . th sport mod %2$u seed %3$u\n"
    "  add @source-port { ip%1$s saddr . th sport . meta mark }\n"
    "  meta mark set jhash ip%1$s saddr . ip%1$s daddr . meta l4proto . "
    "th sport . th dport mod %2$u seed %3$u\n"
    "  add @all5 { ip%1$s saddr . th sport . meta mark }\n"
    "  drop\n"
    " }\n"
    "}\n";

static int load_rules(bool v6)
{
	FILE *nft = popen("nft -f -", "w");

	if (!nft)
		return -errno;
	fprintf(nft, rules, v6 ? "6" : "", M, SEED, v6 ? 6u : 4u);
	return pclose(nft);
}

struct flow {
	struct addr client, vip;
	uint16_t client_port, vip_port;
	uint8_t proto;
};

/* Flow number @i: a client, port, service and protocol of its own. */
static struct flow make_flow(bool v6, uint32_t i)
{
	struct flow f = {
		.client = { .family = v6 ? AF_INET6 : AF_INET },
		.vip = { .family = v6 ? AF_INET6 : AF_INET },
		.client_port = (uint16_t)(1024 + i * 53 % 60000),
		.vip_port = (uint16_t)(80 + i % 7),
		.proto = i % 2 ? IPPROTO_TCP : IPPROTO_UDP,
	};

	for (unsigned int b = 1; b < addr_len(&f.client); b++)
		f.client.ip[b] =
		    (uint8_t)(((i + 1) * 2654435761u) >> (b % 4 * 8));
	f.client.ip[0] = f.vip.ip[0] = v6 ? 0xfd : 127;
	f.vip.ip[addr_len(&f.vip) - 1] = (uint8_t)(1 + i % 3);
	return f;
}

/* One packet of it. */
static void send_flow(const struct flow *f)
{
	int type = f->proto == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
	static const int on = 1;
	struct sockaddr_storage from, to;
	socklen_t len;
	int fd = socket(f->client.family, type | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (f->client.family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on));
	len = addr_sockaddr(&f->client, f->client_port, &from);
	assert_int_equal(bind(fd, (void *)&from, len), 0);
	addr_sockaddr(&f->vip, f->vip_port, &to);
	if (connect(fd, (void *)&to, len) < 0)
		assert_int_equal(errno, EINPROGRESS);
	if (f->proto == IPPROTO_UDP && send(fd, "x", 1, 0) < 0)
		assert_int_equal(errno, EPERM); /* dropped, but hashed */
	close(fd);
}

static json_t *list_set(bool v6, const char *set)
{
	char command[100];
	json_t *list;
	FILE *nft;

	snprintf(command, sizeof(command), "nft -nn -j list set ip%s t %s",
		 v6 ? "6" : "", set);
	nft = popen(command, "r");
	list = json_loadf(nft, 0, NULL);
	pclose(nft);
	return list;
}

static const json_t *set_elements(const json_t *list)
{
	const json_t *objects = json_object_get(list, "nftables");

	for (size_t i = 0; i < json_array_size(objects); i++) {
		const json_t *set =
		    json_object_get(json_array_get(objects, i), "set");

		if (set)
			return json_object_get(set, "elem");
	}
	return NULL;
}

static uint32_t number(const json_t *concat, size_t i)
{
	const json_t *v = json_array_get(concat, i);

	if (json_is_string(v)) /* marks come as "0x..." */
		return (uint32_t)strtoul(json_string_value(v), NULL, 0);
	return (uint32_t)json_integer_value(v);
}

/* The flow of a set's element. */
static const struct flow *find_flow(const struct flow *flows, const json_t *c)
{
	const char *client = json_string_value(json_array_get(c, 0));
	struct addr a;

	assert_int_equal(addr_parse(client, &a), 0);
	for (size_t i = 0; i < FLOWS; i++)
		if (addr_cmp(&flows[i].client, &a) == 0 &&
		    flows[i].client_port == number(c, 1))
			return &flows[i];
	fail_msg("%s: not a flow of ours", client);
	return NULL;
}

/* Every flow is in the set, with the slot that we compute. */
static void compare_set(bool v6, const char *set, enum rs_hash_key key,
			const struct flow *flows)
{
	struct rs_service svc = { .hash_key = key, .hash_seed = SEED };
	json_t *list = list_set(v6, set);
	const json_t *elements = set_elements(list);

	assert_int_equal(json_array_size(elements), FLOWS);
	for (size_t i = 0; i < FLOWS; i++) {
		const json_t *c =
		    json_object_get(json_array_get(elements, i), "concat");
		const struct flow *f = find_flow(flows, c);

		assert_int_equal(route_slot(&svc, M, &f->client, f->client_port,
					    &f->vip, f->vip_port, f->proto),
				 number(c, 2));
	}
	json_decref(list);
}

static void slots_are_the_kernels(bool v6)
{
	static struct flow flows[FLOWS];

	assert_int_equal(load_rules(v6), 0);
	for (uint32_t i = 0; i < FLOWS; i++) {
		flows[i] = make_flow(v6, i);
		send_flow(&flows[i]);
	}
	compare_set(v6, "source", RS_KEY_SOURCE, flows);
	compare_set(v6, "source-port", RS_KEY_SOURCE_PORT, flows);
	compare_set(v6, "all5", RS_KEY_5TUPLE, flows);
}

static void slots_are_the_kernels_ipv4(void **state)
{
	slots_are_the_kernels(false);
}

static void slots_are_the_kernels_ipv6(void **state)
{
	slots_are_the_kernels(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_the_kernels_ipv4),
		cmocka_unit_test(slots_are_the_kernels_ipv6),
	};

	if (netns_enter() < 0 ||
	    netns_run("ip -6 route add local fd00::/8 dev lo") != 0) {
		fprintf(stderr, "no network namespace: may we have one?\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
