/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements as netlink attributes, packed into as few messages as fit: that, and
 * not touching what stays, is why a change costs what it changes.
 */
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "rulesets/encode_impl.h"

/* A netlink attribute cannot be longer than 65,535 bytes: the list of elements
 * is one. */
#define ELEMS_BYTES 60000
#define ELEM_ROOM   (4 * ELEM_KEY_MAX + 2 * CHAIN_NAME_MAX + 256)

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
		      e->proto, ELEMS_BYTES + ELEM_ROOM + 256, name);
	mnl_attr_put_strz(l->nlh, NFTA_SET_ELEM_LIST_TABLE, e->table);
	mnl_attr_put_strz(l->nlh, NFTA_SET_ELEM_LIST_SET, name);
	l->list = mnl_attr_nest_start(l->nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
}

static void list_close(struct enc *e, struct elem_list *l)
{
	if (!l->nlh)
		return;
	mnl_attr_nest_end(l->nlh, l->list);
	enc_end(e);
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

static void put_verdict(struct nlmsghdr *nlh, int code, const char *chain)
{
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_DATA);
	struct nlattr *v = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);

	put_u32(nlh, NFTA_VERDICT_CODE, (uint32_t)code);
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

/* Where a chain sends to. */
static void put_end(struct nlmsghdr *nlh, const struct elem *el)
{
	char text[ENDPOINT_STRLEN];
	struct addr a;
	uint16_t port;

	if (el->map == MAP_WAYS && elem_end(el, &a, &port))
		put_comment(nlh, endpoint_format(&a, port, text));
}

static void put_elem_data(struct nlmsghdr *nlh, const struct map_form *f,
			  uint8_t family, const struct elem *el)
{
	switch (f->data) {
	case DATA_VERDICT:
		put_verdict(nlh, map_verdict((enum rs_map)el->map), el->text);
		put_end(nlh, el);
		return;
	case DATA_COUNTER:
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_OBJREF, el->text);
		return;
	case DATA_MEMBER:
		break;
	default:
		put_value(nlh, NFTA_SET_ELEM_DATA, el->data,
			  map_data_len(f, family));
	}
	if (el->text)
		put_comment(nlh, el->text);
}

/* Without a list of elements all of them are meant. */
void encode_empty(struct enc *e, enum rs_map map)
{
	const char *name = map_forms[map].name;
	struct nlmsghdr *nlh =
	    batch_msg(e->b, NFT_MSG_DELSETELEM, 0, e->proto, NAMES_ROOM, name);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, name);
	enc_end(e);
}

void encode_elems(struct enc *e, uint16_t type, enum rs_map map,
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

void encode_slots(struct enc *e, uint16_t type, const struct slot_ops *ops)
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
