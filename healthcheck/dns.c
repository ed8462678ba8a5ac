/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DNS check: one query over UDP, and over TCP if the answer says that it
 * is truncated (the server's time is then that of both answers). A probe is one
 * datagram: a lost one is what rise and fall are for. The answer's rcode
 * decides; NOERROR without any record is good too, as it is for keepalived's
 * DNS_CHECK, unless an answer is expected.
 *
 * Invariants: a probe has one socket at a time, connected, so that only the
 * target's packets and ICMP errors reach it. A datagram with another id is
 * not for us: we wait on. Anything else that is no answer to our question ends
 * the probe. Over TCP at most one message is read.
 *
 * Must not know intervals, results or the daemon.
 */
#include "healthcheck/dns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "healthcheck/dns_message.h"
#include "healthcheck/socket.h"
#include "healthcheck/text.h"
#include "lib/buf.h"
#include "lib/xalloc.h"

#define DATAGRAM_MAX 4096 /* more than we say that we take */
#define PER_WAKE_MAX 8    /* datagrams; others have probes too */
#define TCP_HEAD     2    /* the length in front of each message */
#define TCP_CHUNK    4096

/* A probe under way. */
struct dns_run {
	struct ev_io io; /* its descriptor is the socket */
	const struct hc_job *job;
	uint16_t id;
	uint8_t query[TCP_HEAD + DNS_QUERY_MAX]; /* as TCP sends it */
	size_t query_len;
	/* over TCP */
	bool tcp, connected;
	size_t sent;
	struct buf in;
};

const char *dns_prepare(struct spec *s, struct ev_loop *loop)
{
	const struct hc_spec *of = &s->of;
	struct dns_question *q = xcalloc(1, sizeof(*q));

	q->type = dns_type(of->query_type ? of->query_type : "A");
	q->rcode = dns_rcode(of->expect_rcode ? of->expect_rcode : "NOERROR");
	q->answer = of->expect_answer;
	if (q->type < 0 || q->rcode < 0 ||
	    dns_query_build(q, of->query ? of->query : ".") < 0) {
		free(q);
		return "no query can be made of it";
	}
	s->prepared = q;
	return NULL;
}

void dns_release(struct spec *s)
{
	free(s->prepared);
	s->prepared = NULL;
}

static void dns_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct check *c = w->data;
	int reason = dns_look(c);

	if (reason != CHECK_RUNNING)
		check_finish(c, (enum hc_reason)reason);
}

static enum dns_verdict judge(struct check *c, const struct dns_run *r,
			      const void *data, size_t len)
{
	return dns_judge(c->spec->prepared, r->id, data, len, &c->detail);
}

/* What a verdict means that ends the probe: for TCP all of them do. */
static int reason_of(enum dns_verdict verdict)
{
	static const int reasons[] = {
		[DNS_GOOD] = HC_OK,
		[DNS_OTHER] = HC_MALFORMED,
		[DNS_MALFORMED] = HC_MALFORMED,
		[DNS_TRUNCATED] = HC_MALFORMED,
		[DNS_STATUS] = HC_STATUS,
		[DNS_CONTENT] = HC_CONTENT,
	};

	return reasons[verdict];
}

/* ---- over TCP: what send() and recv() say, or CHECK_RUNNING ---- */

static int stream_connect(struct check *c, struct dns_run *r)
{
	int reason = probe_connect(r->io.fd, r->job);

	r->connected = reason == HC_OK;
	if (r->connected)
		check_phase_end(c, &c->phases.connect_us);
	return reason;
}

static int stream_send(struct dns_run *r)
{
	ssize_t n = send(r->io.fd, r->query + r->sent, r->query_len - r->sent,
			 MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? CHECK_RUNNING : probe_reason(errno);
	r->sent += (size_t)n;
	return CHECK_RUNNING;
}

/* Bytes that are still missing: of the length, then of the message. */
static size_t stream_missing(const struct dns_run *r)
{
	const uint8_t *head = (const uint8_t *)r->in.data;

	if (r->in.len < TCP_HEAD)
		return TCP_HEAD - r->in.len;
	return TCP_HEAD + ((size_t)head[0] << 8 | head[1]) - r->in.len;
}

static int stream_receive(struct check *c, struct dns_run *r)
{
	size_t want = stream_missing(r);
	ssize_t n;

	while (want) {
		if (want > TCP_CHUNK)
			want = TCP_CHUNK;
		n = recv(r->io.fd, buf_reserve(&r->in, want), want, 0);
		if (n == 0)
			return HC_CLOSED;
		if (n < 0)
			return errno == EAGAIN ? CHECK_RUNNING
					       : probe_reason(errno);
		if (r->in.len == 0)
			check_phase_end(c, &c->phases.first_us);
		r->in.len += (size_t)n;
		want = stream_missing(r);
	}
	return reason_of(
	    judge(c, r, r->in.data + TCP_HEAD, r->in.len - TCP_HEAD));
}

static int stream_look(struct check *c, struct dns_run *r)
{
	int reason;

	if (!r->connected) {
		reason = stream_connect(c, r);
		if (reason != HC_OK)
			return reason;
	}
	if (r->sent < r->query_len) {
		reason = stream_send(r);
		if (reason != CHECK_RUNNING || r->sent < r->query_len)
			return reason;
	}
	probe_await(c->loop, &r->io, EV_READ);
	return stream_receive(c, r);
}

/* The answer does not fit: the same question on a connection. */
static int stream_begin(struct check *c, struct dns_run *r)
{
	int fd = probe_socket(c->spec, r->job, SOCK_STREAM);

	if (fd < 0)
		return probe_reason(-fd);
	ev_io_stop(c->loop, &r->io);
	close(r->io.fd);
	ev_io_set(&r->io, fd, EV_WRITE);
	r->tcp = true;
	probe_await(c->loop, &r->io, EV_WRITE);
	return stream_look(c, r);
}

/* ---- over UDP ---- */

static int datagram_look(struct check *c, struct dns_run *r)
{
	uint8_t data[DATAGRAM_MAX];
	enum dns_verdict verdict;
	ssize_t n;

	for (int i = 0; i < PER_WAKE_MAX; i++) {
		n = recv(r->io.fd, data, sizeof(data), 0);
		if (n < 0)
			return errno == EAGAIN ? CHECK_RUNNING
					       : probe_reason(errno);
		verdict = judge(c, r, data, (size_t)n);
		if (verdict != DNS_OTHER)
			check_phase_end(c, &c->phases.first_us);
		if (verdict == DNS_TRUNCATED)
			return stream_begin(c, r);
		if (verdict != DNS_OTHER)
			return reason_of(verdict);
	}
	return CHECK_RUNNING;
}

int dns_look(struct check *c)
{
	struct dns_run *r = c->of.own;

	return r->tcp ? stream_look(c, r) : datagram_look(c, r);
}

static int query_make(const struct dns_question *q, struct dns_run *r)
{
	if (getrandom(&r->id, sizeof(r->id), 0) != sizeof(r->id))
		return -errno;
	r->query_len = TCP_HEAD + q->query_len;
	r->query[0] = (uint8_t)(q->query_len >> 8);
	r->query[1] = (uint8_t)q->query_len;
	memcpy(r->query + TCP_HEAD, q->query, q->query_len);
	r->query[TCP_HEAD] = (uint8_t)(r->id >> 8);
	r->query[TCP_HEAD + 1] = (uint8_t)r->id;
	return 0;
}

int dns_start(struct check *c, const struct hc_job *job)
{
	struct dns_run *r = xcalloc(1, sizeof(*r));
	int fd = probe_socket(c->spec, job, SOCK_DGRAM);
	int reason;

	c->of.own = r;
	r->job = job;
	ev_io_init(&r->io, dns_cb, fd, EV_READ);
	r->io.data = c;
	if (fd < 0)
		return probe_reason(-fd);
	if (query_make(c->spec->prepared, r) < 0)
		return HC_LOCAL;
	reason = probe_connect(fd, job);
	if (reason != HC_OK)
		return reason;
	check_phase_begin(c);
	if (send(fd, r->query + TCP_HEAD, r->query_len - TCP_HEAD, 0) < 0)
		return probe_reason(errno);
	ev_io_start(c->loop, &r->io);
	return CHECK_RUNNING;
}

void dns_cancel(struct check *c)
{
	struct dns_run *r = c->of.own;

	ev_io_stop(c->loop, &r->io);
	if (r->io.fd >= 0)
		close(r->io.fd);
	buf_free(&r->in);
	free(r);
}
