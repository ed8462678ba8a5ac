/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a map's key is made of, in nft's own words ("typeof"): where one field
 * has no type that nft would take back, it wants to be told of all of them. The
 * kernel keeps this and never looks at it.
 */
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <sys/socket.h>

#include "rulesets/encode_impl.h"

/* nft's numbers: of expressions, of protocols and of their fields (src/ and
 * include/ of nftables 1.0: expression.h, proto.h). */
enum { EXPR_PAYLOAD = 7, EXPR_META = 9, EXPR_CONCAT = 13 };
enum { TYPEOF_EXPR, TYPEOF_DATA };
enum { PAYLOAD_DESC, PAYLOAD_TYPE, PAYLOAD_BASE, PAYLOAD_OFFSET, PAYLOAD_LEN };
enum { META_KEY };
enum { DESC_NONE, DESC_IP = 12, DESC_IP6 = 13 };
enum { IP_SADDR = 11, IP_DADDR, IP6_SADDR = 8, IP6_DADDR };
enum { BASE_TRANSPORT = 3, PORTS_BITS = 32 };

static struct nftnl_udata *expr_begin(struct nftnl_udata_buf *u, uint8_t type,
				      uint32_t expr, struct nftnl_udata **data)
{
	struct nftnl_udata *nest = nftnl_udata_nest_start(u, type);

	nftnl_udata_put_u32(u, TYPEOF_EXPR, expr);
	*data = nftnl_udata_nest_start(u, TYPEOF_DATA);
	return nest;
}

static void expr_end(struct nftnl_udata_buf *u, struct nftnl_udata *nest,
		     struct nftnl_udata *data)
{
	nftnl_udata_nest_end(u, data);
	nftnl_udata_nest_end(u, nest);
}

static void put_payload(struct nftnl_udata_buf *u, uint8_t type,
			const uint32_t of[PAYLOAD_LEN + 1])
{
	struct nftnl_udata *data,
	    *nest = expr_begin(u, type, EXPR_PAYLOAD, &data);
	bool named = of[PAYLOAD_DESC] != DESC_NONE;

	/* a field that has a name is known by it */
	for (uint8_t i = 0; i <= (named ? PAYLOAD_TYPE : PAYLOAD_LEN); i++)
		nftnl_udata_put_u32(u, i, of[i]);
	expr_end(u, nest, data);
}

static void put_meta(struct nftnl_udata_buf *u, uint8_t type, uint32_t key)
{
	struct nftnl_udata *data, *nest = expr_begin(u, type, EXPR_META, &data);

	nftnl_udata_put_u32(u, META_KEY, key);
	expr_end(u, nest, data);
}

void typeof_recent(struct nftnl_udata_buf *u, uint8_t family, enum map_data of)
{
	bool v6 = family == AF_INET6;
	uint32_t desc = v6 ? DESC_IP6 : DESC_IP;
	const uint32_t saddr[] = { desc, v6 ? IP6_SADDR : IP_SADDR, 0, 0, 0 };
	const uint32_t daddr[] = { desc, v6 ? IP6_DADDR : IP_DADDR, 0, 0, 0 };
	const uint32_t ports[] = { DESC_NONE, 0, BASE_TRANSPORT, 0,
				   PORTS_BITS };
	struct nftnl_udata *data,
	    *nest =
		expr_begin(u, NFTNL_UDATA_SET_KEY_TYPEOF, EXPR_CONCAT, &data);

	put_payload(u, 0, saddr);
	put_payload(u, 1, daddr);
	put_payload(u, 2, ports);
	put_meta(u, 3, NFT_META_L4PROTO);
	expr_end(u, nest, data);
	put_meta(u, NFTNL_UDATA_SET_DATA_TYPEOF,
		 of == DATA_IFINDEX ? NFT_META_OIF : NFT_META_PRIORITY);
}
