/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each judge of the host check: on a good host it is silent, and one fact that
 * is wrong is found, with the command that mends it. What is not known is no
 * fault; what a shell would take for more than a word is quoted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hostcheck/hostcheck.h"

/* A host that is as it should be, for one item. */
static void good_host(struct host *h, enum host_kind kind, unsigned int use,
		      const char *address)
{
	struct host_item it = { .kind = kind, .use = use, .name = "www/b1" };

	if (address)
		assert_int_equal(addr_parse(address, &it.addr), 0);
	it.link = (struct host_link){ .exists = true,
				      .up = true,
				      .carrier = true,
				      .index = 7,
				      .mtu = 1540,
				      .name = "eth0.5",
				      .forwarding = 1,
				      .accept_local = 0,
				      .rp_filter = 0 };
	it.route = (struct host_route){ .asked = true,
					.found = true,
					.onlink = true,
					.nexthop = it.addr,
					.index = 7 };
	it.neighbour = HOST_NEIGH_GOOD;
	it.module = HOST_MODULE_THERE;
	*h = (struct host){ .forwarding = { 1, 1 },
			    .ngateways = 2,
			    .conntrack_count = 10,
			    .conntrack_max = 262144,
			    .conntrack_events = 2,
			    .conntrack_loose = 1,
			    .conntrack_liberal = 1,
			    .uplink_mtu = 1540,
			    .kernel = "6.1.0" };
	host_add(h, &it);
}

/* What spoils it. */
static void no_forwarding(struct host *h, struct host_item *it)
{
	h->forwarding[it->addr.family == AF_INET6] = 0;
}

static void other_forwarding(struct host *h, struct host_item *it)
{
	h->forwarding[it->addr.family != AF_INET6] = 0;
}

static void no_link_forwarding(struct host *h, struct host_item *it)
{
	it->link.forwarding = 0;
}

static void strict(struct host *h, struct host_item *it)
{
	it->link.rp_filter = 1;
}

static void loose(struct host *h, struct host_item *it)
{
	it->link.rp_filter = 2;
}

static void strict_elsewhere(struct host *h, struct host_item *it)
{
	it->link.rp_filter = 1;
	it->route.index = 8;
}

static void service_here(struct host *h, struct host_item *it)
{
	h->stateless_local = true;
}

static void service_here_allowed(struct host *h, struct host_item *it)
{
	h->stateless_local = true;
	it->link.accept_local = 1;
}

static void missing(struct host *h, struct host_item *it)
{
	memset(&it->link, 0, sizeof(it->link));
	it->link.rp_filter = it->link.forwarding = -1;
	it->device = "eth9";
}

static void down(struct host *h, struct host_item *it)
{
	it->link.up = it->link.carrier = false;
}

static void unplugged(struct host *h, struct host_item *it)
{
	it->link.carrier = false;
}

static void no_route(struct host *h, struct host_item *it)
{
	it->route.found = it->route.onlink = false;
}

static void not_asked(struct host *h, struct host_item *it)
{
	memset(&it->route, 0, sizeof(it->route));
}

static void own_address(struct host *h, struct host_item *it)
{
	it->route.local = true;
	h->forwarding[0] = 0;
	it->link.mtu = 1280;
	it->link.rp_filter = 1;
}

static void routed(struct host *h, struct host_item *it)
{
	it->route.onlink = false;
	addr_parse("10.0.0.254", &it->route.nexthop);
}

static void silent(struct host *h, struct host_item *it)
{
	it->neighbour = HOST_NEIGH_FAILED;
}

static void never_asked(struct host *h, struct host_item *it)
{
	it->neighbour = HOST_NEIGH_NONE;
}

static void small_link(struct host *h, struct host_item *it)
{
	it->link.mtu = 1519;
}

static void just_enough(struct host *h, struct host_item *it)
{
	it->link.mtu = 1520;
}

static void small_route(struct host *h, struct host_item *it)
{
	it->route.mtu = 1400;
}

static void large_clients(struct host *h, struct host_item *it)
{
	h->client_mtu = 9000;
}

static void small_uplink(struct host *h, struct host_item *it)
{
	h->uplink_mtu = 1400;
}

static void full(struct host *h, struct host_item *it)
{
	h->conntrack_count = 250000;
}

static void nearly_full(struct host *h, struct host_item *it)
{
	h->conntrack_count = 209716;
}

static void not_nearly_full(struct host *h, struct host_item *it)
{
	h->conntrack_count = 209714;
}

static void small_table(struct host *h, struct host_item *it)
{
	h->conntrack_max = 4096;
}

static void unknown(struct host *h, struct host_item *it)
{
	h->conntrack_count = h->conntrack_max = -1;
	h->conntrack_events = h->conntrack_loose = h->conntrack_liberal = -1;
	h->forwarding[0] = h->forwarding[1] = -1;
	it->link.rp_filter = it->link.forwarding = it->link.accept_local = -1;
	it->module = HOST_MODULE_UNKNOWN;
}

static void no_events(struct host *h, struct host_item *it)
{
	h->conntrack_events = 0;
}

static void not_loose(struct host *h, struct host_item *it)
{
	h->conntrack_loose = 0;
}

static void not_liberal(struct host *h, struct host_item *it)
{
	h->conntrack_liberal = 0;
}

static void no_module(struct host *h, struct host_item *it)
{
	it->module = HOST_MODULE_MISSING;
}

static void loadable(struct host *h, struct host_item *it)
{
	it->module = HOST_MODULE_LOADABLE;
}

static void too_late(struct host *h, struct host_item *it)
{
	it->module = HOST_MODULE_LOADABLE;
	h->modules_disabled = true;
}

static void seeded(struct host *h, struct host_item *it)
{
	h->default_seed = true;
}

static void nobody(struct host *h, struct host_item *it)
{
	h->ngateways = 0;
}

#define V4 "10.0.0.1"
#define V6 "2001:db8::1"

static const struct {
	enum host_kind kind;
	unsigned int use;
	const char *address;
	void (*spoil)(struct host *h, struct host_item *it);
	const char *check; /* NULL: nothing is found */
	enum host_level level;
	const char *mend; /* its beginning */
} cases[] = {
	{ HOST_PEER, HOST_TRACKED, V4, no_forwarding, "forwarding", HOST_ERROR,
	  "sysctl -w net.ipv4.ip_forward=1" },
	{ HOST_PEER, HOST_STATELESS, V6, no_forwarding, "forwarding",
	  HOST_ERROR, "sysctl -w net.ipv6.conf.all.forwarding=1" },
	{ HOST_PEER, HOST_TRACKED, V4, other_forwarding, NULL, 0, NULL },
	{ HOST_PEER, HOST_IPIP, V4, no_forwarding, NULL, 0, NULL },
	{ HOST_PEER, HOST_TRACKED, V4, no_link_forwarding, "forwarding",
	  HOST_ERROR, "sysctl -w net.ipv4.conf.eth0/5.forwarding=1" },
	{ HOST_PEER, HOST_TRACKED, V6, no_link_forwarding, NULL, 0, NULL },
	{ HOST_DEVICE, HOST_TUNNEL, NULL, no_link_forwarding, "forwarding",
	  HOST_ERROR, "sysctl -w net.ipv4.conf.eth0/5.forwarding=1" },
	{ HOST_DEVICE, HOST_FRONT, NULL, no_link_forwarding, NULL, 0, NULL },
	{ HOST_PEER, HOST_STATELESS, V4, strict, "rp-filter", HOST_ERROR,
	  "sysctl -w net.ipv4.conf.eth0/5.rp_filter=2" },
	{ HOST_PEER, HOST_STATELESS, V4, loose, NULL, 0, NULL },
	{ HOST_PEER, HOST_STATELESS, V6, strict, NULL, 0, NULL },
	{ HOST_PEER, HOST_TRACKED, V4, strict, NULL, 0, NULL },
	{ HOST_PEER, HOST_DSR, V4, strict, NULL, 0, NULL },
	{ HOST_DEVICE, HOST_TUNNEL, NULL, loose, "rp-filter", HOST_ERROR,
	  "sysctl -w net.ipv4.conf.all.rp_filter=0 "
	  "net.ipv4.conf.eth0/5.rp_filter=0" },
	{ HOST_DEVICE, HOST_UPLINK, NULL, strict, NULL, 0, NULL },
	{ HOST_PEER, HOST_SENDER, V4, strict, NULL, 0, NULL },
	{ HOST_PEER, HOST_SENDER, V4, strict_elsewhere, "rp-filter", HOST_ERROR,
	  "sysctl -w net.ipv4.conf.eth0/5.rp_filter=2" },
	{ HOST_PEER, HOST_STATELESS, V4, service_here, "martian", HOST_ERROR,
	  "sysctl -w net.ipv4.conf.eth0/5.accept_local=1" },
	{ HOST_PEER, HOST_STATELESS, V4, service_here_allowed, NULL, 0, NULL },
	{ HOST_PEER, HOST_STATELESS, V6, service_here, NULL, 0, NULL },
	{ HOST_DEVICE, HOST_FRONT, NULL, missing, "interface", HOST_ERROR,
	  "# make eth9" },
	{ HOST_DEVICE, HOST_UPLINK, NULL, down, "interface", HOST_ERROR,
	  "ip link set dev eth0.5 up" },
	{ HOST_DEVICE, HOST_FRONT, NULL, unplugged, "interface", HOST_ERROR,
	  "# is the other end" },
	{ HOST_PEER, HOST_IPIP, V4, no_route, "route", HOST_ERROR,
	  "# ip route add 10.0.0.1 " },
	{ HOST_PEER, HOST_VM, V6, no_route, "route", HOST_ERROR,
	  "# ip route add 2001:db8::1 " },
	{ HOST_PEER, HOST_DSR, V4, not_asked, NULL, 0, NULL },
	{ HOST_PEER, HOST_TRACKED, V4, own_address, NULL, 0, NULL },
	{ HOST_PEER, HOST_STATELESS, V4, own_address, NULL, 0, NULL },
	{ HOST_PEER, HOST_IPIP, V4, own_address, NULL, 0, NULL },
	{ HOST_PEER, HOST_DSR, V4, routed, "on-link", HOST_ERROR,
	  "# put www/b1" },
	{ HOST_PEER, HOST_VM, V4, routed, "on-link", HOST_ERROR,
	  "# ip route add 10.0.0.1 " },
	{ HOST_PEER, HOST_IPIP, V4, routed, NULL, 0, NULL },
	{ HOST_PEER, HOST_DSR, V6, silent, "neighbour", HOST_ERROR,
	  "# is 2001:db8::1 up" },
	{ HOST_PEER, HOST_VM, V4, silent, "neighbour", HOST_ERROR,
	  "# is 10.0.0.1 up" },
	{ HOST_PEER, HOST_DSR, V4, never_asked, NULL, 0, NULL },
	{ HOST_PEER, HOST_TRACKED, V4, silent, NULL, 0, NULL },
	{ HOST_PEER, HOST_IPIP, V4, small_link, "mtu", HOST_WARNING,
	  "ip link set dev eth0.5 mtu 1520" },
	{ HOST_PEER, HOST_IPIP, V4, just_enough, NULL, 0, NULL },
	{ HOST_PEER, HOST_IPIP, V6, just_enough, "mtu", HOST_WARNING,
	  "ip link set dev eth0.5 mtu 1540" },
	{ HOST_PEER, HOST_IPIP, V4, small_route, "mtu", HOST_WARNING,
	  "# raise the MTU of the way to 10.0.0.1 to 1520" },
	{ HOST_PEER, HOST_IPIP, V4, large_clients, "mtu", HOST_WARNING,
	  "ip link set dev eth0.5 mtu 9020" },
	{ HOST_PEER, HOST_DSR, V4, small_link, NULL, 0, NULL },
	{ HOST_PEER, HOST_DSR, V4, large_clients, "mtu", HOST_WARNING,
	  "ip link set dev eth0.5 mtu 9000" },
	{ HOST_PEER, HOST_STATELESS, V4, large_clients, NULL, 0, NULL },
	{ HOST_PEER, HOST_AHEAD, V4, small_link, NULL, 0, NULL },
	{ HOST_PEER, HOST_AHEAD, V4, large_clients, "mtu", HOST_WARNING,
	  "ip link set dev eth0.5 mtu 9000" },
	{ HOST_DEVICE, HOST_UPLINK, NULL, small_link, "mtu", HOST_WARNING,
	  "ip link set dev eth0.5 mtu 1520" },
	{ HOST_PEER, HOST_VM, V4, small_uplink, "mtu", HOST_WARNING,
	  "ip link set dev eth0.5 mtu 1400" },
	{ HOST_PEER, HOST_TRACKED, V4, full, "conntrack", HOST_ERROR,
	  "sysctl -w net.netfilter.nf_conntrack_max=524288" },
	{ HOST_PEER, HOST_TRACKED, V4, nearly_full, "conntrack", HOST_WARNING,
	  "sysctl -w net.netfilter.nf_conntrack_max=524288" },
	{ HOST_PEER, HOST_TRACKED, V4, not_nearly_full, NULL, 0, NULL },
	{ HOST_PEER, HOST_VM, V4, small_table, "conntrack", HOST_WARNING,
	  "sysctl -w net.netfilter.nf_conntrack_max=262144" },
	{ HOST_PEER, HOST_IPIP, V4, full, NULL, 0, NULL },
	{ HOST_PEER, HOST_TRACKED, V4, no_events, "conntrack", HOST_WARNING,
	  "sysctl -w net.netfilter.nf_conntrack_events=1" },
	{ HOST_PEER, HOST_TRACKED, V4, unknown, NULL, 0, NULL },
	{ HOST_PEER, HOST_STATELESS, V4, unknown, NULL, 0, NULL },
	{ HOST_DEVICE, HOST_TUNNEL, NULL, unknown, NULL, 0, NULL },
	{ HOST_MODULE, HOST_PART, NULL, unknown, NULL, 0, NULL },
	{ HOST_MODULE, HOST_PART, NULL, loadable, NULL, 0, NULL },
	{ HOST_MODULE, HOST_PART, NULL, no_module, "module", HOST_ERROR,
	  "# install" },
	{ HOST_MODULE, HOST_PART, NULL, too_late, "module", HOST_ERROR,
	  "# restart with" },
	{ HOST_PEER, HOST_TRACKED | HOST_HASHED, V4, seeded, "hash-seed",
	  HOST_WARNING, "# in [global]" },
	{ HOST_PEER, HOST_TRACKED, V4, seeded, NULL, 0, NULL },
	{ HOST_PEER, HOST_VM, V4, not_loose, "conntrack", HOST_WARNING,
	  "sysctl -w net.netfilter.nf_conntrack_tcp_loose=1" },
	{ HOST_PEER, HOST_VM, V6, not_liberal, "conntrack", HOST_WARNING,
	  "sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1" },
	{ HOST_PEER, HOST_TRACKED, V4, not_liberal, NULL, 0, NULL },
	{ HOST_ADDRESS, HOST_AGENT, V4, nobody, "gateways", HOST_ERROR,
	  "# in [global]: gateways" },
	{ HOST_ADDRESS, HOST_HASHED, V4, nobody, NULL, 0, NULL },
};

#define NCASES (sizeof(cases) / sizeof(cases[0]))

static void judge(const struct host *h, size_t i)
{
	const struct host_finding *bad = NULL;
	struct host_findings f = { 0 };

	hostcheck_judge(h, &f);
	for (size_t k = 0; k < f.n; k++) {
		if (f.list[k].level == HOST_OK)
			continue;
		if (bad || !cases[i].check)
			fail_msg("case %zu: %s: %s", i, f.list[k].check,
				 f.list[k].found);
		bad = &f.list[k];
	}
	if (cases[i].check) {
		if (!bad)
			fail_msg("case %zu: nothing is found", i);
		assert_string_equal(bad->check, cases[i].check);
		assert_int_equal(bad->level, cases[i].level);
		if (strncmp(bad->mend, cases[i].mend, strlen(cases[i].mend)))
			fail_msg("case %zu: %s", i, bad->mend);
		/* no place is left as it was */
		assert_null(strchr(bad->found, '{'));
		assert_null(strchr(bad->mend, '{'));
	}
	host_findings_free(&f);
}

static void test_judges(void **state)
{
	for (size_t i = 0; i < NCASES; i++) {
		struct host h;

		good_host(&h, cases[i].kind, cases[i].use, cases[i].address);
		cases[i].spoil(&h, &h.items[0]);
		judge(&h, i);
		host_free(&h);
	}
}

/* One fault of a thing that many use is one finding; a check that applies and
 * finds nothing says so; one that does not apply is not there. */
static void test_once(void **state)
{
	struct host_findings f = { 0 };
	struct host_item copy;
	struct host h;
	size_t forwarding = 0;

	good_host(&h, HOST_PEER, HOST_TRACKED, V4);
	copy = h.items[0];
	copy.name = "www/b2";
	host_add(&h, &copy);
	h.forwarding[0] = 0;
	hostcheck_judge(&h, &f);
	for (size_t i = 0; i < f.n; i++) {
		assert_string_not_equal(f.list[i].check, "mtu");
		if (!strcmp(f.list[i].check, "forwarding")) {
			forwarding++;
			assert_string_equal(f.list[i].subject, "IPv4");
		} else {
			assert_int_equal(f.list[i].level, HOST_OK);
			assert_string_equal(f.list[i].found, "good");
			assert_string_equal(f.list[i].mend, "");
		}
	}
	assert_int_equal(forwarding, 1);
	assert_true(f.n >= 3);
	host_findings_free(&f);
	host_free(&h);
}

/* Advice is no fault. */
static void test_advice(void **state)
{
	struct host_findings f = { 0 };
	struct host h;
	bool said = false;

	good_host(&h, HOST_PEER, HOST_DSR, V4);
	hostcheck_judge(&h, &f);
	for (size_t i = 0; i < f.n; i++) {
		assert_int_equal(f.list[i].level, HOST_OK);
		said = said || strstr(f.list[i].mend, "arp_ignore=1");
	}
	assert_true(said);
	host_findings_free(&f);
	host_free(&h);
}

/* Whoever may name interfaces must not get a command into root's shell. */
static void test_quotes(void **state)
{
	struct host_findings f = { 0 };
	struct host h;
	bool said = false;

	good_host(&h, HOST_DEVICE, HOST_FRONT, NULL);
	strcpy(h.items[0].link.name, "a'$(id);\n`x`");
	down(&h, &h.items[0]);
	hostcheck_judge(&h, &f);
	for (size_t i = 0; i < f.n; i++)
		if (f.list[i].level == HOST_ERROR) {
			said = true;
			assert_string_equal(
			    f.list[i].mend,
			    "ip link set dev 'a'\\''$(id);`x`' up");
		}
	assert_true(said);
	host_findings_free(&f);
	host_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judges),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
