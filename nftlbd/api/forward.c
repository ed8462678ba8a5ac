/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request on its way to the daemon and back.
 *
 *	written -> head of the answer -> body, as fast as the client takes it
 *
 * The daemon's socket is read while there is room for what it says: who does
 * not read fills his own buffers and nobody else's. What ends before its end is
 * handed on as that, so that the client can tell.
 *
 * Invariant: who frees this is the response, once there is one; until then we.
 * Must not know: what is asked.
 */
#include "api/forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/answer.h"
#include "api/forward_text.h"
#include "api/packet.h"
#include "http/admit.h"
#include "http/reply.h"
#include "lib/xalloc.h"

#define READ_BYTES  ((size_t)16 << 10)
#define ROOM_BYTES  ((size_t)64 << 10) /* of an answer, at a time */
#define STREAMS_MAX (API_CONNECTIONS / 2)

struct forward {
	struct later later; /* first */
	struct forwards *all;
	struct request *rq; /* NULL = it is gone */
	struct upstream *u; /* NULL = not any more */
	struct buf out;     /* what is written */
	size_t sent;
	struct answer answer;
	struct buf body; /* what the client has not got, from `taken` on */
	size_t taken;
	bool replied; /* there is a response, and it owns this */
	bool again;   /* this is the second try */
	bool stream;  /* its answer has no end */
};

static void forward_io(struct ev_loop *loop, ev_io *w, int revents);

static void forward_free(void *cls)
{
	struct forward *f = cls;

	if (f->u)
		upstream_drop(f->u);
	f->all->streams -= f->stream;
	answer_free(&f->answer);
	buf_free(&f->out);
	buf_free(&f->body);
	free(f);
}

/* The request is gone: with it the response, which frees this. */
static void forward_abandon(struct later *l)
{
	struct forward *f = (struct forward *)l;

	f->rq = NULL;
	if (!f->replied)
		forward_free(f);
}

static void watch(struct forward *f, int events)
{
	struct upstream *u = f->u;

	ev_io_stop(f->all->pool.loop, &u->io);
	ev_io_init(&u->io, forward_io, u->fd, events);
	u->io.data = f;
	if (events)
		ev_io_start(f->all->pool.loop, &u->io);
}

/* ---- the answer, to the client */

static ssize_t answer_out(void *cls, uint64_t pos, char *to, size_t max)
{
	struct forward *f = cls;
	size_t n = f->body.len - f->taken;

	if (!n && f->answer.state == ANSWER_DONE)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!n && f->answer.state == ANSWER_BROKEN)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!n && !f->rq)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!n) {
		request_suspend(f->rq, &f->later);
		return 0;
	}
	if (n > max)
		n = max;
	memcpy(to, f->body.data + f->taken, n);
	f->taken += n;
	if (f->taken == f->body.len) {
		buf_clear(&f->body);
		f->taken = 0;
		if (f->u)
			watch(f, EV_READ);
	}
	return (ssize_t)n;
}

static void add_header(void *arg, const char *name, const char *value)
{
	struct forward *f = arg;

	MHD_add_response_header(f->rq->response, name, value);
	if (!strcasecmp(name, MHD_HTTP_HEADER_CONTENT_TYPE) &&
	    !strcasecmp(value, "text/event-stream"))
		f->stream = true;
}

static struct MHD_Response *response_of(struct forward *f)
{
	const struct answer *a = &f->answer;
	uint64_t size = a->sized ? a->length : MHD_SIZE_UNKNOWN;

	if (a->status == MHD_HTTP_NO_CONTENT ||
	    a->status == MHD_HTTP_NOT_MODIFIED)
		size = 0;
	return MHD_create_response_from_callback(size, READ_BYTES, answer_out,
						 f, forward_free);
}

/* From here on the response owns @f. */
static void reply(struct forward *f)
{
	struct request *rq = f->rq;

	rq->response = response_of(f);
	rq->status = f->answer.status;
	f->replied = true;
	answer_headers(&f->answer, add_header, f);
	f->all->streams += f->stream;
	if (f->stream && f->all->streams > STREAMS_MAX) {
		MHD_destroy_response(rq->response); /* frees f */
		reply_problem(rq, MHD_HTTP_TOO_MANY_REQUESTS,
			      "%d follow the events already", STREAMS_MAX);
	} else if (f->stream) {
		request_endless(rq);
	}
	request_resume(rq);
}

/* ---- the answer, from the daemon */

static int forward_connect(struct forward *f, bool fresh);

/* It ended before it said anything: where that does no harm, once more. */
static void fail(struct forward *f)
{
	struct request *rq = f->rq;
	bool harmless =
	    !strcmp(rq->method, "GET") || !strcmp(rq->method, "HEAD");

	if (harmless && !f->again && !f->answer.head.len) {
		f->again = true;
		f->sent = 0;
		answer_begin(&f->answer, f->answer.bodiless);
		if (forward_connect(f, true) == 0)
			return;
	}
	forward_free(f);
	reply_problem(rq, MHD_HTTP_SERVICE_UNAVAILABLE,
		      "the daemon did not answer: it may be about to stop, or "
		      "the token is one no more");
	MHD_add_response_header(rq->response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	request_resume(rq);
}

static void upstream_ends(struct forward *f)
{
	struct upstream *u = f->u;

	f->u = NULL;
	if (f->answer.state == ANSWER_DONE && f->answer.keep &&
	    f->sent == f->out.len)
		upstream_put(u);
	else
		upstream_drop(u);
}

/* Something came in, or the end did. */
static void take(struct forward *f)
{
	bool over = f->answer.state >= ANSWER_DONE;

	if (over)
		upstream_ends(f);
	else if (f->body.len - f->taken >= ROOM_BYTES)
		watch(f, 0);
	if (!f->replied && answer_has_head(&f->answer))
		reply(f);
	else if (!f->replied && over)
		fail(f);
	else if (f->replied && f->rq && f->rq->suspended)
		request_resume(f->rq);
}

static void read_some(struct forward *f)
{
	char data[READ_BYTES];
	ssize_t n = recv(f->u->fd, data, sizeof(data), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		f->answer.state = ANSWER_BROKEN;
	/* more than was asked for is no answer of ours */
	else if (answer_read(&f->answer, data, (size_t)n, &f->body) < (size_t)n)
		f->answer.keep = false;
	take(f);
}

static void write_some(struct forward *f)
{
	ssize_t n = send(f->u->fd, f->out.data + f->sent, f->out.len - f->sent,
			 MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		f->sent += (size_t)n;
	/* who does not take the rest may have said why */
	if (n < 0 || f->sent == f->out.len)
		watch(f, EV_READ);
}

/* A refusal may come before all is written. */
static void forward_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct forward *f = w->data;

	if (revents & EV_READ)
		read_some(f);
	else
		write_some(f);
}

/* ---- begin */

static int forward_connect(struct forward *f, bool fresh)
{
	const struct peer *peer = &f->rq->peer;
	const char *said = peer->token ? admit_token_said(f->rq) : NULL;
	int ret = upstream_get(&f->all->pool, peer->token ? peer->token : "",
			       said ? said : "", fresh, &f->u);

	if (ret == 0)
		watch(f, EV_READ | EV_WRITE);
	return ret;
}

void forward_request(struct request *rq)
{
	struct forward *f = xcalloc(1, sizeof(*f));

	f->all = rq->context;
	f->rq = rq;
	f->later = (struct later){ .rq = rq, .abandon = forward_abandon };
	answer_begin(&f->answer, !strcmp(rq->method, "HEAD"));
	if (!forward_text(rq, &f->out)) {
		forward_free(f);
		return;
	}
	if (forward_connect(f, false) < 0) {
		forward_free(f);
		reply_problem(rq, MHD_HTTP_TOO_MANY_REQUESTS,
			      "too many requests are under way");
		MHD_add_response_header(rq->response,
					MHD_HTTP_HEADER_RETRY_AFTER, "1");
		return;
	}
	request_suspend(rq, &f->later);
}
