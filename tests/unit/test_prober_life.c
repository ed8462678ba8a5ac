/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of the prober process: what it may do, and what the daemon does when
 * it misbehaves, is missing, or hangs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health_rig.h"
#include "lib/buf.h"
#include "lib/xalloc.h"

static const char one_backend[] = "[check c]\ntype = tcp\ninterval = 100ms\n"
				  "timeout = 100ms\nstart = unknown\n"
				  "[service s]\naddress = 192.0.2.1\n"
				  "port = 80\ncheck = c\n"
				  "backend.b = 127.0.0.1:9\n";

/* ---- misbehaviour: killed, said once, tried again ---- */

static void is_replaced(const char *prober, const char *words)
{
	struct health_rig r;

	health_rig_open(&r, prober, one_backend);
	/* who is told of jobs when it has left already is gone for that */
	LOOP_UNTIL(&r,
		   health_rig_info(&r).restarts >= 4 ||
		       (health_rig_info(&r).restarts >= 2 &&
			health_rig_events(&r, "prober", NULL, "gone", words)));
	if (!health_rig_events(&r, "prober", NULL, "gone", words))
		fail_msg("%s: no event says \"%s\" but \"%s\"", prober, words,
			 events_get(&r.d.events, r.d.events.last)->reason);
	assert_int_equal(health_rig_backend(&r, "s", "b")->health,
			 HEALTH_UNKNOWN);
	assert_int_equal(health_rig_info(&r).results, 0);
	health_rig_close(&r);
	/* no child is left, dead or alive */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_bad_packets(void **state)
{
	is_replaced("garbage", "bad packet: another version");
	is_replaced("reason", "bad packet: an unknown reason");
	is_replaced("duration", "bad packet: a duration out of range");
	is_replaced("count", "bad packet: a length that does not fit");
	is_replaced("stranger", "bad packet: a job that never was");
	is_replaced("early", "bad packet: records before hello");
	is_replaced("says", "bad packet: unknown words");
	is_replaced("phase", "bad packet: a phase out of range");
	is_replaced("value", "bad packet: a value that is no number");
	is_replaced("values", "bad packet: a value that is no number");
	is_replaced("counts", "bad packet: a length that does not fit");
}

static void test_it_leaves(void **state)
{
	is_replaced("leaver", "exited status=3");
}

static void test_it_says_nothing(void **state)
{
	struct health_rig r;
	uint64_t begun = now_ms();

	health_rig_open(&r, "mute", one_backend);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "gone", NULL));
	assert_true(health_rig_events(&r, "prober", NULL, "gone", "no hello"));
	assert_in_range(now_ms() - begun, 5000, 30000);
	health_rig_close(&r);
}

/* Killed as often as it starts it would never be there. */
static void test_one_that_starts_slowly_gets_more_time(void **state)
{
	struct health_rig r;

	health_rig_open(&r, "slow", one_backend);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "running", NULL));
	assert_true(health_rig_events(&r, "prober", NULL, "gone", "no hello"));
	health_rig_close(&r);
}

static void test_it_closes_its_socket_and_stays(void **state)
{
	struct health_rig r;

	health_rig_open(&r, "closer", one_backend);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "gone", NULL));
	/* we read that it is closed, or we were about to write */
	assert_true(
	    health_rig_events(&r, "prober", NULL, "gone",
			      "closed its socket") ||
	    health_rig_events(&r, "prober", NULL, "gone", "Broken pipe"));
	health_rig_close(&r);
}

/* Enough jobs to fill the socket of a prober that does not read. */
static void test_it_does_not_read(void **state)
{
	struct buf ini = { 0 };
	struct health_rig r;
	uint64_t begun = now_ms();

	buf_printf(&ini, "[check c]\ntype = tcp\ninterval = 1m\n");
	for (unsigned int s = 0; s < 100; s++) {
		buf_printf(&ini,
			   "[service s%u]\naddress = 192.0.2.%u\nport = 80\n"
			   "check = c\n",
			   s, s);
		for (unsigned int b = 1; b <= 200; b++)
			buf_printf(&ini, "backend.b%u = 127.0.0.%u:%u\n", b, b,
				   s + 1); /* shared by none */
	}
	health_rig_open(&r, "deaf", ini.data);
	assert_int_equal(health_rig_info(&r).jobs, 20000);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "gone", NULL));
	assert_true(health_rig_events(&r, "prober", "running", "stuck",
				      "network does not read"));
	assert_true(health_rig_events(&r, "prober", "stuck", "gone",
				      "network does not read"));
	assert_in_range(now_ms() - begun, 10000, 60000);
	health_rig_close(&r);
	buf_free(&ini);
}

static void test_it_falls_silent(void **state)
{
	struct health_rig r;
	uint64_t begun = now_ms();

	health_rig_open(&r, "silent", one_backend);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", "running", "stuck",
					 "network says nothing"));
	assert_in_range(now_ms() - begun, 2900, 30000);
	LOOP_UNTIL(&r, health_rig_info(&r).restarts == 1);
	assert_true(health_rig_events(&r, "prober", "stuck", "gone",
				      "network says nothing"));
	assert_int_equal(health_rig_backend(&r, "s", "b")->health,
			 HEALTH_UNKNOWN);
	health_rig_close(&r);
}

/* One that is well, and stopped from outside. */
static void test_a_stopped_prober_is_replaced(void **state)
{
	struct health_rig r;
	uint64_t stopped;
	pid_t pid;

	health_rig_open(&r, NULL, one_backend);
	LOOP_UNTIL(&r, health_rig_backend(&r, "s", "b")->health == HEALTH_DOWN);
	pid = health_rig_info(&r).pid;
	kill(pid, SIGSTOP);
	stopped = now_ms();
	LOOP_UNTIL(&r, health_rig_info(&r).restarts == 1);
	assert_in_range(now_ms() - stopped, 450, 9000);
	assert_true(health_rig_events(&r, "prober", "running", "stuck", NULL));
	assert_int_equal(kill(pid, 0), -1);
	LOOP_UNTIL(&r,
		   health_rig_events(&r, "prober", "gone", "running", NULL));
	/* nobody's health has changed by it */
	assert_int_equal(health_rig_events(&r, "health", NULL, NULL, NULL), 1);
	health_rig_close(&r);
}

/* A daemon that was held up itself accuses nobody. */
static void test_a_late_daemon_blames_itself(void **state)
{
	struct health_rig r;
	uint64_t results;

	health_rig_open(&r, NULL, one_backend);
	LOOP_UNTIL(&r, health_rig_info(&r).results > 0);
	for (int i = 0; i < 2; i++) {
		sleep(4);
		results = health_rig_info(&r).results;
		LOOP_UNTIL(&r, health_rig_info(&r).results > results + 5);
	}
	assert_int_equal(health_rig_events(&r, "prober", NULL, "stuck", NULL),
			 0);
	assert_int_equal(health_rig_info(&r).restarts, 0);
	health_rig_close(&r);
}

static void test_a_missing_program_is_waited_for(void **state)
{
	struct health_rig r;
	char *to;

	health_rig_open(&r, NULL_PROBER, one_backend);
	LOOP_UNTIL(&r, health_rig_info(&r).restarts >= 2);
	assert_int_equal(health_rig_info(&r).pid, 0);
	assert_int_equal(health_rig_events(&r, "prober", NULL, "gone", NULL),
			 1); /* said once */
	assert_true(health_rig_events(&r, "prober", NULL, "gone",
				      "No such file or directory"));
	health_rig_install(&r, NULL);
	to = xasprintf("mv %s/prober %s/-", r.dir, r.dir);
	assert_int_equal(system(to), 0);
	free(to);
	LOOP_UNTIL(&r,
		   health_rig_backend(&r, "s", "b")->health != HEALTH_UNKNOWN);
	health_rig_close(&r);
}

static void test_restarts_are_further_and_further_apart(void **state)
{
	struct health_rig r;
	uint64_t begun = now_ms();

	health_rig_open(&r, "leaver", one_backend);
	LOOP_UNTIL(&r, health_rig_info(&r).restarts == 5);
	/* 0.1 + 0.2 + 0.4 + 0.8 + 1.6 s */
	assert_true(now_ms() - begun >= 3000);
	health_rig_close(&r);
}

/* ---- what it may do ---- */

static char *proc_file(pid_t pid, const char *name)
{
	char *path = xasprintf("/proc/%d/%s", pid, name);
	FILE *f = fopen(path, "re");
	struct buf text = { 0 };
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		buf_printf(&text, "%c", c ? c : '\n');
	fclose(f);
	free(path);
	return text.data;
}

static unsigned long long status_number(const char *status, const char *key,
					int base)
{
	char *at = strstr(status, key);

	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, base);
}

static bool own_capability(unsigned int cap)
{
	char *status = proc_file(getpid(), "status");
	bool have = status_number(status, "CapEff:", 16) >> cap & 1;

	free(status);
	return have;
}

/* Descriptors of @pid that lead to @target. */
static int descriptors_to(pid_t pid, const char *target)
{
	char *dir = xasprintf("/proc/%d/fd", pid), to[4096];
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		ssize_t len =
		    readlinkat(dirfd(d), e->d_name, to, sizeof(to) - 1);

		to[len > 0 ? len : 0] = '\0';
		n += strstr(to, target) != NULL;
	}
	closedir(d);
	free(dir);
	return n;
}

/* The socketpair, and what ICMP is sent by where the daemon may open it. */
static void assert_sockets(pid_t pid)
{
	static const int numbers[] = { HC_PROBER_FD, HC_ICMP4_FD, HC_ICMP6_FD };
	int expected = own_capability(CAP_NET_RAW) ? 3 : 1;

	assert_int_equal(descriptors_to(pid, "socket:"), expected);
	for (int i = 0; i < expected; i++) {
		char *path = xasprintf("/proc/%d/fd/%d", pid, numbers[i]);
		char to[64] = "";

		assert_true(readlink(path, to, sizeof(to) - 1) > 0);
		assert_non_null(strstr(to, "socket:"));
		free(path);
	}
}

static void test_it_has_nothing_to_lose(void **state)
{
	static const char *const caps[] = { "CapInh:", "CapPrm:", "CapEff:",
					    "CapAmb:" };
	int secret = open("/proc/self/maps", O_RDONLY); /* not O_CLOEXEC */
	struct health_rig r;
	char *status, *environ_, *link_, cwd[64] = "";
	pid_t pid;

	assert_true(secret >= 0);
	setenv("NFTLB_SECRET", "swordfish", 1);
	health_rig_open(&r, NULL, one_backend);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "running", NULL));
	pid = health_rig_info(&r).pid;

	status = proc_file(pid, "status");
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		assert_int_equal(status_number(status, caps[i], 16), 0);
	assert_int_equal(status_number(status, "NoNewPrivs:", 10), 1);
	if (own_capability(CAP_SETPCAP))
		assert_int_equal(status_number(status, "CapBnd:", 16), 0);
	if (geteuid() == 0) {
		assert_int_not_equal(status_number(status, "Uid:", 10), 0);
		assert_int_not_equal(status_number(status, "Gid:", 10), 0);
	}
	environ_ = proc_file(pid, "environ");
	assert_null(strstr(environ_, "swordfish"));
	assert_int_equal(descriptors_to(pid, "/maps"), 0);
	assert_sockets(pid);
	link_ = xasprintf("/proc/%d/cwd", pid);
	assert_true(readlink(link_, cwd, sizeof(cwd) - 1) > 0);
	assert_string_equal(cwd, "/");

	free(link_);
	free(environ_);
	free(status);
	health_rig_close(&r);
	unsetenv("NFTLB_SECRET");
	close(secret);
	/* and it is gone with the daemon's side */
	assert_int_equal(kill(pid, 0), -1);
}

static void test_a_hanging_prober_does_not_hold_up_the_end(void **state)
{
	struct health_rig r;
	uint64_t begun;

	health_rig_open(&r, NULL, one_backend);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "running", NULL));
	kill(health_rig_info(&r).pid, SIGSTOP);
	begun = now_ms();
	health_rig_close(&r);
	assert_in_range(now_ms() - begun, 900, 15000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_packets),
		cmocka_unit_test(test_it_leaves),
		cmocka_unit_test(test_it_says_nothing),
		cmocka_unit_test(test_it_closes_its_socket_and_stays),
		cmocka_unit_test(test_it_does_not_read),
		cmocka_unit_test(test_one_that_starts_slowly_gets_more_time),
		cmocka_unit_test(test_it_falls_silent),
		cmocka_unit_test(test_a_stopped_prober_is_replaced),
		cmocka_unit_test(test_a_late_daemon_blames_itself),
		cmocka_unit_test(test_a_missing_program_is_waited_for),
		cmocka_unit_test(test_restarts_are_further_and_further_apart),
		cmocka_unit_test(test_it_has_nothing_to_lose),
		cmocka_unit_test(
		    test_a_hanging_prober_does_not_hold_up_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
