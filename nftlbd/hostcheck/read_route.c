/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to rtnetlink, one answer each: an interface, a route, a neighbour.
 *
 * Must not know: who asks, and why.
 */
#include "hostcheck/impl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MAX ((size_t)16 << 10) /* an interface with all it says */

/* A question, and then its answer. */
struct question {
	char data[MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
};

static void *question_begin(struct question *q, uint16_t type, size_t size)
{
	q->nlh = mnl_nlmsg_put_header(q->data);
	q->nlh->nlmsg_type = type;
	q->nlh->nlmsg_flags = NLM_F_REQUEST;
	q->nlh->nlmsg_seq = 1;
	return mnl_nlmsg_put_extra_header(q->nlh, size);
}

/* Return: the answer, or NULL: an error, in errno. */
static const struct nlmsghdr *question_ask(struct question *q,
					   struct mnl_socket *nl)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)q->data;
	ssize_t len;

	if (mnl_socket_sendto(nl, q->nlh, q->nlh->nlmsg_len) < 0)
		return NULL;
	do
		len = mnl_socket_recvfrom(nl, q->data, sizeof(q->data));
	while (len < 0 && errno == EINTR);
	if (len < 0 || !mnl_nlmsg_ok(nlh, (int)len))
		return NULL;
	if (nlh->nlmsg_type != NLMSG_ERROR)
		return nlh;
	errno = -((const struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
	return NULL;
}

/* ---- interfaces */

static void link_attributes(const struct nlmsghdr *nlh, struct host_link *out)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct ifinfomsg)) {
		uint16_t len = mnl_attr_get_payload_len(a);

		if (mnl_attr_get_type(a) == IFLA_IFNAME)
			snprintf(out->name, sizeof(out->name), "%.*s", len,
				 (const char *)mnl_attr_get_payload(a));
		if (mnl_attr_get_type(a) == IFLA_MTU && len >= 4)
			out->mtu = mnl_attr_get_u32(a);
		if (mnl_attr_get_type(a) == IFLA_CARRIER && len >= 1)
			out->carrier = mnl_attr_get_u8(a) != 0;
	}
}

void read_link(struct mnl_socket *nl, const char *name, uint32_t index,
	       struct host_link *out)
{
	const struct nlmsghdr *nlh;
	const struct ifinfomsg *got;
	struct ifinfomsg *ask;
	struct question q;

	memset(out, 0, sizeof(*out));
	out->rp_filter = out->forwarding = out->accept_local = -1;
	if (name && (name[0] == '\0' || strlen(name) >= IFNAMSIZ))
		return;
	ask = question_begin(&q, RTM_GETLINK, sizeof(*ask));
	ask->ifi_index = name ? 0 : (int)index;
	if (name)
		mnl_attr_put_strz(q.nlh, IFLA_IFNAME, name);
	nlh = question_ask(&q, nl);
	if (!nlh || nlh->nlmsg_type != RTM_NEWLINK)
		return;
	got = mnl_nlmsg_get_payload(nlh);
	out->exists = true;
	out->index = (uint32_t)got->ifi_index;
	out->up = got->ifi_flags & IFF_UP;
	link_attributes(nlh, out);
}

/* ---- routes */

static void set_addr(struct addr *a, uint8_t family, const void *bytes,
		     size_t len)
{
	memset(a, 0, sizeof(*a));
	a->family = family;
	if (addr_len(a) == len)
		memcpy(a->ip, bytes, len);
	else
		a->family = 0;
}

/* A router of the other family. */
static void set_via(struct addr *a, const struct nlattr *via)
{
	const struct rtvia *v = mnl_attr_get_payload(via);
	size_t len = mnl_attr_get_payload_len(via);

	if (len > sizeof(*v))
		set_addr(a, (uint8_t)v->rtvia_family, v->rtvia_addr,
			 len - sizeof(*v));
}

static uint32_t metrics_mtu(const struct nlattr *metrics)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, metrics)
		if (mnl_attr_get_type(a) == RTAX_MTU &&
		    mnl_attr_get_payload_len(a) >= 4)
			return mnl_attr_get_u32(a);
	return 0;
}

static void route_attributes(const struct nlmsghdr *nlh, uint8_t family,
			     struct host_route *out)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct rtmsg)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == RTA_OIF && mnl_attr_get_payload_len(a) >= 4)
			out->index = mnl_attr_get_u32(a);
		if (type == RTA_METRICS)
			out->mtu = metrics_mtu(a);
		if (type == RTA_GATEWAY)
			set_addr(&out->nexthop, family, mnl_attr_get_payload(a),
				 mnl_attr_get_payload_len(a));
		if (type == RTA_VIA)
			set_via(&out->nexthop, a);
		if (type == RTA_GATEWAY || type == RTA_VIA)
			out->onlink = false;
	}
}

void read_route(struct mnl_socket *nl, const struct addr *to,
		struct host_route *out)
{
	const struct nlmsghdr *nlh;
	const struct rtmsg *got;
	struct question q;
	struct rtmsg *ask;

	memset(out, 0, sizeof(*out));
	out->nexthop = *to;
	ask = question_begin(&q, RTM_GETROUTE, sizeof(*ask));
	ask->rtm_family = to->family;
	ask->rtm_dst_len = (uint8_t)(8 * addr_len(to));
	mnl_attr_put(q.nlh, RTA_DST, addr_len(to), to->ip);
	nlh = question_ask(&q, nl);
	/* other errors are of the question, not of the routes */
	out->asked = nlh || errno == ENETUNREACH || errno == EHOSTUNREACH ||
		     errno == EACCES || errno == EINVAL;
	if (!nlh || nlh->nlmsg_type != RTM_NEWROUTE)
		return;
	got = mnl_nlmsg_get_payload(nlh);
	out->local = got->rtm_type == RTN_LOCAL;
	out->found = out->local || got->rtm_type == RTN_UNICAST;
	out->onlink = true;
	route_attributes(nlh, to->family, out);
}

/* ---- neighbours */

enum host_neighbour read_neighbour(struct mnl_socket *nl,
				   const struct addr *address, uint32_t index)
{
	const struct nlmsghdr *nlh;
	const struct ndmsg *got;
	struct question q;
	struct ndmsg *ask;

	ask = question_begin(&q, RTM_GETNEIGH, sizeof(*ask));
	ask->ndm_family = address->family;
	ask->ndm_ifindex = (int)index;
	mnl_attr_put(q.nlh, NDA_DST, addr_len(address), address->ip);
	nlh = question_ask(&q, nl);
	if (!nlh || nlh->nlmsg_type != RTM_NEWNEIGH)
		return HOST_NEIGH_NONE;
	got = mnl_nlmsg_get_payload(nlh);
	if (got->ndm_state & (NUD_FAILED | NUD_INCOMPLETE))
		return HOST_NEIGH_FAILED;
	return HOST_NEIGH_GOOD;
}
