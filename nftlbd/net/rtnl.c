/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel handles a request while it is sent, and its answer waits in the
 * socket when sendmsg() returns: what is pipelined costs one turn for many.
 * Sent are so many at a time as have room for their answers.
 *
 * Invariant: every request is answered by exactly one NLMSG_ERROR (its end),
 * for all carry NLM_F_ACK; what comes with another number is of no interest.
 *
 * Must not know: what the messages say.
 */
#include "net/rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib/addr.h"

#define RECV_SIZE      65536
#define EVENTS_RCVBUF  (8 << 20)
#define ANSWER_RCVBUF  (2 << 20)
#define BATCH_REQUESTS 256
#define BATCH_BYTES    65536
#define DUMP_TRIES     8

/* An answer waits for us already; this is for the case that it does not. */
#define ANSWER_TIMEOUT_S 10

static int fail(struct rtnl *r, struct err *err)
{
	int e = errno;

	rtnl_close(r);
	return err_set(err, -e, "cannot talk to the kernel about networks: %s",
		       strerror(e));
}

static void set_option(struct rtnl *r, int level, int what, int value)
{
	setsockopt(rtnl_fd(r), level, what, &value, sizeof(value));
}

int rtnl_open(struct rtnl *r, struct err *err)
{
	struct timeval limit = { .tv_sec = ANSWER_TIMEOUT_S };

	*r = (struct rtnl){ 0 };
	r->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!r->sock || mnl_socket_bind(r->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return fail(r, err);
	set_option(r, SOL_SOCKET, SO_RCVBUFFORCE, ANSWER_RCVBUF);
	set_option(r, SOL_NETLINK, NETLINK_CAP_ACK, 1);
	set_option(r, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	setsockopt(rtnl_fd(r), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return 0;
}

int rtnl_listen(struct rtnl *r, const unsigned int *groups, size_t n,
		struct err *err)
{
	*r = (struct rtnl){ 0 };
	r->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!r->sock || mnl_socket_bind(r->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return fail(r, err);
	set_option(r, SOL_SOCKET, SO_RCVBUFFORCE, EVENTS_RCVBUF);
	for (size_t i = 0; i < n; i++)
		if (mnl_socket_setsockopt(r->sock, NETLINK_ADD_MEMBERSHIP,
					  (void *)&groups[i],
					  sizeof(groups[i])) < 0)
			return fail(r, err);
	return 0;
}

void rtnl_close(struct rtnl *r)
{
	if (r->sock)
		mnl_socket_close(r->sock);
	r->sock = NULL;
}

int rtnl_fd(const struct rtnl *r)
{
	return mnl_socket_get_fd(r->sock);
}

/* Return: bytes, or -errno */
static ssize_t receive(struct rtnl *r, char buf[RECV_SIZE])
{
	for (;;) {
		ssize_t n = mnl_socket_recvfrom(r->sock, buf, RECV_SIZE);

		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -errno;
	}
}

bool rtnl_events(struct rtnl *r, rtnl_message *fn, void *ctx)
{
	char buf[RECV_SIZE];
	bool whole = true;

	for (;;) {
		const struct nlmsghdr *nlh = (const void *)buf;
		ssize_t n = receive(r, buf);
		int left = (int)n;

		if (n == -ENOBUFS) {
			whole = false;
			continue;
		}
		if (n <= 0)
			return whole;
		for (; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left))
			fn(ctx, nlh);
	}
}

/* ---- dumps */

struct dump {
	uint32_t seq;
	bool over, disturbed;
	int error;
};

static int error_of(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

	return nlh->nlmsg_len < mnl_nlmsg_size(sizeof(*e)) ? -EBADMSG
							   : e->error;
}

static void dump_take(struct dump *d, const char *buf, ssize_t n,
		      rtnl_message *fn, void *ctx)
{
	const struct nlmsghdr *nlh = (const void *)buf;
	int left = (int)n;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_seq != d->seq)
			continue;
		d->disturbed |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
		if (nlh->nlmsg_type == NLMSG_DONE) {
			d->over = true;
		} else if (nlh->nlmsg_type == NLMSG_ERROR) {
			d->error = error_of(nlh);
			d->over = true;
		} else {
			fn(ctx, nlh);
		}
	}
}

static int dump_once(struct rtnl *r, struct nlmsghdr *nlh, bool *disturbed,
		     rtnl_message *fn, void *ctx)
{
	struct dump d = { .seq = ++r->seq };
	char buf[RECV_SIZE];

	nlh->nlmsg_seq = d.seq;
	if (mnl_socket_sendto(r->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (!d.over) {
		ssize_t n = receive(r, buf);

		if (n < 0)
			return (int)n;
		dump_take(&d, buf, n, fn, ctx);
	}
	*disturbed = d.disturbed;
	return d.error;
}

int rtnl_dump(struct rtnl *r, uint16_t type, const void *header, size_t len,
	      uint32_t mask, rtnl_message *fn, void *ctx)
{
	char room[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(room);
	bool disturbed = true;
	int ret = 0;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	memcpy(mnl_nlmsg_put_extra_header(nlh, len), header, len);
	if (mask)
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, mask);
	/* Where others never cease to change things the last one has to do:
	 * what it lacks are events that are still to come. */
	for (int i = 0; i < DUMP_TRIES && disturbed && ret == 0; i++)
		ret = dump_once(r, nlh, &disturbed, fn, ctx);
	return ret;
}

/* ---- requests */

struct nlmsghdr *rtnl_begin(struct rtnl_batch *b, uint16_t type, uint16_t flags,
			    const void *header, size_t len)
{
	struct nlmsghdr *nlh =
	    mnl_nlmsg_put_header(buf_reserve(&b->buf, RTNL_MSG_ROOM));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(mnl_nlmsg_put_extra_header(nlh, len), header, len);
	return nlh;
}

void rtnl_end(struct rtnl_batch *b)
{
	const struct nlmsghdr *nlh = (const void *)(b->buf.data + b->buf.len);

	b->buf.len += MNL_ALIGN(nlh->nlmsg_len);
	b->n++;
}

void rtnl_put_addr(struct nlmsghdr *nlh, uint16_t type, const struct addr *a)
{
	mnl_attr_put(nlh, type, addr_len(a), a->ip);
}

/* A stretch of a batch that was sent. */
struct sent {
	uint32_t first_seq;
	size_t first, n; /* requests */
	size_t ended;
	rtnl_answer *fn;
	void *ctx;
};

/* The words that come with an error: an attribute after struct nlmsgerr, which
 * has lost its copy of the request (NETLINK_CAP_ACK). */
static void words_of(const struct nlmsghdr *nlh, char words[RTNL_WORDS])
{
	const struct nlattr *a;

	words[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(a, nlh, sizeof(struct nlmsgerr)) {
		size_t len = mnl_attr_get_payload_len(a);

		if (mnl_attr_get_type(a) != NLMSGERR_ATTR_MSG || !len)
			continue;
		if (len > RTNL_WORDS)
			len = RTNL_WORDS;
		memcpy(words, mnl_attr_get_payload(a), len - 1);
		words[len - 1] = '\0';
	}
}

static void answer(struct sent *s, const struct nlmsghdr *nlh)
{
	uint32_t i = nlh->nlmsg_seq - s->first_seq;
	char words[RTNL_WORDS] = "";

	if (i >= s->n)
		return;
	if (nlh->nlmsg_type != NLMSG_ERROR) {
		if (s->fn)
			s->fn(s->ctx, s->first + i, 0, "", nlh);
		return;
	}
	s->ended++;
	words_of(nlh, words);
	if (s->fn)
		s->fn(s->ctx, s->first + i, error_of(nlh), words, NULL);
}

static int answers(struct rtnl *r, struct sent *s)
{
	char buf[RECV_SIZE];

	while (s->ended < s->n) {
		const struct nlmsghdr *nlh = (const void *)buf;
		ssize_t n = receive(r, buf);
		int left = (int)n;

		if (n < 0)
			return (int)n;
		for (; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left))
			answer(s, nlh);
	}
	return 0;
}

/* Number the requests from @at on; as many as go in one piece. Return: bytes */
static size_t stretch(struct rtnl *r, struct rtnl_batch *b, size_t at,
		      struct sent *s)
{
	size_t end = at;

	s->first_seq = r->seq + 1;
	for (s->n = 0; end < b->buf.len && s->n < BATCH_REQUESTS &&
		       end - at < BATCH_BYTES;
	     s->n++) {
		struct nlmsghdr *nlh = (void *)(b->buf.data + end);

		nlh->nlmsg_seq = ++r->seq;
		end += MNL_ALIGN(nlh->nlmsg_len);
	}
	return end - at;
}

int rtnl_send(struct rtnl *r, struct rtnl_batch *b, rtnl_answer *fn, void *ctx)
{
	struct sent s = { .fn = fn, .ctx = ctx };
	int ret = 0;

	for (size_t at = 0; ret == 0 && at < b->buf.len;) {
		size_t len = stretch(r, b, at, &s);

		s.ended = 0;
		if (mnl_socket_sendto(r->sock, b->buf.data + at, len) < 0)
			ret = -errno;
		else
			ret = answers(r, &s);
		at += len;
		s.first += s.n;
	}
	buf_clear(&b->buf);
	b->n = 0;
	return ret;
}
