/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP checks step by step, with a server that is the test itself: cancelled
 * wherever they are, asked for what lies in the kernel, and side by side.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <dirent.h>
#include <ev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "healthcheck/checks.h"
#include "healthcheck/http.h"
#include "healthcheck/lag.h"

#define SIDE_BY_SIDE 50
#define TURNS_MAX    5000
#define HEADER       "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"

struct rig {
	struct ev_loop *loop;
	struct lag lag;
	int listener, fds; /* fds: that were open at the start */
	struct spec spec;
	struct hc_job job;
	struct check check;
	struct finding found;
	unsigned int done;
};

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void on_done(struct check *c, const struct finding *found)
{
	struct rig *r = (struct rig *)((char *)c - offsetof(struct rig, check));

	r->found = *found;
	r->done++;
}

static void listen_anywhere(struct rig *r)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(r->listener >= 0);
	assert_int_equal(bind(r->listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(r->listener, SIDE_BY_SIDE), 0);
	getsockname(r->listener, (struct sockaddr *)&a, &len);
	r->job = (struct hc_job){
		.type = HC_HTTP,
		.family = AF_INET,
		.port = ntohs(a.sin_port),
		.timeout_ms = 20000,
	};
	memcpy(r->job.ip, &a.sin_addr, sizeof(a.sin_addr));
}

/* @body: to expect, or NULL */
static void rig_open(struct rig *r, const char *body)
{
	memset(r, 0, sizeof(*r));
	r->loop = ev_loop_new(EVFLAG_AUTO);
	lag_open(&r->lag, r->loop);
	listen_anywhere(r);
	r->spec.type = HC_HTTP;
	r->spec.of.http_version = SPEC_HTTP_11;
	r->spec.of.body_max = 65536;
	r->spec.of.expect_body = body ? strdup(body) : NULL;
	check_init(&r->check, r->loop, &r->lag, on_done);
	r->fds = count_fds();
	assert_null(http_prepare(&r->spec, r->loop));
}

static void rig_close(struct rig *r)
{
	assert_false(check_running(&r->check));
	http_release(&r->spec);
	assert_int_equal(count_fds(), r->fds);
	spec_free(&r->spec.of);
	close(r->listener);
	lag_close(&r->lag);
	ev_loop_destroy(r->loop);
}

/* A turn of the loop that does not wait for long. */
static void turn(struct rig *r)
{
	ev_run(r->loop, EVRUN_NOWAIT);
	usleep(200);
}

static int server_accept(struct rig *r)
{
	int fd = -1;

	for (int i = 0; i < TURNS_MAX && fd < 0; i++) {
		turn(r);
		fd = accept(r->listener, NULL, NULL);
	}
	assert_true(fd >= 0);
	return fd;
}

/* Until it has the whole request. */
static void server_read(struct rig *r, int fd)
{
	char got[4096];
	size_t len = 0;

	for (int i = 0; i < TURNS_MAX; i++) {
		ssize_t n =
		    recv(fd, got + len, sizeof(got) - 1 - len, MSG_DONTWAIT);

		len += n > 0 ? (size_t)n : 0;
		got[len] = '\0';
		if (strstr(got, "\r\n\r\n"))
			return;
		turn(r);
	}
	fail_msg("no request, but %zu bytes", len);
}

static void server_say(int fd, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void until_done(struct rig *r)
{
	for (int i = 0; i < TURNS_MAX && !r->done; i++)
		turn(r);
	assert_int_equal(r->done, 1);
}

static void some_turns(struct rig *r)
{
	for (int i = 0; i < 20; i++)
		turn(r);
}

static void the_header_is_enough(void **state)
{
	struct rig r;
	int fd;

	rig_open(&r, NULL);
	check_start(&r.check, &r.spec, &r.job);
	fd = server_accept(&r);
	server_read(&r, fd);
	server_say(fd, HEADER);
	until_done(&r);
	assert_int_equal(r.found.reason, HC_OK);
	assert_int_equal(r.found.detail, 200);
	close(fd);
	rig_close(&r);
}

/* A search with each piece, and $ is not where a piece ends. */
static void a_body_comes_in_pieces(void **state)
{
	struct rig r;
	int fd;

	rig_open(&r, "is$|w.ll$");
	check_start(&r.check, &r.spec, &r.job);
	fd = server_accept(&r);
	server_read(&r, fd);
	server_say(fd, HEADER "all is");
	some_turns(&r);
	assert_int_equal(r.done, 0);
	server_say(fd, " well");
	until_done(&r);
	assert_int_equal(r.found.reason, HC_OK);
	close(fd);
	rig_close(&r);
}

static void cancelled_anywhere(void **state)
{
	struct rig r;
	int fd;

	rig_open(&r, "nothing");
	check_start(&r.check, &r.spec, &r.job);
	check_cancel(&r.check); /* before the first turn */
	some_turns(&r);
	check_start(&r.check, &r.spec, &r.job);
	close(server_accept(&r)); /* of the first */
	check_cancel(&r.check);
	check_start(&r.check, &r.spec, &r.job);
	fd = server_accept(&r);
	server_read(&r, fd);
	check_cancel(&r.check); /* it waits for the header */
	close(fd);
	while ((fd = accept(r.listener, NULL, NULL)) >= 0)
		close(fd);
	check_start(&r.check, &r.spec, &r.job);
	fd = server_accept(&r);
	server_read(&r, fd);
	server_say(fd, HEADER "all is");
	some_turns(&r);
	check_cancel(&r.check); /* in the body */
	some_turns(&r);
	assert_int_equal(r.done, 0);
	close(fd);
	rig_close(&r);
}

/* Before a time-out is believed: look() without a turn of the loop. */
static void what_lies_in_the_kernel_counts(void **state)
{
	struct rig r;
	int fd;

	rig_open(&r, NULL);
	check_start(&r.check, &r.spec, &r.job);
	assert_int_equal(http_look(&r.check), CHECK_RUNNING);
	fd = server_accept(&r);
	server_read(&r, fd);
	assert_int_equal(http_look(&r.check), CHECK_RUNNING);
	server_say(fd, "HTTP/1.1 503 No\r\n\r\n");
	assert_int_equal(http_look(&r.check), HC_STATUS);
	assert_int_equal(r.check.detail, 503);
	check_cancel(&r.check);
	assert_int_equal(r.done, 0);
	close(fd);
	rig_close(&r);
}

/* Each on a connection of its own; each gets its own answer. */
static void many_at_once(void **state)
{
	struct rig r;
	struct check checks[SIDE_BY_SIDE];
	int fds[SIDE_BY_SIDE];

	rig_open(&r, NULL);
	for (size_t i = 0; i < SIDE_BY_SIDE; i++) {
		check_init(&checks[i], r.loop, &r.lag, NULL);
		check_start(&checks[i], &r.spec, &r.job);
	}
	for (size_t i = 0; i < SIDE_BY_SIDE; i++)
		fds[i] = server_accept(&r);
	for (size_t i = 0; i < SIDE_BY_SIDE; i++)
		server_read(&r, fds[i]);
	for (size_t i = 0; i < SIDE_BY_SIDE; i++) {
		assert_true(check_running(&checks[i]));
		check_cancel(&checks[i]);
		close(fds[i]);
	}
	rig_close(&r);
}

/* What they share goes with the last one. */
static void specs_come_and_go(void **state)
{
	struct rig r;
	struct spec other = { .type = HC_HTTP };
	int fd;

	rig_open(&r, NULL);
	other.of.http_version = SPEC_HTTP_2;
	assert_null(http_prepare(&other, r.loop));
	http_release(&other);
	other.of.expect_body = strdup("(");
	assert_non_null(http_prepare(&other, r.loop));
	spec_free(&other.of);
	check_start(&r.check, &r.spec, &r.job);
	fd = server_accept(&r);
	server_read(&r, fd);
	server_say(fd, HEADER);
	until_done(&r);
	assert_int_equal(r.found.reason, HC_OK);
	close(fd);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_is_enough),
		cmocka_unit_test(a_body_comes_in_pieces),
		cmocka_unit_test(cancelled_anywhere),
		cmocka_unit_test(what_lies_in_the_kernel_counts),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(specs_come_and_go),
	};
	int failed;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
