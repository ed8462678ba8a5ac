/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of NETLINK_ROUTE: what they say, and whatever else the bytes are. */
#include <net/if.h>

#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/parse.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t remote[4] = { 192, 0, 2, 7 };

static struct nlmsghdr *begin(char *buf, uint16_t type, const void *header,
			      size_t len)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	memcpy(mnl_nlmsg_put_extra_header(nlh, len), header, len);
	return nlh;
}

static struct nlmsghdr *a_tunnel(char *buf, uint8_t family)
{
	struct ifinfomsg ifi = { .ifi_family = family,
				 .ifi_index = 7,
				 .ifi_type = ARPHRD_SIT,
				 .ifi_flags = IFF_UP | IFF_RUNNING };
	struct nlmsghdr *nlh = begin(buf, RTM_NEWLINK, &ifi, sizeof(ifi));
	struct nlattr *info, *data;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, "nlb-00000001");
	mnl_attr_put_strz(nlh, IFLA_IFALIAS, "nftlb t a -> b");
	mnl_attr_put_u32(nlh, IFLA_MTU, 1480);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "sit");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put(nlh, IFLA_IPTUN_REMOTE, sizeof(remote), remote);
	mnl_attr_put_u8(nlh, IFLA_IPTUN_PMTUDISC, 1);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return nlh;
}

static struct nlmsghdr *a_neighbour(char *buf, const uint8_t *ether, size_t len)
{
	struct ndmsg nd = { .ndm_family = AF_INET,
			    .ndm_ifindex = 3,
			    .ndm_state = NUD_REACHABLE };
	struct nlmsghdr *nlh = begin(buf, RTM_NEWNEIGH, &nd, sizeof(nd));

	mnl_attr_put(nlh, NDA_DST, sizeof(remote), remote);
	mnl_attr_put(nlh, NDA_LLADDR, len, ether);
	return nlh;
}

static struct nlmsghdr *a_route(char *buf)
{
	struct rtmsg rt = { .rtm_family = AF_INET, .rtm_type = RTN_UNICAST };
	struct nlmsghdr *nlh = begin(buf, RTM_NEWROUTE, &rt, sizeof(rt));
	uint8_t via[18] = { AF_INET6 & 0xff, AF_INET6 >> 8, 0xfe, 0x80 };
	struct nlattr *metrics;

	mnl_attr_put_u32(nlh, RTA_OIF, 4);
	mnl_attr_put(nlh, RTA_VIA, sizeof(via), via);
	metrics = mnl_attr_nest_start(nlh, RTA_METRICS);
	mnl_attr_put_u32(nlh, RTAX_MTU, 1400);
	mnl_attr_nest_end(nlh, metrics);
	return nlh;
}

static void link_is_read(void **state)
{
	_Alignas(8) char buf[1024];
	struct link l;

	assert_true(parse_link(a_tunnel(buf, AF_UNSPEC), &l));
	assert_int_equal(l.ifindex, 7);
	assert_string_equal(l.name, "nlb-00000001");
	assert_string_equal(l.alias, "nftlb t a -> b");
	assert_string_equal(l.kind, "sit");
	assert_int_equal(l.mtu, 1480);
	assert_true(l.up && l.running && !l.has_ether);
	assert_int_equal(l.tunnel.family, AF_INET);
	assert_int_equal(l.tunnel.local.family, 0);
	assert_memory_equal(l.tunnel.remote.ip, remote, sizeof(remote));
	assert_true(l.tunnel.pmtudisc);
	/* A bridge tells of its ports in such messages. */
	assert_false(parse_link(a_tunnel(buf, AF_BRIDGE), &l));
}

static void neighbour_is_read(void **state)
{
	static const uint8_t zero[6],
	    group[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	_Alignas(8) char buf[1024];
	struct neigh_entry e;

	assert_true(parse_neigh(a_neighbour(buf, mac, 6), &e));
	assert_true(e.has_ether && !e.kept);
	assert_memory_equal(e.ether, mac, 6);
	assert_int_equal(e.ifindex, 3);
	assert_true(parse_neigh(a_neighbour(buf, zero, 6), &e));
	assert_false(e.has_ether);
	assert_true(parse_neigh(a_neighbour(buf, group, 6), &e));
	assert_false(e.has_ether);
	assert_true(parse_neigh(a_neighbour(buf, mac, 4), &e));
	assert_false(e.has_ether);
}

static void route_is_read(void **state)
{
	_Alignas(8) char buf[1024];
	struct route_answer a;

	assert_true(parse_route(a_route(buf), &a));
	assert_int_equal(a.ifindex, 4);
	assert_int_equal(a.type, RTN_UNICAST);
	assert_int_equal(a.via.family, AF_INET6); /* IPv4 by way of IPv6 */
	assert_int_equal(a.via.ip[0], 0xfe);
	assert_int_equal(a.mtu, 1400);
}

static void parse_all(const struct nlmsghdr *nlh)
{
	struct route_answer a;
	struct neigh_entry e;
	struct link l;

	parse_link(nlh, &l);
	parse_neigh(nlh, &e);
	parse_route(nlh, &a);
}

/* A copy as long as it says it is, and up to where the next would begin, as in
 * a socket's buffer: who reads past that is caught (asan). */
static void parse_copy(const struct nlmsghdr *nlh, uint32_t len)
{
	struct nlmsghdr *copy = calloc(1, MNL_ALIGN(len));

	assert_non_null(copy);
	memcpy(copy, nlh, len);
	copy->nlmsg_len = len;
	parse_all(copy);
	free(copy);
}

static void cut_off_anywhere(void **state)
{
	_Alignas(8) char buf[3][1024];
	struct nlmsghdr *of[] = { a_tunnel(buf[0], AF_UNSPEC),
				  a_neighbour(buf[1], mac, 6),
				  a_route(buf[2]) };

	for (size_t i = 0; i < 3; i++)
		for (uint32_t n = sizeof(*of[i]); n <= of[i]->nlmsg_len; n++)
			parse_copy(of[i], n);
}

static void garbage(void **state)
{
	_Alignas(8) char buf[3][1024];
	struct nlmsghdr *of[] = { a_tunnel(buf[0], AF_UNSPEC),
				  a_neighbour(buf[1], mac, 6),
				  a_route(buf[2]) };
	uint32_t seed = 1;

	for (int round = 0; round < 30000; round++) {
		struct nlmsghdr *nlh = of[round % 3];
		unsigned char *bytes = (unsigned char *)nlh;
		unsigned char was;
		size_t at;

		seed = seed * 1664525u + 1013904223u;
		at = sizeof(*nlh) +
		     (seed >> 8) % (nlh->nlmsg_len - sizeof(*nlh));
		was = bytes[at];
		bytes[at] = (unsigned char)(seed >> 24);
		parse_copy(nlh, nlh->nlmsg_len);
		if (round % 64 < 48) /* some of it adds up */
			bytes[at] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_is_read),
		cmocka_unit_test(neighbour_is_read),
		cmocka_unit_test(route_is_read),
		cmocka_unit_test(cut_off_anywhere),
		cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
