/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds by SNMP that share a session, with an agent that is the test itself:
 * whose answer it is, what is kept between probes, and when it is not.
 */
#include <dirent.h>
#include <ev.h>
#include <math.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "healthcheck/checks.h"
#include "healthcheck/lag.h"
#include "healthcheck/snmp_wire.h"

#define TURNS_MAX 20000
#define LONG_MS   20000
#define SHORT_MS  60
#define FEEDS     2
#define PDU_AT    13 /* in a message of version 2c, community public */

struct feed {
	struct spec spec;
	struct hc_job job;
	struct check check;
	struct finding found;
	unsigned int done;
};

struct rig {
	struct ev_loop *loop;
	struct lag lag;
	int agent, fds; /* fds: open at the start */
	struct feed feeds[FEEDS];
};

/* A request, as the agent has it. */
struct request {
	struct sockaddr_in from;
	uint8_t data[2048];
	size_t len;
};

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void on_done(struct check *c, const struct finding *found)
{
	struct feed *f =
	    (struct feed *)((char *)c - offsetof(struct feed, check));

	f->found = *found;
	f->done++;
}

static void agent_open(struct rig *r, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r->agent = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(r->agent, (struct sockaddr *)&a, sizeof(a)), 0);
}

static uint16_t agent_port(const struct rig *r)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	assert_int_equal(getsockname(r->agent, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

/* A feed of version 2c for @oid. */
static void feed_open(struct rig *r, struct feed *f, const char *oid)
{
	const uint8_t loopback[] = { 127, 0, 0, 1 };

	f->spec.type = HC_SNMP;
	f->spec.of = (struct hc_spec){
		.snmp_version = SPEC_SNMP_2C,
		.oid = (char *)oid,
		.feed = SPEC_YES,
	};
	f->job = (struct hc_job){ .type = HC_SNMP,
				  .family = AF_INET,
				  .port = agent_port(r),
				  .timeout_ms = LONG_MS };
	memcpy(f->job.ip, loopback, sizeof(loopback));
	check_init(&f->check, r->loop, &r->lag, on_done);
	assert_null(check_ops_of(HC_SNMP)->prepare(&f->spec, r->loop));
}

static void rig_open(struct rig *r)
{
	static const char *const oids[FEEDS] = { "1.3.6.1", "1.3.6.2" };

	memset(r, 0, sizeof(*r));
	r->loop = ev_loop_new(EVFLAG_AUTO);
	lag_open(&r->lag, r->loop);
	agent_open(r, 0);
	r->fds = count_fds();
	for (size_t i = 0; i < FEEDS; i++)
		feed_open(r, &r->feeds[i], oids[i]);
}

static void feed_close(struct feed *f)
{
	check_forget(&f->check);
	check_ops_of(HC_SNMP)->release(&f->spec);
}

static void rig_close(struct rig *r)
{
	for (size_t i = 0; i < FEEDS; i++)
		feed_close(&r->feeds[i]);
	assert_int_equal(count_fds(), r->fds);
	close(r->agent);
	lag_close(&r->lag);
	ev_loop_destroy(r->loop);
}

static void turn(struct rig *r)
{
	ev_run(r->loop, EVRUN_NOWAIT);
	usleep(200);
}

static void some_turns(struct rig *r)
{
	for (int i = 0; i < 20; i++)
		turn(r);
}

static void ask(struct rig *r, struct feed *f)
{
	ev_now_update(r->loop);
	f->done = 0;
	check_start(&f->check, &f->spec, &f->job);
}

static void until_done(struct rig *r, const struct feed *f)
{
	for (int i = 0; i < TURNS_MAX && !f->done; i++)
		turn(r);
	assert_int_equal(f->done, 1);
}

static void request_read(struct rig *r, struct request *q)
{
	socklen_t len = sizeof(q->from);
	ssize_t n = -1;

	for (int i = 0; i < TURNS_MAX && n < 0; i++) {
		n = recvfrom(r->agent, q->data, sizeof(q->data), 0,
			     (struct sockaddr *)&q->from, &len);
		if (n < 0)
			turn(r);
	}
	assert_true(n > PDU_AT);
	q->len = (size_t)n;
}

/* As an answer: the first object's value is @value, the others are not there.
 * All lengths are of one byte. */
static void request_answer(const struct rig *r, const struct request *q,
			   uint8_t value)
{
	uint8_t answer[sizeof(q->data) + 1];
	/* behind the request's id, and two numbers of one byte */
	size_t list = PDU_AT + 4 + q->data[PDU_AT + 3] + 6;
	size_t at = list + 4 + 2 + q->data[list + 5]; /* the value */

	memcpy(answer, q->data, q->len);
	for (size_t i = at; i + 1 < q->len; i++)
		if (answer[i] == 5 && answer[i + 1] == 0)
			answer[i] = 0x80;
	memmove(answer + at + 3, answer + at + 2, q->len - at - 2);
	answer[at] = 2;
	answer[at + 1] = 1;
	answer[at + 2] = value;
	answer[PDU_AT] = SNMP_PDU_RESPONSE;
	answer[1]++; /* of the message, PDU, list and variable */
	answer[PDU_AT + 1]++;
	answer[list + 1]++;
	answer[list + 3]++;
	sendto(r->agent, answer, q->len + 1, 0,
	       (const struct sockaddr *)&q->from, sizeof(q->from));
}

static void value_is(const struct feed *f, uint8_t value)
{
	assert_int_equal(f->found.reason, HC_OK);
	assert_true(f->found.has_value);
	assert_true(fabs(f->found.value - value) <= 1e-9);
}

/* One probe, answered. Where it came from. */
static uint16_t probe(struct rig *r, struct feed *f, uint8_t value)
{
	struct request q;

	ask(r, f);
	request_read(r, &q);
	request_answer(r, &q, value);
	until_done(r, f);
	value_is(f, value);
	return q.from.sin_port;
}

/* ---- what is shared ---- */

static void one_socket_for_all_probes(void **state)
{
	struct rig r;
	uint16_t port;

	rig_open(&r);
	port = probe(&r, &r.feeds[0], 1);
	assert_int_equal(count_fds(), r.fds + 1);
	assert_int_equal(probe(&r, &r.feeds[1], 2), port);
	assert_int_equal(probe(&r, &r.feeds[0], 3), port);
	assert_int_equal(count_fds(), r.fds + 1);
	/* as long as one of them is there */
	check_forget(&r.feeds[0].check);
	assert_int_equal(count_fds(), r.fds + 1);
	assert_int_equal(probe(&r, &r.feeds[1], 4), port);
	check_forget(&r.feeds[1].check);
	assert_int_equal(count_fds(), r.fds);
	rig_close(&r);
}

static void others_do_not_share_it(void **state)
{
	struct rig r;
	uint16_t port;

	rig_open(&r);
	port = probe(&r, &r.feeds[0], 1);
	r.feeds[1].spec.of.community = (char *)"secret";
	assert_int_not_equal(probe(&r, &r.feeds[1], 2), port);
	assert_int_equal(count_fds(), r.fds + 2);
	rig_close(&r);
}

static void answers_in_another_order(void **state)
{
	struct request first, second;
	struct rig r;

	rig_open(&r);
	ask(&r, &r.feeds[0]);
	request_read(&r, &first);
	ask(&r, &r.feeds[1]);
	request_read(&r, &second);
	request_answer(&r, &second, 22);
	until_done(&r, &r.feeds[1]);
	assert_int_equal(r.feeds[0].done, 0);
	request_answer(&r, &first, 11);
	until_done(&r, &r.feeds[0]);
	value_is(&r.feeds[0], 11);
	value_is(&r.feeds[1], 22);
	rig_close(&r);
}

/* look() finds its own answer, and does not keep the other's. */
static void a_look_at_both_answers(void **state)
{
	const struct check_ops *ops = check_ops_of(HC_SNMP);
	struct request first, second;
	struct rig r;

	rig_open(&r);
	ask(&r, &r.feeds[0]);
	request_read(&r, &first);
	ask(&r, &r.feeds[1]);
	request_read(&r, &second);
	request_answer(&r, &second, 22);
	request_answer(&r, &first, 11);
	assert_int_equal(ops->look(&r.feeds[0].check), HC_OK);
	assert_int_equal(r.feeds[0].done, 0);
	assert_int_equal(r.feeds[1].done, 1);
	value_is(&r.feeds[1], 22);
	check_finish(&r.feeds[0].check, HC_OK);
	value_is(&r.feeds[0], 11);
	rig_close(&r);
}

static void a_late_answer_is_nobodys(void **state)
{
	struct request late, now;
	struct rig r;

	rig_open(&r);
	ask(&r, &r.feeds[0]);
	request_read(&r, &late);
	check_cancel(&r.feeds[0].check);
	ask(&r, &r.feeds[0]);
	request_read(&r, &now);
	assert_int_equal(late.from.sin_port, now.from.sin_port);
	request_answer(&r, &late, 99);
	some_turns(&r);
	assert_int_equal(r.feeds[0].done, 0);
	request_answer(&r, &now, 1);
	until_done(&r, &r.feeds[0]);
	value_is(&r.feeds[0], 1);
	rig_close(&r);
}

/* ---- what is not kept ---- */

static void silence_costs_the_socket(void **state)
{
	struct request q;
	struct rig r;
	uint16_t port;

	rig_open(&r);
	port = probe(&r, &r.feeds[0], 1);
	r.feeds[0].job.timeout_ms = SHORT_MS;
	ask(&r, &r.feeds[0]);
	until_done(&r, &r.feeds[0]);
	assert_int_equal(r.feeds[0].found.reason, HC_TIMEOUT);
	assert_false(r.feeds[0].found.has_value);
	r.feeds[0].job.timeout_ms = LONG_MS;
	do { /* what was asked in vain, and once more */
		request_read(&r, &q);
	} while (recv(r.agent, &q, 1, MSG_PEEK) >= 0);
	assert_int_equal(q.from.sin_port, port);
	assert_int_not_equal(probe(&r, &r.feeds[0], 2), port);
	assert_int_equal(count_fds(), r.fds + 1);
	rig_close(&r);
}

static unsigned int woken;

static void pending_cb(struct ev_loop *loop)
{
	woken += ev_pending_count(loop);
	ev_invoke_pending(loop);
}

/* A socket that is kept keeps no errors that wake the loop again and again. */
static void is_at_rest(struct rig *r)
{
	ev_set_invoke_pending_cb(r->loop, pending_cb);
	for (int turns = 0; turns < 50; turns++) { /* errors come late, too */
		woken = 0;
		some_turns(r);
		if (!woken)
			break;
	}
	ev_set_invoke_pending_cb(r->loop, ev_invoke_pending);
	assert_int_equal(woken, 0);
}

static void an_agent_that_goes_ends_all(void **state)
{
	uint16_t port;
	struct rig r;

	rig_open(&r);
	port = agent_port(&r);
	probe(&r, &r.feeds[0], 1);
	close(r.agent);
	for (int again = 0; again < 3; again++) {
		ask(&r, &r.feeds[0]);
		ask(&r, &r.feeds[1]);
		until_done(&r, &r.feeds[0]);
		until_done(&r, &r.feeds[1]);
		assert_int_equal(r.feeds[0].found.reason, HC_REFUSED);
		assert_int_equal(r.feeds[1].found.reason, HC_REFUSED);
		is_at_rest(&r);
	}
	agent_open(&r, port);
	probe(&r, &r.feeds[0], 2);
	probe(&r, &r.feeds[1], 3);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_socket_for_all_probes),
		cmocka_unit_test(others_do_not_share_it),
		cmocka_unit_test(answers_in_another_order),
		cmocka_unit_test(a_look_at_both_answers),
		cmocka_unit_test(a_late_answer_is_nobodys),
		cmocka_unit_test(silence_costs_the_socket),
		cmocka_unit_test(an_agent_that_goes_ends_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
