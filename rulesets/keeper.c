/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of keeper.h. The chain hangs at input, where no forwarded packet
 * ever comes by. Its one rule does nothing, but looks at conntrack: connection
 * tracking, too, is on only while somebody asks for it.
 */
#include "rulesets/keeper.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "rulesets/form.h"
#include "rulesets/rule.h"

#define CHAIN        "keeps-nat-alive"
#define NAME_MAX_LEN 64
#define PRIORITY     100 /* srcnat's place at input */

static void put_table(struct batch *b, uint8_t family, const char *name)
{
	struct nlmsghdr *nlh = batch_msg(b, NFT_MSG_NEWTABLE, NLM_F_CREATE,
					 family, 256, "keeper table");

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, name);
	mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(NFT_TABLE_F_OWNER));
	batch_msg_end(b);
}

static void put_chain(struct batch *b, uint8_t family, const char *name)
{
	struct nlmsghdr *nlh = batch_msg(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE,
					 family, 256, "keeper chain");
	struct nlattr *hook;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, name);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, CHAIN);
	hook = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(nlh, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_IN));
	mnl_attr_put_u32(nlh, NFTA_HOOK_PRIORITY, htonl(PRIORITY));
	mnl_attr_nest_end(nlh, hook);
	mnl_attr_put_u32(nlh, NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, "nat");
	batch_msg_end(b);
}

static void put_rule(struct batch *b, uint8_t family, const char *name)
{
	struct nlmsghdr *nlh =
	    batch_msg(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family,
		      1024, "keeper rule");
	struct buf r = { 0 };
	uint32_t zero = 0;

	rule_ct_load(&r, NFT_CT_STATUS, REG(0), -1);
	rule_and(&r, REG(0), IPS_DST_NAT);
	rule_cmp(&r, NFT_CMP_NEQ, REG(0), &zero, sizeof(zero));
	rule_verdict(&r, NF_ACCEPT, NULL);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, name);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, CHAIN);
	mnl_attr_put(nlh, NLA_F_NESTED | NFTA_RULE_EXPRESSIONS, r.len, r.data);
	batch_msg_end(b);
	buf_free(&r);
}

int keeper_open(struct keeper *k, const char *table, struct err *err)
{
	char name[NAME_MAX_LEN];
	struct batch b;
	int ret;

	if (k->open)
		return 0;
	ret = nl_open(&k->nl, err);
	if (ret < 0)
		return ret;
	snprintf(name, sizeof(name), "%s-keeper", table);
	batch_begin(&b, &k->nl, 0);
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		put_table(&b, family_of(f), name);
		put_chain(&b, family_of(f), name);
		put_rule(&b, family_of(f), name);
	}
	ret = nl_commit(&k->nl, &b, false, err);
	batch_free(&b);
	k->open = ret == 0;
	if (ret < 0)
		nl_close(&k->nl);
	return ret;
}

void keeper_close(struct keeper *k)
{
	if (k->open)
		nl_close(&k->nl);
	k->open = false;
}
