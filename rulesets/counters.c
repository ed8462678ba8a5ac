/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters are asked for by name, one message each, many messages at once: the
 * kernel finds a name in a hash, answers inside of sendmsg(), and a missing one
 * is an error of its own. In front of each batch stands a question for the
 * table, whose handle tells a table from one that was made after it.
 *
 * Measured (kernel 6.18, a table with so many counters, all of them read):
 *
 *   counters       by name, longest batch     dump, longest piece
 *         10      0.04 ms                      0.04 ms
 *      1,000         4 ms  0.5 ms               1.6 ms  0.5 ms
 *    100,000       450 ms  2 ms               1,250 ms   14 ms
 *
 * A dump costs the square: for each piece the kernel counts its way along the
 * table's list to where it was. It would also read what nobody asked for.
 *
 * Invariants: every counter_reader_start() is answered once, never from inside
 * of it; one turn of the loop reads a bounded number of counters.
 * Must not know: services, totals, why a counter is gone.
 */
#include "rulesets/counters.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/xalloc.h"
#include "rulesets/types.h"

#define BATCH_NAMES  128u /* each answer takes a page of the receive buffer */
#define TURN_BATCHES 8u   /* about 4 ms */
#define MESSAGE_MAX  640u /* two names of 256 bytes */
#define RECEIVE_BUF  (4 << 20)
#define ANSWER_SIZE  32768u

struct counter_job {
	const struct counter_ask *ask;
	struct counter_value *values;
	size_t n, at;
	counters_read_fn *done;
	void *arg;
	struct counter_job *next;
};

struct counter_reader {
	struct ev_loop *loop;
	struct mnl_socket *sock;
	char *table;
	ev_timer turn;
	struct counter_job *jobs, **tail; /* in order */
	uint32_t seq;
	char *question, *answer;
};

/* ---- questions */

static struct nlmsghdr *question(char *at, uint16_t type, uint8_t proto,
				 uint32_t seq)
{
	return nftnl_nlmsg_build_hdr(at, type, proto, 0, seq);
}

/* Returns the length of the message. */
static size_t ask_table(const struct counter_reader *r, char *at,
			unsigned int table, uint32_t seq)
{
	struct nlmsghdr *nlh =
	    question(at, NFT_MSG_GETTABLE, rs_table_proto(table), seq);
	char name[RS_TABLE_NAME_MAX];

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME,
			  rs_table_name(table, r->table, name));
	return MNL_ALIGN(nlh->nlmsg_len);
}

static size_t ask_counter(const struct counter_reader *r, char *at,
			  const struct counter_ask *ask, uint32_t seq)
{
	struct nlmsghdr *nlh =
	    question(at, NFT_MSG_GETOBJ, rs_table_proto(ask->table), seq);
	char name[RS_TABLE_NAME_MAX];

	mnl_attr_put_strz(nlh, NFTA_OBJ_TABLE,
			  rs_table_name(ask->table, r->table, name));
	mnl_attr_put_strz(nlh, NFTA_OBJ_NAME, ask->name);
	mnl_attr_put_u32(nlh, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	return MNL_ALIGN(nlh->nlmsg_len);
}

/* ---- answers */

/* A batch under way: first the questions for the tables, then those for the
 * counters. */
struct round {
	const struct counter_ask *ask;
	struct counter_value *values;
	uint32_t first, n; /* sequence numbers */
	uint64_t table[RS_TABLES];
	uint32_t heard;
};

#define TABLES ((uint32_t)RS_TABLES)

static void take_table(struct round *b, uint32_t which,
		       const struct nlmsghdr *nlh)
{
	struct nftnl_table *t = nftnl_table_alloc();

	if (!t)
		xoutofmemory();
	if (nftnl_table_nlmsg_parse(nlh, t) == 0)
		b->table[which] = nftnl_table_get_u64(t, NFTNL_TABLE_HANDLE);
	nftnl_table_free(t);
}

static void take_counter(struct round *b, uint32_t i,
			 const struct nlmsghdr *nlh)
{
	struct counter_value *v = &b->values[i];
	struct nftnl_obj *o = nftnl_obj_alloc();

	if (!o)
		xoutofmemory();
	if (nftnl_obj_nlmsg_parse(nlh, o) == 0 &&
	    nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE) == NFT_OBJECT_COUNTER) {
		v->there = true;
		v->table = b->table[b->ask[i].table];
		v->handle = nftnl_obj_get_u64(o, NFTNL_OBJ_HANDLE);
		v->packets = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_PKTS);
		v->bytes = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_BYTES);
	}
	nftnl_obj_free(o);
}

/* One answer to one question: the thing itself, or that it is not there. */
static void take_answer(struct round *b, const struct nlmsghdr *nlh)
{
	uint32_t i = nlh->nlmsg_seq - b->first;

	if (i >= TABLES + b->n)
		return; /* of a batch that was given up */
	b->heard++;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return;
	if (i < TABLES)
		take_table(b, i, nlh);
	else
		take_counter(b, i - TABLES, nlh);
}

/* All answers are in the receive buffer when sendmsg() has returned. */
static int take_answers(struct counter_reader *r, struct round *b)
{
	int fd = mnl_socket_get_fd(r->sock);

	while (b->heard < TABLES + b->n) {
		const struct nlmsghdr *nlh = (const void *)r->answer;
		ssize_t got = recv(fd, r->answer, ANSWER_SIZE, MSG_DONTWAIT);
		int len = (int)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -EIO : -errno;
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			take_answer(b, nlh);
	}
	return 0;
}

static int read_batch(struct counter_reader *r, const struct counter_ask *ask,
		      size_t n, struct counter_value *values)
{
	struct round b = {
		.ask = ask, .values = values, .first = r->seq, .n = (uint32_t)n
	};
	size_t len = 0;

	memset(values, 0, n * sizeof(*values));
	for (unsigned int t = 0; t < TABLES; t++)
		len += ask_table(r, r->question + len, t, r->seq++);
	for (size_t i = 0; i < n; i++)
		len += ask_counter(r, r->question + len, &ask[i], r->seq++);
	if (mnl_socket_sendto(r->sock, r->question, len) < 0)
		return -errno;
	return take_answers(r, &b);
}

int counter_reader_now(struct counter_reader *r, const struct counter_ask *ask,
		       size_t n, struct counter_value *values)
{
	int ret = 0;

	for (size_t at = 0; ret == 0 && at < n; at += BATCH_NAMES)
		ret = read_batch(r, ask + at,
				 n - at < BATCH_NAMES ? n - at : BATCH_NAMES,
				 values + at);
	return ret;
}

/* ---- jobs */

static void next_turn(struct counter_reader *r)
{
	if (!r->jobs || ev_is_active(&r->turn))
		return;
	ev_timer_set(&r->turn, 0, 0);
	ev_timer_start(r->loop, &r->turn);
}

static void job_finish(struct counter_reader *r, int status)
{
	struct counter_job *job = r->jobs;

	r->jobs = job->next;
	if (!r->jobs)
		r->tail = &r->jobs;
	job->done(job->arg, status, job->values, job->n);
	free(job->values);
	free(job);
}

static void turn_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct counter_reader *r = w->data;
	struct counter_job *job = r->jobs;
	size_t rest = job->n - job->at;
	size_t n = rest < BATCH_NAMES * TURN_BATCHES
		       ? rest
		       : BATCH_NAMES * TURN_BATCHES;
	int ret =
	    counter_reader_now(r, job->ask + job->at, n, job->values + job->at);

	job->at += n;
	if (ret < 0 || job->at == job->n)
		job_finish(r, ret);
	next_turn(r);
}

void counter_reader_start(struct counter_reader *r,
			  const struct counter_ask *ask, size_t n,
			  counters_read_fn *done, void *arg)
{
	struct counter_job *job = xcalloc(1, sizeof(*job));

	*job = (struct counter_job){ .ask = ask,
				     .n = n,
				     .done = done,
				     .arg = arg,
				     .values =
					 xcalloc(n + 1, sizeof(*job->values)) };
	*r->tail = job;
	r->tail = &job->next;
	next_turn(r);
}

/* ---- open and close */

int counter_reader_open(struct counter_reader **out, struct ev_loop *loop,
			const char *table, struct err *err)
{
	struct counter_reader *r = xcalloc(1, sizeof(*r));
	int size = RECEIVE_BUF, fd, e;

	r->loop = loop;
	r->tail = &r->jobs;
	r->seq = 1;
	r->table = xstrdup(table);
	r->question = xmalloc((TABLES + BATCH_NAMES) * MESSAGE_MAX);
	r->answer = xmalloc(ANSWER_SIZE);
	ev_init(&r->turn, turn_cb);
	r->turn.data = r;
	r->sock = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!r->sock || mnl_socket_bind(r->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		e = errno;
		counter_reader_close(r);
		return err_set(err, -e, "counters: netlink socket: %s",
			       strerror(e));
	}
	fd = mnl_socket_get_fd(r->sock);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	*out = r;
	return 0;
}

void counter_reader_close(struct counter_reader *r)
{
	if (!r)
		return;
	while (r->jobs)
		job_finish(r, -ECANCELED);
	ev_timer_stop(r->loop, &r->turn);
	if (r->sock)
		mnl_socket_close(r->sock);
	free(r->table);
	free(r->question);
	free(r->answer);
	free(r);
}
