/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A range is two elements: its first address, and the first one behind it with
 * the flag INTERVAL_END. A range that reaches the last address of its family
 * has no second one.
 *
 * nft writes and reads sets so, which is why it can list ours and load them
 * again. Does not know what is in the kernel.
 */
#include "rulesets/lists_msg.h"

#include <arpa/inet.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

/* The list of elements is one attribute: 65,535 bytes at most. */
#define ELEMS_BYTES 60000
#define ELEM_ROOM   128
#define NAMES_ROOM  512

/* nft's numbers */
/* of sets in one batch: plans number theirs from 1 */
#define SET_ID 0x10000u

#define NFT_TYPE_IPV4     7u
#define NFT_TYPE_IPV6     8u
#define NFT_BYTEORDER_BIG 2u

static void put_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type, htonl(value));
}

uint32_t list_key_type(uint8_t family)
{
	return family == AF_INET6 ? NFT_TYPE_IPV6 : NFT_TYPE_IPV4;
}

static void put_table(struct batch *b, const struct list_set *set)
{
	struct nlmsghdr *nlh = batch_msg(b, NFT_MSG_NEWTABLE, NLM_F_CREATE,
					 set->family, NAMES_ROOM, "table");

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, set->table);
	put_u32(nlh, NFTA_TABLE_FLAGS, 0);
	batch_msg_end(b);
}

static void put_udata(struct nlmsghdr *nlh)
{
	struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(64);

	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER, NFT_BYTEORDER_BIG);
	mnl_attr_put(nlh, NFTA_SET_USERDATA, nftnl_udata_buf_len(u),
		     nftnl_udata_buf_data(u));
	nftnl_udata_buf_free(u);
}

void lists_put_set(struct batch *b, const struct list_set *set)
{
	struct nlmsghdr *nlh;

	put_table(b, set);
	nlh = batch_msg(b, NFT_MSG_NEWSET, NLM_F_CREATE, set->family,
			NAMES_ROOM, set->name);
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, set->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, set->name);
	put_u32(nlh, NFTA_SET_FLAGS, NFT_SET_INTERVAL);
	put_u32(nlh, NFTA_SET_KEY_TYPE, list_key_type(set->family));
	put_u32(nlh, NFTA_SET_KEY_LEN, set->family == AF_INET6 ? 16 : 4);
	put_u32(nlh, NFTA_SET_ID, SET_ID);
	put_udata(nlh);
	batch_msg_end(b);
}

void lists_put_empty(struct batch *b, const struct list_set *set)
{
	struct nlmsghdr *nlh = batch_msg(b, NFT_MSG_DELSETELEM, 0, set->family,
					 NAMES_ROOM, set->name);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, set->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
	batch_msg_end(b);
}

void lists_put_delete(struct batch *b, const struct list_set *set)
{
	struct nlmsghdr *nlh =
	    batch_msg(b, NFT_MSG_DELSET, 0, set->family, NAMES_ROOM, set->name);

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, set->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, set->name);
	batch_msg_end(b);
}

/* ---- elements */

static void put_elem(struct nlmsghdr *nlh, const struct addr *a, bool end)
{
	struct nlattr *elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	struct nlattr *key;

	if (end)
		put_u32(nlh, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	key = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, addr_len(a), a->ip);
	mnl_attr_nest_end(nlh, key);
	mnl_attr_nest_end(nlh, elem);
}

static void put_range(struct nlmsghdr *nlh, const struct net_range *r)
{
	struct addr end = r->hi;

	put_elem(nlh, &r->lo, false);
	if (addr_next(&end))
		put_elem(nlh, &end, true);
}

/* As many as one message takes; how many. */
static size_t put_message(struct batch *b, const struct list_set *set,
			  uint16_t type, const struct net_range *list, size_t n)
{
	struct nlmsghdr *nlh =
	    batch_msg(b, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0,
		      set->family, ELEMS_BYTES + NAMES_ROOM, set->name);
	struct nlattr *elems;
	size_t i;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, set->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
	elems = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (i = 0; i < n && nlh->nlmsg_len < ELEMS_BYTES - ELEM_ROOM; i++)
		put_range(nlh, &list[i]);
	mnl_attr_nest_end(nlh, elems);
	batch_msg_end(b);
	return i;
}

void lists_put_ranges(struct batch *b, const struct list_set *set,
		      uint16_t type, const struct net_range *list, size_t n)
{
	for (size_t i = 0; i < n;)
		i += put_message(b, set, type, list + i, n - i);
}
