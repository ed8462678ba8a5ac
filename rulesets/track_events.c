/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The events of conntrack. They are read many at a time: the first wakes us,
 * those of the next 50 ms wait for one turn (under load that saves a wake-up
 * for each; with none, nothing runs). A turn is bounded in time.
 *
 * Invariant: as long as there is somebody to listen there is a socket in the
 * groups, without a gap: entries made while nobody listens never emit events.
 * Must not know: what events mean.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "rulesets/track_impl.h"

#define SWITCH         "/proc/sys/net/netfilter/nf_conntrack_events"
#define RECEIVE_BUFFER (32 << 20) /* the kernel doubles it */
#define BATCH          64
#define MESSAGE_MAX    4096 /* the kernel's are below 1,000 */
#define NAP_S          0.05

struct track_room {
	struct mmsghdr headers[BATCH];
	struct iovec iov[BATCH];
	_Alignas(struct nlmsghdr) char data[BATCH][MESSAGE_MAX];
};

int64_t track_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* Returns messages read, 0 where there is none for now, -errno. */
static int batch_read(struct track_events *e)
{
	struct track_room *r = e->room;
	int n = recvmmsg(mnl_socket_get_fd(e->nl), r->headers, BATCH,
			 MSG_DONTWAIT, NULL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		const struct nlmsghdr *nlh = (const void *)r->data[i];
		int len = (int)r->headers[i].msg_len;

		if (r->headers[i].msg_hdr.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			e->seen(e->arg, nlh);
		e->n++;
	}
	return n;
}

static void turn(struct track_events *e, bool rested)
{
	int64_t until = track_now_ns() + TRACK_TURN_NS;
	bool any = false;
	int n;

	do {
		n = batch_read(e);
		any |= n > 0;
	} while (n > 0 && track_now_ns() < until);
	if (n < 0) {
		e->lost(e->arg, n);
	} else if (n > 0 || (!any && rested)) {
		/* there is more at once; or nothing came while we rested */
		ev_io_start(e->loop, &e->readable);
	} else {
		ev_io_stop(e->loop, &e->readable);
		ev_timer_set(&e->nap, NAP_S, 0);
		ev_timer_start(e->loop, &e->nap);
	}
}

static void readable_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	turn(w->data, false);
}

static void nap_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	turn(w->data, true);
}

static int join(struct mnl_socket *nl)
{
	static const int groups[] = { NFNLGRP_CONNTRACK_NEW,
				      NFNLGRP_CONNTRACK_UPDATE,
				      NFNLGRP_CONNTRACK_DESTROY };
	int fd = mnl_socket_get_fd(nl), size = RECEIVE_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	track_filter(fd);
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group,
					  sizeof(group)) < 0)
			return -errno;
	}
	return 0;
}

static void room_make(struct track_events *e)
{
	struct track_room *r = e->room = xcalloc(1, sizeof(*r));

	for (int i = 0; i < BATCH; i++) {
		r->iov[i] = (struct iovec){ r->data[i], MESSAGE_MAX };
		r->headers[i].msg_hdr.msg_iov = &r->iov[i];
		r->headers[i].msg_hdr.msg_iovlen = 1;
	}
}

static void stop(struct track_events *e)
{
	if (!e->nl)
		return;
	ev_io_stop(e->loop, &e->readable);
	ev_timer_stop(e->loop, &e->nap);
	mnl_socket_close(e->nl);
	e->nl = NULL;
}

int track_events_open(struct track_events *e)
{
	struct mnl_socket *nl =
	    mnl_socket_open2(NETLINK_NETFILTER, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int ret = nl ? 0 : -errno;

	if (ret == 0 && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		ret = -errno;
	if (ret == 0)
		ret = join(nl);
	if (ret < 0) {
		if (nl)
			mnl_socket_close(nl);
		return ret;
	}
	stop(e);
	e->nl = nl;
	if (!e->room)
		room_make(e);
	ev_io_init(&e->readable, readable_cb, mnl_socket_get_fd(nl), EV_READ);
	ev_init(&e->nap, nap_cb);
	e->readable.data = e->nap.data = e;
	ev_io_start(e->loop, &e->readable);
	return 0;
}

bool track_events_made(void)
{
	int fd = open(SWITCH, O_RDONLY | O_CLOEXEC);
	char how = '\0';
	ssize_t n;

	if (fd < 0)
		return true;
	n = read(fd, &how, 1);
	close(fd);
	return n != 1 || how != '0';
}

void track_events_close(struct track_events *e)
{
	stop(e);
	free(e->room);
	e->room = NULL;
}
