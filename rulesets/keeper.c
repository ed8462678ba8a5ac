/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of keeper.h. The chain hangs at input and has no rules: no
 * forwarded packet ever comes by.
 */
#include "rulesets/keeper.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "rulesets/form.h"

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
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, "keeps-nat-alive");
	hook = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(nlh, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_IN));
	mnl_attr_put_u32(nlh, NFTA_HOOK_PRIORITY, htonl(PRIORITY));
	mnl_attr_nest_end(nlh, hook);
	mnl_attr_put_u32(nlh, NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, "nat");
	batch_msg_end(b);
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
