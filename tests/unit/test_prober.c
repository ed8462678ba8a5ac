/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real prober, spoken to as the daemon does, against real sockets on
 * loopback: what it finds, when it looks, and jobs that come and go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "prober_rig.h"

/* ---- what it finds ---- */

static void up_leaves_no_trace(int family)
{
	struct listener l;
	struct rig p;
	struct hc_job j;

	listener_open(&l, family, 64);
	rig_open(&p);
	j = rig_job(7, &l, 100, 100);
	rig_jobs(&p, &j, 1);
	for (int i = 0; i < 5; i++) {
		struct hc_result r = rig_result(&p, 7, NONE);

		assert_int_equal(r.reason, HC_OK);
		assert_true(r.duration_us < 100000);
	}
	rig_close(&p);
	/* The server has seen no connection at all. */
	assert_int_equal(listener_drain(&l), 0);
	if (family == AF_INET)
		assert_int_equal(tcp_sockets(l.port, TCP_TIME_WAIT), 0);
	listener_close(&l);
}

static void test_up_v4(void **state)
{
	up_leaves_no_trace(AF_INET);
}

static void test_up_v6(void **state)
{
	up_leaves_no_trace(AF_INET6);
}

static void refused(int family)
{
	struct listener l;
	struct rig p;
	struct hc_job j;

	listener_open(&l, family, -1);
	rig_open(&p);
	j = rig_job(1, &l, 60000, 1000);
	rig_jobs(&p, &j, 1);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_REFUSED);
	rig_close(&p);
	listener_close(&l);
}

static void test_refused_v4(void **state)
{
	refused(AF_INET);
}

static void test_refused_v6(void **state)
{
	refused(AF_INET6);
}

static void test_silent_is_a_timeout(void **state)
{
	struct listener l;
	struct hc_result r;
	struct rig p;
	struct hc_job j;

	listener_open(&l, AF_INET, 0);
	listener_fill(&l);
	rig_open(&p);
	j = rig_job(1, &l, 60000, 300);
	rig_jobs(&p, &j, 1);
	r = rig_result(&p, 1, NONE);
	assert_int_equal(r.reason, HC_TIMEOUT);
	assert_int_equal(r.duration_us, 300000);
	rig_close(&p);
	listener_close(&l);
}

static void test_unreachable(void **state)
{
	struct listener nobody = { .family = AF_INET, .port = 80 };
	struct rig p;
	struct hc_job j;

	rig_open(&p);
	/* A broadcast address cannot be connected to: no packet leaves. */
	j = rig_job(1, &nobody, 60000, 1000);
	memset(j.ip, 0xff, 4);
	rig_jobs(&p, &j, 1);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_UNREACHABLE);
	rig_close(&p);
}

static void test_slow_is_up_and_says_how_slow(void **state)
{
	struct listener l;
	struct hc_result r;
	struct rig p;
	struct hc_job j;

	listener_open(&l, AF_INET, 0);
	listener_fill(&l);
	rig_open(&p);
	j = rig_job(1, &l, 60000, 15000);
	rig_jobs(&p, &j, 1);
	/* its SYN and the filler's last one wait for the queue */
	WAIT_FOR(tcp_sockets(l.port, TCP_SYN_SENT) == 2);
	WAIT_FOR(listener_drain(&l) >= 0 &&
		 tcp_sockets(l.port, TCP_SYN_SENT) == 0);
	r = rig_result(&p, 1, NONE);
	assert_int_equal(r.reason, HC_OK);
	assert_true(r.duration_us > 500000); /* a SYN is sent again after 1 s */
	rig_close(&p);
	listener_close(&l);
}

/* A prober that was late itself must not blame the backend for it. */
static void test_a_late_loop_makes_no_timeouts(void **state)
{
	struct listener l;
	struct rig p;
	struct hc_job j;
	uint64_t begun;

	listener_open(&l, AF_INET, 0);
	listener_fill(&l);
	rig_open(&p);
	j = rig_job(1, &l, 60000, 5000);
	begun = now_ms();
	rig_jobs(&p, &j, 1);
	WAIT_FOR(tcp_sockets(l.port, TCP_SYN_SENT) == 2);
	kill(p.pid, SIGSTOP);
	/* The answer comes in time; the prober wakes up after the timeout. */
	WAIT_FOR(listener_drain(&l) >= 0 &&
		 tcp_sockets(l.port, TCP_SYN_SENT) == 0);
	assert_true(now_ms() < begun + 5000);
	WAIT_FOR(now_ms() > begun + 5300);
	kill(p.pid, SIGCONT);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_OK);
	rig_close(&p);
	listener_close(&l);
}

#define TALK_SPEC 78

/* Stopped for @stopped_ms in the middle of a probe that nobody answers, of a
 * type whose answers could lie unread. */
static enum hc_reason
stopped_in_a_probe(uint32_t timeout_ms, uint32_t stopped_ms, uint64_t *extended)
{
	char expect[] = "x";
	const struct hc_spec talk = { .expect = expect };
	struct hc_result r;
	struct listener l;
	struct rig p;
	struct hc_job j;
	uint64_t begun;

	listener_open(&l, AF_INET, 0);
	listener_fill(&l);
	rig_open(&p);
	rig_spec(&p, TALK_SPEC, HC_TCP, &talk, 0);
	j = rig_job(1, &l, 60000, timeout_ms);
	j.spec = TALK_SPEC;
	rig_jobs(&p, &j, 1);
	WAIT_FOR(tcp_sockets(l.port, TCP_SYN_SENT) == 2);
	kill(p.pid, SIGSTOP);
	begun = now_ms();
	WAIT_FOR(now_ms() > begun + stopped_ms);
	kill(p.pid, SIGCONT);
	r = rig_result(&p, 1, NONE);
	/* statistics that know of it */
	for (unsigned int seen = p.nstats; p.nstats == seen;)
		rig_packet(&p);
	*extended = p.stats.extended;
	assert_true(p.stats.stalls > 0);
	assert_true(p.stats.stalled_us >= stopped_ms * 900);
	rig_close(&p);
	listener_close(&l);
	return (enum hc_reason)r.reason;
}

static void test_stopped_for_a_while(void **state)
{
	uint64_t extended;

	assert_int_equal(stopped_in_a_probe(2000, 1000, &extended), HC_TIMEOUT);
	assert_int_equal(extended, 1);
}

static void test_stopped_for_longer_than_the_timeout(void **state)
{
	uint64_t extended;

	assert_int_equal(stopped_in_a_probe(500, 800, &extended), HC_LATE);
	assert_int_equal(extended, 1);
}

/* ---- rhythm ---- */

/* Milliseconds that @n results take; a machine that is busy gets some tries to
 * stay below @most. */
static uint64_t results_take(struct rig *p, int n, uint64_t most)
{
	uint64_t took_ms = 0;

	for (int tries = 0; tries < 6; tries++) {
		uint64_t begun = now_ms();

		for (int i = 0; i < n; i++)
			rig_result(p, 1, NONE);
		took_ms = now_ms() - begun;
		if (took_ms <= most)
			break;
	}
	return took_ms;
}

static void test_interval_is_from_start_to_start(void **state)
{
	struct listener l;
	struct rig p;
	struct hc_job j;

	listener_open(&l, AF_INET, 0);
	listener_fill(&l);
	rig_open(&p);
	/* Each probe takes its whole interval: only start to start gives ten
	 * in little more than a second. */
	j = rig_job(1, &l, 100, 100);
	rig_result((rig_jobs(&p, &j, 1), &p), 1, NONE);
	assert_in_range(results_take(&p, 10, 1900), 950, 1900);
	rig_close(&p);
	listener_close(&l);
}

static void test_jitter_only_shortens(void **state)
{
	struct listener l;
	struct rig p;
	struct hc_job j;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	j = rig_job(1, &l, 200, 20);
	j.jitter_pct = 50;
	rig_jobs(&p, &j, 1);
	rig_result(&p, 1, NONE);
	rig_result(&p, 1, NONE);
	/* 12 x 100..200 ms, 1800 on average; 2400 would be without jitter */
	assert_in_range(results_take(&p, 12, 2350), 1150, 2350);
	rig_close(&p);
	listener_close(&l);
}

static void test_first_probe_waits_for_first_ms(void **state)
{
	struct listener l;
	struct rig p;
	struct hc_job j;
	uint64_t begun;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	j = rig_job(1, &l, 60000, 100);
	j.first_ms = 400;
	begun = now_ms();
	rig_jobs(&p, &j, 1);
	rig_result(&p, 1, NONE);
	assert_true(now_ms() - begun >= 400);
	rig_close(&p);
	listener_close(&l);
}

/* ---- jobs that come, change and go ---- */

static void test_stopped_job_is_silent(void **state)
{
	struct listener l;
	struct hc_job j[2];
	struct rig p;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	j[0] = rig_job(1, &l, 100, 100);
	j[1] = rig_job(2, &l, 100, 100);
	rig_jobs(&p, &j[0], 1);
	rig_result(&p, 1, NONE);
	rig_stop(&p, 1);
	rig_stop(&p, 12345); /* never was: no harm */
	rig_jobs(&p, &j[1], 1);
	/* Job 2 can only be seen after job 1 was stopped. */
	rig_result(&p, 2, NONE);
	for (int i = 0; i < 5; i++)
		rig_result(&p, 2, 1);
	rig_close(&p);
	listener_close(&l);
}

static void test_stop_in_the_middle_of_a_probe(void **state)
{
	struct listener silent, well;
	struct hc_job j[2];
	struct rig p;

	listener_open(&silent, AF_INET, 0);
	listener_fill(&silent);
	listener_open(&well, AF_INET, 64);
	rig_open(&p);
	j[0] = rig_job(1, &silent, 400, 400);
	j[1] = rig_job(2, &well, 100, 100);
	rig_jobs(&p, &j[0], 1);
	WAIT_FOR(tcp_sockets(silent.port, TCP_SYN_SENT) == 2);
	rig_stop(&p, 1);
	WAIT_FOR(tcp_sockets(silent.port, TCP_SYN_SENT) == 1);
	rig_jobs(&p, &j[1], 1);
	for (int i = 0; i < 8; i++)
		rig_result(&p, 2, 1);
	rig_close(&p);
	listener_close(&silent);
	listener_close(&well);
}

static void test_replaced_target_begins_anew(void **state)
{
	struct listener well, refusing;
	struct hc_job j[2];
	struct rig p;

	listener_open(&well, AF_INET, 64);
	listener_open(&refusing, AF_INET, -1);
	rig_open(&p);
	j[0] = rig_job(1, &well, 60000, 100);
	j[1] = rig_job(1, &refusing, 60000, 100);
	rig_jobs(&p, &j[0], 1);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_OK);
	rig_jobs(&p, &j[1], 1);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_REFUSED);
	rig_close(&p);
	listener_close(&well);
	listener_close(&refusing);
}

static void test_changed_parameters_keep_the_rhythm(void **state)
{
	struct hc_job j, witness;
	struct listener l;
	struct rig p;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	/* timeout = interval: the first interval is not shortened */
	j = rig_job(1, &l, 60000, 60000);
	witness = rig_job(2, &l, 100, 100);
	rig_jobs(&p, &j, 1);
	rig_result(&p, 1, NONE);
	j.timeout_ms = 1000;
	rig_jobs(&p, &j, 1);
	rig_jobs(&p, &witness, 1);
	for (int i = 0; i < 5; i++)
		rig_result(&p, 2, 1);
	/* A shorter interval counts from now on. */
	j.interval_ms = 100;
	j.timeout_ms = 100;
	rig_jobs(&p, &j, 1);
	for (int i = 0; i < 3; i++)
		rig_result(&p, 1, NONE);
	rig_close(&p);
	listener_close(&l);
}

static void test_a_full_socket_loses_nothing(void **state)
{
	enum { JOBS = 2000 };
	static bool seen[JOBS];
	static const struct hc_spec nothing;
	struct listener l;
	struct rig p;
	struct hc_job j[100];
	int left = JOBS, waiting = 0;

	listener_open(&l, AF_INET, -1);
	rig_start(&p, 4096); /* a packet or two */
	rig_hello(&p);
	rig_spec(&p, RIG_SPEC, HC_TCP, &nothing, 0);
	for (uint32_t id = 0; id < JOBS; id += 100) {
		for (uint32_t i = 0; i < 100; i++)
			j[i] = rig_job(id + i, &l, 60000, 60000);
		rig_jobs(&p, j, 100);
	}
	WAIT_FOR(ioctl(p.fd, FIONREAD, &waiting) == 0 && waiting > 0);
	while (left > 0) {
		struct hc_result r = rig_next(&p);

		/* once each: the next turn is a minute away */
		assert_true(r.id < JOBS);
		assert_false(seen[r.id]);
		seen[r.id] = true;
		left--;
	}
	rig_close(&p);
	listener_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_v4),
		cmocka_unit_test(test_up_v6),
		cmocka_unit_test(test_refused_v4),
		cmocka_unit_test(test_refused_v6),
		cmocka_unit_test(test_silent_is_a_timeout),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_slow_is_up_and_says_how_slow),
		cmocka_unit_test(test_a_late_loop_makes_no_timeouts),
		cmocka_unit_test(test_stopped_for_a_while),
		cmocka_unit_test(test_stopped_for_longer_than_the_timeout),
		cmocka_unit_test(test_interval_is_from_start_to_start),
		cmocka_unit_test(test_jitter_only_shortens),
		cmocka_unit_test(test_first_probe_waits_for_first_ms),
		cmocka_unit_test(test_stopped_job_is_silent),
		cmocka_unit_test(test_stop_in_the_middle_of_a_probe),
		cmocka_unit_test(test_replaced_target_begins_anew),
		cmocka_unit_test(test_changed_parameters_keep_the_rhythm),
		cmocka_unit_test(test_a_full_socket_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
