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
#include "rulesets/rule_attr.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

void rule_payload(struct buf *r, uint32_t dreg, uint32_t base, uint32_t offset,
		  uint32_t len)
{
	struct expr e = expr_begin(r, "payload");

	attr_u32(r, NFTA_PAYLOAD_DREG, dreg);
	attr_u32(r, NFTA_PAYLOAD_BASE, base);
	attr_u32(r, NFTA_PAYLOAD_OFFSET, offset);
	attr_u32(r, NFTA_PAYLOAD_LEN, len);
	expr_end(r, e);
}

static void payload_set(struct buf *r, uint32_t sreg, uint32_t base,
			uint32_t offset, uint32_t len, int csum_offset,
			uint32_t flags)
{
	struct expr e = expr_begin(r, "payload");
	bool csum = csum_offset >= 0;

	attr_u32(r, NFTA_PAYLOAD_SREG, sreg);
	attr_u32(r, NFTA_PAYLOAD_BASE, base);
	attr_u32(r, NFTA_PAYLOAD_OFFSET, offset);
	attr_u32(r, NFTA_PAYLOAD_LEN, len);
	attr_u32(r, NFTA_PAYLOAD_CSUM_TYPE,
		 csum ? NFT_PAYLOAD_CSUM_INET : NFT_PAYLOAD_CSUM_NONE);
	attr_u32(r, NFTA_PAYLOAD_CSUM_OFFSET, csum ? (uint32_t)csum_offset : 0);
	attr_u32(r, NFTA_PAYLOAD_CSUM_FLAGS, flags);
	expr_end(r, e);
}

void rule_payload_set(struct buf *r, uint32_t sreg, uint32_t base,
		      uint32_t offset, uint32_t len, int csum_offset)
{
	payload_set(r, sreg, base, offset, len, csum_offset, 0);
}

void rule_payload_set_l4(struct buf *r, uint32_t sreg, uint32_t base,
			 uint32_t offset, uint32_t len, int csum_offset)
{
	payload_set(r, sreg, base, offset, len, csum_offset,
		    NFT_PAYLOAD_L4CSUM_PSEUDOHDR);
}

void rule_meta_load(struct buf *r, uint32_t key, uint32_t dreg)
{
	struct expr e = expr_begin(r, "meta");

	attr_u32(r, NFTA_META_KEY, key);
	attr_u32(r, NFTA_META_DREG, dreg);
	expr_end(r, e);
}

void rule_meta_set(struct buf *r, uint32_t key, uint32_t sreg)
{
	struct expr e = expr_begin(r, "meta");

	attr_u32(r, NFTA_META_KEY, key);
	attr_u32(r, NFTA_META_SREG, sreg);
	expr_end(r, e);
}

void rule_ct_load(struct buf *r, uint32_t key, uint32_t dreg, int dir)
{
	struct expr e = expr_begin(r, "ct");
	uint8_t direction = (uint8_t)dir;

	attr_u32(r, NFTA_CT_KEY, key);
	attr_u32(r, NFTA_CT_DREG, dreg);
	if (dir >= 0)
		attr_put(r, NFTA_CT_DIRECTION, &direction, 1);
	expr_end(r, e);
}

void rule_ct_set(struct buf *r, uint32_t key, uint32_t sreg, int dir)
{
	struct expr e = expr_begin(r, "ct");
	uint8_t direction = (uint8_t)dir;

	attr_u32(r, NFTA_CT_KEY, key);
	if (dir >= 0)
		attr_put(r, NFTA_CT_DIRECTION, &direction, 1);
	attr_u32(r, NFTA_CT_SREG, sreg);
	expr_end(r, e);
}

void rule_cmp(struct buf *r, uint32_t op, uint32_t sreg, const void *data,
	      uint32_t len)
{
	struct expr e = expr_begin(r, "cmp");

	attr_u32(r, NFTA_CMP_SREG, sreg);
	attr_u32(r, NFTA_CMP_OP, op);
	attr_value(r, NFTA_CMP_DATA, data, len);
	expr_end(r, e);
}

void rule_bitwise(struct buf *r, uint32_t reg, const void *mask,
		  const void *value, uint32_t len)
{
	struct expr e = expr_begin(r, "bitwise");

	attr_u32(r, NFTA_BITWISE_SREG, reg);
	attr_u32(r, NFTA_BITWISE_DREG, reg);
	attr_u32(r, NFTA_BITWISE_LEN, len);
	attr_value(r, NFTA_BITWISE_MASK, mask, len);
	attr_value(r, NFTA_BITWISE_XOR, value, len);
	expr_end(r, e);
}

void rule_and(struct buf *r, uint32_t reg, uint32_t mask)
{
	uint32_t zero = 0;

	rule_bitwise(r, reg, &mask, &zero, sizeof(mask));
}

void rule_lookup(struct buf *r, const char *map, uint32_t sreg, uint32_t dreg,
		 bool verdict)
{
	struct expr e = expr_begin(r, "lookup");

	attr_str(r, NFTA_LOOKUP_SET, map);
	attr_u32(r, NFTA_LOOKUP_SREG, sreg);
	attr_u32(r, NFTA_LOOKUP_DREG, verdict ? NFT_REG_VERDICT : dreg);
	expr_end(r, e);
}

void rule_fwd(struct buf *r, uint32_t dev_reg, uint32_t addr_reg,
	      uint8_t family)
{
	struct expr e = expr_begin(r, "fwd");

	attr_u32(r, NFTA_FWD_SREG_DEV, dev_reg);
	if (addr_reg != NO_REG) {
		attr_u32(r, NFTA_FWD_SREG_ADDR, addr_reg);
		attr_u32(r, NFTA_FWD_NFPROTO,
			 family); /* AF_INET and NFPROTO_IPV4 are one */
	}
	expr_end(r, e);
}

void rule_in_set(struct buf *r, const char *set, uint32_t sreg, bool in)
{
	struct expr e = expr_begin(r, "lookup");

	attr_str(r, NFTA_LOOKUP_SET, set);
	attr_u32(r, NFTA_LOOKUP_SREG, sreg);
	attr_u32(r, NFTA_LOOKUP_FLAGS, in ? 0 : NFT_LOOKUP_F_INV);
	expr_end(r, e);
}

static void numgen(struct buf *r, uint32_t type, uint32_t dreg, uint32_t mod,
		   uint32_t offset)
{
	struct expr e = expr_begin(r, "numgen");

	attr_u32(r, NFTA_NG_DREG, dreg);
	attr_u32(r, NFTA_NG_MODULUS, mod);
	attr_u32(r, NFTA_NG_TYPE, type);
	attr_u32(r, NFTA_NG_OFFSET, offset);
	expr_end(r, e);
}

void rule_numgen_inc(struct buf *r, uint32_t dreg, uint32_t mod,
		     uint32_t offset)
{
	numgen(r, NFT_NG_INCREMENTAL, dreg, mod, offset);
}

void rule_numgen_random(struct buf *r, uint32_t dreg, uint32_t mod,
			uint32_t offset)
{
	numgen(r, NFT_NG_RANDOM, dreg, mod, offset);
}

void rule_jhash(struct buf *r, uint32_t sreg, uint32_t len, uint32_t dreg,
		uint32_t mod, uint32_t seed, uint32_t offset)
{
	struct expr e = expr_begin(r, "hash");

	attr_u32(r, NFTA_HASH_SREG, sreg);
	attr_u32(r, NFTA_HASH_DREG, dreg);
	attr_u32(r, NFTA_HASH_LEN, len);
	attr_u32(r, NFTA_HASH_MODULUS, mod);
	/* Without this attribute the kernel would pick a random seed. */
	attr_u32(r, NFTA_HASH_SEED, seed);
	attr_u32(r, NFTA_HASH_OFFSET, offset);
	attr_u32(r, NFTA_HASH_TYPE, NFT_HASH_JENKINS);
	expr_end(r, e);
}

void rule_verdict(struct buf *r, int verdict, const char *chain)
{
	struct expr e = expr_begin(r, "immediate");
	size_t data, code;

	attr_u32(r, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = attr_nest_begin(r, NFTA_IMMEDIATE_DATA);
	code = attr_nest_begin(r, NFTA_DATA_VERDICT);
	attr_u32(r, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		attr_str(r, NFTA_VERDICT_CHAIN, chain);
	attr_nest_end(r, code);
	attr_nest_end(r, data);
	expr_end(r, e);
}

void rule_value(struct buf *r, uint32_t dreg, const void *data, uint32_t len)
{
	struct expr e = expr_begin(r, "immediate");

	attr_u32(r, NFTA_IMMEDIATE_DREG, dreg);
	attr_value(r, NFTA_IMMEDIATE_DATA, data, len);
	expr_end(r, e);
}

void rule_nat(struct buf *r, uint32_t type, uint8_t family, uint32_t addr_reg,
	      uint32_t port_reg)
{
	struct expr e = expr_begin(r, "nat");

	attr_u32(r, NFTA_NAT_TYPE, type);
	attr_u32(r, NFTA_NAT_FAMILY, family);
	attr_u32(r, NFTA_NAT_REG_ADDR_MIN, addr_reg);
	if (port_reg != NO_REG)
		attr_u32(r, NFTA_NAT_REG_PROTO_MIN, port_reg);
	expr_end(r, e);
}

void rule_masquerade(struct buf *r)
{
	expr_end(r, expr_begin(r, "masq"));
}

void rule_notrack(struct buf *r)
{
	size_t elem = attr_nest_begin(r, NFTA_LIST_ELEM);

	/* it has nothing to say, and a dump says nothing of that */
	attr_str(r, NFTA_EXPR_NAME, "notrack");
	attr_nest_end(r, elem);
}

void rule_fib_type(struct buf *r, uint32_t flags, uint32_t dreg)
{
	struct expr e = expr_begin(r, "fib");

	attr_u32(r, NFTA_FIB_DREG, dreg);
	attr_u32(r, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	attr_u32(r, NFTA_FIB_FLAGS, flags);
	expr_end(r, e);
}

void rule_tcp_mss(struct buf *r, uint32_t sreg)
{
	struct expr e = expr_begin(r, "exthdr");
	const uint8_t mss = 2; /* the option's number */

	attr_u32(r, NFTA_EXTHDR_SREG, sreg);
	attr_put(r, NFTA_EXTHDR_TYPE, &mss, sizeof(mss));
	attr_u32(r, NFTA_EXTHDR_OFFSET, 2);
	attr_u32(r, NFTA_EXTHDR_LEN, 2);
	attr_u32(r, NFTA_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT);
	expr_end(r, e);
}

void rule_flow_add(struct buf *r, const char *flowtable)
{
	struct expr e = expr_begin(r, "flow_offload");

	attr_str(r, NFTA_FLOW_TABLE_NAME, flowtable);
	expr_end(r, e);
}

void rule_reject(struct buf *r, uint32_t type, uint8_t code)
{
	struct expr e = expr_begin(r, "reject");

	attr_u32(r, NFTA_REJECT_TYPE, type);
	if (type != NFT_REJECT_TCP_RST)
		attr_put(r, NFTA_REJECT_ICMP_CODE, &code, 1);
	expr_end(r, e);
}
