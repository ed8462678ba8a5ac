/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structure as netlink messages: table, maps, sets, chains, rules, objects; and
 * what all services share, feature by feature.
 */
#include <endian.h>
#include <libnftnl/udata.h>
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "rulesets/base.h"
#include "rulesets/encode.h"
#include "rulesets/encode_impl.h"
#include "rulesets/flowtable.h"
#include "rulesets/rule.h"

/* ---- maps and sets */

/* As in nftables: 1 = host, 2 = big endian; 0 = concatenation. */
static uint32_t byteorder_of_key(enum map_key key)
{
	static const uint32_t of_key[KEYS] = {
		[KEY_ID] = 1,
		[KEY_ADDR] = 2,
		[KEY_MAC] = 1, /* nft has them so */
		[KEY_IFINDEX] = 1,
	};

	return of_key[key];
}

static uint32_t byteorder_of_data(enum map_data data)
{
	switch (data) {
	case DATA_ID:
	case DATA_IFINDEX:
		return 1;
	case DATA_ADDR:
		return 2;
	default:
		return 0;
	}
}

/* Without this, nft lists the ids byte-swapped. */
static void put_set_udata(struct nlmsghdr *nlh, enum map_key key,
			  enum map_data data, uint8_t family)
{
	struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(256);

	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER,
			    byteorder_of_key(key));
	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_DATABYTEORDER,
			    byteorder_of_data(data));
	if (key == KEY_RECENT)
		typeof_recent(u, family, data);
	mnl_attr_put(nlh, NFTA_SET_USERDATA, nftnl_udata_buf_len(u),
		     nftnl_udata_buf_data(u));
	nftnl_udata_buf_free(u);
}

/* The kernel wants to know the fields of a concatenation of ranges. */
static void put_fields(struct nlmsghdr *nlh, enum map_key key, uint8_t family)
{
	struct nlattr *concat = mnl_attr_nest_start(nlh, NFTA_SET_DESC_CONCAT);

	for (unsigned int i = 0; i < key_fields(key); i++) {
		struct nlattr *e = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

		put_u32(nlh, NFTA_SET_FIELD_LEN, key_field_len(key, i, family));
		mnl_attr_nest_end(nlh, e);
	}
	mnl_attr_nest_end(nlh, concat);
}

/* What kernels know about a set. */
struct set_spec {
	const char *name;
	enum map_key key;
	enum map_data data;
	uint32_t flags, size, timeout_s;
	uint32_t id;         /* in the transaction; nothing refers to it */
	struct rs_rate over; /* these two as struct set_form has them */
	uint32_t connections;
};

static void put_desc(struct nlmsghdr *nlh, const struct set_spec *s,
		     uint8_t family)
{
	bool ranges = s->flags & NFT_SET_CONCAT;
	struct nlattr *desc;

	if (!ranges && !s->size)
		return;
	desc = mnl_attr_nest_start(nlh, NFTA_SET_DESC);
	if (s->size)
		put_u32(nlh, NFTA_SET_DESC_SIZE, s->size);
	if (ranges)
		put_fields(nlh, s->key, family);
	mnl_attr_nest_end(nlh, desc);
}

static void put_data(struct nlmsghdr *nlh, const struct set_spec *s,
		     uint8_t family)
{
	uint32_t len = data_len(s->data, family);

	if (s->flags & NFT_SET_MAP)
		put_u32(nlh, NFTA_SET_DATA_TYPE, data_type(s->data, family));
	if (len)
		put_u32(nlh, NFTA_SET_DATA_LEN, len);
	if (s->flags & NFT_SET_OBJECT)
		put_u32(nlh, NFTA_SET_OBJ_TYPE, NFT_OBJECT_COUNTER);
}

static void put_carried(struct nlmsghdr *nlh, const struct set_spec *s)
{
	struct buf r = { 0 };

	rule_carried(&r, NFTA_SET_EXPR, &s->over, s->connections);
	if (r.len)
		memcpy(mnl_nlmsg_get_payload_tail(nlh), r.data, r.len);
	nlh->nlmsg_len += (uint32_t)r.len;
	buf_free(&r);
}

static void put_set(struct enc *e, const struct set_spec *s)
{
	struct nlmsghdr *nlh = batch_msg(e->b, NFT_MSG_NEWSET, NLM_F_CREATE,
					 e->proto, NAMES_ROOM + 512, s->name);

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, s->name);
	put_u32(nlh, NFTA_SET_FLAGS, s->flags);
	put_u32(nlh, NFTA_SET_KEY_TYPE, key_type(s->key, e->family));
	put_u32(nlh, NFTA_SET_KEY_LEN, key_len(s->key, e->family));
	put_data(nlh, s, e->family);
	put_u32(nlh, NFTA_SET_ID, s->id);
	put_desc(nlh, s, e->family);
	if (s->timeout_s)
		mnl_attr_put_u64(nlh, NFTA_SET_TIMEOUT,
				 htobe64(s->timeout_s * UINT64_C(1000)));
	put_set_udata(nlh, s->key, s->data, e->family);
	put_carried(nlh, s);
	enc_end(e);
}

static void encode_map(struct enc *e, int map)
{
	const struct map_form *f = &map_forms[map];
	const struct set_spec s = {
		.name = f->name,
		.key = f->key,
		.data = f->data,
		.flags = map_flags(f),
		.size = f->size,
		.id = (uint32_t)map + 1,
	};

	put_set(e, &s);
}

void encode_set(struct enc *e, const struct set_op *op)
{
	const struct set_spec s = {
		.name = op->name,
		.key = op->form->key,
		.data = op->form->data,
		.flags = set_flags(op->form),
		.size = op->form->size,
		.timeout_s = op->form->timeout_s,
		.over = op->form->over,
		.connections = op->form->connections,
		.id = MAP_COUNT + 1,
	};

	put_set(e, &s);
}

void encode_delete_set(struct enc *e, const char *name)
{
	struct nlmsghdr *nlh =
	    batch_msg(e->b, NFT_MSG_DELSET, 0, e->proto, NAMES_ROOM, name);

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, name);
	enc_end(e);
}

/* ---- objects */

static struct nlmsghdr *obj_msg(struct enc *e, uint16_t type, uint16_t flags,
				const char *name, uint32_t obj_type)
{
	struct nlmsghdr *nlh =
	    batch_msg(e->b, type, flags, e->proto, NAMES_ROOM, name);

	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_OBJ_NAME, name);
	put_u32(nlh, NFTA_OBJ_TYPE, obj_type);
	return nlh;
}

void encode_counter(struct enc *e, const char *name)
{
	struct nlmsghdr *nlh =
	    obj_msg(e, NFT_MSG_NEWOBJ, NLM_F_CREATE, name, NFT_OBJECT_COUNTER);
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_OBJ_DATA);

	mnl_attr_put_u64(nlh, NFTA_COUNTER_BYTES, 0);
	mnl_attr_put_u64(nlh, NFTA_COUNTER_PACKETS, 0);
	mnl_attr_nest_end(nlh, data);
	enc_end(e);
}

void encode_delete_obj(struct enc *e, const struct obj_op *op)
{
	if (op->type == OBJ_FLOWTABLE) {
		flowtable_encode_delete(e, op->name);
		return;
	}
	obj_msg(e, NFT_MSG_DELOBJ, 0, op->name, op->type);
	enc_end(e);
}

static void encode_named_obj(struct enc *e, const struct base_obj *o)
{
	struct nlmsghdr *nlh;
	struct nlattr *data;

	if (!o->helper) {
		encode_counter(e, o->name);
		return;
	}
	nlh = obj_msg(e, NFT_MSG_NEWOBJ, NLM_F_CREATE, o->name,
		      NFT_OBJECT_CT_HELPER);
	data = mnl_attr_nest_start(nlh, NFTA_OBJ_DATA);
	mnl_attr_put_strz(nlh, NFTA_CT_HELPER_NAME, o->helper);
	mnl_attr_put_u16(
	    nlh, NFTA_CT_HELPER_L3PROTO,
	    htons(e->family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4));
	mnl_attr_put_u8(nlh, NFTA_CT_HELPER_L4PROTO, o->proto);
	mnl_attr_nest_end(nlh, data);
	enc_end(e);
}

/* ---- tables, chains, rules */

void encode_table(struct enc *e)
{
	struct nlmsghdr *nlh = batch_msg(e->b, NFT_MSG_NEWTABLE, NLM_F_CREATE,
					 e->proto, 128, "table");

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, e->table);
	put_u32(nlh, NFTA_TABLE_FLAGS, 0);
	enc_end(e);
}

void encode_delete_table(struct batch *b, const char *base, unsigned int table)
{
	struct nlmsghdr *nlh = batch_msg(b, NFT_MSG_DELTABLE, 0,
					 rs_table_proto(table), 512, "table");
	char name[RS_TABLE_NAME_MAX];

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME,
			  rs_table_name(table, base, name));
	batch_msg_end(b);
}

static struct nlmsghdr *chain_msg(struct enc *e, uint16_t type, uint16_t flags,
				  const char *name)
{
	struct nlmsghdr *nlh =
	    batch_msg(e->b, type, flags, e->proto, NAMES_ROOM, name);

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, name);
	return nlh;
}

static void put_hook(struct nlmsghdr *nlh, uint32_t hook, int32_t priority,
		     const char *device)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);

	put_u32(nlh, NFTA_HOOK_HOOKNUM, hook);
	put_u32(nlh, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	if (device)
		mnl_attr_put_strz(nlh, NFTA_HOOK_DEV, device);
	mnl_attr_nest_end(nlh, nest);
	put_u32(nlh, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

void encode_chain(struct enc *e, const struct unit_chain *c)
{
	struct nlmsghdr *nlh =
	    chain_msg(e, NFT_MSG_NEWCHAIN, NLM_F_CREATE, c->name);

	if (c->device) {
		put_hook(nlh, NF_NETDEV_INGRESS, DEVICE_PRIORITY, c->device);
		mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, "filter");
	}
	enc_end(e);
}

void encode_delete_chain(struct enc *e, const char *name)
{
	chain_msg(e, NFT_MSG_DELCHAIN, 0, name);
	enc_end(e);
}

static void encode_base_chain(struct enc *e, const struct base_chain *c)
{
	struct nlmsghdr *nlh =
	    chain_msg(e, NFT_MSG_NEWCHAIN, NLM_F_CREATE, c->name);

	if (c->type) {
		put_hook(nlh, c->hook, base_priority(c, e->hooks), NULL);
		mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, c->type);
	}
	enc_end(e);
}

void encode_rules_flush(struct enc *e, const char *chain)
{
	struct nlmsghdr *nlh =
	    batch_msg(e->b, NFT_MSG_DELRULE, 0, e->proto, NAMES_ROOM, chain);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
	enc_end(e);
}

static void encode_rule(struct enc *e, const char *chain, const struct buf *r)
{
	struct nlmsghdr *nlh =
	    batch_msg(e->b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
		      e->proto, r->len + NAMES_ROOM, chain);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
	mnl_attr_put(nlh, NLA_F_NESTED | NFTA_RULE_EXPRESSIONS, r->len,
		     r->data);
	enc_end(e);
}

void encode_rules(struct enc *e, const struct unit_chain *c)
{
	for (size_t i = 0; i < c->nrules; i++)
		encode_rule(e, c->name, &c->rules[i]);
}

/* ---- what all services share */

/* A hook's priority is for life: another one is another chain. The two are
 * exchanged in one transaction, and nothing leads to a base chain. */
static void encode_unhook(struct enc *e, const char *chain)
{
	encode_rules_flush(e, chain);
	encode_delete_chain(e, chain);
}

static void encode_base_rules(struct enc *e, const struct base_chain *c)
{
	struct buf r = { 0 };

	encode_rules_flush(e, c->name);
	for (unsigned int i = 0; c->rule(&r, i, e->family); i++) {
		encode_rule(e, c->name, &r);
		buf_clear(&r);
	}
	buf_free(&r);
}

static void encode_base_obj(struct enc *e, const struct base_obj *o,
			    const struct plan_table *t)
{
	if (base_obj_type(o) != OBJ_FLOWTABLE) {
		encode_named_obj(e, o);
		return;
	}
	flowtable_encode(e, o->name, &e->hooks->offload);
	if (t->off.n)
		flowtable_encode_off(e, o->name, &t->off);
}

void encode_base(struct enc *e, const struct plan_table *t)
{
	struct base_parts parts = base_parts_of(t->base, e->family);

	if (!t->base)
		return;
	encode_table(e);
	for (int i = 0; base_objs[i].name; i++)
		if (parts.objs & UINT64_C(1) << i)
			encode_base_obj(e, &base_objs[i], t);
	for (int m = 0; m < MAP_COUNT; m++)
		if (parts.maps & UINT64_C(1) << m)
			encode_map(e, m);
	for (int i = 0; base_chains[i].name; i++) {
		const struct base_chain *c = &base_chains[i];

		if (!(parts.chains & UINT64_C(1) << i))
			continue;
		if (t->rehook & UINT64_C(1) << i)
			encode_unhook(e, c->name);
		encode_base_chain(e, c);
		encode_base_rules(e, c);
	}
}

void encode_late_flush(struct enc *e, const struct plan_table *t)
{
	for (int i = 0; base_chains[i].name; i++)
		if (t->late_base.chains & UINT64_C(1) << i)
			encode_rules_flush(e, base_chains[i].name);
}

void encode_late_sets(struct enc *e, const struct plan_table *t)
{
	for (int m = 0; m < MAP_COUNT; m++)
		if (t->late_base.maps & UINT64_C(1) << m)
			encode_delete_set(e, map_forms[m].name);
}

void encode_late_objs(struct enc *e, const struct plan_table *t)
{
	for (int i = 0; base_objs[i].name; i++) {
		const struct obj_op op = { base_objs[i].name,
					   base_obj_type(&base_objs[i]) };

		if (t->late_base.objs & UINT64_C(1) << i)
			encode_delete_obj(e, &op);
	}
}

void encode_late_chains(struct enc *e, const struct plan_table *t)
{
	for (int i = 0; base_chains[i].name; i++)
		if (t->late_base.chains & UINT64_C(1) << i)
			encode_delete_chain(e, base_chains[i].name);
}
