/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the phases of a probe took, with peers that wait in one of them.
 * What is asserted holds on a busy machine as well: the phases together are no
 * longer than the probe. Which one has the wait in it is tried some times, with
 * longer and longer waits.
 */
#include <curl/curl.h>
#include <ev.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "healthcheck/checks.h"
#include "healthcheck/lag.h"
#include "listener.h"

#define WAIT_US    40000
#define TRIES      12
#define TIMEOUT_MS 15000
#define HTTP_OK    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* One connection, or one datagram, in a process of its own. */
struct peer {
	int fd; /* bound; of a stream: listening */
	bool tls;
	useconds_t before_tls_us, before_answer_us;
	const char *answer; /* NULL, of a datagram: what was asked */
	uint8_t set_at, set_to, set_too; /* of that: two bytes */
};

struct rig {
	struct ev_loop *loop;
	struct lag lag;
	struct spec spec;
	struct hc_job job;
	struct check check;
	struct finding found;
};

/* ---- peers ---- */

static SSL_CTX *identity_make(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

static void stream_serve(const struct peer *p, SSL_CTX *ctx)
{
	static const int at_once = 1; /* not after 40 ms, for our ACK */
	char asked[4096];
	SSL *ssl = NULL;
	int fd;

	do { /* its descriptor does not wait */
		usleep(500);
		fd = accept(p->fd, NULL, NULL);
	} while (fd < 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
	usleep(p->before_tls_us);
	if (p->tls) {
		ssl = SSL_new(ctx);
		SSL_set_fd(ssl, fd);
		SSL_accept(ssl);
		SSL_read(ssl, asked, sizeof(asked));
	} else if (recv(fd, asked, sizeof(asked), 0) < 0) {
		return;
	}
	usleep(p->before_answer_us);
	if (ssl)
		SSL_write(ssl, p->answer, (int)strlen(p->answer));
	else
		send(fd, p->answer, strlen(p->answer), MSG_NOSIGNAL);
	pause();
}

static void datagram_serve(const struct peer *p)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	uint8_t data[4096];
	ssize_t n = recvfrom(p->fd, data, sizeof(data), 0,
			     (struct sockaddr *)&from, &len);

	usleep(p->before_answer_us);
	if (p->set_to)
		data[p->set_at] = p->set_to;
	if (p->set_too)
		data[p->set_at + 1] = p->set_too;
	sendto(p->fd, data, (size_t)n, 0, (struct sockaddr *)&from, len);
}

/* Its pid; what it says of TLS was made before. */
static pid_t peer_run(const struct peer *p, SSL_CTX *ctx)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (p->answer)
		stream_serve(p, ctx);
	else
		datagram_serve(p);
	_exit(0);
}

static void peer_end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- probes ---- */

static void on_done(struct check *c, const struct finding *found)
{
	struct rig *r = (struct rig *)((char *)c - offsetof(struct rig, check));

	r->found = *found;
	ev_break(r->loop, EVBREAK_ALL);
}

static void rig_open(struct rig *r, enum hc_type type, uint16_t port,
		     const struct hc_spec *of)
{
	const struct check_ops *ops = check_ops_of(type);
	const uint8_t loopback[] = { 127, 0, 0, 1 };

	memset(r, 0, sizeof(*r));
	r->loop = ev_loop_new(EVFLAG_AUTO);
	lag_open(&r->lag, r->loop);
	r->spec.type = type;
	r->spec.of = *of;
	r->job = (struct hc_job){ .type = (uint8_t)type,
				  .family = AF_INET,
				  .port = port,
				  .timeout_ms = TIMEOUT_MS };
	memcpy(r->job.ip, loopback, sizeof(loopback));
	check_init(&r->check, r->loop, &r->lag, on_done);
	assert_null(ops->prepare(&r->spec, r->loop));
}

static void rig_close(struct rig *r)
{
	check_ops_of(r->spec.type)->release(&r->spec);
	lag_close(&r->lag);
	ev_loop_destroy(r->loop);
}

static void probe(struct rig *r)
{
	ev_now_update(r->loop);
	check_start(&r->check, &r->spec, &r->job);
	if (check_running(&r->check))
		ev_run(r->loop, 0);
	assert_true((uint64_t)r->found.phases.connect_us +
			r->found.phases.tls_us + r->found.phases.first_us <=
		    r->found.duration_us);
}

/* Again, where this machine was too busy to tell. */
static void probe_in_time(struct rig *r)
{
	do
		probe(r);
	while (r->found.reason == HC_LATE);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

static int datagram_socket(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* ---- the server that waits ---- */

enum phase { CONNECT, TLS, FIRST, PHASES };

static void phases_of(const struct finding *f, uint32_t us[PHASES])
{
	us[CONNECT] = f->phases.connect_us;
	us[TLS] = f->phases.tls_us;
	us[FIRST] = f->phases.first_us;
}

/*
 * Phase @slow is the one with the wait in it, and the longest one. A client
 * that was held up notes the phase's begin when its peer waits already.
 */
static bool slow_is(const struct finding *f, enum phase slow)
{
	uint32_t us[PHASES];
	bool longest;

	phases_of(f, us);
	longest = us[slow] >= WAIT_US;
	for (enum phase i = CONNECT; i < PHASES; i++)
		longest &= i == slow || us[i] < WAIT_US;
	return longest;
}

static const struct way {
	enum hc_type type;
	enum phase slow;
	struct peer peer;
	struct hc_spec of;
	bool had[PHASES];
} ways[] = {
#define WAIT_TLS   .before_tls_us = WAIT_US, .tls = true
#define WAIT_FIRST .before_answer_us = WAIT_US
	{ HC_TCP,
	  FIRST,
	  { WAIT_FIRST, .answer = "hi" },
	  { .send = (char *)"x", .expect = (char *)"hi" },
	  { true, false, true } },
	{ HC_TCP,
	  FIRST,
	  { WAIT_FIRST, .tls = true, .answer = "hi" },
	  { .tls = SPEC_YES, .send = (char *)"x", .expect = (char *)"hi" },
	  { true, true, true } },
	{ HC_TCP,
	  TLS,
	  { WAIT_TLS, .answer = "hi" },
	  { .tls = SPEC_YES, .send = (char *)"x", .expect = (char *)"hi" },
	  { true, true, true } },
	{ HC_TCP,
	  TLS,
	  { WAIT_TLS, .answer = "hi" },
	  { .tls = SPEC_YES },
	  { true, true, false } },
	{ HC_AGENT,
	  FIRST,
	  { WAIT_FIRST, .answer = "up\n" },
	  { .send = (char *)"x" },
	  { true, false, true } },
	{ HC_HTTP,
	  FIRST,
	  { WAIT_FIRST, .answer = HTTP_OK },
	  { .http_version = SPEC_HTTP_11 },
	  { true, false, true } },
	{ HC_HTTPS,
	  FIRST,
	  { WAIT_FIRST, .tls = true, .answer = HTTP_OK },
	  { .http_version = SPEC_HTTP_11, .tls = SPEC_YES },
	  { true, true, true } },
	{ HC_HTTPS,
	  TLS,
	  { WAIT_TLS, .answer = HTTP_OK },
	  { .http_version = SPEC_HTTP_11, .tls = SPEC_YES },
	  { true, true, true } },
	{ HC_UDP,
	  FIRST,
	  { WAIT_FIRST },
	  { .send = (char *)"x", .expect = (char *)"x" },
	  { false, false, true } },
	/* a query that says that it is an answer */
	{ HC_DNS,
	  FIRST,
	  { WAIT_FIRST, .set_at = 2, .set_to = 0x81 },
	  { .query = (char *)"a.example" },
	  { false, false, true } },
	/* a GET that says that it is a response, in version 2c */
	{ HC_SNMP,
	  FIRST,
	  { WAIT_FIRST, .set_at = 13, .set_to = 0xa2 },
	  { .snmp_version = SPEC_SNMP_2C,
	    .oid = (char *)"1.3.6",
	    .min = INT64_MIN,
	    .max = INT64_MAX },
	  { false, false, true } },
};

/* @longer: the waits are so many times doubled, for a machine that is busy. */
static bool way_tried(const struct way *w, SSL_CTX *ctx, int longer)
{
	struct listener l;
	struct peer peer = w->peer;
	uint32_t us[PHASES];
	struct rig r;
	pid_t pid;
	bool good;

	peer.before_tls_us <<= longer;
	peer.before_answer_us <<= longer;
	if (peer.answer) {
		listener_open(&l, AF_INET, 8);
		peer.fd = l.fd;
	} else {
		peer.fd = datagram_socket();
	}
	pid = peer_run(&peer, ctx);
	rig_open(&r, w->type, port_of(peer.fd), &w->of);
	probe(&r);
	peer_end(pid);
	/* its peer answers once: a probe that was late tells nothing */
	good = r.found.reason != HC_LATE;
	if (good) {
		assert_int_equal(r.found.reason, HC_OK);
		phases_of(&r.found, us);
		for (enum phase i = CONNECT; i < PHASES; i++)
			assert_int_equal(us[i] > 0, w->had[i]);
		good = slow_is(&r.found, w->slow);
	}
	rig_close(&r);
	if (peer.answer)
		listener_close(&l);
	else
		close(peer.fd);
	return good;
}

static void the_phase_with_the_wait_is_the_long_one(void **state)
{
	SSL_CTX *ctx = identity_make();

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int tries = 0;

		while (!way_tried(&ways[i], ctx, tries / 2))
			if (++tries == TRIES)
				fail_msg("way %zu: another phase is as long",
					 i);
	}
	SSL_CTX_free(ctx);
}

/* ---- a connection that is slow to come ---- */

struct opener {
	struct ev_timer timer;
	struct listener *l;
};

static void opener_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	listener_drain(((struct opener *)w)->l);
}

/* A queue that is full, and has room after a while: the SYN is sent again. */
static void a_slow_connection(void **state)
{
	static const struct {
		enum hc_type type;
		struct hc_spec of;
	} rows[] = {
		{ HC_TCP, { .tls = SPEC_NO } },
		{ HC_AGENT, { .tls = SPEC_NO } },
		{ HC_HTTP, { .http_version = SPEC_HTTP_11 } },
	};
	enum { N = sizeof(rows) / sizeof(rows[0]) };
	struct listener l[N];
	struct opener o[N];
	struct rig r[N];

	for (size_t i = 0; i < N; i++) {
		listener_open(&l[i], AF_INET, 0);
		listener_fill(&l[i]);
		rig_open(&r[i], rows[i].type, l[i].port, &rows[i].of);
		check_start(&r[i].check, &r[i].spec, &r[i].job);
		ev_timer_init(&o[i].timer, opener_cb, WAIT_US / 1e6, 0.02);
		o[i].l = &l[i];
		ev_timer_start(r[i].loop, &o[i].timer);
	}
	/* The others' SYNs wait in the kernel meanwhile. */
	for (size_t i = 0; i < N; i++) {
		ev_run(r[i].loop, 0);
		assert_int_equal(r[i].found.reason == HC_OK, i == 0);
		assert_true(r[i].found.phases.connect_us >= WAIT_US);
		assert_int_equal(r[i].found.phases.tls_us, 0);
		assert_int_equal(r[i].found.phases.first_us, 0);
		ev_timer_stop(r[i].loop, &o[i].timer);
		rig_close(&r[i]);
		listener_close(&l[i]);
	}
}

/* ---- phases that do not end ---- */

static void what_did_not_end_is_no_phase(void **state)
{
	static const struct {
		enum hc_type type;
		struct hc_spec of;
	} rows[] = {
		{ HC_TCP, { .expect = (char *)"x" } },
		{ HC_HTTP, { .http_version = SPEC_HTTP_11 } },
		{ HC_UDP, { .send = (char *)"x" } },
	};
	struct listener l;
	struct rig r;
	int fd = datagram_socket();

	listener_open(&l, AF_INET, 8);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool udp = rows[i].type == HC_UDP;

		rig_open(&r, rows[i].type, udp ? port_of(fd) : l.port,
			 &rows[i].of);
		r.job.timeout_ms = 50;
		for (int again = 0; again < 2; again++) {
			probe_in_time(&r);
			assert_int_equal(r.found.reason,
					 udp ? HC_OK : HC_TIMEOUT);
			assert_int_equal(r.found.phases.connect_us > 0, !udp);
			assert_int_equal(r.found.phases.tls_us, 0);
			assert_int_equal(r.found.phases.first_us, 0);
		}
		rig_close(&r);
	}
	listener_close(&l);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_phase_with_the_wait_is_the_long_one),
		cmocka_unit_test(a_slow_connection),
		cmocka_unit_test(what_did_not_end_is_no_phase),
	};
	int failed;

	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
