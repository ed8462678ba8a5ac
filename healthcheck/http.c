/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HTTP checks: one request on a connection of its own, by libcurl. How a
 * request is put together is http_spec.c's; here is one probe's way:
 *
 *   connect -> request -> header -> (body ->) verdict
 *
 * We connect ourselves and hand libcurl the connected socket. What goes wrong
 * until then is judged as in every other check, and a target that does not
 * answer costs a socket and two hundred bytes, not a transfer of libcurl.
 * libcurl 7.88 calls connect() even on a socket it was told is connected. Linux
 * answers the first connect() after the handshake with 0 and later ones with
 * EISCONN: the first one has to be libcurl's, we ask in another way.
 *
 * The verdict falls as early as it can: with the header, where no body is
 * expected; with the first bytes that match, where one is. Then the transfer is
 * broken off. An endless header or body runs into a bound, a slow one into the
 * probe's time-out.
 *
 * How a connection ends, thousands of times a second: HTTP/1.1 requests say
 * "Connection: close", so the server closes as soon as it has answered and
 * keeps nothing open for us. We then close with RST (SO_LINGER 0), at
 * once: no TIME_WAIT on either side, none in conntrack. A server that has
 * written all of its answer does not notice; this is so for every answer that
 * fits into its socket buffer. One that is still writing a long body that
 * nobody expects meets a reset connection, which some log: HEAD is for them.
 * For the same reason TLS sends no close_notify.
 *
 * Must not know intervals, results or the daemon.
 */
#include "healthcheck/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "healthcheck/http_loop.h"
#include "healthcheck/http_spec.h"
#include "healthcheck/socket.h"
#include "healthcheck/tls.h"
#include "lib/buf.h"
#include "lib/xalloc.h"

#define HEADER_MAX 65536 /* bytes of all headers, interim answers included */
/* A body that comes in small pieces is searched again with each, until this
 * many times its bound was searched; then only once more, at the end. */
#define SEARCH_FACTOR 16
/* With some expressions (a.{20}b) and bodies made for them a search is slow,
 * and the library keeps what it has found out. After one that took as long as
 * this the body is too long. */
#define SEARCH_SLOW_MS 50

struct http_check {
	struct check *check;
	const struct hc_job *job;
	struct ev_io connecting; /* active until there is a connection */
	int fd;                  /* its own until libcurl asks for it */
	bool handed;             /* libcurl has it, and closes it */
	CURL *easy;              /* from the connection on */
	bool transfers;          /* it is in the loop */
	bool looking;            /* `done` leaves the end to http_look() */
	bool in_body;            /* the header was good */
	bool asked;              /* TLS: for a certificate of ours */
	bool ended;              /* the peer said its last word */
	int verdict;             /* CHECK_RUNNING, or enum hc_reason */
	int tls_error;           /* OpenSSL's reason code, 0 = none */
	size_t header_bytes;
	struct buf body;
	size_t searched; /* bytes, all searches together */
};

/* ---- verdicts */

static void verdict_set(struct http_check *own, int reason, long detail)
{
	own->verdict = reason;
	own->check->detail = (int32_t)detail;
}

static long status_of(const struct http_check *own)
{
	long status = 0;

	curl_easy_getinfo(own->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* The header is whole. Returns false where that is all we want to know. */
static bool header_judge(struct http_check *own)
{
	const struct spec *spec = own->check->spec;
	const struct http_spec *h = spec->prepared;
	long status = status_of(own), version = 0;

	curl_easy_getinfo(own->easy, CURLINFO_HTTP_VERSION, &version);
	if (spec->of.http_version == SPEC_HTTP_2 &&
	    version != CURL_HTTP_VERSION_2_0)
		verdict_set(own, HC_MALFORMED, 0);
	else if (!status_match(h->expect_status, (unsigned int)status))
		verdict_set(own, HC_STATUS, status);
	else if (!h->has_regex)
		verdict_set(own, HC_OK, status);
	else
		own->in_body = true;
	return own->in_body;
}

/* @flags: REG_NOTEOL where the body may go on. Returns whether that is all we
 * want to know. */
static bool body_search(struct http_check *own, int flags)
{
	struct http_spec *h = own->check->spec->prepared;
	regmatch_t whole = { 0, (regoff_t)own->body.len };
	clock_t begun =
	    clock(); /* of CPU: what others took is not the body's */
	bool found;

	own->searched += own->body.len;
	found = regexec(&h->regex, own->body.data ? own->body.data : "", 1,
			&whole, REG_STARTEND | flags) == 0;
	if (clock() - begun > SEARCH_SLOW_MS * CLOCKS_PER_SEC / 1000) {
		http_spec_renew(h);
		if (!found)
			verdict_set(own, HC_TOO_LONG, 0);
	}
	if (found)
		verdict_set(own, HC_OK, status_of(own));
	return own->verdict != CHECK_RUNNING;
}

/* What an error of libcurl says of the backend; all others: not HTTP. */
static const struct {
	CURLcode code;
	int reason;
} reasons[] = {
	{ CURLE_GOT_NOTHING, HC_CLOSED },  { CURLE_PARTIAL_FILE, HC_CLOSED },
	{ CURLE_HTTP2_STREAM, HC_RESET },  { CURLE_COULDNT_CONNECT, HC_RESET },
	{ CURLE_SSL_CIPHER, HC_TLS },      { CURLE_FAILED_INIT, HC_LOCAL },
	{ CURLE_URL_MALFORMAT, HC_LOCAL }, { CURLE_SSL_CERTPROBLEM, HC_LOCAL },
};

static int reason_of(CURLcode code)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return reasons[i].reason;
	return HC_MALFORMED;
}

/* libcurl says so of a certificate, and has judged the name itself: then
 * OpenSSL's result is good, or not there (1, "unspecified"). */
static void certificate_judge(struct http_check *own)
{
	long verified = 0;

	curl_easy_getinfo(own->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
	if (verified == X509_V_OK || verified == X509_V_ERR_UNSPECIFIED)
		verified = X509_V_ERR_HOSTNAME_MISMATCH;
	verdict_set(own, (int)tls_verify_reason(verified), verified);
}

/* A line longer than libcurl reads looks to it like no memory. */
static void memory_judge(struct http_check *own)
{
	curl_off_t first_us = 0;

	curl_easy_getinfo(own->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
	verdict_set(own, first_us ? HC_TOO_LONG : HC_LOCAL, 0);
}

/* An errno that is no failure of a connection was ours. */
static void errno_judge(struct http_check *own, long error)
{
	int reason = probe_reason((int)error);

	if (reason == HC_OK || reason == CHECK_RUNNING)
		reason = HC_LOCAL;
	verdict_set(own, reason, 0);
}

static void error_judge(struct http_check *own, CURLcode code)
{
	long error = 0;

	curl_easy_getinfo(own->easy, CURLINFO_OS_ERRNO, &error);
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		certificate_judge(own);
	else if (code == CURLE_OUT_OF_MEMORY)
		memory_judge(own);
	else if (error != 0)
		errno_judge(own, error);
	else if (own->tls_error)
		verdict_set(own, HC_TLS, own->tls_error);
	else if (code == CURLE_SSL_CONNECT_ERROR)
		verdict_set(own, HC_CLOSED, 0);
	else
		verdict_set(own, reason_of(code), 0);
}

/* Two things that errors do not show. With TLS 1.3 a server refuses our
 * certificate after the handshake, and its word may be lost in a reset. And
 * what libcurl takes for an end may be its own: that was bad HTTP/2. */
static void error_correct(struct http_check *own)
{
	bool over = own->verdict == HC_CLOSED || own->verdict == HC_RESET;

	if (over && own->asked && status_of(own) == 0)
		verdict_set(own, HC_TLS, own->tls_error);
	else if (own->verdict == HC_CLOSED && !own->ended)
		verdict_set(own, HC_MALFORMED, 0);
}

static void end_judge(struct http_check *own, CURLcode code)
{
	if (own->verdict != CHECK_RUNNING)
		return;
	if (code != CURLE_OK)
		error_judge(own, code);
	else if (!own->in_body) /* not even a whole header */
		verdict_set(own, HC_CLOSED, 0);
	else if (!body_search(own, 0))
		verdict_set(own, HC_CONTENT, 0);
	if (code != CURLE_OK)
		error_correct(own);
}

static void on_done(void *private, CURLcode code)
{
	struct http_check *own = private;

	own->transfers = false;
	end_judge(own, code);
	if (!own->looking)
		check_finish(own->check, (enum hc_reason)own->verdict);
}

/* ---- what libcurl calls; another number than what it offers breaks off */

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_check *own = arg;
	long status;

	own->header_bytes += n;
	if (own->header_bytes > HEADER_MAX) {
		verdict_set(own, HC_TOO_LONG, 0);
		return 0;
	}
	if (own->in_body || n == 0 || (data[0] != '\r' && data[0] != '\n'))
		return n;
	status = status_of(own);
	if (status < 200 && status != 101)
		return n; /* interim: the answer is still to come */
	return header_judge(own) ? n : 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_check *own = arg;
	size_t max = own->check->spec->of.body_max;
	size_t room = max - own->body.len;

	buf_append(&own->body, data, n < room ? n : room);
	if ((n > room || own->searched <= max * SEARCH_FACTOR) &&
	    body_search(own, REG_NOTEOL))
		return 0;
	if (n <= room)
		return n;
	verdict_set(own, HC_TOO_LONG, 0);
	return 0;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose,
			     struct curl_sockaddr *address)
{
	struct http_check *own = arg;

	if (own->handed)
		return CURL_SOCKET_BAD; /* one probe, one connection */
	own->handed = true;
	return own->fd;
}

static int on_opened(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static int on_close(void *arg, curl_socket_t fd)
{
	struct http_check *own = arg;
	char byte;

	if (own->verdict == CHECK_RUNNING &&
	    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		own->ended = true;
	return probe_abort(fd);
}

/* libcurl keeps OpenSSL's words for itself; these are the numbers. */
static void on_tls_event(const SSL *ssl, int where, int value)
{
	struct http_check *own = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	unsigned long error = ERR_peek_error();
	bool heard = where & SSL_CB_ALERT && where & SSL_CB_READ;

	if (where & SSL_CB_HANDSHAKE_START)
		tls_session_bound(ssl);
	if (heard && value >> 8 == SSL3_AL_FATAL)
		own->tls_error = SSL_AD_REASON_OFFSET + (value & 0xff);
	else if (heard)
		own->ended = true; /* close_notify */
	else if (error && !own->tls_error)
		own->tls_error = ERR_GET_REASON(error);
}

static int on_asked(SSL *ssl, void *arg)
{
	struct http_check *own = arg;

	own->asked = true;
	return 1;
}

static CURLcode on_tls(CURL *easy, void *ctx, void *arg)
{
	struct http_check *own = arg;
	const struct http_spec *h = own->check->spec->prepared;

	SSL_CTX_set_app_data(ctx, own);
	SSL_CTX_set_info_callback(ctx, on_tls_event);
	SSL_CTX_set_cert_cb(ctx, on_asked, own);
	return http_spec_tls(h, ctx) < 0 ? CURLE_SSL_CERTPROBLEM : CURLE_OK;
}

static int callbacks_set(CURL *easy, struct http_check *own)
{
	int bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, own);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, own);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, own);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, own);
	bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, own);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, own);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	bad |= curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_opened);
	bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	return bad ? -ENOMEM : 0;
}

/* ---- the probe */

/* The socket is connected: ask. */
static int request_begin(struct http_check *own)
{
	struct http_spec *h = own->check->spec->prepared;

	own->easy = http_spec_take(h, own->job);
	if (!own->easy || callbacks_set(own->easy, own) < 0 ||
	    http_loop_add(h->loop, own->easy) < 0)
		return HC_LOCAL;
	own->transfers = true;
	return CHECK_RUNNING;
}

/* Is it connected? Without connect(), see above. */
static int connect_look(const struct http_check *own)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer), error_len = sizeof(int);
	int error = 0;

	if (getsockopt(own->fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0)
		return HC_LOCAL;
	if (error)
		return probe_reason(error);
	if (getpeername(own->fd, (struct sockaddr *)&peer, &len) < 0)
		return errno == ENOTCONN ? CHECK_RUNNING : HC_RESET;
	return HC_OK;
}

static void connecting_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct http_check *own = w->data;
	int reason = connect_look(own);

	if (reason == HC_OK) {
		check_phase_end(own->check, &own->check->phases.connect_us);
		ev_io_stop(loop, w);
		reason = request_begin(own);
	}
	if (reason != CHECK_RUNNING)
		check_finish(own->check, (enum hc_reason)reason);
}

int http_start(struct check *c, const struct hc_job *job)
{
	struct http_check *own = xcalloc(1, sizeof(*own));
	int reason;

	c->of.own = own;
	own->check = c;
	own->job = job;
	own->verdict = CHECK_RUNNING;
	own->fd = probe_socket(c->spec, job, SOCK_STREAM);
	ev_io_init(&own->connecting, connecting_cb, own->fd, EV_WRITE);
	own->connecting.data = own;
	if (own->fd < 0)
		return probe_reason(-own->fd);
	probe_speaks_first(own->fd); /* if not, no harm is done */
	reason = probe_connect(own->fd, job);
	if (reason != CHECK_RUNNING && reason != HC_OK)
		return reason;
	ev_io_start(c->loop, &own->connecting);
	return CHECK_RUNNING;
}

/* Its time is up: what lies in the kernel still counts. */
int http_look(struct check *c)
{
	struct http_check *own = c->of.own;
	const struct http_spec *h = c->spec->prepared;
	int reason;

	if (!own->easy) {
		reason = connect_look(own);
		return reason == HC_OK ? CHECK_RUNNING : reason;
	}
	own->looking = true;
	if (own->handed)
		http_loop_look(h->loop, own->fd);
	own->looking = false;
	if (own->verdict == CHECK_RUNNING && own->in_body)
		body_search(own, REG_NOTEOL);
	return own->verdict;
}

static uint32_t us_between(curl_off_t begin, curl_off_t end)
{
	return end > begin && end - begin <= UINT32_MAX
		   ? (uint32_t)(end - begin)
		   : end > 0;
}

/* libcurl's times count from where our connection was made; 0 = not yet. */
static void phases_take(const struct http_check *own)
{
	curl_off_t connected = 0, secured = 0, ready = 0, answered = 0;
	struct check_phases *p = &own->check->phases;
	CURL *easy = own->easy;

	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
	curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &secured);
	curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &answered);
	p->tls_us = us_between(connected, secured);
	p->first_us = us_between(ready, answered);
}

void http_cancel(struct check *c)
{
	struct http_check *own = c->of.own;
	struct http_spec *h = c->spec->prepared;

	ev_io_stop(c->loop, &own->connecting);
	if (own->transfers)
		http_loop_remove(h->loop, own->easy);
	if (own->handed)
		phases_take(own);
	if (own->easy)
		http_spec_give(h, own->easy);
	if (own->fd >= 0 && !own->handed)
		probe_abort(own->fd);
	buf_free(&own->body);
	free(own);
}

const char *http_prepare(struct spec *s, struct ev_loop *loop)
{
	return http_spec_open(s, loop, on_done);
}

void http_release(struct spec *s)
{
	http_spec_close(s->prepared);
}
