/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From configuration to jobs, with a prober that only listens: what is shared,
 * what a reload keeps, ports of probes via the service, and what it costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "health_rig.h"
#include "lib/buf.h"
#include "lib/xalloc.h"
#include "model/probe_ports.h"

#define HEAD                                                                   \
	"[check c]\ntype = tcp\nport = 9\ninterval = 1m\n"                     \
	"[check again]\ntype = tcp\nport = 9\ninterval = 1m\n"                 \
	"[check slow]\ntype = tcp\nport = 9\ninterval = 5m\n"                  \
	"[check via]\ntype = tcp\nvia = service\ninterval = 1m\n"              \
	"[check f]\ntype = file\nfile = /nonexistent/{backend}\n"              \
	"interval = 1m\n"

/* A service at 192.0.2.N, but for its checks and backends. */
#define S(n) "[service s" #n "]\naddress = 192.0.2." #n "\nport = 80\n"
#define S1   S(1)
#define S2   S(2)
#define S3   S(3)
#define S4   S(4)

static bool probe_of(const struct health_rig *r, const char *service,
		     const char *backend, size_t check,
		     struct health_probe *probe)
{
	const struct service *s = model_service(r->d.model, service);
	const struct backend *b = service_backend(s, backend);

	return health_probe(r->d.health, (size_t)(s - r->d.model->services),
			    (size_t)(b - s->backends), check, probe);
}

static uint32_t job_of(const struct health_rig *r, const char *service,
		       const char *backend)
{
	struct health_probe probe = { 0 };

	return probe_of(r, service, backend, 0, &probe) ? probe.job : 0;
}

static void test_what_is_the_same_is_one_job(void **state)
{
	static const char ini[] =
	    HEAD S1 "check = c\n"
		    "backend.b1 = 10.0.0.1:80\nbackend.b2 = 10.0.0.2:80\n" S2
		    "check = again\n"
		    "backend.x = 10.0.0.1:81\nbackend.y = 10.0.0.3:80\n" S3
		    "check = slow\n"
		    "backend.b1 = 10.0.0.1:80\n" S4 "check = f, c\n"
		    "backend.b1 = 10.0.0.1:80\nbackend.b2 = 10.0.0.1:88\n";
	struct health_probe probe;
	struct health_info info;
	struct health_rig r;

	health_rig_open(&r, "mute", ini);
	info = health_rig_info(&r);
	assert_int_equal(info.lanes[HEALTH_NETWORK].owners, 9);
	/* 10.0.0.1, .2, .3 at port 9; the slow one; a file for each backend */
	assert_int_equal(info.jobs, 6);
	/* the three of type tcp say the same */
	assert_int_equal(info.lanes[HEALTH_NETWORK].specs, 2);
	assert_int_equal(job_of(&r, "s1", "b1"), job_of(&r, "s2", "x"));
	assert_int_not_equal(job_of(&r, "s1", "b1"), job_of(&r, "s3", "b1"));
	assert_int_not_equal(job_of(&r, "s4", "b1"), job_of(&r, "s4", "b2"));
	assert_true(probe_of(&r, "s4", "b2", 1, &probe));
	assert_int_equal(probe.job, job_of(&r, "s1", "b1"));
	assert_int_equal(probe.owners, 4);
	assert_int_equal(probe.last_ms, 0);
	health_rig_close(&r);
}

static void test_reload_keeps_what_is_the_same(void **state)
{
	static const char first[] =
	    HEAD S1 "check = c\n"
		    "backend.b1 = 10.0.0.1:80\nbackend.b2 = 10.0.0.2:80\n";
	static const char renamed[] =
	    HEAD S2 "check = again\n"
		    "backend.c = 10.0.0.2:80\nbackend.d = 10.0.0.1:80\n";
	static const char slower[] =
	    HEAD S2 "check = slow\n"
		    "backend.c = 10.0.0.2:80\nbackend.d = 10.0.0.1:80\n";
	static const char other[] =
	    "[check slow]\ntype = tcp\nport = 9\ninterval = 5m\n"
	    "expect = hello\n" S2 "check = slow\nbackend.d = 10.0.0.1:80\n";
	struct health_rig r;
	uint32_t b1, b2;

	health_rig_open(&r, "mute", first);
	b1 = job_of(&r, "s1", "b1");
	b2 = job_of(&r, "s1", "b2");
	health_rig_reload(&r, renamed);
	assert_int_equal(job_of(&r, "s2", "d"), b1);
	assert_int_equal(job_of(&r, "s2", "c"), b2);
	health_rig_reload(&r, slower);
	assert_int_equal(job_of(&r, "s2", "d"), b1);
	health_rig_reload(&r, other); /* another thing to do */
	assert_int_not_equal(job_of(&r, "s2", "d"), b1);
	assert_int_equal(health_rig_info(&r).jobs, 1);
	health_rig_close(&r);
}

static uint16_t port_of(const struct health_rig *r, const char *service,
			const char *backend)
{
	return health_rig_backend(r, service, backend)->via_port;
}

static void test_via_service_has_a_port_of_its_own(void **state)
{
	static const char first[] =
	    HEAD S1 "check = via\n"
		    "backend.b1 = 10.0.0.1:80\nbackend.b2 = 10.0.0.2:80\n"
		    "backend.b3 = 10.0.0.3:80\n"
		    "backend.b4 = 10.0.0.4:80 check=c\n" S2 "check = via\n"
		    "backend.b1 = 10.0.0.1:80\n";
	static const char second[] =
	    HEAD S1 "check = via\n"
		    "backend.b5 = 10.0.0.5:80\nbackend.b3 = 10.0.0.3:80\n"
		    "backend.b1 = 10.0.0.1:80 check=c\n";
	static const char again[] =
	    HEAD S2 "check = via\n"
		    "backend.b1 = 10.0.0.1:80\n" S1 "check = via\n"
		    "backend.b3 = 10.0.0.3:80\nbackend.b2 = 10.0.0.2:80\n"
		    "backend.b1 = 10.0.0.9:80\n";
	struct health_rig r;
	uint16_t b1, b2, b3, other;

	health_rig_open(&r, "mute", first);
	assert_int_equal(health_rig_info(&r).jobs, 5); /* none is shared */
	b3 = port_of(&r, "s1", "b3");
	b2 = port_of(&r, "s1", "b2");
	b1 = port_of(&r, "s1", "b1");
	other = port_of(&r, "s2", "b1");
	assert_in_range(b1, PROBE_PORT_MIN, PROBE_PORT_MAX);
	assert_int_not_equal(b1, other);
	assert_int_equal(port_of(&r, "s1", "b4"), 0);
	/* one goes, one comes, one is probed straight from now on */
	health_rig_reload(&r, second);
	assert_int_equal(port_of(&r, "s1", "b3"), b3);
	assert_int_equal(port_of(&r, "s1", "b1"), 0);
	/* what was given back is not used again at once */
	assert_int_not_equal(port_of(&r, "s1", "b5"), b1);
	assert_int_not_equal(port_of(&r, "s1", "b5"), b2);
	health_rig_close(&r);
	/* after a restart: the same, in whatever order, for the same servers */
	health_rig_open(&r, "mute", again);
	assert_int_equal(port_of(&r, "s1", "b2"), b2);
	assert_int_equal(port_of(&r, "s1", "b3"), b3);
	assert_int_equal(port_of(&r, "s2", "b1"), other);
	assert_int_not_equal(port_of(&r, "s1", "b1"), b1);
	health_rig_close(&r);
}

/* More backends than there are ports: the rest is said, and not probed. */
static void test_ports_run_out(void **state)
{
	enum { BACKENDS = PROBE_PORT_MAX - PROBE_PORT_MIN + 1 + 5 };
	static bool used[65536];
	struct health_probe probe;
	struct buf ini = { 0 };
	struct health_rig r;
	size_t without = 0;

	buf_printf(&ini, "%s", HEAD S1 "check = via\n");
	for (unsigned int i = 0; i < BACKENDS; i++) {
		if (i == BACKENDS / 2)
			buf_printf(&ini, "%s", S2 "check = via\n");
		buf_printf(&ini, "backend.b%u = 10.0.%u.%u:80\n", i, i / 250,
			   i % 250 + 1);
	}
	health_rig_open(&r, "mute", ini.data);
	for (size_t i = 0; i < BACKENDS; i++) {
		const struct service *s =
		    &r.d.model->services[i / (BACKENDS / 2)];
		const struct backend *b = &s->backends[i % (BACKENDS / 2)];

		without += b->via_port == 0;
		assert_false(b->via_port && used[b->via_port]);
		used[b->via_port] = true;
	}
	assert_int_equal(without, 5);
	assert_int_equal(r.d.model->no_via_port, 5);
	assert_int_equal(health_rig_info(&r).jobs, BACKENDS - 5);
	assert_false(health_probe(r.d.health, 1, BACKENDS / 2 - 1, 0, &probe));
	health_rig_close(&r);
	buf_free(&ini);
}

static char *many(unsigned int backends, unsigned int per_service,
		  const char *interval)
{
	struct buf ini = { 0 };

	buf_printf(&ini, "[check c]\ntype = http\ninterval = %s\n", interval);
	for (unsigned int i = 0; i < backends; i++) {
		if (i % per_service == 0)
			buf_printf(&ini,
				   "[service s%u]\naddress = 192.0.%u.%u\n"
				   "port = 80\nmode = dnat\ncheck = c\n",
				   i, i / per_service / 250,
				   i / per_service % 250 + 1);
		buf_printf(&ini, "backend.b%u = 10.%u.%u.%u:80\n", i, i / 62500,
			   i / 250 % 250, i % 250 + 1);
	}
	return ini.data;
}

static double sync_ms(struct health_rig *r)
{
	struct timespec from, to;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	health_sync(r->d.health);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	return (double)(to.tv_sec - from.tv_sec) * 1e3 +
	       (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

/* Not measured in wall time, and ten times what it takes: nothing in here may
 * be worse than linear. */
static void test_a_hundred_thousand(void **state)
{
	char *ini = many(100000, 10, "1m"), *other = many(100000, 10, "2m");
	struct health_rig r;
	double same, retimed;

	health_rig_open(&r, "mute", ini);
	assert_int_equal(health_rig_info(&r).jobs, 100000);
	same = sync_ms(&r);
	health_rig_reload(&r, other);
	assert_int_equal(health_rig_info(&r).jobs, 100000);
	retimed = sync_ms(&r);
	print_message("health_sync, 100,000 backends: %.1f ms, again %.1f ms\n",
		      same, retimed);
	assert_true(same < 500 && retimed < 500);
	health_rig_close(&r);
	free(ini);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_the_same_is_one_job),
		cmocka_unit_test(test_reload_keeps_what_is_the_same),
		cmocka_unit_test(test_via_service_has_a_port_of_its_own),
		cmocka_unit_test(test_ports_run_out),
		cmocka_unit_test(test_a_hundred_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
