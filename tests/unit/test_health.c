/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Health, from the model through the real prober to real sockets and back: what
 * changes, what is said of it, and what a reload keeps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "health_rig.h"
#include "lib/xalloc.h"
#include "model/step.h"

/* One service, one check named c, backends as given. */
static char *ini_of(const char *check, const char *backends)
{
	return xasprintf("[check c]\ntype = tcp\n%s\n"
			 "[service s]\naddress = %s\nport = 80\n"
			 "check = c\n%s\n",
			 check,
			 strchr(backends, '[') ? "2001:db8::1" : "192.0.2.1",
			 backends);
}

static enum health health_of(const struct health_rig *r, const char *backend)
{
	return health_rig_backend(r, "s", backend)->health;
}

/* The first check's of a backend. */
static struct health_probe probe_of(const struct health_rig *r,
				    const char *service, const char *backend)
{
	const struct service *s = model_service(r->d.model, service);
	const struct backend *b = service_backend(s, backend);
	struct health_probe probe;

	assert_true(health_probe(r->d.health,
				 (size_t)(s - r->d.model->services),
				 (size_t)(b - s->backends), 0, &probe));
	return probe;
}

static uint32_t job_of(const struct health_rig *r, const char *service,
		       const char *backend)
{
	return probe_of(r, service, backend).job;
}

static void rig_for(struct health_rig *r, const char *prober, const char *check,
		    const char *backends_fmt, unsigned int port)
{
	char *backends = xasprintf(backends_fmt, port, port + 1);
	char *ini = ini_of(check, backends);

	health_rig_open(r, prober, ini);
	free(ini);
	free(backends);
}

static void test_unknown_is_decided_by_the_first_result(void **state)
{
	struct listener well, refusing;
	struct health_rig r;
	char *backends, *ini;

	listener_open(&well, AF_INET, 64);
	listener_open(&refusing, AF_INET, -1);
	backends = xasprintf("backend.good = 127.0.0.1:%u\n"
			     "backend.bad = 127.0.0.1:%u\n",
			     well.port, refusing.port);
	/* once a minute: only "at once" can make this pass */
	ini = ini_of("interval = 1m\nstart = unknown\nrise = 5\nfall = 5",
		     backends);
	health_rig_open(&r, NULL, ini);
	assert_int_equal(health_of(&r, "good"), HEALTH_UNKNOWN);
	LOOP_UNTIL(&r, health_of(&r, "good") == HEALTH_UP &&
			   health_of(&r, "bad") == HEALTH_DOWN);
	assert_int_equal(
	    health_rig_events(&r, "health", "unknown", "up", "ok after="), 1);
	assert_int_equal(health_rig_events(&r, "health", "unknown", "down",
					   "refused after="),
			 1);
	assert_int_equal(r.batch, 2); /* none of them served before */
	assert_int_equal(r.urgent, 0);
	assert_int_equal(health_rig_info(&r).jobs, 2);
	health_rig_close(&r);
	free(ini);
	free(backends);
	listener_close(&well);
	listener_close(&refusing);
}

static void test_fall_and_rise(void **state)
{
	struct listener l;
	struct health_rig r;

	listener_open(&l, AF_INET6, -1);
	rig_for(&r, NULL,
		"interval = 100ms\ntimeout = 100ms\nfall = 3\nrise = 2",
		"backend.b = [::1]:%u\n", l.port);
	assert_int_equal(health_of(&r, "b"), HEALTH_UP);
	LOOP_UNTIL(&r, health_of(&r, "b") == HEALTH_DOWN);
	assert_int_equal(
	    health_rig_events(&r, "health", "up", "down", "refused after="), 1);
	assert_int_equal(
	    health_rig_events(&r, "health", "up", "down", "fails=3/3"), 1);
	assert_int_equal(r.urgent, 1);
	assert_int_equal(r.batch, 0);
	assert_int_equal(r.d.model->ndirty, 1);

	listener_listen(&l, 64);
	LOOP_UNTIL(&r, health_of(&r, "b") == HEALTH_UP);
	assert_int_equal(
	    health_rig_events(&r, "health", "down", "up", "successes=2/2"), 1);
	assert_int_equal(r.urgent, 1);
	assert_int_equal(r.batch, 1);
	assert_true(health_rig_backend(&r, "s", "b")->checks[0].last_us > 0);
	health_rig_close(&r);
	listener_close(&l);
}

static void test_timeout_says_after_what(void **state)
{
	struct listener l;
	struct health_rig r;

	listener_open(&l, AF_INET, 0);
	listener_fill(&l);
	rig_for(&r, NULL, "interval = 300ms\ntimeout = 200ms\nfall = 1",
		"backend.b = 127.0.0.1:%u\n", l.port);
	LOOP_UNTIL(&r, health_of(&r, "b") == HEALTH_DOWN);
	assert_int_equal(health_rig_events(&r, "health", "up", "down",
					   "timeout after=200.0ms fails=1/1"),
			 1);
	health_rig_close(&r);
	listener_close(&l);
}

static void test_unchecked_backends_have_no_jobs(void **state)
{
	struct health_rig r;

	rig_for(&r, NULL, "interval = 1m",
		"backend.b = 127.0.0.1:%u check=none\n", 9);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "running", NULL));
	assert_int_equal(health_rig_info(&r).jobs, 0);
	health_rig_close(&r);
}

static void reload_with(struct health_rig *r, const char *check,
			const char *backends)
{
	char *ini = ini_of(check, backends);

	health_rig_reload(r, ini);
	free(ini);
}

static void test_reload_keeps_jobs_and_rhythm(void **state)
{
	struct listener l;
	struct health_rig r;
	char *one, *two;
	uint32_t job;

	listener_open(&l, AF_INET, 64);
	one = xasprintf("backend.b = 127.0.0.1:%u\n", l.port);
	two = xasprintf("backend.a = 127.0.0.2:%u\nbackend.b = 127.0.0.1:%u\n",
			l.port, l.port);
	rig_for(&r, NULL, "interval = 1m\ntimeout = 1m",
		"backend.b = 127.0.0.1:%u\n", l.port);
	LOOP_UNTIL(&r, health_rig_info(&r).results == 1);
	job = job_of(&r, "s", "b");
	/* The same, with another rise, and at another place in the model. */
	reload_with(&r, "interval = 1m\ntimeout = 1m", one);
	reload_with(&r, "interval = 1m\ntimeout = 1m\nrise = 9", one);
	reload_with(&r, "interval = 1m\ntimeout = 1m", two);
	assert_int_equal(job_of(&r, "s", "b"), job);
	assert_int_equal(health_rig_info(&r).jobs, 2);
	/* The next result is the new backend's: b is not probed again. */
	LOOP_UNTIL(&r, health_rig_info(&r).results == 2);
	LOOP_UNTIL(&r, health_rig_backend(&r, "s", "a")->checks[0].last_us > 0);
	assert_int_equal(health_rig_info(&r).results, 2);
	/* A shorter interval keeps the job, and is followed. */
	reload_with(&r, "interval = 100ms\ntimeout = 100ms", one);
	assert_int_equal(job_of(&r, "s", "b"), job);
	assert_int_equal(health_rig_info(&r).jobs, 1);
	LOOP_UNTIL(&r, health_rig_info(&r).results >= 6);
	health_rig_close(&r);
	free(one);
	free(two);
	listener_close(&l);
}

static void test_reload_with_another_target_is_another_job(void **state)
{
	struct listener well, refusing;
	struct health_rig r;
	char *moved;
	uint32_t job;

	listener_open(&well, AF_INET, 64);
	listener_open(&refusing, AF_INET, -1);
	moved = xasprintf("backend.b = 127.0.0.1:%u\n", refusing.port);
	rig_for(&r, NULL, "interval = 100ms\ntimeout = 100ms\nfall = 1",
		"backend.b = 127.0.0.1:%u\n", well.port);
	LOOP_UNTIL(&r, health_rig_info(&r).results >= 2);
	job = job_of(&r, "s", "b");
	reload_with(&r, "interval = 100ms\ntimeout = 100ms\nfall = 1", moved);
	assert_int_not_equal(job_of(&r, "s", "b"), job);
	assert_int_equal(health_rig_info(&r).jobs, 1);
	LOOP_UNTIL(&r, health_of(&r, "b") == HEALTH_DOWN);
	health_rig_close(&r);
	free(moved);
	listener_close(&well);
	listener_close(&refusing);
}

static void test_a_dead_prober_changes_nobodys_health(void **state)
{
	struct listener well, refusing;
	struct health_rig r;
	pid_t before;
	char *ini, *backends;
	uint64_t results;

	listener_open(&well, AF_INET, 64);
	listener_open(&refusing, AF_INET, -1);
	backends = xasprintf("backend.good = 127.0.0.1:%u\n"
			     "backend.bad = 127.0.0.1:%u\n",
			     well.port, refusing.port);
	ini = ini_of("interval = 100ms\ntimeout = 100ms\nfall = 1\nrise = 1",
		     backends);
	health_rig_open(&r, NULL, ini);
	LOOP_UNTIL(&r, health_of(&r, "bad") == HEALTH_DOWN);
	before = health_rig_info(&r).pid;
	r.urgent = r.batch = 0;
	kill(before, SIGKILL);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "gone",
					 "killed signal=9"));
	assert_int_equal(health_rig_info(&r).pid, 0);
	assert_int_equal(health_of(&r, "good"), HEALTH_UP);
	assert_int_equal(health_of(&r, "bad"), HEALTH_DOWN);
	LOOP_UNTIL(&r,
		   health_rig_events(&r, "prober", "gone", "running", NULL));
	assert_int_equal(health_rig_info(&r).restarts, 1);
	assert_int_not_equal(health_rig_info(&r).pid, before);
	results = health_rig_info(&r).results;
	LOOP_UNTIL(&r, health_rig_info(&r).results > results + 4);
	assert_int_equal(r.urgent + r.batch, 0);
	/* and the new one does the work */
	listener_refuse(&well);
	LOOP_UNTIL(&r, health_of(&r, "good") == HEALTH_DOWN);
	health_rig_close(&r);
	free(ini);
	free(backends);
	listener_close(&well);
	listener_close(&refusing);
}

static void test_local_faults_change_nothing(void **state)
{
	struct health_rig r;

	rig_for(&r, "helpless", "interval = 1m\nfall = 1\nstart = unknown",
		"backend.b = 127.0.0.1:%u\n", 9);
	LOOP_UNTIL(&r, health_rig_info(&r).results == 1);
	assert_int_equal(health_of(&r, "b"), HEALTH_UNKNOWN);
	assert_int_equal(health_rig_events(&r, "health", NULL, NULL, NULL), 0);
	assert_int_equal(health_rig_backend(&r, "s", "b")->checks[0].reason,
			 HC_LOCAL);
	health_rig_close(&r);
}

/* What changes by itself does so on time, and nothing ticks after that. */
static void test_time_passes_while_it_has_to(void **state)
{
	static const char ini[] = "[service s]\naddress = 192.0.2.1\n"
				  "port = 80\ndrain-timeout = 1s\n"
				  "backend.b = 127.0.0.1:9\n";
	struct changes changes = { 0 };
	struct health_rig r;
	struct service *s;
	uint64_t begun;

	health_rig_open(&r, NULL, ini);
	daemon_ticks(&r.d);
	assert_false(ev_is_active(&r.d.tick));
	s = model_service(r.d.model, "s");
	step_admin(r.d.model, s, &s->backends[0], ADMIN_DRAIN, "test",
		   daemon_now_ms(), &changes);
	begun = now_ms();
	daemon_changes(&r.d, &changes);
	assert_true(ev_is_active(&r.d.tick));
	LOOP_UNTIL(&r, health_rig_events(&r, "drain", NULL, "drained", NULL));
	/* the loop's time is from before the rig was opened */
	assert_in_range(now_ms() - begun, 900, 15000);
	assert_false(ev_is_active(&r.d.tick));
	health_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_is_decided_by_the_first_result),
		cmocka_unit_test(test_fall_and_rise),
		cmocka_unit_test(test_timeout_says_after_what),
		cmocka_unit_test(test_unchecked_backends_have_no_jobs),
		cmocka_unit_test(test_reload_keeps_jobs_and_rhythm),
		cmocka_unit_test(
		    test_reload_with_another_target_is_another_job),
		cmocka_unit_test(test_a_dead_prober_changes_nobodys_health),
		cmocka_unit_test(test_local_faults_change_nothing),
		cmocka_unit_test(test_time_passes_while_it_has_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
