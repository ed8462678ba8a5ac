/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of probe jobs, driven by hand: what is the prober told, and when?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/health_jobs.h"

static struct hc_job want(uint16_t port)
{
	return (struct hc_job){ .interval_ms = 1000,
				.timeout_ms = 500,
				.port = port,
				.type = HC_TCP,
				.family = AF_INET };
}

static uint32_t add(struct health_jobs *t, uint16_t port, bool urgent)
{
	struct hc_job w = want(port);

	return health_jobs_add(t, &w, port, 0, urgent);
}

/* The next packet, taken as sent. */
static struct health_packet tell(struct health_jobs *t)
{
	struct health_packet p;

	memset(&p, 0, sizeof(p));
	if (health_jobs_packet(t, &p) > 0)
		health_jobs_sent(t, &p);
	return p;
}

static void tell_all(struct health_jobs *t)
{
	while (tell(t).head.count > 0)
		;
}

static void test_new_jobs_are_told_once(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t a = add(&t, 1, false), b = add(&t, 2, false);
	struct health_packet p = tell(&t);

	assert_int_not_equal(a, 0);
	assert_int_not_equal(a, b);
	assert_int_equal(p.head.type, HC_MSG_JOB);
	assert_int_equal(p.head.version, HC_VERSION);
	assert_int_equal(p.head.count, 2);
	assert_int_equal(p.of.jobs[0].id, a);
	assert_int_equal(p.of.jobs[1].id, b);
	assert_int_equal(p.of.jobs[1].port, 2);
	assert_int_equal(tell(&t).head.count, 0);
	assert_int_equal(health_jobs_find(&t, b)->service, 2);
	health_jobs_free(&t);
}

static void test_a_packet_not_sent_is_told_again(void **state)
{
	struct health_jobs t = { 0 };
	struct health_packet p;

	add(&t, 1, false);
	assert_int_equal(health_jobs_packet(&t, &p),
			 sizeof(p.head) + sizeof(struct hc_job));
	assert_int_equal(tell(&t).head.count, 1);
	assert_int_equal(health_jobs_packet(&t, &p), 0);
	health_jobs_free(&t);
}

static void test_many_jobs_are_many_packets(void **state)
{
	struct health_jobs t = { 0 };

	for (uint16_t i = 0; i < 2 * HC_RECORDS_MAX + 1; i++)
		add(&t, i, false);
	assert_int_equal(tell(&t).head.count, HC_RECORDS_MAX);
	assert_int_equal(tell(&t).head.count, HC_RECORDS_MAX);
	assert_int_equal(tell(&t).head.count, 1);
	assert_int_equal(tell(&t).head.count, 0);
	health_jobs_free(&t);
}

static void test_a_kept_job_says_nothing(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t id = add(&t, 5, false);
	struct hc_job w = want(5);

	tell_all(&t);
	health_jobs_begin(&t);
	assert_true(health_jobs_keep(&t, id, &w, 70, 3));
	health_jobs_sweep(&t);
	assert_int_equal(tell(&t).head.count, 0);
	/* it is at another place in the model now */
	assert_int_equal(health_jobs_find(&t, id)->service, 70);
	assert_int_equal(health_jobs_find(&t, id)->backend, 3);
	health_jobs_free(&t);
}

static void test_a_changed_job_is_told_under_its_id(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t id = add(&t, 5, false);
	struct hc_job w = want(5);
	struct health_packet p;

	tell_all(&t);
	w.interval_ms = 250;
	health_jobs_begin(&t);
	assert_true(health_jobs_keep(&t, id, &w, 5, 0));
	health_jobs_sweep(&t);
	p = tell(&t);
	assert_int_equal(p.head.count, 1);
	assert_int_equal(p.of.jobs[0].id, id);
	assert_int_equal(p.of.jobs[0].interval_ms, 250);
	health_jobs_free(&t);
}

static void test_a_job_has_one_owner(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t id = add(&t, 5, false);
	struct hc_job w = want(5);

	health_jobs_begin(&t);
	assert_true(health_jobs_keep(&t, id, &w, 1, 0));
	assert_false(health_jobs_keep(&t, id, &w, 2, 0));
	assert_false(health_jobs_keep(&t, 0, &w, 2, 0));
	assert_false(health_jobs_keep(&t, 0xffffffff, &w, 2, 0));
	assert_int_equal(health_jobs_find(&t, id)->service, 1);
	health_jobs_free(&t);
}

static void test_a_job_that_is_not_kept_stops(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t a = add(&t, 1, false), b = add(&t, 2, false), c;
	struct hc_job w = want(2);
	struct health_packet p;

	tell_all(&t);
	health_jobs_begin(&t);
	health_jobs_keep(&t, b, &w, 2, 0);
	health_jobs_sweep(&t);
	assert_null(health_jobs_find(&t, a));
	assert_true(health_jobs_issued(&t, a)); /* its results may yet come */
	assert_int_equal(t.wanted, 1);
	/* Its index is not used again before the prober knows. */
	c = add(&t, 3, false);
	assert_int_not_equal(c % HEALTH_JOBS_MAX, a % HEALTH_JOBS_MAX);
	p = tell(&t);
	assert_int_equal(p.head.type, HC_MSG_STOP);
	assert_int_equal(p.head.count, 1);
	assert_int_equal(p.of.stops[0].id, a);
	p = tell(&t);
	assert_int_equal(p.head.type, HC_MSG_JOB);
	assert_int_equal(p.of.jobs[0].id, c);
	health_jobs_free(&t);
}

static void test_results_of_an_earlier_owner_are_nobodys(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t id = add(&t, 1, false), first = id;

	for (int i = 0; i < 5000; i++) { /* more than there are generations */
		uint32_t next;

		tell_all(&t);
		health_jobs_begin(&t);
		health_jobs_sweep(&t);
		tell_all(&t);
		next = add(&t, 1, false);
		assert_int_not_equal(next, 0);
		assert_int_not_equal(next, id);
		assert_int_equal(next % HEALTH_JOBS_MAX,
				 first % HEALTH_JOBS_MAX);
		assert_null(health_jobs_find(&t, id));
		assert_non_null(health_jobs_find(&t, next));
		id = next;
	}
	health_jobs_free(&t);
}

static void test_ids_that_never_were(void **state)
{
	struct health_jobs t = { 0 };

	assert_false(health_jobs_issued(&t, 0));
	add(&t, 1, false);
	assert_false(health_jobs_issued(&t, 0));
	assert_false(health_jobs_issued(&t, 1 << HEALTH_JOB_INDEX_BITS | 1));
	assert_null(health_jobs_find(&t, 0));
	assert_null(health_jobs_find(&t, UINT32_MAX));
	health_jobs_free(&t);
}

static void test_a_new_prober_is_told_everything(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t probed = add(&t, 1, false), fresh = add(&t, 2, false);
	uint32_t gone = add(&t, 3, false);
	struct hc_job w1 = want(1), w2 = want(2);
	struct health_packet p;

	health_jobs_find(&t, probed)->probed = true;
	tell_all(&t);
	health_jobs_begin(&t);
	health_jobs_keep(&t, probed, &w1, 1, 0);
	health_jobs_keep(&t, fresh, &w2, 2, 0);
	health_jobs_sweep(&t);
	health_jobs_restart(&t);
	p = tell(&t);
	assert_int_equal(p.head.type, HC_MSG_JOB);
	assert_int_equal(p.head.count, 2);
	assert_int_equal(p.of.jobs[0].id, probed);
	assert_true(p.of.jobs[0].first_ms < p.of.jobs[0].interval_ms);
	assert_int_equal(p.of.jobs[1].id, fresh);
	assert_int_equal(p.of.jobs[1].first_ms, 0);
	assert_int_equal(tell(&t).head.count, 0); /* no stop of @gone */
	assert_null(health_jobs_find(&t, gone));
	health_jobs_free(&t);
}

static void test_after_a_restart_probes_are_spread(void **state)
{
	enum { JOBS = 1000, TENTHS = 10 };
	struct health_jobs t = { 0 };
	size_t in_tenth[TENTHS] = { 0 };

	for (uint16_t i = 0; i < JOBS; i++)
		health_jobs_find(&t, add(&t, i, false))->probed = true;
	health_jobs_restart(&t);
	for (struct health_packet p = tell(&t); p.head.count; p = tell(&t))
		for (uint32_t i = 0; i < p.head.count; i++)
			in_tenth[p.of.jobs[i].first_ms / 100]++;
	for (size_t i = 0; i < TENTHS; i++)
		assert_in_range(in_tenth[i], 90, 110);
	health_jobs_free(&t);
}

static void test_urgent_jobs_are_paced(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t last = 0, n = 0;

	for (uint16_t i = 0; i < 2000; i++)
		add(&t, i, true);
	for (struct health_packet p = tell(&t); p.head.count; p = tell(&t)) {
		for (uint32_t i = 0; i < p.head.count; i++, n++) {
			assert_true(p.of.jobs[i].first_ms >= last);
			assert_true(p.of.jobs[i].first_ms - last <= 1);
			last = p.of.jobs[i].first_ms;
		}
		if (n == HC_RECORDS_MAX)
			assert_true(last < 10); /* a few: at once */
	}
	assert_int_equal(n, 2000);
	assert_in_range(last, 90, 110);
	/* The next ones are at once again. */
	add(&t, 9999, true);
	assert_int_equal(tell(&t).of.jobs[0].first_ms, 0);
	health_jobs_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_jobs_are_told_once),
		cmocka_unit_test(test_a_packet_not_sent_is_told_again),
		cmocka_unit_test(test_many_jobs_are_many_packets),
		cmocka_unit_test(test_a_kept_job_says_nothing),
		cmocka_unit_test(test_a_changed_job_is_told_under_its_id),
		cmocka_unit_test(test_a_job_has_one_owner),
		cmocka_unit_test(test_a_job_that_is_not_kept_stops),
		cmocka_unit_test(test_results_of_an_earlier_owner_are_nobodys),
		cmocka_unit_test(test_ids_that_never_were),
		cmocka_unit_test(test_a_new_prober_is_told_everything),
		cmocka_unit_test(test_after_a_restart_probes_are_spread),
		cmocka_unit_test(test_urgent_jobs_are_paced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
