/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers that take time: the listing of a child, long arrays, counts of
 * connections; clients that leave, reloads and stops that come in between.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/xalloc.h"
#include "tests/unit/control_rig.h"
#include "tests/unit/netns.h"

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

/* ---- the listing */

static void test_listing(void **state)
{
	struct exchange x;

	rig_ask(*state, "GET", "/v1/ruleset", NULL, &x);
	assert_int_equal(x.status, 200);
	assert_non_null(strstr(x.head, "text/plain"));
	assert_non_null(strstr(x.body, "table ip nftlb {"));
	assert_non_null(strstr(x.body, "chain service.www {"));
	assert_string_equal(x.body + x.len - 2, "}\n");
	exchange_free(&x);
	rig_until(*state, no_children, NULL);
}

static void test_listing_of_nothing(void **state)
{
	struct control_rig *rig = *state;
	struct exchange x;

	assert_int_equal(ruleset_flush(rig->d.ruleset, NULL), 0);
	rig_ask(rig, "GET", "/v1/ruleset", NULL, &x);
	assert_int_equal(x.status, 200);
	assert_int_equal(x.len, 0);
	exchange_free(&x);
}

static void test_listing_left_early(void **state)
{
	static const char ask[] = "GET /v1/ruleset HTTP/1.0\r\n\r\n";
	struct control_rig *rig = *state;

	/* More at once than are allowed, and nobody waits for the end. */
	for (int i = 0; i < 8; i++) {
		struct client c;

		client_open(&c, rig);
		client_send(&c, ask, strlen(ask));
		ev_run(rig->d.loop, EVRUN_NOWAIT);
		client_close(&c);
	}
	rig_until(rig, no_children, NULL);
	/* All of them were given back. */
	for (int i = 0; i < 8; i++)
		has_status(rig, "/v1/ruleset", 200);
}

static pid_t first_child(void)
{
	FILE *f = fopen("/proc/thread-self/children", "r");
	int pid = 0;

	assert_non_null(f);
	if (fscanf(f, "%d", &pid) != 1)
		pid = 0;
	fclose(f);
	return pid;
}

static bool child_or_end(void *arg)
{
	return first_child() || ((struct client *)arg)->closed;
}

/* A child that dies before it has said anything is an error with words. It may
 * be faster than we are: then it has to be tried again. */
static void test_listing_child_dies(void **state)
{
	static const char ask[] = "GET /v1/ruleset HTTP/1.0\r\n\r\n";
	struct exchange x = { 0 };

	for (int i = 0; i < 100 && x.status != 500; i++) {
		struct client c;

		exchange_free(&x);
		client_open(&c, *state);
		client_send(&c, ask, strlen(ask));
		rig_until(*state, child_or_end, &c);
		if (first_child())
			kill(first_child(), SIGKILL);
		client_wait(&c);
		exchange_read(&x, c.got.data, c.got.len);
		client_close(&c);
		rig_until(*state, no_children, NULL);
	}
	exchange_is_problem(&x, 500, "listing the rule set failed");
	exchange_free(&x);
}

/* ---- answers that take time, and what comes between */

static char *many_services(int n)
{
	struct buf text = { 0 };

	for (int i = 0; i < n; i++)
		buf_printf(&text,
			   "[service s%d]\naddress = 192.0.2.10\nport = %d\n"
			   "check = none\nbackend.b1 = 10.0.0.11\n"
			   "backend.b2 = 10.0.0.12\n",
			   i, i + 1);
	return text.data;
}

static bool has_begun(void *arg)
{
	return ((struct client *)arg)->got.len > 0;
}

static void test_reload_cuts_a_stream(void **state)
{
	static const char ask[] = "GET /v1/services HTTP/1.1\r\nHost: x\r\n"
				  "Connection: close\r\n\r\n";
	char *many = many_services(200);
	struct control_rig *rig = control_rig_open(many);
	struct client c;

	client_open(&c, rig);
	client_send(&c, ask, strlen(ask));
	rig_until(rig, has_begun, &c);
	/* We do not read on until the model has changed. */
	control_rig_replace(rig, service);
	client_wait(&c);
	assert_null(strstr(c.got.data, "\r\n0\r\n\r\n"));
	client_close(&c);
	/* Without a reload it ends as it should. */
	client_open(&c, rig);
	client_send(&c, ask, strlen(ask));
	client_wait(&c);
	assert_non_null(strstr(c.got.data, "\r\n0\r\n\r\n"));
	client_close(&c);
	control_rig_close(rig);
	free(many);
}

/* Connections are being counted: a model that came meanwhile is answered for.*/
static void test_reload_while_counting(void **state)
{
	static const char ask[] = "GET /v1/services HTTP/1.0\r\n\r\n";
	struct control_rig *rig = *state;
	char *other = many_services(3);
	struct exchange x;
	struct client c;

	client_open(&c, rig);
	client_send(&c, ask, strlen(ask));
	ev_run(rig->d.loop, EVRUN_NOWAIT); /* accepted */
	ev_run(rig->d.loop, EVRUN_NOWAIT); /* read, and counting */
	assert_int_equal(c.got.len, 0);
	control_rig_replace(rig, other);
	client_wait(&c);
	exchange_read(&x, c.got.data, c.got.len);
	assert_int_equal(json_array_size(x.json), 3);
	exchange_free(&x);
	client_close(&c);
	free(other);
}

/* The daemon stops while requests wait for conntrack and for a listing. */
static void test_stop_in_between(void **state)
{
	static const char *const asks[] = {
		"GET /v1/services HTTP/1.0\r\n\r\n",
		"GET /v1/ruleset HTTP/1.0\r\n\r\n",
		"POST /v1/sync HTTP/1.0\r\nContent-Length: 5\r\n\r\n{",
	};
	struct client c[3];

	for (int turns = 0; turns < 6; turns++) {
		struct control_rig *rig = control_rig_open(service);

		for (int i = 0; i < 3; i++) {
			client_open(&c[i], rig);
			client_send(&c[i], asks[i], strlen(asks[i]));
		}
		for (int i = 0; i < turns; i++)
			ev_run(rig->d.loop, EVRUN_NOWAIT);
		for (int i = 0; i < 3; i++)
			client_close(&c[i]);
		rig_until(rig, no_children, NULL);
		control_rig_close(rig);
	}
	for (int turns = 0; turns < 6; turns++) {
		struct control_rig *rig = control_rig_open(service);

		for (int i = 0; i < 3; i++) {
			client_open(&c[i], rig);
			client_send(&c[i], asks[i], strlen(asks[i]));
		}
		for (int i = 0; i < turns; i++)
			ev_run(rig->d.loop, EVRUN_NOWAIT);
		control_close(rig->d.control);
		rig->d.control = NULL;
		for (int i = 0; i < 3; i++)
			client_close(&c[i]);
		rig_until(rig, no_children, NULL);
		control_rig_close(rig);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_listing),
		TEST(test_listing_of_nothing),
		TEST(test_listing_left_early),
		TEST(test_listing_child_dies),
		cmocka_unit_test(test_reload_cuts_a_stream),
		TEST(test_reload_while_counting),
		cmocka_unit_test(test_stop_in_between),
	};

	if (netns_enter() < 0) {
		fprintf(stderr, "no network namespace\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
