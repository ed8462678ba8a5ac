/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink to nf_tables. A batch is handled by the kernel inside sendmsg(): when
 * that returns, all answers are in the receive buffer, and reading them never
 * has to wait.
 */
#include "rulesets/nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/xalloc.h"

/* Room for the errors of a batch in which everything is refused. */
#define RCVBUF   (4 << 20)
#define DUMP_BUF (256 << 10)

int nl_open(struct nl *nl, struct err *err)
{
	int one = 1, rcvbuf = RCVBUF, fd;

	memset(nl, 0, sizeof(*nl));
	nl->sock = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nl->sock)
		return err_set(err, -errno, "cannot open a netlink socket: %s",
			       strerror(errno));
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		int e = errno;

		nl_close(nl);
		return err_set(err, -e, "cannot bind a netlink socket: %s",
			       strerror(e));
	}
	fd = mnl_socket_get_fd(nl->sock);
	nl->portid = mnl_socket_get_portid(nl->sock);
	nl->seq = 1;
	/* Errors without a copy of the message that caused them. */
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf));
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

static struct nlmsghdr *put_header(void *at, uint16_t type, uint16_t flags,
				   uint32_t seq, uint8_t family,
				   uint16_t res_id)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(res_id);
	return nlh;
}

static void batch_frame(struct batch *b, uint16_t type, uint32_t genid)
{
	struct nlmsghdr *nlh =
	    put_header(buf_reserve(&b->buf, 64), type, 0, b->next_seq++,
		       AF_UNSPEC, NFNL_SUBSYS_NFTABLES);

	if (genid)
		mnl_attr_put_u32(nlh, NFNL_BATCH_GENID, htonl(genid));
	b->buf.len += nlh->nlmsg_len;
	*VEC_PUSH(b->what, b->nwhat, b->capwhat) = "transaction";
}

void batch_begin(struct batch *b, struct nl *nl, uint32_t genid)
{
	memset(b, 0, sizeof(*b));
	b->first_seq = b->next_seq = nl->seq;
	b->genid = genid;
	batch_frame(b, NFNL_MSG_BATCH_BEGIN, genid);
}

struct nlmsghdr *batch_msg(struct batch *b, uint16_t type, uint16_t flags,
			   uint8_t family, size_t room, const char *what)
{
	b->msg = b->buf.len;
	*VEC_PUSH(b->what, b->nwhat, b->capwhat) = what;
	return put_header(buf_reserve(&b->buf, room + 64),
			  (NFNL_SUBSYS_NFTABLES << 8) | type, flags,
			  b->next_seq++, family, 0);
}

void batch_msg_end(struct batch *b)
{
	const struct nlmsghdr *nlh = (const void *)(b->buf.data + b->msg);

	b->buf.len += MNL_ALIGN(nlh->nlmsg_len);
}

void batch_may_cut(struct batch *b)
{
	*VEC_PUSH(b->cuts, b->ncuts, b->capcuts) =
	    (struct batch_cut){ b->buf.len, b->nwhat };
}

static size_t batch_messages(const struct batch *b)
{
	return b->nwhat - 1;
}

void batch_free(struct batch *b)
{
	buf_free(&b->buf);
	free(b->what);
	free(b->cuts);
	memset(b, 0, sizeof(*b));
}

/* The socket takes a batch only whole; the default is 212,992 bytes. In a user
 * namespace it cannot be made larger than the machine's limit. Returns what it
 * takes. */
static size_t want_sndbuf(struct nl *nl, size_t len)
{
	int size = (int)(len + 65536), fd = mnl_socket_get_fd(nl->sock);
	socklen_t size_len = sizeof(nl->sndbuf);

	if (nl->sndbuf < size &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (nl->sndbuf < size)
		getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &nl->sndbuf, &size_len);
	return nl->sndbuf > 256 ? (size_t)nl->sndbuf - 256 : 0;
}

static int send_all(struct nl *nl, const struct batch *b)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec iov = { b->buf.data, b->buf.len };
	struct msghdr msg = { .msg_name = &kernel,
			      .msg_namelen = sizeof(kernel),
			      .msg_iov = &iov,
			      .msg_iovlen = 1 };
	ssize_t n;

	do
		n = sendmsg(mnl_socket_get_fd(nl->sock), &msg, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* What was heard of one batch. */
struct answers {
	const struct batch *batch;
	uint32_t last_seq; /* of the message that asked for an ack */
	bool acked;
	int error; /* first refusal */
	const char *what;
	size_t refused;
};

static void take_answer(struct answers *a, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e;
	uint32_t i = nlh->nlmsg_seq - a->batch->first_seq;

	if (nlh->nlmsg_type != NLMSG_ERROR ||
	    nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*e)) || i >= a->batch->nwhat)
		return;
	e = mnl_nlmsg_get_payload(nlh);
	if (e->error == 0) {
		a->acked |= nlh->nlmsg_seq == a->last_seq;
		return;
	}
	a->refused++;
	if (a->error == 0) {
		a->error = e->error;
		a->what = a->batch->what[i];
	}
}

static int read_answers(struct nl *nl, struct answers *a)
{
	char buf[16384];
	ssize_t n;

	for (;;) {
		const struct nlmsghdr *nlh = (const void *)buf;
		int left;

		n = recv(mnl_socket_get_fd(nl->sock), buf, sizeof(buf),
			 MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		for (left = (int)n; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left))
			take_answer(a, nlh);
	}
}

static const char *reason(int code)
{
	switch (code) {
	case -ERESTART:
		return "the rule set was changed by somebody else meanwhile";
	case -EPERM:
		return "not permitted (CAP_NET_ADMIN is needed)";
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
		return "this kernel lacks it (nf_tables, nat, numgen or hash)";
	default:
		return strerror(-code);
	}
}

static int commit_one(struct nl *nl, struct batch *b, bool dry, struct err *err)
{
	struct nlmsghdr *last = (void *)(b->buf.data + b->msg);
	struct answers a = { .batch = b, .last_seq = last->nlmsg_seq };
	int ret;

	last->nlmsg_flags |= NLM_F_ACK;
	if (!dry)
		batch_frame(b, NFNL_MSG_BATCH_END, 0);
	nl->seq = b->next_seq;
	ret = send_all(nl, b);
	if (ret < 0)
		return err_set(err, ret, "netlink send of %zu bytes: %s",
			       b->buf.len, strerror(-ret));
	ret = read_answers(nl, &a);
	if (a.error)
		return err_set(err, a.error, "the kernel refused %s: %s%s",
			       a.what, reason(a.error),
			       a.refused > 1 ? " (and more)" : "");
	if (ret < 0 || !a.acked)
		return err_set(err, ret < 0 ? ret : -ENOBUFS,
			       "the kernel's answer was lost");
	return 0;
}

/* The last cut (or the end) up to which the messages from @from on fit. */
static struct batch_cut piece_end(const struct batch *b, size_t from,
				  size_t room)
{
	struct batch_cut end = { b->buf.len, b->nwhat };

	if (end.at - from <= room)
		return end;
	end.at = from;
	for (size_t i = 0; i < b->ncuts && b->cuts[i].at <= from + room; i++)
		if (b->cuts[i].at > from)
			end = b->cuts[i];
	return end;
}

/* A batch of its own from the messages of @b between two cuts. */
static void piece_make(struct batch *piece, struct nl *nl,
		       const struct batch *b, struct batch_cut from,
		       struct batch_cut to, uint32_t genid)
{
	size_t at;

	batch_begin(piece, nl, genid);
	at = piece->buf.len;
	buf_append(&piece->buf, b->buf.data + from.at, to.at - from.at);
	for (size_t i = from.message; i < to.message; i++) {
		struct nlmsghdr *nlh = (void *)(piece->buf.data + at);

		nlh->nlmsg_seq = piece->next_seq++;
		*VEC_PUSH(piece->what, piece->nwhat, piece->capwhat) =
		    b->what[i];
		piece->msg = at;
		at += MNL_ALIGN(nlh->nlmsg_len);
	}
}

static int commit_pieces(struct nl *nl, struct batch *b, size_t room, bool dry,
			 struct err *err)
{
	const struct nlmsghdr *begin = (const void *)b->buf.data;
	struct batch_cut from = { MNL_ALIGN(begin->nlmsg_len), 1 };
	uint32_t genid = b->genid;

	while (from.at < b->buf.len && !(dry && b->sent)) {
		struct batch_cut to = piece_end(b, from.at, room);
		struct batch piece;
		int ret;

		if (to.at == from.at)
			return err_set(err, b->sent ? -EAGAIN : -EMSGSIZE,
				       "more than the netlink socket takes: "
				       "raise net.core.wmem_max");
		piece_make(&piece, nl, b, from, to, genid);
		ret = commit_one(nl, &piece, dry, err);
		batch_free(&piece);
		if (ret < 0)
			return b->sent ? -EAGAIN : ret;
		b->sent++;
		genid = genid ? nl_genid_next(genid) : 0;
		from = to;
	}
	return 0;
}

int nl_commit(struct nl *nl, struct batch *b, bool dry, struct err *err)
{
	size_t room;
	int ret;

	if (batch_messages(b) == 0)
		return 0;
	room = want_sndbuf(nl, b->buf.len);
	if (b->buf.len > room)
		return commit_pieces(nl, b, room, dry, err);
	ret = commit_one(nl, b, dry, err);
	b->sent += ret == 0;
	return ret;
}

/* The kernel leaves out 0. */
uint32_t nl_genid_next(uint32_t genid)
{
	return genid == UINT32_MAX ? 1 : genid + 1;
}

static int genid_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;
	uint32_t *genid = arg;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID &&
		    mnl_attr_get_payload_len(attr) == sizeof(*genid))
			*genid = ntohl(mnl_attr_get_u32(attr));
	return MNL_CB_OK;
}

/* Receive until the kernel says that it is done. */
static int receive(struct nl *nl, uint32_t seq, nl_cb *cb, void *arg)
{
	char *buf = xmalloc(DUMP_BUF);
	int ret;

	do {
		ssize_t n = mnl_socket_recvfrom(nl->sock, buf, DUMP_BUF);

		if (n < 0 && errno == EINTR) {
			ret = MNL_CB_OK;
			continue;
		}
		ret = n < 0 ? MNL_CB_ERROR
			    : mnl_cb_run(buf, (size_t)n, seq, nl->portid, cb,
					 arg);
	} while (ret == MNL_CB_OK);
	ret = ret == MNL_CB_ERROR ? -errno : 0;
	free(buf);
	return ret;
}

int nl_genid(struct nl *nl, uint32_t *genid)
{
	char buf[256];
	struct nlmsghdr *nlh =
	    put_header(buf, (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN,
		       NLM_F_ACK, nl->seq++, AF_UNSPEC, 0);

	*genid = 0;
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	return receive(nl, nlh->nlmsg_seq, genid_cb, genid);
}

_Static_assert((int)NFTA_SET_ELEM_LIST_SET == (int)NFTA_RULE_CHAIN,
	       "nl_dump() asks for both alike");

int nl_dump(struct nl *nl, uint16_t type, uint8_t family, const char *table,
	    uint16_t table_attr, const char *part, nl_cb *cb, void *arg)
{
	char buf[1024];
	struct nlmsghdr *nlh =
	    put_header(buf, (NFNL_SUBSYS_NFTABLES << 8) | type, NLM_F_DUMP,
		       nl->seq++, family, 0);

	if (table)
		mnl_attr_put_strz(nlh, table_attr, table);
	if (part)
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, part);
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	return receive(nl, nlh->nlmsg_seq, cb, arg);
}

/* Each answer is a message of its own, and takes a page of the receive buffer:
 * so many keys may be asked for at once. */
#define GET_KEYS 256u

struct get_progress {
	nl_cb *cb;
	void *arg;
	uint32_t seen;
};

static int get_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct get_progress *g = arg;

	g->seen++;
	return g->cb(nlh, g->arg);
}

/* Keys one after the other, @len bytes each. */
static void put_keys(struct nlmsghdr *nlh, const uint8_t *keys,
		     unsigned int len, size_t n)
{
	struct nlattr *list =
	    mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);

	for (size_t i = 0; i < n; i++) {
		struct nlattr *e = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
		struct nlattr *k = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);

		mnl_attr_put(nlh, NFTA_DATA_VALUE, len, keys + i * len);
		mnl_attr_nest_end(nlh, k);
		mnl_attr_nest_end(nlh, e);
	}
	mnl_attr_nest_end(nlh, list);
}

int nl_get_keys(struct nl *nl, uint8_t family, const char *table,
		const char *map, const void *keys, unsigned int len, size_t n,
		nl_cb *cb, void *arg)
{
	char buf[1024 + GET_KEYS * (16 + NL_KEY_MAX)];
	const uint8_t *at = keys;

	while (n > 0) {
		size_t count = n < GET_KEYS ? n : GET_KEYS;
		struct get_progress g = { cb, arg, 0 };
		struct nlmsghdr *nlh = put_header(
		    buf, (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETSETELEM,
		    NLM_F_ACK, nl->seq++, family, 0);
		int ret;

		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, table);
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, map);
		put_keys(nlh, at, len, count);
		if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
			return -errno;
		ret = receive(nl, nlh->nlmsg_seq, get_cb, &g);
		if (ret < 0 && ret != -ENOENT)
			return ret;
		/* The kernel stops at the first key that is not there. */
		if (ret == -ENOENT)
			count = g.seen + 1;
		at += count * len;
		n -= count;
	}
	return 0;
}

int nl_get_ids(struct nl *nl, uint8_t family, const char *table,
	       const char *map, uint32_t first, uint32_t n, nl_cb *cb,
	       void *arg)
{
	uint32_t keys[GET_KEYS];

	while (n > 0) {
		uint32_t count = n < GET_KEYS ? n : GET_KEYS;
		int ret;

		for (uint32_t i = 0; i < count; i++)
			keys[i] = first + i;
		ret = nl_get_keys(nl, family, table, map, keys, sizeof(*keys),
				  count, cb, arg);
		if (ret < 0)
			return ret;
		first += count;
		n -= count;
	}
	return 0;
}
