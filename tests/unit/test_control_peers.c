/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket and its peers: who may connect, who is slow, who sends too
 * much, and the socket's file.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/xalloc.h"
#include "tests/unit/control_rig.h"
#include "tests/unit/netns.h"

#define NOBODY 65534

static bool is_root; /* of the machine, not of a user namespace */

static const char service[] = "[service www]\naddress = 192.0.2.10\nport = 80\n"
			      "check = none\nbackend.b1 = 10.0.0.11:8080\n";

static int setup(void **state)
{
	*state = control_rig_open(service);
	return 0;
}

static int teardown(void **state)
{
	control_rig_close(*state);
	return 0;
}

static void has_status(struct control_rig *rig, const char *path, int status)
{
	struct exchange x;

	rig_ask(rig, "GET", path, NULL, &x);
	assert_int_equal(x.status, status);
	exchange_free(&x);
}

static bool no_children(void *arg)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 &&
	       errno == ECHILD;
}

/* ---- strangers: a child with another identity asks, we serve */

__attribute__((noreturn)) static void stranger(const char *path, gid_t group,
					       const char *request, int out)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char answer[8192];
	ssize_t n;

	strcpy(sun.sun_path, path);
	if (setgroups(1, &group) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		_exit(2);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		_exit(3);
	if (write(fd, request, strlen(request)) < 0)
		_exit(4);
	while ((n = read(fd, answer, sizeof(answer))) > 0)
		if (write(out, answer, (size_t)n) != n)
			_exit(5);
	_exit(0);
}

static void ask_as_stranger(struct control_rig *rig, gid_t group,
			    const char *request, struct exchange *x)
{
	struct client c = { .rig = rig };
	int ends[2];
	pid_t pid;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	pid = fork();
	if (pid == 0)
		stranger(rig->socket, group, request, ends[1]);
	close(ends[1]);
	/* Its words come to us as if we had asked ourselves. */
	client_open(&c, rig);
	assert_true(dup2(ends[0], c.fd) >= 0);
	close(ends[0]);
	ev_io_stop(rig->d.loop, &c.readable);
	ev_io_start(rig->d.loop, &c.readable);
	client_wait(&c);
	rig_until(rig, no_children, NULL); /* the loop reaps it */
	exchange_read(x, c.got.data, c.got.len);
	client_close(&c);
}

static void test_strangers(void **state)
{
	struct control_rig *rig = *state;
	struct exchange x;
	struct stat st;

	if (!is_root) {
		print_message("skipped: to be another user takes root\n");
		skip();
	}
	assert_int_equal(stat(rig->socket, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Even if somebody opens the doors. */
	chmod(rig->dir, 0755);
	chmod(rig->socket, 0666);
	ask_as_stranger(rig, NOBODY, "GET /v1/status HTTP/1.0\r\n\r\n", &x);
	exchange_is_problem(&x, 403, "65534");
	exchange_free(&x);
	/* Whether a path exists is nothing that he learns. */
	ask_as_stranger(rig, NOBODY, "GET /v1/nothing HTTP/1.0\r\n\r\n", &x);
	exchange_is_problem(&x, 403, "65534");
	exchange_free(&x);
	ask_as_stranger(rig, NOBODY,
			"PATCH /v1/services/www HTTP/1.0\r\nContent-Length: "
			"20\r\n\r\n{\"admin\":\"disabled\"}",
			&x);
	exchange_is_problem(&x, 403, "65534");
	assert_string_equal(rig->said, "");
	exchange_free(&x);
}

static void test_group(void **state)
{
	const struct group *gr = getgrnam("daemon");
	struct control_rig *rig;
	struct exchange x;
	struct stat st;
	char *text;

	if (!is_root) {
		print_message("skipped: to be another user takes root\n");
		skip();
	}
	assert_non_null(gr);
	text = xasprintf("control-group = daemon\n%s", service);
	rig = control_rig_open(text);
	chmod(rig->dir, 0755);
	assert_int_equal(stat(rig->socket, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(st.st_gid, gr->gr_gid);
	ask_as_stranger(rig, gr->gr_gid, "GET /v1/status HTTP/1.0\r\n\r\n", &x);
	assert_int_equal(x.status, 200);
	exchange_free(&x);
	/* A member may not have root read files for him. */
	ask_as_stranger(rig, gr->gr_gid,
			"POST /v1/config/check HTTP/1.0\r\nContent-Length: 22"
			"\r\n\r\n{\"path\":\"/etc/shadow\"}",
			&x);
	exchange_is_problem(&x, 403, "root");
	exchange_free(&x);
	control_rig_close(rig);
	free(text);
}

/* ---- slow, large, rude */

static void test_slow_clients(void **state)
{
	static const char *const words[] = {
		"",
		"G",
		"GET /v1/status HT",
		"GET /v1/status HTTP/1.1\r\nHo",
		"PATCH /v1/services/www HTTP/1.1\r\nHost: x\r\n"
		"Content-Length: 1000\r\n\r\n{\"admin\"",
	};
	enum { N = sizeof(words) / sizeof(words[0]) };
	struct client slow[N];

	for (size_t i = 0; i < N; i++) {
		client_open(&slow[i], *state);
		client_send(&slow[i], words[i], strlen(words[i]));
	}
	for (int i = 0; i < 20; i++)
		has_status(*state, "/v1/status", 200);
	for (size_t i = 0; i < N; i++) {
		assert_false(slow[i].closed);
		assert_int_equal(slow[i].got.len, 0);
		client_close(&slow[i]);
	}
	has_status(*state, "/v1/status", 200);
}

static void test_announced_body(void **state)
{
	static const char head[] =
	    "PATCH /v1/services/www HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: 1048577\r\n\r\n";
	struct exchange x;
	struct client c;

	client_open(&c, *state);
	client_send(&c, head, strlen(head)); /* and nothing more */
	client_wait(&c);
	exchange_read(&x, c.got.data, c.got.len);
	exchange_is_problem(&x, 413, "1048576");
	exchange_free(&x);
	client_close(&c);
}

static void test_chunked_body(void **state)
{
	static const char head[] =
	    "PATCH /v1/services/www HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
	char *piece = xmalloc(65536);
	struct exchange x;
	struct client c;

	memset(piece, 'x', 65536);
	client_open(&c, *state);
	client_send(&c, head, strlen(head));
	for (int i = 0; i < 17; i++) {
		client_send(&c, "10000\r\n", 7);
		client_send(&c, piece, 65536);
		client_send(&c, "\r\n", 2);
	}
	client_send(&c, "0\r\n\r\n", 5);
	client_wait(&c);
	exchange_read(&x, c.got.data, c.got.len);
	exchange_is_problem(&x, 413, "1048576");
	exchange_free(&x);
	client_close(&c);
	/* One that never ends is ended. */
	client_open(&c, *state);
	client_send(&c, head, strlen(head));
	for (int i = 0; i < 512 && !c.closed; i++) {
		client_send(&c, "10000\r\n", 7);
		client_send(&c, piece, 65536);
		client_send(&c, "\r\n", 2);
	}
	client_wait(&c);
	client_close(&c);
	free(piece);
	has_status(*state, "/v1/status", 200);
}

static void test_garbage(void **state)
{
	unsigned int seed = 1;
	char noise[2048];

	for (int i = 0; i < 50; i++) {
		struct client c;

		for (size_t j = 0; j < sizeof(noise); j++)
			noise[j] = (char)rand_r(&seed);
		memcpy(noise + sizeof(noise) - 4, "\r\n\r\n", 4);
		client_open(&c, *state);
		client_send(&c, noise, sizeof(noise));
		ev_run(((struct control_rig *)*state)->d.loop, EVRUN_NOWAIT);
		client_close(&c);
	}
	has_status(*state, "/v1/status", 200);
}

/* ---- the file */

static void test_socket_file(void **state)
{
	struct control_rig *rig = *state;
	struct control *second = NULL;
	struct err err = { "" };
	struct stat st;
	FILE *f;

	assert_int_equal(control_open(&second, &rig->d, &err), -EADDRINUSE);
	assert_non_null(strstr(err.msg, rig->socket));
	has_status(rig, "/v1/status", 200); /* it was not taken away */

	control_close(rig->d.control);
	rig->d.control = NULL;
	assert_int_equal(stat(rig->socket, &st), -1);
	f = fopen(rig->socket, "w");
	fclose(f);
	assert_int_equal(control_open(&second, &rig->d, &err), -EEXIST);
	assert_int_equal(stat(rig->socket, &st), 0);
	unlink(rig->socket);
	assert_int_equal(control_open(&rig->d.control, &rig->d, &err), 0);
}

static void test_stale_socket(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct control_rig *rig = *state;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct err err = { "" };

	control_close(rig->d.control);
	strcpy(sun.sun_path, rig->socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd); /* as kill -9 leaves it */
	if (control_open(&rig->d.control, &rig->d, &err) < 0)
		fail_msg("%s", err.msg);
	has_status(rig, "/v1/status", 200);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_strangers),    cmocka_unit_test(test_group),
		TEST(test_slow_clients), TEST(test_announced_body),
		TEST(test_chunked_body), TEST(test_garbage),
		TEST(test_socket_file),  TEST(test_stale_socket),
	};

	is_root = geteuid() == 0;
	if (netns_enter() < 0) {
		fprintf(stderr, "no network namespace\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
