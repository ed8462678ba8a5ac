/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forms of tunnel devices. Pure.
 *
 * Between IPv4 addresses, kind sit in mode any: it carries IPv4 as fast as kind
 * ipip does (measured, 0.3 % apart) and IPv6 too. No path MTU discovery, so
 * that a packet without DF is cut outside; the kernel allows no TTL of its own
 * then (it would set DF with it, against loops), so the outer TTL is the inner
 * one. Between IPv6 addresses, ip6tnl in mode any, without the option that
 * limits encapsulation: it makes a packet twice as dear.
 *
 * The kernel gives no addresses to them and sends nothing of its own.
 */
#include "net/tunnel_spec.h"

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/ip6_tunnel.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "net/table.h"

#define HOP_LIMIT 64
/* The other bits are the kernel's own notes. */
#define FLAGS_OURS                                                             \
	(IP6_TNL_F_IGN_ENCAP_LIMIT | IP6_TNL_F_USE_ORIG_TCLASS |               \
	 IP6_TNL_F_USE_ORIG_FLOWLABEL | IP6_TNL_F_USE_ORIG_FWMARK |            \
	 IP6_TNL_F_RCV_DSCP_COPY | IP6_TNL_F_MIP6_DEV)

/* ---- which */

static void pair_name(const struct tunnel_pair *pair, unsigned int salt,
		      char name[IFNAMSIZ])
{
	uint32_t h = table_hash(&pair->local, sizeof(pair->local), salt);

	h = table_hash(&pair->remote, sizeof(pair->remote), h);
	snprintf(name, IFNAMSIZ, "nlb-%08x", h);
}

const char *tunnel_name(const struct tunnel_pair *pair, char name[IFNAMSIZ])
{
	pair_name(pair, 0, name);
	return name;
}

void spec_pair(struct tunnel_spec *out, const struct tunnel_pair *pair,
	       unsigned int salt, const char *owner)
{
	char local[ADDR_STRLEN], remote[ADDR_STRLEN];

	memset(out, 0, sizeof(*out));
	pair_name(pair, salt, out->name);
	out->form.family = pair->local.family;
	out->form.local = pair->local;
	out->form.remote = pair->remote;
	out->kind = "sit";
	if (pair->local.family == AF_INET6) {
		out->kind = "ip6tnl";
		out->form.ttl = HOP_LIMIT;
		out->form.flags = IP6_TNL_F_IGN_ENCAP_LIMIT;
	}
	snprintf(out->alias, sizeof(out->alias), "%s %s -> %s", owner,
		 addr_format(&pair->local, local),
		 addr_format(&pair->remote, remote));
}

void spec_decap(struct tunnel_spec *out, const struct tunnel_decap *decap,
		const char *owner)
{
	static const struct {
		const char *kind, *what;
		struct link_tunnel form;
	} forms[] = {
		[TUNNEL_DECAP_IPIP] = { "ipip",
					"4 in 4",
					{ .family = AF_INET,
					  .inner = IPPROTO_IPIP,
					  .external = true } },
		[TUNNEL_DECAP_SIT] = { "sit",
				       "6 in 4",
				       { .family = AF_INET,
					 .inner = IPPROTO_IPV6 } },
		[TUNNEL_DECAP_IP6] = { "ip6tnl",
				       "4 and 6 in 6",
				       { .family = AF_INET6,
					 .ttl = HOP_LIMIT,
					 .external = true,
					 .flags = IP6_TNL_F_IGN_ENCAP_LIMIT } },
	};

	memset(out, 0, sizeof(*out));
	memcpy(out->name, decap->name, sizeof(out->name));
	out->name[sizeof(out->name) - 1] = '\0';
	out->kind = forms[decap->kind].kind;
	out->form = forms[decap->kind].form;
	if (decap->kind == TUNNEL_DECAP_SIT)
		out->form.local = decap->local;
	snprintf(out->alias, sizeof(out->alias), "%s %s", owner,
		 forms[decap->kind].what);
}

/* ---- is it? */

bool spec_form_is(const struct tunnel_spec *s, const struct link *l)
{
	const struct link_tunnel *want = &s->form, *have = &l->tunnel;

	return !strcmp(l->kind, s->kind) &&
	       !addr_cmp(&want->local, &have->local) &&
	       !addr_cmp(&want->remote, &have->remote) &&
	       want->inner == have->inner && want->ttl == have->ttl &&
	       want->external == have->external &&
	       want->pmtudisc == have->pmtudisc &&
	       (want->flags & FLAGS_OURS) == (have->flags & FLAGS_OURS);
}

bool spec_is(const struct tunnel_spec *s, const struct link *l)
{
	return spec_form_is(s, l) && l->up && !strcmp(l->name, s->name) &&
	       !strcmp(l->alias, s->alias);
}

bool spec_owns(const char *owner, const struct link *l)
{
	size_t len = strlen(owner);

	return l->tunnel.family && !strncmp(l->alias, owner, len) &&
	       l->alias[len] == ' ';
}

/* ---- requests */

static void put_data(struct nlmsghdr *nlh, const struct link_tunnel *f)
{
	if (f->external)
		mnl_attr_put(nlh, IFLA_IPTUN_COLLECT_METADATA, 0, NULL);
	if (f->local.family)
		rtnl_put_addr(nlh, IFLA_IPTUN_LOCAL, &f->local);
	if (f->remote.family)
		rtnl_put_addr(nlh, IFLA_IPTUN_REMOTE, &f->remote);
	mnl_attr_put_u8(nlh, IFLA_IPTUN_TTL, f->ttl);
	mnl_attr_put_u8(nlh, IFLA_IPTUN_PROTO, f->inner);
	if (f->family == AF_INET)
		mnl_attr_put_u8(nlh, IFLA_IPTUN_PMTUDISC, f->pmtudisc);
	else
		mnl_attr_put_u32(nlh, IFLA_IPTUN_FLAGS, f->flags);
}

/* One that is there already is changed, and keeps its ifindex. */
static void put_create(const struct tunnel_spec *s, struct rtnl_batch *b)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *nlh =
	    rtnl_begin(b, RTM_NEWLINK, NLM_F_CREATE, &ifi, sizeof(ifi));
	struct nlattr *info, *data;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, s->name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, s->kind);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	put_data(nlh, &s->form);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	rtnl_end(b);
}

/* In the request that makes it the kernel does not look at this. */
static void put_alias(const struct tunnel_spec *s, struct rtnl_batch *b)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *nlh = rtnl_begin(b, RTM_SETLINK, 0, &ifi, sizeof(ifi));

	mnl_attr_put_strz(nlh, IFLA_IFNAME, s->name);
	mnl_attr_put_strz(nlh, IFLA_IFALIAS, s->alias);
	rtnl_end(b);
}

/* While it is down still: when it comes up is when IPv6 gives it an address. A
 * kernel without IPv6 refuses this, and that is as good. */
static void put_quiet(const struct tunnel_spec *s, struct rtnl_batch *b)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *nlh = rtnl_begin(b, RTM_SETLINK, 0, &ifi, sizeof(ifi));
	struct nlattr *spec, *inet6;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, s->name);
	spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(nlh, AF_INET6);
	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, spec);
	rtnl_end(b);
}

static void put_up(const struct tunnel_spec *s, struct rtnl_batch *b)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC,
				 .ifi_flags = IFF_UP,
				 .ifi_change = IFF_UP };
	struct nlmsghdr *nlh = rtnl_begin(b, RTM_SETLINK, 0, &ifi, sizeof(ifi));

	mnl_attr_put_strz(nlh, IFLA_IFNAME, s->name);
	rtnl_end(b);
}

void spec_make(const struct tunnel_spec *s, struct rtnl_batch *b)
{
	put_create(s, b);
	put_alias(s, b);
	put_quiet(s, b);
	put_up(s, b);
}

void spec_remove(struct rtnl_batch *b, uint32_t ifindex)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC,
				 .ifi_index = (int)ifindex };

	rtnl_begin(b, RTM_DELLINK, 0, &ifi, sizeof(ifi));
	rtnl_end(b);
}

void spec_group(struct rtnl_batch *b, uint32_t ifindex, uint32_t group)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC,
				 .ifi_index = (int)ifindex };
	struct nlmsghdr *nlh = rtnl_begin(b, RTM_SETLINK, 0, &ifi, sizeof(ifi));

	mnl_attr_put_u32(nlh, IFLA_GROUP, group);
	rtnl_end(b);
}

void spec_remove_group(struct rtnl_batch *b, uint32_t group)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *nlh = rtnl_begin(b, RTM_DELLINK, 0, &ifi, sizeof(ifi));

	mnl_attr_put_u32(nlh, IFLA_GROUP, group);
	rtnl_end(b);
}
