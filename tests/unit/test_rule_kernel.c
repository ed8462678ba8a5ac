/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules in the running kernel: it takes them, nft lists them in the words that
 * we mean, takes its own list again, and what the kernel dumps is found to be
 * what we sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/fields.h"
#include "rulesets/form.h"
#include "rulesets/nl.h"
#include "rulesets/rule.h"
#include "rulesets/scan_elems.h"
#include "tests/unit/netns.h"

/* What the rules speak of. $F is ip or ip6, $A the type of an address. */
static const char prelude[] =
    "table $F t {\n"
    "counter c { }\n"
    "ct helper h { type \"ftp\" protocol tcp\n l3proto $F\n }\n"
    "set list.a { type $A; flags interval; }\n"
    "set sources { type $A; size 10; flags dynamic,timeout; timeout 5s;\n"
    " limit rate over 10/second burst 7 packets; }\n"
    "set flows { type $A; size 10; flags dynamic; ct count over 4; }\n"
    "set full { type classid; size 10; flags dynamic,timeout; }\n"
    "map stick { type $A : classid; size 10; flags dynamic,timeout;\n"
    " timeout 6m; }\n"
    "map stick-port { type inet_service . $A : classid; size 10;\n"
    " flags dynamic,timeout; timeout 6m; }\n"
    "map counters { type classid : counter; }\n"
    "map flow-counters { type $A . inet_proto . inet_service . $A . "
    "inet_service : counter; }\n"
    "map pins { type $A . inet_proto . inet_service . $A : classid;\n"
    " flags interval; }\n"
    "chain x { }\n"
    "}\n";

/* ---- the rules */

struct sample {
	void (*make)(struct buf *r, uint8_t family);
	const char *text, *text6; /* NULL = as text, with $F */
};

static void limited(struct buf *r, uint8_t family)
{
	load_source(r, family, 0, 0);
	rule_dynset(r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_UPDATE,
					      .set = "sources",
					      .key = REG(0) });
}

static void limited_nets(struct buf *r, uint8_t family)
{
	load_source(r, family, family == AF_INET6 ? 60 : 20, 0);
	rule_dynset(r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_UPDATE,
					      .set = "sources",
					      .key = REG(0) });
	rule_verdict(r, NF_DROP, NULL);
}

static void connections(struct buf *r, uint8_t family)
{
	load_source(r, family, 0, 0);
	rule_dynset(r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_ADD,
					      .set = "flows",
					      .key = REG(0) });
	rule_verdict(r, NF_DROP, NULL);
}

static void not_in(struct buf *r, uint8_t family)
{
	load_source(r, family, 0, 0);
	rule_in_set(r, "sources", REG(0), false);
	rule_object(r, NFT_OBJECT_COUNTER, "c");
}

static void in(struct buf *r, uint8_t family)
{
	load_source(r, family, 0, 0);
	rule_in_set(r, "list.a", REG(0), true);
	rule_verdict(r, NFT_RETURN, NULL);
}

static void stick(struct buf *r, uint8_t family)
{
	load_source(r, family, family == AF_INET6 ? 64 : 24, 0);
	load_priority(r, 4);
	rule_dynset(r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_UPDATE,
					      .set = "stick",
					      .key = REG(0),
					      .data = REG(4),
					      .timeout_ms = 90000 });
}

static void stick_port(struct buf *r, uint8_t family)
{
	load_port(r, true, 0);
	load_addr(r, family, true, 1);
	load_priority(r, 8);
	rule_dynset(r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_UPDATE,
					      .set = "stick-port",
					      .key = REG(0),
					      .data = REG(8),
					      .timeout_ms = 1000 });
}

static void unstick(struct buf *r, uint8_t family)
{
	load_source(r, family, 0, 0);
	load_priority(r, 4);
	rule_dynset(r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_DELETE,
					      .set = "stick",
					      .key = REG(0),
					      .data = REG(4) });
}

static void flag(struct buf *r, uint8_t family)
{
	(void)family;
	load_priority(r, 0);
	rule_dynset(r, &(struct rule_dynset){ .op = NFT_DYNSET_OP_ADD,
					      .set = "full",
					      .key = REG(0),
					      .timeout_ms = 10000 });
}

static void pinned(struct buf *r, uint8_t family)
{
	load_target(r, family);
	load_addr(r, family, true, addr_words(family) + 2);
	rule_lookup(r, "pins", REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
}

static void logged(struct buf *r, uint8_t family)
{
	(void)family;
	rule_limit(r, &(struct rs_rate){ 10, 20 }, false);
	rule_log(r, "a b ", -1);
}

static void logged_group(struct buf *r, uint8_t family)
{
	(void)family;
	rule_limit(r, &(struct rs_rate){ 10, 5 }, true);
	rule_log(r, "a b ", 0);
}

static void helped(struct buf *r, uint8_t family)
{
	(void)family;
	match_proto(r, IPPROTO_TCP);
	rule_object(r, NFT_OBJECT_CT_HELPER, "h");
}

static void counted(struct buf *r, uint8_t family)
{
	(void)family;
	load_priority(r, 0);
	rule_object_map(r, REG(0), "counters");
}

static void flow_counted(struct buf *r, uint8_t family)
{
	uint8_t original = 0;

	match_proto(r, IPPROTO_UDP);
	rule_ct_load(r, NFT_CT_DIRECTION, REG(0), -1);
	rule_cmp(r, NFT_CMP_EQ, REG(0), &original, 1);
	load_flow(r, family);
	rule_object_map(r, REG(0), "flow-counters");
}

static void marked(struct buf *r, uint8_t family)
{
	uint32_t mask = 0xffff0fff, value = 0x2000;

	(void)family;
	rule_meta_load(r, NFT_META_MARK, REG(0));
	rule_bitwise(r, REG(0), &mask, &value, sizeof(mask));
	rule_meta_set(r, NFT_META_MARK, REG(0));
}

static void ct_marked(struct buf *r, uint8_t family)
{
	uint32_t mask = 0xffff0fff, value = 0x2000;

	(void)family;
	rule_ct_load(r, NFT_CT_MARK, REG(0), -1);
	rule_bitwise(r, REG(0), &mask, &value, sizeof(mask));
	rule_ct_set(r, NFT_CT_MARK, REG(0), -1);
}

static void dscp(struct buf *r, uint8_t family)
{
	bool v6 = family == AF_INET6;
	const uint8_t mask[2] = { v6 ? 0xf0 : 0xff, v6 ? 0x3f : 0x03 };
	const uint8_t value[2] = { v6 ? 46 >> 2 : 0,
				   (uint8_t)(v6 ? 46 << 6 : 46 << 2) };

	rule_payload(r, REG(0), NFT_PAYLOAD_NETWORK_HEADER, 0, 2);
	rule_bitwise(r, REG(0), mask, value, 2);
	rule_payload_set(r, REG(0), NFT_PAYLOAD_NETWORK_HEADER, 0, 2,
			 v6 ? -1 : 10);
}

static const struct sample samples[] = {
	{ limited, "update @sources { $F saddr }", NULL },
	{ limited_nets, "update @sources { ip saddr & 255.255.240.0 } drop",
	  "update @sources { ip6 saddr & ffff:ffff:ffff:fff0:: } drop" },
	{ connections, "add @flows { $F saddr } drop", NULL },
	{ not_in, "$F saddr != @sources counter name \"c\"", NULL },
	{ in, "$F saddr @list.a return", NULL },
	{ stick,
	  "update @stick { ip saddr & 255.255.255.0 timeout 1m30s : meta "
	  "priority }",
	  "update @stick { ip6 saddr & ffff:ffff:ffff:ffff:: timeout 1m30s : "
	  "meta priority }" },
	{ stick_port,
	  "update @stick-port { th sport . $F saddr timeout 1s : meta priority "
	  "}",
	  NULL },
	{ unstick, "delete @stick { $F saddr : meta priority }", NULL },
	{ flag, "add @full { meta priority timeout 10s }", NULL },
	{ pinned,
	  "meta priority set $F daddr . meta l4proto . th dport . $F saddr map "
	  "@pins",
	  NULL },
	{ logged, "limit rate 10/second burst 20 packets log prefix \"a b \"",
	  NULL },
	{ logged_group, "limit rate over 10/second log prefix \"a b \" group 0",
	  NULL },
	{ helped, "meta l4proto tcp ct helper set \"h\"", NULL },
	{ counted, "counter name meta priority map @counters", NULL },
	{ flow_counted,
	  "meta l4proto udp ct direction original counter name ct original $F "
	  "daddr . meta l4proto . ct original proto-dst . ct reply $F saddr . "
	  "ct reply proto-src map @flow-counters",
	  NULL },
	{ marked, "meta mark set meta mark & 0xffff2fff | 0x00002000", NULL },
	{ ct_marked, "ct mark set ct mark & 0xffff2fff | 0x00002000", NULL },
	{ dscp, "$F dscp set ef", NULL },
};

#define NSAMPLES (sizeof(samples) / sizeof(samples[0]))

/* ---- */

/* @text with $F and $A as this family has them. */
static char *in_family(const char *text, uint8_t family)
{
	bool v6 = family == AF_INET6;
	struct buf out = { 0 };

	for (; *text; text++) {
		if (strncmp(text, "$F", 2) == 0)
			buf_printf(&out, "%s", v6 ? "ip6" : "ip");
		else if (strncmp(text, "$A", 2) == 0)
			buf_printf(&out, "%s", v6 ? "ipv6_addr" : "ipv4_addr");
		else {
			buf_append(&out, text, 1);
			continue;
		}
		text++;
	}
	return out.data;
}

static void nft_feed(const char *text)
{
	FILE *f = popen("nft -f -", "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(pclose(f), 0);
}

static void add_rules(struct nl *nl, uint8_t family)
{
	struct batch b = { 0 };
	struct err err = { 0 };
	int ret;

	batch_begin(&b, nl, 0);
	for (size_t i = 0; i < NSAMPLES; i++) {
		struct buf r = { 0 };
		struct nlmsghdr *nlh;

		samples[i].make(&r, family);
		nlh =
		    batch_msg(&b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
			      family, r.len + 256, samples[i].text);
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, "t");
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, "x");
		mnl_attr_put(nlh, NLA_F_NESTED | NFTA_RULE_EXPRESSIONS, r.len,
			     r.data);
		batch_msg_end(&b);
		buf_free(&r);
	}
	ret = nl_commit(nl, &b, false, &err);
	if (ret < 0)
		print_message("%s\n", err.msg);
	assert_int_equal(ret, 0);
	batch_free(&b);
}

static struct buf output_of(const char *command)
{
	FILE *f = popen(command, "r");
	struct buf out = { 0 };
	char line[1024];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		buf_printf(&out, "%s", line);
	assert_int_equal(pclose(f), 0);
	return out;
}

static void check_list(uint8_t family)
{
	struct buf out =
	    output_of(family == AF_INET6 ? "nft list chain ip6 t x"
					 : "nft list chain ip t x");
	struct buf want = { 0 };

	buf_printf(&want, "table %s t {\n\tchain x {\n",
		   family == AF_INET6 ? "ip6" : "ip");
	for (size_t i = 0; i < NSAMPLES; i++) {
		const struct sample *s = &samples[i];
		char *text = in_family(family == AF_INET6 && s->text6 ? s->text6
								      : s->text,
				       family);

		buf_printf(&want, "\t\t%s\n", text);
		free(text);
	}
	buf_printf(&want, "\t}\n}\n");
	assert_string_equal(out.data, want.data);
	buf_free(&out);
	buf_free(&want);
}

/* What the kernel dumps, rule by rule. */
struct dumped {
	uint8_t family;
	size_t n;
};

static int dump_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[32];
	struct dumped *d = arg;
	struct buf want = { 0 };

	scan_attrs(nlh, tb, 32);
	assert_true(d->n < NSAMPLES);
	samples[d->n].make(&want, d->family);
	assert_true(
	    rule_matches(want.data, want.len,
			 mnl_attr_get_payload(tb[NFTA_RULE_EXPRESSIONS]),
			 mnl_attr_get_payload_len(tb[NFTA_RULE_EXPRESSIONS])));
	buf_free(&want);
	d->n++;
	return MNL_CB_OK;
}

static void check_family(uint8_t family)
{
	struct dumped d = { family, 0 };
	char *text = in_family(prelude, family);
	struct err err = { 0 };
	struct nl nl;

	nft_feed(text);
	free(text);
	assert_int_equal(nl_open(&nl, &err), 0);
	add_rules(&nl, family);
	assert_int_equal(nl_dump(&nl, NFT_MSG_GETRULE, family, "t",
				 NFTA_RULE_TABLE, NULL, dump_cb, &d),
			 0);
	assert_int_equal(d.n, NSAMPLES);
	check_list(family);
	assert_int_equal(netns_run("nft list ruleset > $TMPDIR/nftlb.$$ 2>&1; "
				   "nft flush ruleset; "
				   "nft -f $TMPDIR/nftlb.$$; ret=$?; "
				   "rm $TMPDIR/nftlb.$$; exit $ret"),
			 0);
	check_list(family);
	nl_close(&nl);
}

static void test_ipv4(void **state)
{
	(void)state;
	check_family(AF_INET);
}

static void test_ipv6(void **state)
{
	(void)state;
	check_family(AF_INET6);
}

static int setup(void **state)
{
	(void)state;
	setenv("TMPDIR", "/tmp", 0);
	return netns_enter();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
	};

	return cmocka_run_group_tests_name("rule kernel", tests, setup, NULL);
}
