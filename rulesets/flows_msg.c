/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctnetlink messages: what we ask for and what comes back. Only the attributes
 * we need are looked at: a table of a million entries goes through here.
 *
 * Invariant: a delete message repeats the entry's reply tuple, zone and id as
 * the kernel gave them. The id is a hash of the entry's place in memory and of
 * its original tuple; a later flow of the same client port may well get the
 * same one, but towards another backend its reply tuple differs. So only an
 * entry that is alike in all that a job matches can be hit. Must not know:
 * jobs, sockets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>

#include "rulesets/flows_impl.h"

/* The kernel's bits for CTA_FILTER_*_FLAGS (since 5.8; they are part of the
 * interface, but stand in none of its headers: net/netfilter/nf_internals.h).
 */
#define FILTER_IP_SRC    (1u << 0)
#define FILTER_PROTO_NUM (1u << 3)

/* ---- reading */

struct tuple {
	struct addr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
};

static void read_addr(const struct nlattr *a, uint8_t family, struct addr *out)
{
	out->family = family;
	if (mnl_attr_get_payload_len(a) == addr_len(out))
		memcpy(out->ip, mnl_attr_get_payload(a), addr_len(out));
	else
		out->family = 0;
}

static void read_ip(const struct nlattr *nest, struct tuple *t)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest) {
		switch (mnl_attr_get_type(a)) {
		case CTA_IP_V4_SRC:
			read_addr(a, AF_INET, &t->src);
			break;
		case CTA_IP_V4_DST:
			read_addr(a, AF_INET, &t->dst);
			break;
		case CTA_IP_V6_SRC:
			read_addr(a, AF_INET6, &t->src);
			break;
		case CTA_IP_V6_DST:
			read_addr(a, AF_INET6, &t->dst);
			break;
		}
	}
}

static void read_proto(const struct nlattr *nest, struct tuple *t)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest) {
		unsigned int len = mnl_attr_get_payload_len(a);

		switch (mnl_attr_get_type(a)) {
		case CTA_PROTO_NUM:
			if (len >= 1)
				t->proto = mnl_attr_get_u8(a);
			break;
		case CTA_PROTO_SRC_PORT:
			if (len >= 2)
				t->sport = ntohs(mnl_attr_get_u16(a));
			break;
		case CTA_PROTO_DST_PORT:
			if (len >= 2)
				t->dport = ntohs(mnl_attr_get_u16(a));
			break;
		}
	}
}

static void read_tuple(const struct nlattr *nest, struct tuple *t)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest) {
		if (mnl_attr_get_type(a) == CTA_TUPLE_IP)
			read_ip(a, t);
		else if (mnl_attr_get_type(a) == CTA_TUPLE_PROTO)
			read_proto(a, t);
	}
}

static uint8_t read_tcp_state(const struct nlattr *protoinfo)
{
	const struct nlattr *p, *a;

	mnl_attr_for_each_nested(p, protoinfo) {
		if (mnl_attr_get_type(p) != CTA_PROTOINFO_TCP)
			continue;
		mnl_attr_for_each_nested(a, p)
			if (mnl_attr_get_type(a) == CTA_PROTOINFO_TCP_STATE &&
			    mnl_attr_get_payload_len(a) >= 1)
				return mnl_attr_get_u8(a);
	}
	return 0;
}

bool flow_offloaded(const struct nlattr *status)
{
	return mnl_attr_get_payload_len(status) >= sizeof(uint32_t) &&
	       (ntohl(mnl_attr_get_u32(status)) & IPS_OFFLOAD);
}

int flow_parse(const struct nlmsghdr *nlh, struct flow_entry *e)
{
	struct tuple orig = { 0 }, reply = { 0 };
	const struct nlattr *a;

	*e = (struct flow_entry){ 0 };
	mnl_attr_for_each(a, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(a)) {
		case CTA_TUPLE_ORIG:
			e->orig = a;
			read_tuple(a, &orig);
			break;
		case CTA_TUPLE_REPLY:
			e->reply = a;
			read_tuple(a, &reply);
			break;
		case CTA_PROTOINFO:
			e->tcp_state = read_tcp_state(a);
			break;
		case CTA_STATUS:
			e->offloaded = flow_offloaded(a);
			break;
		case CTA_ID:
			e->id = a;
			break;
		case CTA_ZONE:
			e->zone = a;
			break;
		}
	}
	if (!e->reply || !e->id || !orig.dst.family || !reply.src.family)
		return -EINVAL;
	e->family = orig.dst.family;
	e->proto = orig.proto;
	if (e->offloaded && !e->tcp_state && e->proto == IPPROTO_TCP)
		e->tcp_state = TCP_CONNTRACK_ESTABLISHED;
	e->vip = orig.dst;
	e->vip_port = orig.dport;
	e->backend = reply.src;
	e->backend_port = reply.sport;
	return 0;
}

bool flow_counts(uint8_t proto, uint8_t tcp_state, bool open)
{
	if (proto != IPPROTO_TCP)
		return true;
	if (!open)
		return tcp_state == TCP_CONNTRACK_ESTABLISHED;
	return tcp_state != TCP_CONNTRACK_TIME_WAIT &&
	       tcp_state != TCP_CONNTRACK_CLOSE;
}

/* ---- writing */

static struct nlmsghdr *begin(void *msg, unsigned int type, unsigned int flags,
			      uint32_t seq, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(msg);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static bool copy_attr(struct nlmsghdr *nlh, const struct nlattr *a)
{
	return mnl_attr_put_check(nlh, FLOW_MSG_MAX, a->nla_type,
				  mnl_attr_get_payload_len(a),
				  mnl_attr_get_payload(a));
}

static void put_filter(struct nlmsghdr *nlh, const struct flow_filter *filter)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, CTA_TUPLE_REPLY), *nest;
	bool v4 = filter->family == AF_INET;
	uint32_t flags = 0;

	if (filter->backend.family) {
		flags |= FILTER_IP_SRC;
		nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
		mnl_attr_put(nlh, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC,
			     addr_len(&filter->backend), filter->backend.ip);
		mnl_attr_nest_end(nlh, nest);
	}
	if (filter->proto) {
		flags |= FILTER_PROTO_NUM;
		nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
		mnl_attr_put_u8(nlh, CTA_PROTO_NUM, filter->proto);
		mnl_attr_nest_end(nlh, nest);
	}
	mnl_attr_nest_end(nlh, tuple);
	nest = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS, flags);
	mnl_attr_nest_end(nlh, nest);
}

size_t flow_msg_dump(void *msg, uint32_t seq, const struct flow_filter *filter)
{
	struct nlmsghdr *nlh =
	    begin(msg, IPCTNL_MSG_CT_GET, NLM_F_DUMP, seq, filter->family);

	if (filter->backend.family || filter->proto)
		put_filter(nlh, filter);
	return nlh->nlmsg_len;
}

size_t flow_msg_delete(void *msg, const struct flow_entry *e)
{
	struct nlmsghdr *nlh =
	    begin(msg, IPCTNL_MSG_CT_DELETE, 0, 0, e->family);

	/* without a tuple it would delete all entries: rather none */
	if (!copy_attr(nlh, e->reply) || !copy_attr(nlh, e->id))
		return 0;
	if (e->zone && !copy_attr(nlh, e->zone))
		return 0;
	return nlh->nlmsg_len;
}
