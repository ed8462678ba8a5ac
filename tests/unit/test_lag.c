/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A loop that is late, and checks that nobody answers: what is said of the peer
 * is only what the peer has deserved. Stalls are made by a callback that
 * blocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "healthcheck/checks.h"
#include "healthcheck/clock.h"
#include "listener.h"

/* One check in a loop of its own, and a timer that blocks that loop. */
struct world {
	struct ev_loop *loop;
	struct lag lag;
	struct listener l;
	struct spec spec;
	struct hc_job job;
	struct check check;
	struct finding found;
	struct ev_timer blocker;
	unsigned int block_ms, again_ms;
	bool starts; /* the blocker starts the check, when it has blocked */
};

static void block(unsigned int ms)
{
	uint64_t until_us = clock_now_us() + ms * 1000;

	while (clock_now_us() < until_us) {
		const struct timespec ts = { .tv_nsec = 1000000 };

		nanosleep(&ts, NULL);
	}
}

static void done(struct check *c, const struct finding *found)
{
	struct world *w =
	    (struct world *)((char *)c - offsetof(struct world, check));

	w->found = *found;
	ev_break(w->loop, EVBREAK_ALL);
}

static void start(struct world *w)
{
	check_start(&w->check, &w->spec, &w->job);
	assert_true(check_running(&w->check));
}

static void blocker_cb(struct ev_loop *loop, struct ev_timer *t, int events)
{
	struct world *w = t->data;

	block(w->block_ms);
	if (w->starts)
		start(w);
	if (w->again_ms) {
		ev_now_update(loop);
		ev_timer_set(t, w->again_ms / 1e3, 0);
		ev_timer_start(loop, t);
	}
}

static void world_open(struct world *w, uint32_t timeout_ms)
{
	memset(w, 0, sizeof(*w));
	listener_open(&w->l, AF_INET, 0);
	listener_fill(&w->l);
	w->loop = ev_loop_new(EVFLAG_AUTO);
	w->job = (struct hc_job){ .timeout_ms = timeout_ms,
				  .port = w->l.port,
				  .type = HC_TCP,
				  .family = AF_INET };
	inet_pton(AF_INET, "127.0.0.1", w->job.ip);
	w->spec.type = HC_TCP;
	assert_null(check_ops_of(HC_TCP)->prepare(&w->spec, w->loop));
	lag_open(&w->lag, w->loop);
	check_init(&w->check, w->loop, &w->lag, done);
	ev_init(&w->blocker, blocker_cb);
	w->blocker.data = w;
}

static void world_close(struct world *w)
{
	ev_timer_stop(w->loop, &w->blocker);
	lag_close(&w->lag);
	check_ops_of(w->spec.type)->release(&w->spec);
	ev_loop_destroy(w->loop);
	listener_close(&w->l);
}

/* Another spec for a world that is open. */
static void world_check(struct world *w, enum hc_type type, char *expect)
{
	check_ops_of(w->spec.type)->release(&w->spec);
	w->job.type = (uint8_t)type;
	w->spec.type = type;
	w->spec.of.expect = expect;
	assert_null(check_ops_of(type)->prepare(&w->spec, w->loop));
}

/* Run the check; the loop is blocked at @at_ms, and each time it was free for
 * @again_ms; 0: not again.
 * Returns how long it took in ms, as seen by others. */
static uint64_t run(struct world *w, unsigned int at_ms, unsigned int again_ms,
		    unsigned int block_ms)
{
	uint64_t begun_us;

	ev_now_update(w->loop);
	begun_us = clock_now_us();
	w->block_ms = block_ms;
	w->again_ms = again_ms;
	if (block_ms) {
		ev_timer_set(&w->blocker, at_ms / 1e3, 0);
		ev_timer_start(w->loop, &w->blocker);
	}
	if (!w->starts)
		start(w);
	ev_run(w->loop, 0);
	return (clock_now_us() - begun_us) / 1000;
}

static void test_on_time(void **state)
{
	struct world w;

	world_open(&w, 300);
	assert_in_range(run(&w, 0, 0, 0), 300, 5000);
	assert_int_equal(w.found.reason, HC_TIMEOUT);
	assert_int_equal(w.found.duration_us, 300000);
	world_close(&w);
}

static void test_a_stall_is_given_back(void **state)
{
	struct world w;

	world_open(&w, 1000);
	world_check(&w, HC_TCP, "x");
	/* 0 .. 200 is seen, 200 .. 700 not, 700 .. 1500 again */
	assert_in_range(run(&w, 200, 0, 500), 1490, 5000);
	assert_int_equal(w.found.reason, HC_TIMEOUT);
	assert_int_equal(w.lag.extended, 1);
	assert_true(w.lag.stalls >= 1);
	world_close(&w);
}

static void test_a_stall_at_the_very_end(void **state)
{
	struct world w;

	world_open(&w, 1000);
	world_check(&w, HC_TCP, "x");
	/* it ends after the time-out: the loop has its look before and after */
	assert_in_range(run(&w, 900, 0, 500), 1490, 5000);
	assert_int_equal(w.found.reason, HC_TIMEOUT);
	assert_int_equal(w.lag.extended, 1);
	world_close(&w);
}

static void test_a_stall_of_the_whole_timeout(void **state)
{
	struct world w;

	world_open(&w, 300);
	world_check(&w, HC_TCP, "x");
	run(&w, 50, 0, 400);
	assert_int_equal(w.found.reason, HC_LATE);
	world_close(&w);
}

/* Three quarters of all time: each extension is shorter than the time-out, and
 * there would be no end to them for long. */
static void test_stalls_again_and_again(void **state)
{
	struct world w;

	world_open(&w, 400);
	world_check(&w, HC_TCP, "x");
	assert_in_range(run(&w, 25, 25, 75), 400, 5000);
	assert_int_equal(w.found.reason, HC_LATE);
	assert_int_equal(w.lag.extended, 1);
	world_close(&w);
}

static void test_what_was_before_does_not_count(void **state)
{
	struct world w;

	world_open(&w, 300);
	w.starts = true; /* with the last breath of a long stall */
	run(&w, 1, 0, 1000);
	/* none of it was the check's; at most the turn it ended */
	assert_int_equal(w.found.reason, HC_TIMEOUT);
	world_close(&w);
}

/* To a plain connect only the kernel answers, which is never late. */
static void test_a_connect_needs_no_time_of_ours(void **state)
{
	struct world w;

	world_open(&w, 300);
	assert_in_range(run(&w, 50, 0, 400), 300, 5000);
	assert_int_equal(w.found.reason, HC_TIMEOUT);
	assert_int_equal(w.lag.extended, 0);
	world_close(&w);
}

static void test_an_answer_that_waited_is_one(void **state)
{
	struct world w;

	world_open(&w, 300);
	listener_drain(&w.l);
	run(&w, 1, 0, 1000);
	assert_int_equal(w.found.reason, HC_OK);
	assert_true(w.found.duration_us <= 300000);
	world_close(&w);
}

/* Types that say themselves what it means that the time is up. */
static void test_a_stall_is_given_back_to_talks(void **state)
{
	struct world w;

	world_open(&w, 1000);
	listener_drain(&w.l);
	world_check(&w, HC_TCP, "x");
	assert_in_range(run(&w, 200, 0, 500), 1490, 5000);
	assert_int_equal(w.found.reason, HC_TIMEOUT);
	assert_int_equal(w.lag.extended, 1);
	world_check(&w, HC_AGENT, NULL);
	w.spec.of.silent = SPEC_SILENT_IGNORE;
	assert_in_range(run(&w, 200, 0, 500), 1490, 5000);
	assert_int_equal(w.found.reason, HC_IGNORED);
	assert_int_equal(w.found.detail, HC_TIMEOUT);
	assert_int_equal(w.lag.extended, 2);
	world_close(&w);
}

static void test_a_stall_is_given_back_to_udp(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(to);
	struct world w;

	world_open(&w, 1000);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&to, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &len), 0);
	w.job.port = ntohs(to.sin_port);
	world_check(&w, HC_UDP, NULL);
	assert_in_range(run(&w, 200, 0, 500), 1490, 5000);
	assert_int_equal(w.found.reason, HC_OK);
	world_check(&w, HC_UDP, "x");
	assert_in_range(run(&w, 200, 0, 500), 1490, 5000);
	assert_int_equal(w.found.reason, HC_TIMEOUT);
	assert_int_equal(w.lag.extended, 2);
	world_close(&w);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_time),
		cmocka_unit_test(test_a_stall_is_given_back),
		cmocka_unit_test(test_a_stall_at_the_very_end),
		cmocka_unit_test(test_a_stall_of_the_whole_timeout),
		cmocka_unit_test(test_stalls_again_and_again),
		cmocka_unit_test(test_what_was_before_does_not_count),
		cmocka_unit_test(test_a_connect_needs_no_time_of_ours),
		cmocka_unit_test(test_an_answer_that_waited_is_one),
		cmocka_unit_test(test_a_stall_is_given_back_to_talks),
		cmocka_unit_test(test_a_stall_is_given_back_to_udp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
