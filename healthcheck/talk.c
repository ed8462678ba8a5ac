/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A talk over TCP: connect, shake hands (TLS), send, listen. Each phase is a
 * function that goes as far as it can without waiting; the loop calls the one
 * that is due. The peer is not trusted: at most TALK_MAX bytes are listened
 * to, and one time-out (checks.c) is over the whole, so a byte a second or a
 * handshake without end is a timeout.
 *
 * How it ends. Something was said, so the peer deserves an orderly end: TLS
 * gets its close_notify, and TCP a FIN, which a server reads as the end of the
 * stream and not as an error. But who sends the first FIN keeps the connection
 * for 60 s in TIME_WAIT: 600,000 of them at 10,000 talks a second. So
 * TCP_LINGER2 is negative: as soon as the peer's kernel has acknowledged our
 * FIN, ours forgets the connection and says so (RST). The server has the end of
 * the stream in its queue before that, and a read() finds it there: the RST
 * spares it its own way through LAST_ACK, no more. No TIME_WAIT on either side,
 * and conntrack forgets after 10 s instead of 120.
 * Who did not answer in time gets an RST at once (SO_LINGER 0): a FIN would be
 * repeated to a silent peer for minutes, and a stuck server is relieved.
 *
 * TLS 1.3 lets the client finish before the server has looked at the client's
 * certificate. So where the server asked for one and nothing is expected from
 * it, the talk is only good when the server had nothing against it: we say
 * close_notify and listen for an alert, the end, or the time-out.
 *
 * Must not know what the words mean, intervals, or the daemon.
 */
#include "healthcheck/talk.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "healthcheck/socket.h"
#include "healthcheck/text.h"
#include "healthcheck/tls.h"

#define NEXT       (-2) /* of a phase: go on, with the next one maybe */
#define PIECE_SIZE 4096

/* ---- plain or TLS: NEXT where at least one byte was moved */

static int socket_reason(struct check *c, struct talk *t, int events)
{
	if (errno != EAGAIN && errno != EINTR)
		return probe_reason(errno);
	probe_await(c->loop, &t->io, events);
	return CHECK_RUNNING;
}

static int ssl_reason(struct check *c, struct talk *t, int rc)
{
	bool want_write = false;
	int reason = tls_reason(t->ssl, rc, &c->detail, &want_write);

	if (reason == CHECK_RUNNING)
		probe_await(c->loop, &t->io, want_write ? EV_WRITE : EV_READ);
	else
		t->ssl_dead = true;
	return reason;
}

static int bytes_send(struct check *c, struct talk *t)
{
	const char *data = t->plan->send.data + t->sent;
	size_t len = t->plan->send.len - t->sent, moved = 0;
	ssize_t n;
	int rc;

	if (t->ssl) {
		ERR_clear_error();
		rc = SSL_write_ex(t->ssl, data, len, &moved);
		if (rc != 1)
			return ssl_reason(c, t, rc);
	} else {
		n = send(t->io.fd, data, len, MSG_NOSIGNAL);
		if (n < 0)
			return socket_reason(c, t, EV_WRITE);
		moved = (size_t)n;
	}
	t->sent += moved;
	return NEXT;
}

static int bytes_take(struct check *c, struct talk *t, void *data, size_t size,
		      size_t *len)
{
	ssize_t n;
	int rc;

	if (t->ssl) {
		ERR_clear_error();
		rc = SSL_read_ex(t->ssl, data, size, len);
		return rc == 1 ? NEXT : ssl_reason(c, t, rc);
	}
	n = recv(t->io.fd, data, size, 0);
	if (n < 0)
		return socket_reason(c, t, EV_READ);
	*len = (size_t)n;
	return n ? NEXT : HC_CLOSED;
}

/* ---- phases */

/* The server may yet refuse our certificate, or that there is none. */
static int phase_verdict(struct check *c, struct talk *t)
{
	uint8_t data[PIECE_SIZE];
	size_t len;
	int reason = bytes_take(c, t, data, sizeof(data), &len);

	return reason == NEXT || reason == HC_CLOSED ? HC_OK : reason;
}

static int phase_hear(struct check *c, struct talk *t)
{
	uint8_t data[PIECE_SIZE];
	size_t size = TALK_MAX - t->heard, len;
	int reason;

	if (size == 0)
		return HC_TOO_LONG;
	if (size > sizeof(data))
		size = sizeof(data);
	reason = bytes_take(c, t, data, size, &len);
	if (reason != NEXT)
		return reason;
	if (t->heard == 0)
		check_phase_end(c, &c->phases.first_us);
	t->heard += len;
	reason = t->hear(c, data, len);
	return reason == CHECK_RUNNING ? NEXT : reason;
}

static int phase_send(struct check *c, struct talk *t)
{
	if (t->sent < t->plan->send.len)
		return bytes_send(c, t);
	if (t->hear) {
		t->phase = phase_hear;
		return NEXT;
	}
	if (!t->ssl || !tls_asked(t->ssl))
		return HC_OK;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	t->phase = phase_verdict;
	return NEXT;
}

static int phase_handshake(struct check *c, struct talk *t)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(t->ssl);
	if (rc != 1)
		return ssl_reason(c, t, rc);
	check_phase_end(c, &c->phases.tls_us);
	t->phase = phase_send;
	return NEXT;
}

static int phase_connect(struct check *c, struct talk *t)
{
	int reason = probe_connect(t->io.fd, t->job);

	if (reason == CHECK_RUNNING)
		probe_await(c->loop, &t->io, EV_WRITE);
	if (reason != HC_OK)
		return reason;
	check_phase_end(c, &c->phases.connect_us);
	t->phase = phase_send;
	if (!t->plan->tls)
		return NEXT;
	t->ssl = tls_session(t->plan->tls, &c->spec->of, t->job, t->io.fd);
	t->phase = phase_handshake;
	return t->ssl ? NEXT : HC_LOCAL;
}

/* ---- the talk */

static int talk_judged(struct check *c, const struct talk *t, int reason)
{
	return t->judge ? t->judge(c, reason) : reason;
}

int talk_look(struct check *c, struct talk *t)
{
	int reason;

	do {
		reason = t->phase(c, t);
	} while (reason == NEXT);
	if (reason == CHECK_RUNNING)
		return reason;
	t->over = true;
	return talk_judged(c, t, reason);
}

int talk_expire(struct check *c, struct talk *t)
{
	/* In all the time the server had nothing against us: good. */
	return talk_judged(c, t,
			   t->phase == phase_verdict ? HC_OK : HC_TIMEOUT);
}

static void talk_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct check *c = w->data;
	int reason = talk_look(c, (struct talk *)w);

	if (reason != CHECK_RUNNING)
		check_finish(c, (enum hc_reason)reason);
}

int talk_start(struct check *c, struct talk *t, const struct hc_job *job,
	       const struct talk_plan *plan)
{
	static const int forget = -1;
	int fd = probe_socket(c->spec, job, SOCK_STREAM);

	t->job = job;
	t->plan = plan;
	t->phase = phase_connect;
	ev_io_init(&t->io, talk_cb, fd, EV_WRITE);
	t->io.data = c;
	if (fd < 0)
		return talk_judged(c, t, probe_reason(-fd));
	/* Cannot fail; if it did, the price would be TIME_WAIT. */
	setsockopt(fd, IPPROTO_TCP, TCP_LINGER2, &forget, sizeof(forget));
	return talk_look(c, t);
}

void talk_end(struct check *c, struct talk *t)
{

	ev_io_stop(c->loop, &t->io);
	if (t->ssl && t->over && !t->ssl_dead && SSL_is_init_finished(t->ssl)) {
		ERR_clear_error();
		SSL_shutdown(t->ssl);
	}
	SSL_free(t->ssl);
	if (t->io.fd < 0)
		return;
	if (t->over)
		close(t->io.fd);
	else
		probe_abort(t->io.fd);
}

/* ---- what all talks of a spec share */

const char *talk_plan_make(const struct hc_spec *spec, struct talk_plan *plan)
{
	const char *wrong = spec->send ? send_problem(spec->send) : NULL;

	if (wrong)
		return wrong;
	if (spec->send)
		send_bytes(spec->send, &plan->send);
	return spec->tls == SPEC_YES ? tls_context(spec, &plan->tls) : NULL;
}

void talk_plan_free(struct talk_plan *plan)
{
	SSL_CTX_free(plan->tls);
	buf_free(&plan->send);
}
