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

#include "jobs_rig.h"

static uint32_t add(struct health_jobs *t, uint16_t port, bool urgent)
{
	struct hc_job w = rig_want(port);
	struct health_job *j = health_jobs_add(t, &w, urgent);

	return j ? j->conf.id : 0;
}

static void test_new_jobs_are_told_once(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t a = add(&t, 1, false), b = add(&t, 2, false);
	struct health_packet p = rig_tell(&t);

	assert_int_not_equal(a, 0);
	assert_int_not_equal(a, b);
	assert_int_equal(p.head.type, HC_MSG_JOB);
	assert_int_equal(p.head.version, HC_VERSION);
	assert_int_equal(p.head.count, 2);
	assert_int_equal(p.of.jobs[0].id, a);
	assert_int_equal(p.of.jobs[1].id, b);
	assert_int_equal(p.of.jobs[1].port, 2);
	assert_int_equal(rig_tell(&t).head.count, 0);
	health_jobs_free(&t);
}

static void test_a_packet_not_sent_is_told_again(void **state)
{
	struct health_jobs t = { 0 };
	struct health_packet p;

	add(&t, 1, false);
	assert_int_equal(health_jobs_packet(&t, &p),
			 sizeof(p.head) + sizeof(struct hc_job));
	assert_int_equal(rig_tell(&t).head.count, 1);
	assert_int_equal(health_jobs_packet(&t, &p), 0);
	health_jobs_free(&t);
}

static void test_many_jobs_are_many_packets(void **state)
{
	struct health_jobs t = { 0 };

	for (uint16_t i = 0; i < 2 * HC_RECORDS_MAX + 1; i++)
		add(&t, i, false);
	assert_int_equal(rig_tell(&t).head.count, HC_RECORDS_MAX);
	assert_int_equal(rig_tell(&t).head.count, HC_RECORDS_MAX);
	assert_int_equal(rig_tell(&t).head.count, 1);
	assert_int_equal(rig_tell(&t).head.count, 0);
	health_jobs_free(&t);
}

static void test_a_kept_job_says_nothing(void **state)
{
	struct health_jobs t = { 0 };
	struct health_job *j;
	uint32_t id;

	rig_walk(&t, 5, 0);
	id = rig_id(&t, 5);
	rig_tell_all(&t);
	health_walk_begin(&t);
	rig_claim(&t, 5, 70); /* it is at another place in the model now */
	health_walk_end(&t);
	assert_int_equal(rig_tell(&t).head.count, 0);
	assert_int_equal(rig_id(&t, 5), id);
	j = health_jobs_find(&t, id);
	assert_int_equal(j->nowners, 1);
	assert_int_equal(t.owners[j->owners].service, 70);
	assert_int_equal(t.owners[j->owners].backend, 7);
	health_jobs_free(&t);
}

static void test_the_same_is_probed_once(void **state)
{
	struct health_jobs t = { 0 };
	struct health_job *j;

	health_walk_begin(&t);
	rig_claim(&t, 5, 1);
	rig_claim(&t, 6, 2);
	rig_claim(&t, 5, 3);
	health_walk_end(&t);
	assert_int_equal(t.wanted, 2);
	assert_int_equal(t.nowners, 3);
	j = health_jobs_find(&t, rig_id(&t, 5));
	assert_int_equal(j->nowners, 2);
	assert_int_equal(t.owners[j->owners].service, 1);
	assert_int_equal(t.owners[j->owners + 1].service, 3);
	assert_int_equal(rig_tell(&t).head.count, 2);
	/* one of them goes: the job stays, and nobody is told */
	rig_walk(&t, 5, 6);
	assert_int_equal(rig_tell(&t).head.count, 0);
	j = health_jobs_find(&t, rig_id(&t, 5));
	assert_int_equal(j->nowners, 1);
	health_jobs_free(&t);
}

/* Every part of a target counts, and of the timing. */
static void test_what_differs_is_not_shared(void **state)
{
	struct hc_job w[14];
	struct health_jobs t = { 0 };
	struct health_owner owner = { .service = 0 };

	for (size_t i = 0; i < 14; i++)
		w[i] = rig_want(5);
	w[1].spec = 2;
	w[2].port = 6;
	w[3].source_port = 61001;
	w[4].type = HC_HTTP;
	w[5].family = AF_INET6;
	w[6].ip[15] = 1;
	strcpy(w[7].name, "b1");
	w[8].interval_ms = 2000;
	w[9].fast_ms = 1;
	w[10].down_ms = 1;
	w[11].rise = 9;
	w[12].fall = 9;
	w[13].timeout_ms = 1;
	health_walk_begin(&t);
	for (size_t i = 0; i < 14; i++)
		health_walk_want(&t, &w[i], &owner, false);
	health_walk_end(&t);
	assert_int_equal(t.wanted, 14);
	health_jobs_free(&t);
}

static void test_a_changed_job_is_told_under_its_id(void **state)
{
	struct health_owner owner = { .service = 5 };
	struct health_jobs t = { 0 };
	struct hc_job w = rig_want(5);
	struct health_packet p;
	uint32_t id;

	rig_walk(&t, 5, 0);
	id = rig_id(&t, 5);
	rig_tell_all(&t);
	w.interval_ms = 250;
	health_walk_begin(&t);
	health_walk_want(&t, &w, &owner, false);
	health_walk_want(&t, &w, &owner, false);
	health_walk_end(&t);
	p = rig_tell(&t);
	assert_int_equal(p.head.count, 1);
	assert_int_equal(p.of.jobs[0].id, id);
	assert_int_equal(p.of.jobs[0].interval_ms, 250);
	assert_int_equal(health_jobs_find(&t, id)->nowners, 2);
	health_jobs_free(&t);
}

/* Who comes first does not get what another one already has. */
static void test_another_timing_takes_what_is_left(void **state)
{
	struct health_owner a = { .service = 1 }, b = { .service = 2 };
	struct health_jobs t = { 0 };
	struct hc_job w = rig_want(5);
	uint32_t id;

	rig_walk(&t, 5, 0);
	id = rig_id(&t, 5);
	rig_tell_all(&t);
	w.interval_ms = 250;
	health_walk_begin(&t);
	health_walk_want(&t, &w, &a, false);
	rig_claim(&t, 5, 2);
	health_walk_end(&t);
	assert_int_equal(rig_id(&t, 5), id);
	assert_int_equal(t.wanted, 2);
	assert_int_equal(rig_tell(&t).head.count, 1);
	/* the first one goes: its job is free for a third timing */
	id = health_jobs_like(&t, &w)->conf.id;
	w.interval_ms = 125;
	health_walk_begin(&t);
	health_walk_want(&t, &w, &b, false);
	rig_claim(&t, 5, 2);
	health_walk_end(&t);
	assert_int_equal(health_jobs_like(&t, &w)->conf.id, id);
	health_jobs_free(&t);
}

static void test_a_job_that_is_not_kept_stops(void **state)
{
	struct health_jobs t = { 0 };
	struct health_packet p;
	uint32_t a, b, c;

	rig_walk(&t, 1, 2);
	a = rig_id(&t, 1);
	b = rig_id(&t, 2);
	rig_tell_all(&t);
	rig_walk(&t, 2, 0);
	assert_null(health_jobs_find(&t, a));
	assert_int_equal(rig_id(&t, 1), 0);
	assert_int_equal(rig_id(&t, 2), b);
	assert_true(health_jobs_issued(&t, a)); /* its results may yet come */
	assert_int_equal(t.wanted, 1);
	/* Its index is not used again before the prober knows. */
	c = add(&t, 3, false);
	assert_int_not_equal(c % HEALTH_JOBS_MAX, a % HEALTH_JOBS_MAX);
	p = rig_tell(&t);
	assert_int_equal(p.head.type, HC_MSG_STOP);
	assert_int_equal(p.head.count, 1);
	assert_int_equal(p.of.stops[0].id, a);
	p = rig_tell(&t);
	assert_int_equal(p.head.type, HC_MSG_JOB);
	assert_int_equal(p.of.jobs[0].id, c);
	health_jobs_free(&t);
}

static void test_results_of_an_earlier_job_are_nobodys(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t id = add(&t, 1, false), first = id;

	for (int i = 0; i < 5000; i++) { /* more than there are generations */
		uint32_t next;

		rig_tell_all(&t);
		rig_walk(&t, 0, 0);
		rig_tell_all(&t);
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
	struct health_packet p;

	health_jobs_find(&t, probed)->probed = true;
	rig_tell_all(&t);
	rig_walk(&t, 1, 2);
	health_jobs_restart(&t);
	p = rig_tell(&t);
	assert_int_equal(p.head.type, HC_MSG_JOB);
	assert_int_equal(p.head.count, 2);
	assert_int_equal(p.of.jobs[0].id, probed);
	assert_true(p.of.jobs[0].first_ms < p.of.jobs[0].interval_ms);
	assert_int_equal(p.of.jobs[1].id, fresh);
	assert_int_equal(p.of.jobs[1].first_ms, 0);
	assert_int_equal(rig_tell(&t).head.count, 0); /* no stop of @gone */
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
	rig_tell_all(&t);
	health_jobs_restart(&t);
	for (struct health_packet p = rig_tell(&t); p.head.count;
	     p = rig_tell(&t))
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
	for (struct health_packet p = rig_tell(&t); p.head.count;
	     p = rig_tell(&t)) {
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
	assert_int_equal(rig_tell(&t).of.jobs[0].first_ms, 0);
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
		cmocka_unit_test(test_the_same_is_probed_once),
		cmocka_unit_test(test_what_differs_is_not_shared),
		cmocka_unit_test(test_another_timing_takes_what_is_left),
		cmocka_unit_test(test_a_job_that_is_not_kept_stops),
		cmocka_unit_test(test_results_of_an_earlier_job_are_nobodys),
		cmocka_unit_test(test_ids_that_never_were),
		cmocka_unit_test(test_a_new_prober_is_told_everything),
		cmocka_unit_test(test_after_a_restart_probes_are_spread),
		cmocka_unit_test(test_urgent_jobs_are_paced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
