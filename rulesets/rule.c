/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions as netlink attributes. Each function writes one expression; the
 * attributes are those that nft itself sends, so that nft lists our rules as it
 * lists its own.
 *
 * Own encoding instead of libnftnl's objects: 10,000 services are written in a
 * third of the time, and a rule is bytes that can be kept and compared.
 */
#include "rulesets/rule.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

/* Where an expression and its data start, to write their lengths at the end. */
struct expr {
	size_t elem, data;
};

static size_t nest_begin(struct buf *r, uint16_t type)
{
	struct nlattr *a = buf_reserve(r, sizeof(*a));

	a->nla_type = NLA_F_NESTED | type;
	a->nla_len = 0;
	r->len += sizeof(*a);
	return r->len - sizeof(*a);
}

static void nest_end(struct buf *r, size_t at)
{
	struct nlattr *a = (struct nlattr *)(void *)(r->data + at);

	a->nla_len = (uint16_t)(r->len - at);
}

static void put(struct buf *r, uint16_t type, const void *data, size_t len)
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

static void put_u32(struct buf *r, uint16_t type, uint32_t value)
{
	uint32_t be = htonl(value);

	put(r, type, &be, sizeof(be));
}

static void put_str(struct buf *r, uint16_t type, const char *s)
{
	put(r, type, s, strlen(s) + 1);
}

static struct expr expr_begin(struct buf *r, const char *name)
{
	struct expr e;

	e.elem = nest_begin(r, NFTA_LIST_ELEM);
	put_str(r, NFTA_EXPR_NAME, name);
	e.data = nest_begin(r, NFTA_EXPR_DATA);
	return e;
}

static void expr_end(struct buf *r, struct expr e)
{
	nest_end(r, e.data);
	nest_end(r, e.elem);
}

static void put_value(struct buf *r, uint16_t type, const void *data,
		      uint32_t len)
{
	size_t at = nest_begin(r, type);

	put(r, NFTA_DATA_VALUE, data, len);
	nest_end(r, at);
}

void rule_payload(struct buf *r, uint32_t dreg, uint32_t base, uint32_t offset,
		  uint32_t len)
{
	struct expr e = expr_begin(r, "payload");

	put_u32(r, NFTA_PAYLOAD_DREG, dreg);
	put_u32(r, NFTA_PAYLOAD_BASE, base);
	put_u32(r, NFTA_PAYLOAD_OFFSET, offset);
	put_u32(r, NFTA_PAYLOAD_LEN, len);
	expr_end(r, e);
}

void rule_meta_load(struct buf *r, uint32_t key, uint32_t dreg)
{
	struct expr e = expr_begin(r, "meta");

	put_u32(r, NFTA_META_KEY, key);
	put_u32(r, NFTA_META_DREG, dreg);
	expr_end(r, e);
}

void rule_meta_set(struct buf *r, uint32_t key, uint32_t sreg)
{
	struct expr e = expr_begin(r, "meta");

	put_u32(r, NFTA_META_KEY, key);
	put_u32(r, NFTA_META_SREG, sreg);
	expr_end(r, e);
}

void rule_ct_load(struct buf *r, uint32_t key, uint32_t dreg, int dir)
{
	struct expr e = expr_begin(r, "ct");
	uint8_t direction = (uint8_t)dir;

	put_u32(r, NFTA_CT_KEY, key);
	put_u32(r, NFTA_CT_DREG, dreg);
	if (dir >= 0)
		put(r, NFTA_CT_DIRECTION, &direction, 1);
	expr_end(r, e);
}

void rule_cmp(struct buf *r, uint32_t op, uint32_t sreg, const void *data,
	      uint32_t len)
{
	struct expr e = expr_begin(r, "cmp");

	put_u32(r, NFTA_CMP_SREG, sreg);
	put_u32(r, NFTA_CMP_OP, op);
	put_value(r, NFTA_CMP_DATA, data, len);
	expr_end(r, e);
}

void rule_and(struct buf *r, uint32_t reg, uint32_t mask)
{
	struct expr e = expr_begin(r, "bitwise");
	uint32_t zero = 0;

	put_u32(r, NFTA_BITWISE_SREG, reg);
	put_u32(r, NFTA_BITWISE_DREG, reg);
	put_u32(r, NFTA_BITWISE_LEN, sizeof(mask));
	put_value(r, NFTA_BITWISE_MASK, &mask, sizeof(mask));
	put_value(r, NFTA_BITWISE_XOR, &zero, sizeof(zero));
	expr_end(r, e);
}

void rule_lookup(struct buf *r, const char *map, uint32_t sreg, uint32_t dreg,
		 bool verdict)
{
	struct expr e = expr_begin(r, "lookup");

	put_str(r, NFTA_LOOKUP_SET, map);
	put_u32(r, NFTA_LOOKUP_SREG, sreg);
	put_u32(r, NFTA_LOOKUP_DREG, verdict ? NFT_REG_VERDICT : dreg);
	expr_end(r, e);
}

void rule_numgen_inc(struct buf *r, uint32_t dreg, uint32_t mod,
		     uint32_t offset)
{
	struct expr e = expr_begin(r, "numgen");

	put_u32(r, NFTA_NG_DREG, dreg);
	put_u32(r, NFTA_NG_MODULUS, mod);
	put_u32(r, NFTA_NG_TYPE, NFT_NG_INCREMENTAL);
	put_u32(r, NFTA_NG_OFFSET, offset);
	expr_end(r, e);
}

void rule_jhash(struct buf *r, uint32_t sreg, uint32_t len, uint32_t dreg,
		uint32_t mod, uint32_t seed, uint32_t offset)
{
	struct expr e = expr_begin(r, "hash");

	put_u32(r, NFTA_HASH_SREG, sreg);
	put_u32(r, NFTA_HASH_DREG, dreg);
	put_u32(r, NFTA_HASH_LEN, len);
	put_u32(r, NFTA_HASH_MODULUS, mod);
	/* Without this attribute the kernel would pick a random seed. */
	put_u32(r, NFTA_HASH_SEED, seed);
	put_u32(r, NFTA_HASH_OFFSET, offset);
	put_u32(r, NFTA_HASH_TYPE, NFT_HASH_JENKINS);
	expr_end(r, e);
}

void rule_verdict(struct buf *r, int verdict, const char *chain)
{
	struct expr e = expr_begin(r, "immediate");
	size_t data, code;

	put_u32(r, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nest_begin(r, NFTA_IMMEDIATE_DATA);
	code = nest_begin(r, NFTA_DATA_VERDICT);
	put_u32(r, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		put_str(r, NFTA_VERDICT_CHAIN, chain);
	nest_end(r, code);
	nest_end(r, data);
	expr_end(r, e);
}

void rule_value(struct buf *r, uint32_t dreg, const void *data, uint32_t len)
{
	struct expr e = expr_begin(r, "immediate");

	put_u32(r, NFTA_IMMEDIATE_DREG, dreg);
	put_value(r, NFTA_IMMEDIATE_DATA, data, len);
	expr_end(r, e);
}

void rule_nat(struct buf *r, uint32_t type, uint8_t family, uint32_t addr_reg,
	      uint32_t port_reg)
{
	struct expr e = expr_begin(r, "nat");

	put_u32(r, NFTA_NAT_TYPE, type);
	put_u32(r, NFTA_NAT_FAMILY, family);
	put_u32(r, NFTA_NAT_REG_ADDR_MIN, addr_reg);
	if (port_reg != NO_REG)
		put_u32(r, NFTA_NAT_REG_PROTO_MIN, port_reg);
	expr_end(r, e);
}

void rule_masquerade(struct buf *r)
{
	expr_end(r, expr_begin(r, "masq"));
}

void rule_reject(struct buf *r, uint32_t type, uint8_t code)
{
	struct expr e = expr_begin(r, "reject");

	put_u32(r, NFTA_REJECT_TYPE, type);
	if (type != NFT_REJECT_TCP_RST)
		put(r, NFTA_REJECT_ICMP_CODE, &code, 1);
	expr_end(r, e);
}
