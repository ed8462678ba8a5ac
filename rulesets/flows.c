/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conntrack by passes: a pass dumps the table once, piece by piece from the
 * event loop, and does for every entry what the jobs want: delete it, count it.
 * Jobs that come meanwhile wait for the next pass.
 *
 * Invariants: an entry is deleted only if it fits all fields of a job's match;
 * every flows_count() is answered once, from the loop or from flows_close(),
 * never from inside flows_count(); one turn of the loop reads a bounded amount.
 * A pass that the kernel calls inconsistent, or that lost messages, is run
 * again.
 *
 * Two sockets: one for the dump, one for deletes, whose errors would otherwise
 * stand between the dump's messages.
 *
 * Must not know: services and backends by name, why flows are cut.
 */
#include "rulesets/flows.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "rulesets/flows_impl.h"

#define PIECE_SIZE     32768u /* the kernel makes no larger dump messages */
#define PIECES_A_TURN  8      /* about 2 ms */
#define RECEIVE_BUFFER (4 << 20)
#define DELETE_BATCH   16384u /* bytes of delete messages sent at once */
#define TRIES_MAX      5      /* runs of one pass */
#define RETRY_S        0.1    /* wait after the kernel refused a request */

struct flow_request {
	flows_done_fn *done;
	void *arg;
	uint64_t *counts;
	size_t n;
	bool open; /* all that are not closed */
	struct flow_request *next;
};

/* Jobs that are served by one pass. */
struct batch {
	struct flow_want *wants;
	size_t n, cap;
	struct flow_request *requests, **tail; /* in order */
};

struct flows {
	struct ev_loop *loop;
	struct mnl_socket *dump, *command;
	ev_io readable; /* dump */
	ev_timer later; /* the next pass, or the next try of this one */
	struct batch waiting, current;
	struct flow_index index; /* of current */
	bool busy;               /* current is being served */
	bool unfiltered;         /* the kernel cannot filter by tuple */
	bool filtered;           /* this run is */
	bool again;              /* this run missed something */
	int tries;
	int status;   /* why the last try failed */
	uint32_t seq; /* of the dump */
	struct buf deletes;
	size_t ndeletes;
	uint64_t cut_total;
	char *piece;
};

/* ---- batches of jobs */

static void batch_add(struct batch *b, const struct flow_match *match, size_t n,
		      struct flow_request *request)
{
	for (size_t i = 0; i < n; i++) {
		struct flow_want *w = VEC_PUSH(b->wants, b->n, b->cap);

		*w = (struct flow_want){ .match = match[i],
					 .request = request,
					 .number = i };
	}
	if (!request)
		return;
	if (!b->requests)
		b->tail = &b->requests;
	*b->tail = request;
	b->tail = &request->next;
}

static bool batch_empty(const struct batch *b)
{
	return b->n == 0 && !b->requests;
}

/* Answer all requests and forget the jobs. The callbacks may add jobs to other
 * batches. */
static void batch_finish(struct batch *b, int status)
{
	struct flow_request *r, *next;

	for (r = b->requests; r; r = next) {
		next = r->next;
		r->done(r->arg, status, r->counts, r->n);
		free(r->counts);
		free(r);
	}
	free(b->wants);
	*b = (struct batch){ 0 };
}

/* ---- sockets */

static struct mnl_socket *socket_open(void)
{
	struct mnl_socket *nl =
	    mnl_socket_open2(NETLINK_NETFILTER, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int size = RECEIVE_BUFFER, fd;

	if (!nl)
		return NULL;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}
	fd = mnl_socket_get_fd(nl);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return nl;
}

static int dump_open(struct flows *f)
{
	f->dump = socket_open();
	if (!f->dump)
		return -errno;
	ev_io_set(&f->readable, mnl_socket_get_fd(f->dump), EV_READ);
	ev_io_start(f->loop, &f->readable);
	return 0;
}

static void dump_close(struct flows *f)
{
	ev_io_stop(f->loop, &f->readable);
	if (f->dump)
		mnl_socket_close(f->dump);
	f->dump = NULL;
}

/* ---- deleting */

/* This run missed something. */
static void run_missed(struct flows *f, int error)
{
	f->again = true;
	f->status = error;
}

/* How many of the deletes just sent were refused. The kernel answers inside
 * sendmsg(), and only failures. */
static size_t deletes_refused(struct flows *f)
{
	_Alignas(struct nlmsghdr) char answer[8192];
	size_t refused = 0;
	ssize_t len;

	while ((len = mnl_socket_recvfrom(f->command, answer, sizeof(answer))) >
	       0) {
		const struct nlmsghdr *nlh = (const void *)answer;
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_type != NLMSG_ERROR || e->error == 0)
			continue;
		refused++;
		if (e->error != -ENOENT) /* gone by itself: fine */
			log_warning("conntrack: an entry was not deleted: %s",
				    strerror(-e->error));
	}
	return refused;
}

static void deletes_send(struct flows *f)
{
	size_t refused;

	if (f->ndeletes == 0)
		return;
	if (mnl_socket_sendto(f->command, f->deletes.data, f->deletes.len) <
	    0) {
		/* the next run meets these entries again */
		run_missed(f, -errno);
	} else {
		refused = deletes_refused(f);
		f->cut_total += f->ndeletes - refused;
	}
	f->ndeletes = 0;
	buf_clear(&f->deletes);
}

static void deletes_add(struct flows *f, const struct flow_entry *e)
{
	/* aligned: every message is a multiple of 4 bytes long */
	void *msg = buf_reserve(&f->deletes, FLOW_MSG_MAX);
	size_t len = flow_msg_delete(msg, e);

	f->deletes.len += len;
	f->ndeletes += len > 0;
	if (f->deletes.len >= DELETE_BATCH)
		deletes_send(f);
}

/* ---- a pass */

static void entry_seen(struct flows *f, const struct nlmsghdr *nlh)
{
	const struct flow_request *counted = NULL;
	const struct flow_want *w;
	struct flow_entry e;
	bool cut = false;

	if (flow_parse(nlh, &e) < 0)
		return;
	for (w = flow_index_first(&f->index, &e); w;
	     w = flow_index_next(&f->index, w, &e)) {
		if (!w->request) {
			cut = true;
			continue;
		}
		/* a request's wants are neighbours in the chain: the first that
		 * fits counts */
		if (w->request == counted)
			continue;
		counted = w->request;
		w->request->counts[w->number] +=
		    flow_counts(e.proto, e.tcp_state, w->request->open);
	}
	if (cut)
		deletes_add(f, &e);
}

static void come_back(struct flows *f, double after_s)
{
	ev_timer_set(&f->later, after_s, 0);
	ev_timer_start(f->loop, &f->later);
}

/* Ask for the dump. A refusal is tried again, or given up, by the timer: never
 * from inside a caller of flows_cut() or flows_count(). */
static void run_begin(struct flows *f)
{
	_Alignas(struct nlmsghdr) char msg[FLOW_MSG_MAX];
	struct flow_filter filter;
	struct flow_request *r;
	size_t len;
	int ret = 0;

	f->tries++;
	f->again = false;
	for (r = f->current.requests; r; r = r->next)
		memset(r->counts, 0, r->n * sizeof(*r->counts));
	if (f->current.n == 0) { /* counts of nothing */
		come_back(f, 0);
		return;
	}
	filter = flow_index_filter(f->current.wants, f->current.n);
	if (f->unfiltered)
		filter = (struct flow_filter){ .family = filter.family };
	f->filtered = filter.backend.family || filter.proto;
	len = flow_msg_dump(msg, ++f->seq, &filter);
	if (!f->dump)
		ret = dump_open(f);
	if (ret == 0 && mnl_socket_sendto(f->dump, msg, len) < 0)
		ret = -errno;
	if (ret == 0)
		return;
	run_missed(f, ret);
	come_back(f, RETRY_S);
}

static void pass_begin(struct flows *f)
{
	f->busy = true;
	f->current = f->waiting;
	f->waiting = (struct batch){ 0 };
	flow_index_build(&f->index, f->current.wants, f->current.n);
	f->tries = 0;
	f->status = 0;
	run_begin(f);
}

static void pass_end(struct flows *f, int status)
{
	if (status < 0)
		log_warning("conntrack: pass for %zu jobs failed: %s",
			    f->current.n, strerror(-status));
	flow_index_free(&f->index);
	batch_finish(&f->current, status);
	f->busy = false;
	if (!batch_empty(&f->waiting))
		come_back(f, 0);
}

/* The dump is over: all is done, or the pass needs another run. */
static void run_end(struct flows *f)
{
	deletes_send(f);
	if (!f->again)
		pass_end(f, 0);
	else if (f->tries < TRIES_MAX)
		run_begin(f);
	else
		pass_end(f, f->status);
}

static void later_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct flows *f = w->data;

	if (f->busy)
		run_end(f);
	else
		pass_begin(f);
}

/* The kernel refused the dump itself. */
static void dump_refused(struct flows *f, int error)
{
	if (f->filtered) {
		log_info("conntrack: no filter by tuple here (%s): "
			 "reading all entries",
			 strerror(-error));
		f->unfiltered = true;
		f->tries--;
	}
	run_missed(f, error);
	come_back(f, f->filtered ? 0 : RETRY_S);
}

/* Returns false when the run is over and @nlh's buffer must not be read on. */
static bool message_seen(struct flows *f, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e;
	const int *error;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		run_missed(f, -EINTR);
	switch (nlh->nlmsg_type) {
	case NLMSG_DONE:
		error = mnl_nlmsg_get_payload_len(nlh) >= sizeof(*error)
			    ? mnl_nlmsg_get_payload(nlh)
			    : NULL;
		if (error && *error < 0)
			run_missed(f, *error);
		run_end(f);
		return false;
	case NLMSG_ERROR:
		e = mnl_nlmsg_get_payload(nlh);
		dump_refused(f, e->error ? e->error : -EPROTO);
		return false;
	default:
		if (NFNL_SUBSYS_ID(nlh->nlmsg_type) == NFNL_SUBSYS_CTNETLINK)
			entry_seen(f, nlh);
		return true;
	}
}

/* Messages were lost, perhaps the last one: begin anew on a new socket. */
static void dump_broken(struct flows *f, int error)
{
	dump_close(f);
	run_missed(f, error);
	run_end(f);
}

static void readable_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct flows *f = w->data;

	for (int i = 0; i < PIECES_A_TURN; i++) {
		ssize_t got =
		    mnl_socket_recvfrom(f->dump, f->piece, PIECE_SIZE);
		const struct nlmsghdr *nlh = (const void *)f->piece;
		int len = (int)got;

		if (got < 0) {
			if (errno != EAGAIN && errno != EINTR && f->busy)
				dump_broken(f, -errno);
			return;
		}
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			/* what remains of an earlier dump has another seq */
			if (f->busy && nlh->nlmsg_seq == f->seq &&
			    !message_seen(f, nlh))
				return;
	}
}

/* ---- the public side */

int flows_open(struct flows **out, struct ev_loop *loop, struct err *err)
{
	struct flows *f = xcalloc(1, sizeof(*f));
	int ret;

	f->loop = loop;
	f->piece = xmalloc(PIECE_SIZE);
	ev_init(&f->readable, readable_cb);
	ev_init(&f->later, later_cb);
	f->readable.data = f->later.data = f;
	f->command = socket_open();
	ret = f->command ? dump_open(f) : -errno;
	if (ret < 0) {
		flows_close(f);
		return err_set(err, ret, "conntrack: netlink socket: %s",
			       strerror(-ret));
	}
	*out = f;
	return 0;
}

void flows_close(struct flows *f)
{
	if (!f)
		return;
	f->busy = true; /* a callback that asks again starts nothing */
	dump_close(f);
	ev_timer_stop(f->loop, &f->later);
	if (f->command)
		mnl_socket_close(f->command);
	flow_index_free(&f->index);
	batch_finish(&f->current, -ECANCELED);
	batch_finish(&f->waiting, -ECANCELED);
	buf_free(&f->deletes);
	free(f->piece);
	free(f);
}

static void jobs_added(struct flows *f)
{
	if (!f->busy && !batch_empty(&f->waiting) && !ev_is_active(&f->later))
		pass_begin(f);
}

void flows_cut(struct flows *f, const struct flow_match *match, size_t n)
{
	batch_add(&f->waiting, match, n, NULL);
	jobs_added(f);
}

uint64_t flows_cut_total(const struct flows *f)
{
	return f->cut_total;
}

static void count_add(struct flows *f, bool open,
		      const struct flow_match *match, size_t n,
		      flows_done_fn *done, void *arg)
{
	struct flow_request *r = xcalloc(1, sizeof(*r));

	r->done = done;
	r->arg = arg;
	r->open = open;
	r->counts = xcalloc(n ? n : 1, sizeof(*r->counts));
	r->n = n;
	batch_add(&f->waiting, match, n, r);
	jobs_added(f);
}

void flows_count(struct flows *f, const struct flow_match *match, size_t n,
		 flows_done_fn *done, void *arg)
{
	count_add(f, false, match, n, done, arg);
}

void flows_count_open(struct flows *f, const struct flow_match *match, size_t n,
		      flows_done_fn *done, void *arg)
{
	count_add(f, true, match, n, done, arg);
}
