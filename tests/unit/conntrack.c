/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See conntrack.h. Blocking netlink, libmnl's own parser. */
#include "tests/unit/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define BATCH 60000u

static struct nlmsghdr *begin(void *at, unsigned int type, unsigned int flags,
			      uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	return nlh;
}

static void put_tuple(struct nlmsghdr *nlh, int type, uint8_t proto,
		      const struct addr *src, uint16_t sport,
		      const struct addr *dst, uint16_t dport)
{
	bool v4 = src->family == AF_INET;
	struct nlattr *tuple = mnl_attr_nest_start(nlh, type), *nest;

	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put(nlh, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, addr_len(src),
		     src->ip);
	mnl_attr_put(nlh, v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, addr_len(dst),
		     dst->ip);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, proto);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
}

static void put_tcp_state(struct nlmsghdr *nlh, uint8_t state)
{
	struct nlattr *info = mnl_attr_nest_start(nlh, CTA_PROTOINFO);
	struct nlattr *tcp = mnl_attr_nest_start(nlh, CTA_PROTOINFO_TCP);

	mnl_attr_put_u8(nlh, CTA_PROTOINFO_TCP_STATE, state);
	mnl_attr_nest_end(nlh, tcp);
	mnl_attr_nest_end(nlh, info);
}

static void put_new(struct nlmsghdr *nlh, const struct ct *c)
{
	nlh->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	put_tuple(nlh, CTA_TUPLE_REPLY, c->proto, &c->backend, c->backend_port,
		  &c->client, c->client_port);
	mnl_attr_put_u32(nlh, CTA_STATUS,
			 htonl(IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
}

static size_t put(void *at, const struct ct *c, enum cntl_msg_types type,
		  bool create)
{
	struct nlmsghdr *nlh = begin(at, type, 0, c->vip.family);

	put_tuple(nlh, CTA_TUPLE_ORIG, c->proto, &c->client, c->client_port,
		  &c->vip, c->vip_port);
	if (type == IPCTNL_MSG_CT_DELETE)
		return nlh->nlmsg_len;
	if (create)
		put_new(nlh, c);
	mnl_attr_put_u32(nlh, CTA_TIMEOUT,
			 htonl(c->timeout_s ? c->timeout_s : 3600));
	if (c->proto == IPPROTO_TCP)
		put_tcp_state(nlh, c->tcp_state);
	return nlh->nlmsg_len;
}

/* Send a batch and wait for the answer to its last message, which alone asks
 * for one; errors of the others come before it. */
static int send_batch(struct mnl_socket *nl, char *batch, size_t len,
		      size_t last)
{
	struct nlmsghdr *nlh = (void *)(batch + last);
	_Alignas(struct nlmsghdr) char answer[8192];
	const struct nlmsgerr *e;

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl, batch, len) < 0)
		return -errno;
	if (mnl_socket_recvfrom(nl, answer, sizeof(answer)) < 0)
		return -errno;
	e = mnl_nlmsg_get_payload((void *)answer);
	return e->error;
}

static int send_all(const struct ct *list, size_t n, enum cntl_msg_types type,
		    bool create)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	char *batch = xmalloc(BATCH + 1024);
	size_t len = 0, last = 0;
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++) {
		last = len;
		len += put(batch + len, &list[i], type, create);
		if (len < BATCH && i + 1 < n)
			continue;
		ret = send_batch(nl, batch, len, last);
		len = 0;
	}
	free(batch);
	mnl_socket_close(nl);
	return ret;
}

int ct_add(const struct ct *list, size_t n)
{
	return send_all(list, n, IPCTNL_MSG_CT_NEW, true);
}

int ct_change(const struct ct *list, size_t n)
{
	return send_all(list, n, IPCTNL_MSG_CT_NEW, false);
}

int ct_delete(const struct ct *list, size_t n)
{
	return send_all(list, n, IPCTNL_MSG_CT_DELETE, false);
}

/* ---- reading */

struct reader {
	struct ct *list;
	size_t n, cap;
};

static int keep_attr(const struct nlattr *a, void *data)
{
	const struct nlattr **tb = data;
	unsigned int type = mnl_attr_get_type(a);

	if (type <= CTA_MAX)
		tb[type] = a;
	return MNL_CB_OK;
}

static void get_addr(const struct nlattr *a, uint8_t family, struct addr *out)
{
	*out = (struct addr){ .family = family };
	memcpy(out->ip, mnl_attr_get_payload(a), addr_len(out));
}

static void attrs_of(const struct nlattr *nest, const struct nlattr **tb)
{
	memset(tb, 0, (CTA_MAX + 1) * sizeof(*tb));
	if (nest)
		mnl_attr_parse_nested(nest, keep_attr, tb);
}

/* Source and destination of a tuple, and the protocol. */
static uint8_t read_tuple(const struct nlattr *nest, uint8_t family,
			  struct addr *src, uint16_t *sport, struct addr *dst,
			  uint16_t *dport)
{
	const struct nlattr *tuple[CTA_MAX + 1], *tb[CTA_MAX + 1];
	bool v4 = family == AF_INET;

	attrs_of(nest, tuple);
	attrs_of(tuple[CTA_TUPLE_IP], tb);
	get_addr(tb[v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC], family, src);
	get_addr(tb[v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST], family, dst);
	attrs_of(tuple[CTA_TUPLE_PROTO], tb);
	if (tb[CTA_PROTO_SRC_PORT]) {
		*sport = ntohs(mnl_attr_get_u16(tb[CTA_PROTO_SRC_PORT]));
		*dport = ntohs(mnl_attr_get_u16(tb[CTA_PROTO_DST_PORT]));
	}
	return mnl_attr_get_u8(tb[CTA_PROTO_NUM]);
}

static int read_one(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *ct[CTA_MAX + 1] = { 0 }, *tb[CTA_MAX + 1];
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct reader *r = data;
	struct ct *c = VEC_PUSH(r->list, r->n, r->cap);
	struct addr client;
	uint16_t client_port;

	*c = (struct ct){ 0 };
	mnl_attr_parse(nlh, sizeof(*nfg), keep_attr, ct);
	c->proto = read_tuple(ct[CTA_TUPLE_ORIG], nfg->nfgen_family, &c->client,
			      &c->client_port, &c->vip, &c->vip_port);
	read_tuple(ct[CTA_TUPLE_REPLY], nfg->nfgen_family, &c->backend,
		   &c->backend_port, &client, &client_port);
	attrs_of(ct[CTA_PROTOINFO], tb);
	attrs_of(tb[CTA_PROTOINFO_TCP], tb);
	if (tb[CTA_PROTOINFO_TCP_STATE])
		c->tcp_state = mnl_attr_get_u8(tb[CTA_PROTOINFO_TCP_STATE]);
	return MNL_CB_OK;
}

long ct_read(struct ct **out)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	_Alignas(struct nlmsghdr) char piece[32768];
	struct reader r = { .list = xmalloc(sizeof(struct ct)), .cap = 1 };
	struct nlmsghdr *nlh =
	    begin(piece, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
	ssize_t len = mnl_socket_sendto(nl, nlh, nlh->nlmsg_len);
	int more = MNL_CB_OK;

	while (len >= 0 && more == MNL_CB_OK) {
		len = mnl_socket_recvfrom(nl, piece, sizeof(piece));
		if (len >= 0)
			more = mnl_cb_run(piece, len, 0, 0, read_one, &r);
	}
	mnl_socket_close(nl);
	*out = r.list;
	return len < 0 || more < 0 ? -errno : (long)r.n;
}

int ct_cmp(const void *a, const void *b)
{
	const struct ct *x = a, *y = b;
	int c = addr_cmp(&x->client, &y->client);

	if (c == 0)
		c = addr_cmp(&x->vip, &y->vip);
	if (c == 0)
		c = (int)x->client_port - (int)y->client_port;
	if (c == 0)
		c = (int)x->vip_port - (int)y->vip_port;
	return c ? c : (int)x->proto - (int)y->proto;
}
