/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces, from messages to plain data. Pure. What a tunnel was made with
 * is in attributes nested twice whose numbers ipip, sit and ip6tnl share.
 */
#include <net/if.h> /* before the kernel's, which make room for it */

#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "net/parse.h"
#include "net/parse_impl.h"

/* As much of a text as there is, up to its NUL, in @size bytes with one. */
static void attr_text(const struct nlattr *a, char *out, size_t size)
{
	size_t len =
	    strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));

	if (len >= size)
		len = size - 1;
	memset(out, 0, size);
	memcpy(out, mnl_attr_get_payload(a), len);
}

static bool attr_u8(const struct nlattr *a, uint8_t *out)
{
	if (mnl_attr_get_payload_len(a) != sizeof(*out))
		return false;
	*out = mnl_attr_get_u8(a);
	return true;
}

/* The kernel says 0.0.0.0 or :: of an end that is open. */
static void attr_end(const struct nlattr *a, uint8_t family, struct addr *out)
{
	static const struct addr any;

	if (nla_addr(a, family, out) &&
	    memcmp(out->ip, any.ip, sizeof(any.ip)) == 0)
		*out = any;
}

static void tunnel_attr(const struct nlattr *a, struct link_tunnel *out)
{
	uint8_t flag = 0;

	switch (mnl_attr_get_type(a)) {
	case IFLA_IPTUN_LOCAL:
		attr_end(a, out->family, &out->local);
		break;
	case IFLA_IPTUN_REMOTE:
		attr_end(a, out->family, &out->remote);
		break;
	case IFLA_IPTUN_TTL:
		attr_u8(a, &out->ttl);
		break;
	case IFLA_IPTUN_PROTO:
		attr_u8(a, &out->inner);
		break;
	case IFLA_IPTUN_PMTUDISC:
		out->pmtudisc = attr_u8(a, &flag) && flag;
		break;
	case IFLA_IPTUN_COLLECT_METADATA:
		out->external = true;
		break;
	case IFLA_IPTUN_FLAGS:
		/* sit has sixteen bits there, of a protocol we do not use */
		nla_u32(a, &out->flags);
		break;
	}
}

static uint8_t outer_family(const char *kind)
{
	if (!strcmp(kind, "ipip") || !strcmp(kind, "sit"))
		return AF_INET;
	return !strcmp(kind, "ip6tnl") ? AF_INET6 : 0;
}

static void link_info(const struct nlattr *info, struct link *out)
{
	const struct nlattr *a, *data = NULL;

	mnl_attr_for_each_nested(a, info) {
		if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
			attr_text(a, out->kind, sizeof(out->kind));
		if (mnl_attr_get_type(a) == IFLA_INFO_DATA)
			data = a;
	}
	out->tunnel.family = outer_family(out->kind);
	if (!out->tunnel.family || !data)
		return;
	mnl_attr_for_each_nested(a, data)
		tunnel_attr(a, &out->tunnel);
}

static void link_ether(const struct nlattr *a, struct link *out)
{
	if (mnl_attr_get_payload_len(a) != sizeof(out->ether))
		return;
	memcpy(out->ether, mnl_attr_get_payload(a), sizeof(out->ether));
}

static void link_attr(const struct nlattr *a, struct link *out, bool *elsewhere)
{
	switch (mnl_attr_get_type(a)) {
	case IFLA_IFNAME:
		attr_text(a, out->name, sizeof(out->name));
		break;
	case IFLA_IFALIAS:
		attr_text(a, out->alias, sizeof(out->alias));
		break;
	case IFLA_ADDRESS:
		link_ether(a, out);
		break;
	case IFLA_MTU:
		nla_u32(a, &out->mtu);
		break;
	case IFLA_MASTER:
		nla_u32(a, &out->master);
		break;
	case IFLA_GROUP:
		nla_u32(a, &out->group);
		break;
	case IFLA_LINK:
		nla_u32(a, &out->lower);
		break;
	case IFLA_LINK_NETNSID: /* its number is one of another namespace */
		*elsewhere = true;
		break;
	case IFLA_LINKINFO:
		link_info(a, out);
		break;
	}
}

bool parse_link(const struct nlmsghdr *nlh, struct link *out)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a;
	bool elsewhere = false;

	if (nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*ifi)) ||
	    ifi->ifi_family != AF_UNSPEC || ifi->ifi_index <= 0)
		return false;
	memset(out, 0, sizeof(*out));
	out->ifindex = (uint32_t)ifi->ifi_index;
	out->type = ifi->ifi_type;
	out->up = ifi->ifi_flags & IFF_UP;
	out->running = out->up && ifi->ifi_flags & IFF_RUNNING;
	mnl_attr_for_each(a, nlh, sizeof(*ifi))
		link_attr(a, out, &elsewhere);
	if (elsewhere || out->lower == out->ifindex)
		out->lower = 0;
	out->has_ether = out->type == ARPHRD_ETHER && ether_usable(out->ether);
	return out->name[0] != '\0';
}
