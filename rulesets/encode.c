/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From plan to netlink messages, in an order in which each thing that another
 * names is there before it: maps, chains, backends, slots, rules, and last the
 * keys that lead packets to them. What takes another's place is in the middle,
 * in one piece; before and after it the batch may be cut.
 *
 * Elements are packed into as few messages as fit: that, and not touching what
 * stays, is why a change costs what it changes.
 */
#include "rulesets/encode.h"

#include <arpa/inet.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "rulesets/base.h"

/* A netlink attribute cannot be longer than 65,535 bytes: the list of elements
 * is one. */
#define ELEMS_BYTES 60000
#define ELEM_ROOM   (4 * ELEM_KEY_MAX + 2 * CHAIN_NAME_MAX + 256)

/* For the names of a table and of what is in it, and a few numbers. */
#define NAMES_ROOM (2 * CHAIN_NAME_MAX + 128)

/* What all the functions here need. */
struct enc {
	struct batch *b;
	const char *table;
	uint8_t family;
	bool cuts; /* the batch may be cut after each message */
};

static void msg_end(struct enc *e)
{
	batch_msg_end(e->b);
	if (e->cuts)
		batch_may_cut(e->b);
}

static void put_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type, htonl(value));
}

/* ---- maps */

static uint32_t byteorder_of_key(const struct map_form *f)
{
	/* as in nftables: 1 = host, 2 = big endian; 0 = concatenation */
	return f->key == KEY_ID ? 1 : 0;
}

static uint32_t byteorder_of_data(const struct map_form *f)
{
	switch (f->data) {
	case DATA_ID:
		return 1;
	case DATA_ADDR:
		return 2;
	default:
		return 0;
	}
}

/* Without this, nft lists the ids byte-swapped. */
static void put_map_udata(struct nlmsghdr *nlh, const struct map_form *f)
{
	struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(64);

	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER,
			    byteorder_of_key(f));
	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_DATABYTEORDER,
			    byteorder_of_data(f));
	mnl_attr_put(nlh, NFTA_SET_USERDATA, nftnl_udata_buf_len(u),
		     nftnl_udata_buf_data(u));
	nftnl_udata_buf_free(u);
}

/* The kernel wants to know the fields of a concatenation of ranges. */
static void put_map_fields(struct nlmsghdr *nlh, uint8_t family)
{
	const uint32_t lens[] = { family == AF_INET6 ? 16 : 4, 1, 2 };
	struct nlattr *desc = mnl_attr_nest_start(nlh, NFTA_SET_DESC);
	struct nlattr *concat = mnl_attr_nest_start(nlh, NFTA_SET_DESC_CONCAT);

	for (size_t i = 0; i < 3; i++) {
		struct nlattr *e = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

		put_u32(nlh, NFTA_SET_FIELD_LEN, lens[i]);
		mnl_attr_nest_end(nlh, e);
	}
	mnl_attr_nest_end(nlh, concat);
	mnl_attr_nest_end(nlh, desc);
}

static void encode_map(struct enc *e, enum rs_map map)
{
	const struct map_form *f = &map_forms[map];
	struct nlmsghdr *nlh = batch_msg(e->b, NFT_MSG_NEWSET, NLM_F_CREATE,
					 e->family, 512, f->name);
	uint32_t flags = NFT_SET_MAP, data_len = map_data_len(f, e->family);

	if (f->interval)
		flags |= NFT_SET_INTERVAL | NFT_SET_CONCAT;
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, f->name);
	put_u32(nlh, NFTA_SET_FLAGS, flags);
	put_u32(nlh, NFTA_SET_KEY_TYPE, map_key_type(f, e->family));
	put_u32(nlh, NFTA_SET_KEY_LEN, map_key_len(f, e->family));
	put_u32(nlh, NFTA_SET_DATA_TYPE, map_data_type(f, e->family));
	if (data_len)
		put_u32(nlh, NFTA_SET_DATA_LEN, data_len);
	put_u32(nlh, NFTA_SET_ID, (uint32_t)map + 1);
	if (f->interval)
		put_map_fields(nlh, e->family);
	put_map_udata(nlh, f);
	msg_end(e);
}

/* ---- tables, chains, rules */

static void encode_table(struct enc *e)
{
	struct nlmsghdr *nlh = batch_msg(e->b, NFT_MSG_NEWTABLE, NLM_F_CREATE,
					 e->family, 128, "table");

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, e->table);
	put_u32(nlh, NFTA_TABLE_FLAGS, 0);
	msg_end(e);
}

void encode_delete_table(struct batch *b, const char *table, uint8_t family)
{
	struct nlmsghdr *nlh =
	    batch_msg(b, NFT_MSG_DELTABLE, 0, family, 128, "table");

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
	batch_msg_end(b);
}

static struct nlmsghdr *chain_msg(struct enc *e, uint16_t type, uint16_t flags,
				  const char *name)
{
	struct nlmsghdr *nlh =
	    batch_msg(e->b, type, flags, e->family, NAMES_ROOM, name);

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, name);
	return nlh;
}

static void encode_chain(struct enc *e, const char *name)
{
	chain_msg(e, NFT_MSG_NEWCHAIN, NLM_F_CREATE, name);
	msg_end(e);
}

static void encode_base_chain(struct enc *e, const struct base_chain *c)
{
	struct nlmsghdr *nlh =
	    chain_msg(e, NFT_MSG_NEWCHAIN, NLM_F_CREATE, c->name);
	struct nlattr *hook;

	if (c->type) {
		hook = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
		put_u32(nlh, NFTA_HOOK_HOOKNUM, c->hook);
		put_u32(nlh, NFTA_HOOK_PRIORITY, (uint32_t)c->priority);
		mnl_attr_nest_end(nlh, hook);
		put_u32(nlh, NFTA_CHAIN_POLICY, 1); /* accept */
		mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, c->type);
	}
	msg_end(e);
}

static void encode_rules_flush(struct enc *e, const char *chain)
{
	struct nlmsghdr *nlh =
	    batch_msg(e->b, NFT_MSG_DELRULE, 0, e->family, NAMES_ROOM, chain);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
	msg_end(e);
}

static void encode_rule(struct enc *e, const char *chain, const struct buf *r)
{
	struct nlmsghdr *nlh =
	    batch_msg(e->b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
		      e->family, r->len + NAMES_ROOM, chain);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
	mnl_attr_put(nlh, NLA_F_NESTED | NFTA_RULE_EXPRESSIONS, r->len,
		     r->data);
	msg_end(e);
}

static void encode_base(struct enc *e)
{
	struct buf r = { 0 };

	encode_table(e);
	for (int m = 0; m < MAP_COUNT; m++)
		encode_map(e, (enum rs_map)m);
	for (const struct base_chain *c = base_chains; c->name; c++) {
		encode_base_chain(e, c);
		encode_rules_flush(e, c->name);
		for (unsigned int i = 0; c->rule(&r, i, e->family); i++) {
			encode_rule(e, c->name, &r);
			buf_clear(&r);
		}
	}
	buf_free(&r);
}

static void encode_delete_set(struct enc *e, const char *name)
{
	struct nlmsghdr *nlh =
	    batch_msg(e->b, NFT_MSG_DELSET, 0, e->family, NAMES_ROOM, name);

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, name);
	msg_end(e);
}

/* ---- elements */

/* A message with a list of elements, while it grows. */
struct elem_list {
	struct nlmsghdr *nlh;
	struct nlattr *list;
};

static void list_open(struct enc *e, struct elem_list *l, uint16_t type,
		      enum rs_map map)
{
	const char *name = map_forms[map].name;

	l->nlh =
	    batch_msg(e->b, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0,
		      e->family, ELEMS_BYTES + ELEM_ROOM + 256, name);
	mnl_attr_put_strz(l->nlh, NFTA_SET_ELEM_LIST_TABLE, e->table);
	mnl_attr_put_strz(l->nlh, NFTA_SET_ELEM_LIST_SET, name);
	l->list = mnl_attr_nest_start(l->nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
}

static void list_close(struct enc *e, struct elem_list *l)
{
	if (!l->nlh)
		return;
	mnl_attr_nest_end(l->nlh, l->list);
	msg_end(e);
	l->nlh = NULL;
}

/* The list to put the next element into: the same, or a new message. */
static struct nlmsghdr *list_next(struct enc *e, struct elem_list *l,
				  uint16_t type, enum rs_map map)
{
	if (l->nlh && l->nlh->nlmsg_len > ELEMS_BYTES)
		list_close(e, l);
	if (!l->nlh)
		list_open(e, l, type, map);
	return l->nlh;
}

static void put_value(struct nlmsghdr *nlh, uint16_t type, const void *data,
		      unsigned int len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, data);
	mnl_attr_nest_end(nlh, nest);
}

static void put_goto(struct nlmsghdr *nlh, const char *chain)
{
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);
	struct nlattr *v = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);

	put_u32(nlh, NFTA_VERDICT_CODE, (uint32_t)NFT_GOTO);
	mnl_attr_put_strz(nlh, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(nlh, v);
	mnl_attr_nest_end(nlh, data);
}

/* A comment as nft writes it: type 0, length, text with its NUL. */
static void put_comment(struct nlmsghdr *nlh, const char *text)
{
	uint8_t tlv[2 + 256];
	size_t len = strlen(text) + 1;

	tlv[0] = NFTNL_UDATA_SET_ELEM_COMMENT;
	tlv[1] = (uint8_t)len;
	memcpy(tlv + 2, text, len);
	mnl_attr_put(nlh, NFTA_SET_ELEM_USERDATA, len + 2, tlv);
}

static void put_elem_data(struct nlmsghdr *nlh, const struct map_form *f,
			  uint8_t family, const struct elem *el)
{
	if (f->data == DATA_VERDICT) {
		put_goto(nlh, el->text);
		return;
	}
	put_value(nlh, NFTA_SET_ELEM_DATA, el->data, map_data_len(f, family));
	if (el->text)
		put_comment(nlh, el->text);
}

static void encode_elems(struct enc *e, uint16_t type, enum rs_map map,
			 const struct elem_ops *ops)
{
	const struct map_form *f = &map_forms[map];
	unsigned int key_len = map_key_len(f, e->family);
	struct elem_list l = { 0 };

	for (size_t i = 0; i < ops->n; i++) {
		const struct elem *el = ops->list[i];
		struct nlmsghdr *nlh = list_next(e, &l, type, map);
		struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

		put_value(nlh, NFTA_SET_ELEM_KEY, el->key, key_len);
		if (f->interval)
			put_value(nlh, NFTA_SET_ELEM_KEY_END, el->key_end,
				  key_len);
		if (type == NFT_MSG_NEWSETELEM)
			put_elem_data(nlh, f, e->family, el);
		mnl_attr_nest_end(nlh, nest);
	}
	list_close(e, &l);
}

static void encode_slots(struct enc *e, uint16_t type,
			 const struct slot_ops *ops)
{
	struct elem_list l = { 0 };

	for (size_t i = 0; i < ops->n; i++) {
		struct nlmsghdr *nlh = list_next(e, &l, type, MAP_SLOTS);
		struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

		put_value(nlh, NFTA_SET_ELEM_KEY, &ops->list[i].key, 4);
		if (type == NFT_MSG_NEWSETELEM)
			put_value(nlh, NFTA_SET_ELEM_DATA, &ops->list[i].id, 4);
		mnl_attr_nest_end(nlh, nest);
	}
	list_close(e, &l);
}

/* ---- the two parts */

/* What no packet meets before a key or a rule leads to it. */
static void encode_ahead(struct enc *e, const struct plan_table *t)
{
	const struct chain_ops *chains = &t->chains;

	e->cuts = true;
	for (size_t i = 0; i < chains->n; i++)
		if (chains->list[i].create)
			encode_chain(e, chains->list[i].name);
	encode_slots(e, NFT_MSG_DELSETELEM, &t->slot_strays);
	encode_elems(e, NFT_MSG_NEWSETELEM, MAP_BACKENDS,
		     &t->add[MAP_BACKENDS]);
	encode_elems(e, NFT_MSG_NEWSETELEM, MAP_BACKENDS_PORTLESS,
		     &t->add[MAP_BACKENDS_PORTLESS]);
	encode_slots(e, NFT_MSG_NEWSETELEM, &t->slot_new);
	for (size_t i = 0; i < chains->n; i++)
		if (chains->list[i].create)
			encode_rule(e, chains->list[i].name,
				    chains->list[i].rule);
	e->cuts = false;
}

/* Keys, of the maps where some are replaced or of the others. */
static void encode_keys(struct enc *e, const struct plan_table *t,
			bool replaced)
{
	for (int m = 0; m < MAP_COUNT; m++)
		if (map_forms[m].key != KEY_ID && replaced == (t->del[m].n > 0))
			encode_elems(e, NFT_MSG_NEWSETELEM, (enum rs_map)m,
				     &t->add[m]);
}

static void encode_table_first(struct enc *e, const struct plan_table *t)
{
	if (t->base)
		encode_base(e);
	encode_ahead(e, t);
	for (int m = 0; m < MAP_COUNT; m++)
		encode_elems(e, NFT_MSG_DELSETELEM, (enum rs_map)m, &t->del[m]);
	encode_slots(e, NFT_MSG_DELSETELEM, &t->slot_del);
	encode_slots(e, NFT_MSG_NEWSETELEM, &t->slot_add);
	for (size_t i = 0; i < t->chains.n; i++) {
		const struct chain_op *op = &t->chains.list[i];

		if (op->create)
			continue;
		encode_rules_flush(e, op->name);
		encode_rule(e, op->name, op->rule);
	}
	encode_keys(e, t, true);
	batch_may_cut(e->b);
	e->cuts = true;
	encode_keys(e, t, false);
}

static void encode_table_late(struct enc *e, const struct plan_table *t)
{
	for (int m = 0; m < MAP_COUNT; m++)
		encode_elems(e, NFT_MSG_DELSETELEM, (enum rs_map)m,
			     &t->late_del[m]);
	encode_slots(e, NFT_MSG_DELSETELEM, &t->late_slots);
	/* Strangers may lead to each other: rules to sets and chains, maps to
	 * chains. */
	for (size_t i = 0; i < t->late_chains.n; i++)
		encode_rules_flush(e, t->late_chains.list[i].name);
	for (size_t i = 0; i < t->nlate_sets; i++)
		encode_delete_set(e, t->late_sets[i]);
	for (size_t i = 0; i < t->late_chains.n; i++) {
		chain_msg(e, NFT_MSG_DELCHAIN, 0, t->late_chains.list[i].name);
		msg_end(e);
	}
}

void encode_first(struct batch *b, const struct plan *p, const char *table)
{
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		struct enc e = { b, table, family_of(f), false };

		if (p->tab[f].delete_table)
			encode_delete_table(b, table, e.family);
		encode_table_first(&e, &p->tab[f]);
	}
}

void encode_late(struct batch *b, const struct plan *p, const char *table)
{
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		struct enc e = { b, table, family_of(f), true };

		encode_table_late(&e, &p->tab[f]);
	}
}
