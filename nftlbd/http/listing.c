/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child writes the answer into a pipe, and what comes out goes to the client
 * as fast as it reads. We keep nothing of it.
 *
 * Invariants: the status line is sent when the first byte has come, so that a
 * child that fails at once is an error with words. A child that fails later
 * ends the answer early, which the client can see. A listing lives until its
 * child is reaped and its response is gone; listing_put() alone frees it.
 * Must not know: what a listing looks like.
 */
#include "http/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/impl.h"
#include "http/reply.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define LISTINGS_MAX 4u
#define TIME_LIMIT_S                                                           \
	180. /* nft takes 30 s for 10,000 services, a session                  \
	      * table of a million entries a minute */
#define PIECE ((size_t)16 << 10)

struct listing {
	struct later later; /* first */
	struct request *rq; /* valid while it is suspended, or reads us */
	struct http *http;  /* outlives all responses */
	const struct listing_kind *kind;
	struct ev_loop *loop;
	int fd; /* the pipe's end, non-blocking */
	ev_io readable;
	ev_child reaped;
	ev_timer limit;
	bool running;   /* the child */
	bool counted;   /* in http->listings */
	bool responded; /* a response refers to us */
	bool timed_out;
	int status; /* wait status, once !running */
};

static void listing_put(struct listing *l)
{
	if (l->running || l->responded || l->later.rq)
		return;
	free(l);
}

/* Nobody reads any more. */
static void listing_close(struct listing *l)
{
	ev_io_stop(l->loop, &l->readable);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (l->running)
		kill(l->reaped.pid, SIGKILL);
	if (l->counted)
		l->http->listings--;
	l->counted = false;
}

static void listing_abandon(struct later *later)
{
	struct listing *l = (struct listing *)later;

	if (l->responded)
		return; /* the response's end is ours */
	listing_close(l);
	listing_put(l);
}

static void listing_wait(struct listing *l)
{
	l->later.rq = l->rq;
	if (l->running && !ev_is_active(&l->readable))
		ev_io_start(l->loop, &l->readable);
	request_suspend(l->rq, &l->later);
}

static void listing_wake(struct listing *l)
{
	ev_io_stop(l->loop, &l->readable);
	l->later.rq = NULL;
	request_resume(l->rq);
}

/* ---- the response */

static ssize_t response_read(void *cls, uint64_t pos, char *to, size_t max)
{
	struct listing *l = cls;
	ssize_t n;

	do
		n = read(l->fd, to, max);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return n;
	if (n < 0 && errno != EAGAIN)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n == 0 && !l->running)
		return l->status == 0 ? MHD_CONTENT_READER_END_OF_STREAM
				      : MHD_CONTENT_READER_END_WITH_ERROR;
	listing_wait(l);
	if (n == 0) /* closed: it is the child's end that we wait for */
		ev_io_stop(l->loop, &l->readable);
	return 0;
}

static void response_free(void *cls)
{
	struct listing *l = cls;

	l->responded = false;
	listing_close(l);
	listing_put(l);
}

static void answer(struct listing *l)
{
	l->responded = true;
	reply_response(l->rq,
		       MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
							 PIECE, response_read,
							 l, response_free),
		       l->kind->content_type);
}

static void answer_failure(struct listing *l)
{
	reply_problem(l->rq, MHD_HTTP_INTERNAL_SERVER_ERROR,
		      l->timed_out ? "%s took too long"
				   : "%s failed (status %d)",
		      l->kind->what, l->status);
	listing_close(l);
}

/* Something came, or the child has ended. */
static void listing_advance(struct listing *l)
{
	int available = 0;

	if (!l->later.rq)
		return;
	if (l->responded) {
		listing_wake(l);
		return;
	}
	if (ioctl(l->fd, FIONREAD, &available) < 0 || available == 0) {
		ev_io_stop(l->loop, &l->readable);
		if (l->running) /* its status tells */
			return;
	}
	if (available == 0 && l->status != 0)
		answer_failure(l);
	else
		answer(l);
	listing_wake(l);
	listing_put(l);
}

/* ---- the child */

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	listing_advance(w->data);
}

static void on_reaped(struct ev_loop *loop, ev_child *w, int revents)
{
	struct listing *l = w->data;

	ev_child_stop(loop, w);
	ev_timer_stop(loop, &l->limit);
	l->running = false;
	l->status = w->rstatus;
	if (l->later.rq)
		listing_advance(l);
	else
		listing_put(l);
}

static void on_limit(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct listing *l = w->data;

	log_warning("%s: %s took more than %.0f s", l->http->site->name,
		    l->kind->what, TIME_LIMIT_S);
	l->timed_out = true;
	kill(l->reaped.pid, SIGKILL);
}

__attribute__((noreturn)) static void
child_main(int out, const struct listing_kind *kind, const struct request *rq)
{
	sigset_t none;

	/* The loop's handlers would tell the parent of our signals. */
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(out, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	close_range(3, ~0u, 0);
	_exit(kind->child(rq));
}

static pid_t child_start(int out, const struct listing_kind *kind,
			 const struct request *rq)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child_main(out, kind, rq);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

static void listing_watch(struct listing *l, pid_t pid)
{
	ev_io_init(&l->readable, on_readable, l->fd, EV_READ);
	ev_child_init(&l->reaped, on_reaped, pid, 0);
	ev_timer_init(&l->limit, on_limit, TIME_LIMIT_S, 0.);
	l->readable.data = l->reaped.data = l->limit.data = l;
	ev_child_start(l->loop, &l->reaped);
	ev_timer_start(l->loop, &l->limit);
}

void listing_start(struct request *rq, const struct listing_kind *kind)
{
	struct listing *l;
	int ends[2];
	pid_t pid;

	if (rq->http->listings >= LISTINGS_MAX) {
		reply_problem(rq, MHD_HTTP_TOO_MANY_REQUESTS,
			      "%u listings are under way", LISTINGS_MAX);
		MHD_add_response_header(rq->response,
					MHD_HTTP_HEADER_RETRY_AFTER, "1");
		return;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		reply_problem(rq, MHD_HTTP_SERVICE_UNAVAILABLE, "pipe: %s",
			      strerror(errno));
		return;
	}
	pid = child_start(ends[1], kind, rq);
	close(ends[1]);
	if (pid < 0) {
		reply_problem(rq, MHD_HTTP_SERVICE_UNAVAILABLE, "fork: %s",
			      strerror(errno));
		close(ends[0]);
		return;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	l = xcalloc(1, sizeof(*l));
	*l = (struct listing){ .later = { .abandon = listing_abandon },
			       .rq = rq,
			       .http = rq->http,
			       .kind = kind,
			       .loop = rq->http->site->loop,
			       .fd = ends[0],
			       .running = true,
			       .counted = true };
	rq->http->listings++;
	listing_watch(l, pid);
	listing_wait(l);
}
