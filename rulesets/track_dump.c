/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One dump of conntrack's table, piece by piece: the kernel makes the next one
 * when we read, so that the dump goes as slowly as we like: in turns of 2 ms,
 * one after the other or at a distance. (A turn is longer where the table is
 * empty: the kernel looks through all buckets for the first entry, which takes
 * 13 ms with 262,144 of them.) Each has a socket of its own, so that nothing of
 * the one before it comes between.
 *
 * Invariant: done() is called once for each that has begun, never from inside
 * track_dump_begin(); not after track_dump_end().
 * Must not know: what entries mean.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "rulesets/track_impl.h"

#define PIECE_SIZE 32768u /* the kernel makes no larger ones */

static int64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int refused(struct track_dump *d, int error)
{
	if (error == 0)
		return -EPROTO;
	if (d->filtered) {
		log_info("conntrack: no filter by tuple here (%s): "
			 "reading all entries",
			 strerror(-error));
		d->unfiltered = true;
		return -EOPNOTSUPP;
	}
	return error == -EOPNOTSUPP ? -EPROTO : error;
}

/* Returns 1 to go on, 0 at the end, -errno. */
static int message(struct track_dump *d, const struct nlmsghdr *nlh)
{
	const int *error;

	if (nlh->nlmsg_seq != d->seq)
		return 1;
	d->spoilt |= (nlh->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
	switch (nlh->nlmsg_type) {
	case NLMSG_DONE:
	case NLMSG_ERROR:
		error = mnl_nlmsg_get_payload_len(nlh) >= sizeof(*error)
			    ? mnl_nlmsg_get_payload(nlh)
			    : NULL;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return refused(d, error ? *error : 0);
		if (error && *error < 0)
			return *error;
		return d->spoilt ? -EINTR : 0;
	default:
		d->seen(d->arg, nlh);
		return 1;
	}
}

/* Returns 1 to go on, 2 where there is nothing for now, 0 at the end, -errno.
 */
static int piece(struct track_dump *d)
{
	ssize_t got = mnl_socket_recvfrom(d->nl, d->piece, PIECE_SIZE);
	const struct nlmsghdr *nlh = (const void *)d->piece;
	int len = (int)got, ret = 1;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 2 : -errno;
	for (; ret == 1 && mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len))
		ret = message(d, nlh);
	return ret;
}

static void turn(struct track_dump *d)
{
	int64_t until = track_now_ns() + TRACK_TURN_NS, cpu = cpu_ns();
	int ret;

	do
		ret = piece(d);
	while (ret == 1 && track_now_ns() < until);
	d->cost_ns += cpu_ns() - cpu;
	if (ret <= 0) {
		track_dump_end(d);
		d->done(d->arg, ret);
	}
}

static void readable_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	turn(w->data);
}

static void pace_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	turn(w->data);
}

static int request(struct track_dump *d, const struct flow_want *wants,
		   size_t n)
{
	_Alignas(struct nlmsghdr) char msg[FLOW_MSG_MAX];
	struct flow_filter filter = flow_index_filter(wants, n);
	size_t len;

	if (d->unfiltered)
		filter = (struct flow_filter){ .family = filter.family };
	d->filtered = filter.backend.family || filter.proto;
	len = flow_msg_dump(msg, ++d->seq, &filter);
	return mnl_socket_sendto(d->nl, msg, len) < 0 ? -errno : 0;
}

int track_dump_begin(struct track_dump *d, const struct flow_want *wants,
		     size_t n, unsigned int share)
{
	double pace_s;
	int ret;

	d->nl =
	    mnl_socket_open2(NETLINK_NETFILTER, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (!d->nl)
		return -errno;
	d->piece = xmalloc(PIECE_SIZE);
	d->spoilt = false;
	d->cost_ns = 0;
	ev_io_init(&d->readable, readable_cb, mnl_socket_get_fd(d->nl),
		   EV_READ);
	pace_s = share ? 1e-7 * (double)TRACK_TURN_NS / share : 0;
	ev_timer_init(&d->pace, pace_cb, pace_s, pace_s);
	d->readable.data = d->pace.data = d;
	ret = mnl_socket_bind(d->nl, 0, MNL_SOCKET_AUTOPID) < 0
		  ? -errno
		  : request(d, wants, n);
	if (ret < 0) {
		track_dump_end(d);
		return ret;
	}
	if (share)
		ev_timer_start(d->loop, &d->pace);
	else
		ev_io_start(d->loop, &d->readable);
	return 0;
}

void track_dump_end(struct track_dump *d)
{
	if (!d->nl)
		return;
	ev_io_stop(d->loop, &d->readable);
	ev_timer_stop(d->loop, &d->pace);
	mnl_socket_close(d->nl);
	free(d->piece);
	d->nl = NULL;
	d->piece = NULL;
}
