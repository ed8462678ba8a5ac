/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attributes appended to a buffer, with their lengths written when a nest ends.
 * Must not know: what they say.
 */
#include "rulesets/rule_attr.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

size_t attr_nest_begin(struct buf *r, uint16_t type)
{
	struct nlattr *a = buf_reserve(r, sizeof(*a));

	a->nla_type = NLA_F_NESTED | type;
	a->nla_len = 0;
	r->len += sizeof(*a);
	return r->len - sizeof(*a);
}

void attr_nest_end(struct buf *r, size_t at)
{
	struct nlattr *a = (struct nlattr *)(void *)(r->data + at);

	a->nla_len = (uint16_t)(r->len - at);
}

void attr_put(struct buf *r, uint16_t type, const void *data, size_t len)
{
	size_t padded = MNL_ALIGN(len);
	char *to = buf_reserve(r, sizeof(struct nlattr) + padded);
	struct nlattr a = { .nla_len = (uint16_t)(sizeof(a) + len),
			    .nla_type = type };

	memcpy(to, &a, sizeof(a));
	memset(to + sizeof(a), 0, padded);
	memcpy(to + sizeof(a), data, len);
	r->len += sizeof(a) + padded;
}

void attr_u32(struct buf *r, uint16_t type, uint32_t value)
{
	uint32_t be = htonl(value);

	attr_put(r, type, &be, sizeof(be));
}

void attr_u64(struct buf *r, uint16_t type, uint64_t value)
{
	uint64_t be = htobe64(value);

	attr_put(r, type, &be, sizeof(be));
}

void attr_str(struct buf *r, uint16_t type, const char *s)
{
	attr_put(r, type, s, strlen(s) + 1);
}

struct expr expr_begin(struct buf *r, const char *name)
{
	return expr_begin_as(r, NFTA_LIST_ELEM, name);
}

struct expr expr_begin_as(struct buf *r, uint16_t type, const char *name)
{
	struct expr e;

	e.elem = attr_nest_begin(r, type);
	attr_str(r, NFTA_EXPR_NAME, name);
	e.data = attr_nest_begin(r, NFTA_EXPR_DATA);
	return e;
}

void expr_end(struct buf *r, struct expr e)
{
	attr_nest_end(r, e.data);
	attr_nest_end(r, e.elem);
}

void attr_value(struct buf *r, uint16_t type, const void *data, uint32_t len)
{
	size_t at = attr_nest_begin(r, type);

	attr_put(r, NFTA_DATA_VALUE, data, len);
	attr_nest_end(r, at);
}
