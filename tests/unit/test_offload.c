/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fast path without a kernel: what a service that asks for it is made of,
 * when the flowtable's devices are written, and what conntrack's entries say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/buf.h"
#include "rulesets/flows_impl.h"
#include "rulesets/have.h"
#include "rulesets/plan.h"
#include "rulesets/planning.h"

static const struct addr vip = { .family = AF_INET, .ip = { 192, 0, 2, 10 } };
static const uint8_t tcp = IPPROTO_TCP;
static const struct rs_ports http = { 80, 80 };
static const struct rs_backend backend = {
	.name = "b1",
	.addr = { .family = AF_INET, .ip = { 10, 0, 0, 1 } },
	.port = 8080,
	.weight = 1,
	.usable = true,
};

static struct rs_service service(bool offload)
{
	return (struct rs_service){
		.name = "www",
		.family = AF_INET,
		.addrs = &vip,
		.naddrs = 1,
		.protos = &tcp,
		.nprotos = 1,
		.ports = &http,
		.nports = 1,
		.backends = &backend,
		.nbackends = 1,
		.offload = offload,
	};
}

static struct rs_hooks devices(const char *a, const char *b)
{
	struct rs_hooks h = rs_hooks_default;

	snprintf(h.offload.name[0], RS_DEVICE_NAME, "%s", a);
	h.offload.n = 1;
	if (b)
		snprintf(h.offload.name[h.offload.n++], RS_DEVICE_NAME, "%s",
			 b);
	return h;
}

/* Plan, say it in words, adopt. */
static struct buf step(struct have *h, bool offload)
{
	struct rs_service svc = service(offload);
	struct plan *p = plan_make(h, &svc, 1, true);
	struct buf words = { 0 };

	buf_append(&words, "", 0);
	plan_print(p, &words);
	plan_take_over(p);
	plan_free(p);
	return words;
}

static void says(struct have *h, bool offload, const char *const *lines)
{
	struct buf words = step(h, offload);
	const char *text = words.data ? words.data : "";

	for (; *lines; lines++) {
		bool not = **lines == '!';

		if ((strstr(text, *lines + not ) != NULL) == not )
			fail_msg("\"%s\" in:\n%s", *lines, text);
	}
	buf_free(&words);
}

#define SAYS(h, offload, ...)                                                  \
	says(h, offload, (const char *const[]){ __VA_ARGS__, NULL })

static void devices_are_written_when_they_differ(void **state)
{
	const struct rs_hooks one = devices("eth0", NULL);
	const struct rs_hooks two = devices("eth1", "eth0");
	const struct rs_hooks other = devices("eth1", "eth2");
	struct have h;

	have_init(&h);
	have_hooks(&h, &one);
	SAYS(&h, false, "!fast path");
	SAYS(&h, true, "+ table ip: interfaces of the fast path: eth0",
	     "!- table");
	SAYS(&h, true, "!table");
	have_hooks(&h, &two);
	SAYS(&h, true, "+ table ip: interfaces of the fast path: eth1, eth0",
	     "!- table");
	have_hooks(&h, &other);
	SAYS(&h, true, "+ table ip: interfaces of the fast path: eth1, eth2",
	     "- table ip: interfaces of the fast path: eth0");
	SAYS(&h, true, "!table");
	SAYS(&h, false, "!interfaces", "- table ip: maps");
	SAYS(&h, false, "!table");
	have_hooks(&h, &one);
	SAYS(&h, true, "+ table ip: interfaces of the fast path: eth0",
	     "!- table");
	have_free(&h);
}

static void no_devices_are_no_reason_to_write(void **state)
{
	struct have h;

	have_init(&h);
	SAYS(&h, true, "+ table ip", "!interfaces");
	SAYS(&h, true, "!table");
	have_free(&h);
}

static void service_has_a_chain_and_a_key(void **state)
{
	struct rs_service svc = service(true);
	const struct unit *u = NULL;
	size_t keys = 0;
	struct plan *p;
	struct have h;

	have_init(&h);
	p = plan_make(&h, &svc, 1, true);
	u = p->units[0].want;
	assert_non_null(unit_chain(u, "offload.www"));
	assert_int_equal(unit_chain(u, "offload.www")->nrules, 1);
	for (size_t i = 0; i < u->nelems; i++)
		if (u->elems[i].map == MAP_OFFLOAD) {
			assert_string_equal(u->elems[i].text, "offload.www");
			keys++;
		}
	assert_int_equal(keys, 1);
	assert_true(u->features & FEATURE_BIT(FEATURE_OFFLOAD));
	plan_free(p);
	have_free(&h);
}

/* ---- conntrack */

static void put_tuple(struct nlmsghdr *nlh, uint16_t type, uint8_t proto,
		      uint32_t src, uint32_t dst)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, type);
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);

	mnl_attr_put_u32(nlh, CTA_IP_V4_SRC, htonl(src));
	mnl_attr_put_u32(nlh, CTA_IP_V4_DST, htonl(dst));
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, proto);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
}

static uint8_t state_of(uint8_t proto, uint32_t status)
{
	_Alignas(struct nlmsghdr) char buf[1024];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct flow_entry e;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	put_tuple(nlh, CTA_TUPLE_ORIG, proto, 1, 2);
	put_tuple(nlh, CTA_TUPLE_REPLY, proto, 3, 1);
	mnl_attr_put_u32(nlh, CTA_STATUS, htonl(status));
	mnl_attr_put_u32(nlh, CTA_ID, 7);
	assert_int_equal(flow_parse(nlh, &e), 0);
	return e.tcp_state;
}

static void flows_of_the_fast_path_are_established(void **state)
{
	uint32_t usual = IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED;

	assert_true(flow_counts(
	    IPPROTO_TCP, state_of(IPPROTO_TCP, usual | IPS_OFFLOAD), false));
	assert_false(
	    flow_counts(IPPROTO_TCP, state_of(IPPROTO_TCP, usual), false));
	assert_int_equal(state_of(IPPROTO_UDP, usual | IPS_OFFLOAD), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_are_written_when_they_differ),
		cmocka_unit_test(no_devices_are_no_reason_to_write),
		cmocka_unit_test(service_has_a_chain_and_a_key),
		cmocka_unit_test(flows_of_the_fast_path_are_established),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
