/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbours and routes, from messages to plain data. Pure: no socket, no
 * memory of its own. Every attribute is as long as it has to be, or it is not
 * there. Links are more: parse_link.c.
 */
#include "net/parse.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "net/parse_impl.h"

bool ether_usable(const uint8_t ether[6])
{
	static const uint8_t none[6];

	return memcmp(ether, none, sizeof(none)) != 0 && !(ether[0] & 1);
}

bool nla_addr(const struct nlattr *a, uint8_t family, struct addr *out)
{
	struct addr addr = { .family = family };
	unsigned int len = addr_len(&addr);

	if (!len || mnl_attr_get_payload_len(a) != len)
		return false;
	memcpy(addr.ip, mnl_attr_get_payload(a), len);
	*out = addr;
	return true;
}

bool nla_u32(const struct nlattr *a, uint32_t *out)
{
	if (mnl_attr_get_payload_len(a) != sizeof(*out))
		return false;
	*out = mnl_attr_get_u32(a);
	return true;
}

static bool is_ip(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

bool parse_neigh(const struct nlmsghdr *nlh, struct neigh_entry *out)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a;
	uint32_t flags;

	if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*nd)) ||
	    !is_ip(nd->ndm_family) || nd->ndm_flags & NTF_PROXY)
		return false;
	memset(out, 0, sizeof(*out));
	out->ifindex = (uint32_t)nd->ndm_ifindex;
	out->state = nd->ndm_state;
	out->kept =
	    nd->ndm_state & NUD_PERMANENT || nd->ndm_flags & NTF_EXT_LEARNED;
	mnl_attr_for_each(a, nlh, sizeof(*nd)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == NDA_DST)
			nla_addr(a, nd->ndm_family, &out->addr);
		if (type == NDA_FLAGS_EXT && nla_u32(a, &flags))
			out->kept |= flags & NTF_EXT_MANAGED;
		if (type != NDA_LLADDR ||
		    mnl_attr_get_payload_len(a) != sizeof(out->ether))
			continue;
		memcpy(out->ether, mnl_attr_get_payload(a), sizeof(out->ether));
		out->has_ether = ether_usable(out->ether);
	}
	return out->addr.family != 0;
}

/* A router of another family than the route's: struct rtvia. */
static void attr_via(const struct nlattr *a, struct addr *out)
{
	const struct rtvia *via = mnl_attr_get_payload(a);
	struct addr addr = { 0 };
	size_t len = mnl_attr_get_payload_len(a);

	if (len < sizeof(*via) || !is_ip((uint8_t)via->rtvia_family))
		return;
	addr.family = (uint8_t)via->rtvia_family;
	if (len != sizeof(*via) + addr_len(&addr))
		return;
	memcpy(addr.ip, via->rtvia_addr, addr_len(&addr));
	*out = addr;
}

static void route_mtu(const struct nlattr *metrics, struct route_answer *out)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, metrics)
		if (mnl_attr_get_type(a) == RTAX_MTU)
			nla_u32(a, &out->mtu);
}

static void route_attr(const struct nlattr *a, uint8_t family,
		       struct route_answer *out)
{
	switch (mnl_attr_get_type(a)) {
	case RTA_OIF:
		nla_u32(a, &out->ifindex);
		break;
	case RTA_GATEWAY:
		nla_addr(a, family, &out->via);
		break;
	case RTA_VIA:
		attr_via(a, &out->via);
		break;
	case RTA_PREFSRC:
		nla_addr(a, family, &out->from);
		break;
	case RTA_METRICS:
		route_mtu(a, out);
		break;
	}
}

bool parse_route(const struct nlmsghdr *nlh, struct route_answer *out)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a;

	if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*rt)) ||
	    !is_ip(rt->rtm_family))
		return false;
	memset(out, 0, sizeof(*out));
	out->type = rt->rtm_type;
	mnl_attr_for_each(a, nlh, sizeof(*rt))
		route_attr(a, rt->rtm_family, out);
	return true;
}
