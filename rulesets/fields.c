/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a packet, and in its connection, the parts of a key are.
 *
 * A field of a key starts at a 32-bit register. nft lists a key by what is
 * loaded into the registers that follow each other: the order here is the order
 * in the maps' types.
 */
#include "rulesets/fields.h"

#include <netinet/in.h> /* before the kernel's own */

#include <linux/if_ether.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "rulesets/rule.h"

#define SUM_IP 10 /* where an IPv4 header has its sum */

unsigned int addr_words(uint8_t family)
{
	return family == AF_INET6 ? 4 : 1;
}

void load_addr(struct buf *r, uint8_t family, bool source, uint32_t words)
{
	unsigned int len = addr_words(family) * 4;
	unsigned int first = family == AF_INET6 ? 8 : 12;

	rule_payload(r, REG(words), NFT_PAYLOAD_NETWORK_HEADER,
		     source ? first : first + len, len);
}

void store_addr(struct buf *r, uint8_t family, bool source, uint32_t words)
{
	unsigned int len = addr_words(family) * 4;
	unsigned int first = family == AF_INET6 ? 8 : 12;

	rule_payload_set_l4(r, REG(words), NFT_PAYLOAD_NETWORK_HEADER,
			    source ? first : first + len, len,
			    family == AF_INET6 ? -1 : SUM_IP);
}

void load_port(struct buf *r, bool source, uint32_t words)
{
	rule_payload(r, REG(words), NFT_PAYLOAD_TRANSPORT_HEADER,
		     source ? 0 : 2, 2);
}

/* An ICMP error's own header, and the IP header behind it. */
#define ICMP_LEN 8

static unsigned int inner_ports(uint8_t family)
{
	return ICMP_LEN + (family == AF_INET6 ? 40 : 20);
}

void load_inner_addr(struct buf *r, uint8_t family, bool source, uint32_t words)
{
	unsigned int len = addr_words(family) * 4;
	unsigned int first = ICMP_LEN + (family == AF_INET6 ? 8 : 12);

	rule_payload(r, REG(words), NFT_PAYLOAD_TRANSPORT_HEADER,
		     source ? first : first + len, len);
}

void load_inner_proto(struct buf *r, uint8_t family, uint32_t words)
{
	rule_payload(r, REG(words), NFT_PAYLOAD_TRANSPORT_HEADER,
		     ICMP_LEN + (family == AF_INET6 ? 6 : 9), 1);
}

void load_inner_port(struct buf *r, uint8_t family, bool source, uint32_t words)
{
	rule_payload(r, REG(words), NFT_PAYLOAD_TRANSPORT_HEADER,
		     inner_ports(family) + (source ? 0 : 2), 2);
}

void match_ethertype(struct buf *r, uint8_t family)
{
	uint16_t type = htons(family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);

	rule_meta_load(r, NFT_META_PROTOCOL, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), &type, sizeof(type));
}

void match_proto(struct buf *r, uint8_t proto)
{
	rule_meta_load(r, NFT_META_L4PROTO, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), &proto, 1);
}

void load_source(struct buf *r, uint8_t family, unsigned int prefix,
		 uint32_t words)
{
	unsigned int len = addr_words(family) * 4;
	uint8_t mask[16] = { 0 }, zero[16] = { 0 };

	load_addr(r, family, true, words);
	if (prefix == 0 || prefix >= len * 8)
		return;
	memset(mask, 0xff, prefix / 8);
	if (prefix % 8)
		mask[prefix / 8] = (uint8_t)(0xff << (8 - prefix % 8));
	rule_bitwise(r, REG(words), mask, zero, len);
}

void load_priority(struct buf *r, uint32_t words)
{
	rule_meta_load(r, NFT_META_PRIORITY, REG(words));
}

void load_target(struct buf *r, uint8_t family)
{
	unsigned int w = addr_words(family);

	load_addr(r, family, false, 0);
	rule_meta_load(r, NFT_META_L4PROTO, REG(w));
	load_port(r, false, w + 1);
}

void load_flow(struct buf *r, uint8_t family)
{
	bool v6 = family == AF_INET6;
	unsigned int w = addr_words(family);

	rule_ct_load(r, v6 ? NFT_CT_DST_IP6 : NFT_CT_DST_IP, REG(0),
		     IP_CT_DIR_ORIGINAL);
	rule_meta_load(r, NFT_META_L4PROTO, REG(w));
	rule_ct_load(r, NFT_CT_PROTO_DST, REG(w + 1), IP_CT_DIR_ORIGINAL);
	rule_ct_load(r, v6 ? NFT_CT_SRC_IP6 : NFT_CT_SRC_IP, REG(w + 2),
		     IP_CT_DIR_REPLY);
	rule_ct_load(r, NFT_CT_PROTO_SRC, REG(2 * w + 2), IP_CT_DIR_REPLY);
}

void match_ct_state(struct buf *r, uint32_t state)
{
	uint32_t zero = 0;

	rule_ct_load(r, NFT_CT_STATE, REG(0), -1);
	rule_and(r, REG(0), state);
	rule_cmp(r, NFT_CMP_NEQ, REG(0), &zero, sizeof(zero));
}
