/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HTTP server on TCP: who is admitted, and who is ended for the sake of
 * others. Server and clients share one loop.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/http.h"
#include "http/limits.h"
#include "http/reply.h"
#include "http/tokens.h"
#include "lib/buf.h"
#include "tests/unit/netns.h"

#define PORT  8470
#define TOKEN "0123456789abcdef"

static void say_hello(struct request *rq)
{
	reply_json(rq, json_pack("{s:s, s:s}", "hello", rq->at[0], "context",
				 rq->context));
}

static const struct route_part parts[] = { { "{who}", "/" } };
static const struct route list[] = {
	{ "GET", "/hello/{who}", say_hello, NULL },
	{ "PUT", "/hello/{who}", say_hello, NULL },
	{ "GET", "/healthz", say_hello, NULL },
};
static const char *const open_paths[] = { "/healthz", NULL };
static const struct route_table routes = {
	.list = list, .n = 3, .parts = parts, .nparts = 1
};

struct rig {
	struct http_site site;
	struct http *http;
	struct addr here;
	char token[64];
};

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	int fd;

	rig->site = (struct http_site){ .loop = ev_default_loop(0),
					.name = "test",
					.routes = &routes,
					.context = "ours",
					.body_max = 10,
					.open_paths = open_paths };
	addr_parse("127.0.0.1", &rig->here);
	strcpy(rig->token, "/tmp/nftlb-http-XXXXXX");
	fd = mkstemp(rig->token);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, TOKEN "\n", 17), 17);
	close(fd);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	http_close(rig->http);
	unlink(rig->token);
	free(rig);
	return 0;
}

static void serve(struct rig *rig, const char *token)
{
	const struct http_guard guard = { .token_file = token };
	struct err err = { "" };

	if (http_open_tcp(&rig->http, &rig->site, &rig->here, PORT, &guard,
			  &err) < 0)
		fail_msg("%s", err.msg);
}

static int client_open(struct rig *rig, const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_sockaddr(&rig->here, PORT, &ss);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
	return fd;
}

static void on_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	fail_msg("nothing has happened for too long");
}

/* Run the loop until the server has closed; what it said is added to @got. */
static void client_read(struct rig *rig, int fd, struct buf *got)
{
	ev_timer late;
	ssize_t n;

	ev_timer_init(&late, on_late, 90., 0.);
	ev_timer_start(rig->site.loop, &late);
	while ((n = recv(fd, buf_reserve(got, 4096), 4095, MSG_DONTWAIT)) !=
	       0) {
		if (n < 0 && errno != EAGAIN)
			break;
		if (n < 0)
			ev_run(rig->site.loop, EVRUN_ONCE);
		else
			got->len += (size_t)n;
	}
	*(char *)buf_reserve(got, 1) = '\0';
	ev_timer_stop(rig->site.loop, &late);
}

/* The request's answer has this status, and these words. */
static void answers(struct rig *rig, const char *request, int status,
		    const char *words)
{
	int fd = client_open(rig, request), found = 0;
	struct buf got = { 0 };

	client_read(rig, fd, &got);
	sscanf(got.data, "HTTP/1.%*d %d", &found);
	if (found != status || !strstr(got.data, words))
		fail_msg("%s: %d and \"%s\" wanted: %s", request, status, words,
			 got.data);
	buf_free(&got);
	close(fd);
}

#define AUTH(words) "GET /hello/x HTTP/1.0\r\nAuthorization: " words "\r\n\r\n"

static void test_token(void **state)
{
	struct rig *rig = *state;

	serve(rig, rig->token);
	answers(rig, AUTH("Bearer " TOKEN), 200, "\"hello\":\"x\"");
	answers(rig, AUTH("bearer " TOKEN), 200, "ours");
	answers(rig, AUTH("Bearer " TOKEN "0"), 401, "Authorization");
	answers(rig, AUTH("Bearer 0123456789abcde"), 401, "Authorization");
	answers(rig, AUTH("Bearer 1123456789abcdef"), 401, "Authorization");
	answers(rig, AUTH("Bearer "), 401, "Authorization");
	answers(rig, AUTH("Basic " TOKEN), 401, "Authorization");
	answers(rig, "GET /hello/x HTTP/1.0\r\n\r\n", 401,
		"WWW-Authenticate: Bearer");
	/* Whether a path exists is nothing that he learns. */
	answers(rig, "GET /nothing HTTP/1.0\r\n\r\n", 401, "Bearer");
	answers(rig, "GET /healthz HTTP/1.0\r\n\r\n", 200, "hello");
	answers(rig, "GET /healthz/ HTTP/1.0\r\n\r\n", 401, "Bearer");
}

static void test_no_token(void **state)
{
	struct rig *rig = *state;

	serve(rig, NULL);
	answers(rig, "GET /hello/x HTTP/1.0\r\n\r\n", 200, "hello");
	answers(rig, "GET /hello/x HTTP/1.0\r\nHost: localhost:8470\r\n\r\n",
		200, "hello");
	answers(rig, "GET /hello/x HTTP/1.0\r\nHost: 127.0.0.1:8470\r\n\r\n",
		200, "hello");
	answers(rig, "GET /hello/x HTTP/1.0\r\nHost: evil.test:8470\r\n\r\n",
		403, "Host: allowed");
	answers(rig, "GET /hello/x HTTP/1.0\r\nHost: localhost.evil\r\n\r\n",
		403, "Host: allowed");
	answers(rig,
		"PUT /hello/x HTTP/1.0\r\nOrigin: http://127.0.0.1\r\n\r\n",
		403, "Origin: allowed");
}

static void test_requests(void **state)
{
	struct rig *rig = *state;

	serve(rig, NULL);
	answers(rig, "GET /hello HTTP/1.0\r\n\r\n", 404, "no such path");
	answers(rig, "GET /hello/ HTTP/1.0\r\n\r\n", 404, "no such path");
	answers(rig, "GET /hello/x/y HTTP/1.0\r\n\r\n", 404, "no such path");
	answers(rig, "POST /hello/x HTTP/1.0\r\n\r\n", 405, "Allow: GET, PUT");
	answers(rig, "GET /hello/x?y=1 HTTP/1.0\r\n\r\n", 400, "none is");
	answers(rig, "PUT /hello/x HTTP/1.0\r\nContent-Length: 11\r\n\r\n", 413,
		"larger than 10 bytes");
}

static void test_refused_addresses(void **state)
{
	struct rig *rig = *state;
	const struct http_guard none = { 0 }, half = { .cert_file = "/x" };
	const struct http_guard token = { .token_file = rig->token };
	const struct http_guard all = { rig->token, rig->token, rig->token };
	struct err err = { "" };
	struct http *second = NULL;
	struct addr any;

	addr_parse("0.0.0.0", &any);
	assert_int_equal(
	    http_open_tcp(&rig->http, &rig->site, &any, PORT, &none, &err),
	    -EACCES);
	assert_non_null(strstr(err.msg, "token file"));
	addr_parse("::", &any);
	assert_int_equal(
	    http_open_tcp(&rig->http, &rig->site, &any, PORT, &token, &err),
	    -EACCES);
	assert_non_null(strstr(err.msg, "certificate"));
	assert_int_equal(http_open_tcp(&rig->http, &rig->site, &rig->here, PORT,
				       &half, &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "the key is missing"));
	chmod(rig->token, 0644);
	assert_int_equal(http_open_tcp(&rig->http, &rig->site, &rig->here, PORT,
				       &token, &err),
			 -EPERM);
	chmod(rig->token, 0640);
	/* readable, and no PEM at all */
	assert_int_equal(
	    http_open_tcp(&rig->http, &rig->site, &any, PORT, &all, &err),
	    -EIO);
	assert_non_null(strstr(err.msg, "PEM"));
	serve(rig, rig->token);
	assert_int_equal(
	    http_open_tcp(&second, &rig->site, &rig->here, PORT, &token, &err),
	    -EADDRINUSE);
	assert_non_null(strstr(err.msg, "127.0.0.1:8470"));
	assert_null(second);
}

static void write_token(struct rig *rig, const char *text)
{
	FILE *f = fopen(rig->token, "w");

	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static const char first[] = "first-0123456789abcdef";
static const char second[] = "second-0123456789abcdef";

static void test_bad_tokens(void **state)
{
	static const struct {
		const char *text, *says;
	} files[] = {
		{ "", "holds no token" },
		{ "\n# nobody\n", "holds no token" },
		{ "0123456789abcde\n", ":1: token: 15 characters" },
		{ "0123456789 abcdef\n", ":1: not three words" },
		{ "0123456789abcd\xc3\xa9\n", ":1: token: character 15" },
		{ "a operator 0123456789abcdef x\n", ":1: not three words" },
		{ "\na root 0123456789abcdef\n", ":2: the second word" },
		{ "a 0123456789abcdef operator\n", ":1: the second word" },
		{ "../a operator 0123456789abcdef\n", ":1: name" },
		{ "a operator 0123456789abcdef\na read-only "
		  "0123456789abcdeF\n",
		  ":2: name: the same" },
		{ "a operator 0123456789abcdef\nb read-only "
		  "0123456789abcdef\n",
		  ":2: token: the same" },
		{ "a operator 0123456789abcdeF\n0123456789abcdef\n",
		  ":2: a token without a name" },
		{ "0123456789abcdef\nb read-only 0123456789abcdeF\n",
		  ":1: a token without a name" },
	};
	struct rig *rig = *state;
	struct err err = { "" };
	struct tokens t;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		write_token(rig, files[i].text);
		assert_int_equal(tokens_read(rig->token, &t, &err), -EINVAL);
		assert_int_equal(t.n, 0);
		assert_non_null(strstr(err.msg, rig->token));
		assert_non_null(strstr(err.msg, files[i].says));
		assert_null(strstr(err.msg, "0123456789"));
	}
	assert_int_equal(tokens_read("/nowhere", &t, &err), -ENOENT);
	assert_int_equal(tokens_read("/tmp", &t, &err), -EISDIR);
}

static void test_good_tokens(void **state)
{
	struct rig *rig = *state;
	struct err err = { "" };
	const struct token *k;
	struct tokens t, other;

	write_token(rig, TOKEN); /* without the end of its line */
	assert_int_equal(tokens_read(rig->token, &t, &err), 0);
	k = tokens_find(&t, TOKEN);
	assert_string_equal(k->name, TOKEN_SOLE_NAME);
	assert_false(k->reader);
	assert_null(tokens_find(&t, TOKEN "x"));
	assert_null(tokens_find(&t, ""));
	write_token(rig,
		    "# people\r\n\r\n ops\toperator  first-0123456789abcdef"
		    "\r\n\nscreen read-only second-0123456789abcdef");
	assert_int_equal(tokens_read(rig->token, &t, &err), 0);
	assert_int_equal(t.n, 2);
	assert_string_equal(tokens_find(&t, first)->name, "ops");
	assert_false(tokens_find(&t, first)->reader);
	k = tokens_find(&t, second);
	assert_string_equal(k->name, "screen");
	assert_true(k->reader);
	assert_true(tokens_hold(&t, k));
	/* the same name and token, and another role */
	write_token(rig, "screen operator second-0123456789abcdef\n");
	assert_int_equal(tokens_read(rig->token, &other, &err), 0);
	assert_false(tokens_hold(&other, k));
}

static void test_roles(void **state)
{
	struct rig *rig = *state;

	write_token(rig, "ops operator first-0123456789abcdef\n"
			 "screen read-only second-0123456789abcdef\n");
	serve(rig, rig->token);
	answers(rig,
		"PUT /hello/x HTTP/1.0\r\nAuthorization: Bearer "
		"first-0123456789abcdef\r\n\r\n",
		200, "hello");
	answers(rig,
		"GET /hello/x HTTP/1.0\r\nAuthorization: Bearer "
		"second-0123456789abcdef\r\n\r\n",
		200, "hello");
	answers(rig,
		"PUT /hello/x HTTP/1.0\r\nAuthorization: Bearer "
		"second-0123456789abcdef\r\n\r\n",
		403, "screen is read-only");
	http_close(rig->http);
	rig->http = NULL;
	rig->site.untold_look = true;
	serve(rig, NULL);
	answers(rig, "GET /hello/x HTTP/1.0\r\n\r\n", 200, "hello");
	answers(rig, "PUT /hello/x HTTP/1.0\r\n\r\n", 403,
		"this API is read-only");
}

/* Many times more of them than there is room for. */
static void test_slow_crowd(void **state)
{
	enum { N = 5 * CONNECTIONS_MAX };
	struct rig *rig = *state;
	int fd[N];

	serve(rig, NULL);
	for (int i = 0; i < N; i++) {
		fd[i] = client_open(rig, "GET /hello/x HTTP/1.1\r\nHo");
		ev_run(rig->site.loop, EVRUN_NOWAIT);
	}
	for (int i = 0; i < 20; i++)
		answers(rig, "GET /hello/x HTTP/1.0\r\n\r\n", 200, "hello");
	for (int i = 0; i < N; i++)
		close(fd[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_token),      TEST(test_good_tokens),
		TEST(test_roles),      TEST(test_no_token),
		TEST(test_requests),   TEST(test_refused_addresses),
		TEST(test_bad_tokens), TEST(test_slow_crowd),
	};

	if (netns_enter() < 0) {
		fprintf(stderr, "no network namespace\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
