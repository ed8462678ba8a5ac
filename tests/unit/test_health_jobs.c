/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of probe jobs, driven by hand: what is the prober told, and when?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/health_jobs.h"

static struct hc_job want(uint16_t port)
{
	return (struct hc_job){ .spec = 1,
				.interval_ms = 1000,
				.timeout_ms = 500,
				.port = port,
				.type = HC_TCP,
				.family = AF_INET };
}

static uint32_t add(struct health_jobs *t, uint16_t port, bool urgent)
{
	struct hc_job w = want(port);
	struct health_job *j = health_jobs_add(t, &w, urgent);

	return j ? j->conf.id : 0;
}

/* In a walk: check 0 of a backend wants that port probed. */
static void claim(struct health_jobs *t, uint16_t port, uint32_t service)
{
	struct health_owner owner = { service, 7, 0 };
	struct hc_job w = want(port);

	health_walk_want(t, &w, &owner, false);
}

/* A walk in which these ports are wanted; 0 = no more. */
static void walk(struct health_jobs *t, uint16_t a, uint16_t b)
{
	health_walk_begin(t);
	if (a)
		claim(t, a, a);
	if (b)
		claim(t, b, b);
	health_walk_end(t);
}

static uint32_t id_of(const struct health_jobs *t, uint16_t port)
{
	struct hc_job w = want(port);
	struct health_job *j = health_jobs_like(t, &w);

	return j ? j->conf.id : 0;
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
	struct health_job *j;
	uint32_t id;

	walk(&t, 5, 0);
	id = id_of(&t, 5);
	tell_all(&t);
	health_walk_begin(&t);
	claim(&t, 5, 70); /* it is at another place in the model now */
	health_walk_end(&t);
	assert_int_equal(tell(&t).head.count, 0);
	assert_int_equal(id_of(&t, 5), id);
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
	claim(&t, 5, 1);
	claim(&t, 6, 2);
	claim(&t, 5, 3);
	health_walk_end(&t);
	assert_int_equal(t.wanted, 2);
	assert_int_equal(t.nowners, 3);
	j = health_jobs_find(&t, id_of(&t, 5));
	assert_int_equal(j->nowners, 2);
	assert_int_equal(t.owners[j->owners].service, 1);
	assert_int_equal(t.owners[j->owners + 1].service, 3);
	assert_int_equal(tell(&t).head.count, 2);
	/* one of them goes: the job stays, and nobody is told */
	walk(&t, 5, 6);
	assert_int_equal(tell(&t).head.count, 0);
	j = health_jobs_find(&t, id_of(&t, 5));
	assert_int_equal(j->nowners, 1);
	health_jobs_free(&t);
}

/* Every part of a target counts, and of the timing. */
static void test_what_differs_is_not_shared(void **state)
{
	struct hc_job w[14];
	struct health_jobs t = { 0 };
	struct health_owner owner = { 0, 0, 0 };

	for (size_t i = 0; i < 14; i++)
		w[i] = want(5);
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
	struct health_owner owner = { 5, 0, 0 };
	struct health_jobs t = { 0 };
	struct hc_job w = want(5);
	struct health_packet p;
	uint32_t id;

	walk(&t, 5, 0);
	id = id_of(&t, 5);
	tell_all(&t);
	w.interval_ms = 250;
	health_walk_begin(&t);
	health_walk_want(&t, &w, &owner, false);
	health_walk_want(&t, &w, &owner, false);
	health_walk_end(&t);
	p = tell(&t);
	assert_int_equal(p.head.count, 1);
	assert_int_equal(p.of.jobs[0].id, id);
	assert_int_equal(p.of.jobs[0].interval_ms, 250);
	assert_int_equal(health_jobs_find(&t, id)->nowners, 2);
	health_jobs_free(&t);
}

/* Who comes first does not get what another one already has. */
static void test_another_timing_takes_what_is_left(void **state)
{
	struct health_owner a = { 1, 0, 0 }, b = { 2, 0, 0 };
	struct health_jobs t = { 0 };
	struct hc_job w = want(5);
	uint32_t id;

	walk(&t, 5, 0);
	id = id_of(&t, 5);
	tell_all(&t);
	w.interval_ms = 250;
	health_walk_begin(&t);
	health_walk_want(&t, &w, &a, false);
	claim(&t, 5, 2);
	health_walk_end(&t);
	assert_int_equal(id_of(&t, 5), id);
	assert_int_equal(t.wanted, 2);
	assert_int_equal(tell(&t).head.count, 1);
	/* the first one goes: its job is free for a third timing */
	id = health_jobs_like(&t, &w)->conf.id;
	w.interval_ms = 125;
	health_walk_begin(&t);
	health_walk_want(&t, &w, &b, false);
	claim(&t, 5, 2);
	health_walk_end(&t);
	assert_int_equal(health_jobs_like(&t, &w)->conf.id, id);
	health_jobs_free(&t);
}

static void test_a_job_that_is_not_kept_stops(void **state)
{
	struct health_jobs t = { 0 };
	struct health_packet p;
	uint32_t a, b, c;

	walk(&t, 1, 2);
	a = id_of(&t, 1);
	b = id_of(&t, 2);
	tell_all(&t);
	walk(&t, 2, 0);
	assert_null(health_jobs_find(&t, a));
	assert_int_equal(id_of(&t, 1), 0);
	assert_int_equal(id_of(&t, 2), b);
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

static void test_results_of_an_earlier_job_are_nobodys(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t id = add(&t, 1, false), first = id;

	for (int i = 0; i < 5000; i++) { /* more than there are generations */
		uint32_t next;

		tell_all(&t);
		walk(&t, 0, 0);
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
	struct health_packet p;

	health_jobs_find(&t, probed)->probed = true;
	tell_all(&t);
	walk(&t, 1, 2);
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
	tell_all(&t);
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

/* ---- specs */

static uint32_t spec(struct health_jobs *t, const char *text)
{
	struct buf bytes = { 0 };
	uint32_t id;

	buf_printf(&bytes, "%s", text);
	id = health_walk_spec(t, HC_TCP, &bytes);
	buf_free(&bytes);
	return id;
}

/* A walk in which one job with that spec is wanted. */
static uint32_t walk_spec(struct health_jobs *t, const char *text)
{
	struct health_owner owner = { 0, 0, 0 };
	struct hc_job w = want(5);

	health_walk_begin(t);
	w.spec = spec(t, text);
	health_walk_want(t, &w, &owner, false);
	health_walk_end(t);
	return w.spec;
}

static void is_part(const struct health_packet *p, uint32_t id,
		    const char *text)
{
	assert_int_equal(p->head.type, HC_MSG_SPEC);
	assert_int_equal(p->head.count, 1);
	assert_int_equal(p->of.part.head.id, id);
	assert_int_equal(p->of.part.head.type, HC_TCP);
	assert_int_equal(p->of.part.head.len, strlen(text));
	assert_memory_equal(p->of.part.data, text, strlen(text));
}

static void test_a_spec_is_told_before_its_jobs_and_ends_after(void **state)
{
	struct health_jobs t = { 0 };
	uint32_t a = walk_spec(&t, "aa"), b;
	struct health_packet p = tell(&t);

	is_part(&p, a, "aa");
	p = tell(&t);
	assert_int_equal(p.head.type, HC_MSG_JOB);
	assert_int_equal(p.of.jobs[0].spec, a);
	assert_int_equal(walk_spec(&t, "aa"), a); /* the same again */
	assert_int_equal(tell(&t).head.count, 0);
	b = walk_spec(&t, "bb");
	assert_int_not_equal(a, b);
	p = tell(&t);
	is_part(&p, b, "bb");
	assert_int_equal(tell(&t).head.type, HC_MSG_JOB);
	assert_int_equal(tell(&t).head.type, HC_MSG_STOP);
	p = tell(&t);
	assert_int_equal(p.head.type, HC_MSG_SPEC_STOP);
	assert_int_equal(p.of.stops[0].id, a);
	assert_int_equal(tell(&t).head.count, 0);
	assert_int_equal(walk_spec(&t, "cc"), a); /* its number is free now */
	health_jobs_free(&t);
}

static void test_equal_specs_are_one(void **state)
{
	struct health_jobs t = { 0 };

	health_walk_begin(&t);
	assert_int_equal(spec(&t, "aa"), spec(&t, "aa"));
	assert_int_not_equal(spec(&t, "aa"), spec(&t, "ab"));
	health_walk_end(&t);
	assert_int_equal(t.specs.wanted, 2);
	health_jobs_free(&t);
}

/* What the prober never heard of needs no end. */
static void test_specs_that_come_and_go_untold(void **state)
{
	struct health_jobs t = { 0 };
	struct health_packet p;
	uint32_t a = walk_spec(&t, "aa"), b;

	b = walk_spec(&t, "bb");
	assert_int_equal(tell(&t).head.type, HC_MSG_STOP); /* of no job */
	p = tell(&t);
	is_part(&p, b, "bb");
	assert_int_equal(tell(&t).head.type, HC_MSG_JOB);
	assert_int_equal(tell(&t).head.count, 0);
	/* over, and wanted again before the prober was told */
	assert_int_equal(walk_spec(&t, "cc"), a);
	assert_int_equal(walk_spec(&t, "bb"), b);
	for (p = tell(&t); p.head.count; p = tell(&t)) {
		assert_int_not_equal(p.head.type, HC_MSG_SPEC_STOP);
		assert_int_not_equal(p.head.type, HC_MSG_SPEC);
	}
	health_jobs_free(&t);
}

static void test_a_long_spec_goes_in_parts(void **state)
{
	static char text[2 * HC_PART_MAX + 8];
	struct health_jobs t = { 0 };
	struct health_packet p;
	uint32_t a;

	memset(text, 'x', sizeof(text) - 1);
	a = walk_spec(&t, text);
	p = tell(&t);
	assert_int_equal(p.of.part.head.offset, 0);
	assert_int_equal(p.of.part.head.len, HC_PART_MAX);
	assert_int_equal(p.of.part.head.total, sizeof(text) - 1);
	walk(&t, 9, 0); /* nobody wants it any more: its parts are ended */
	p = tell(&t);
	assert_int_equal(p.of.part.head.offset, HC_PART_MAX);
	p = tell(&t);
	assert_int_equal(p.head.type, HC_MSG_SPEC);
	assert_int_equal(p.of.part.head.offset, 2 * HC_PART_MAX);
	assert_int_equal(p.of.part.head.len, 7);
	for (p = tell(&t); p.head.type != HC_MSG_SPEC_STOP; p = tell(&t))
		assert_int_not_equal(p.head.count, 0);
	assert_int_equal(p.of.stops[0].id, a);
	/* a new prober in the middle of one: from the start */
	a = walk_spec(&t, text);
	while (tell(&t).head.type != HC_MSG_SPEC)
		;
	health_jobs_restart(&t);
	p = tell(&t);
	assert_int_equal(p.head.type, HC_MSG_SPEC);
	assert_int_equal(p.of.part.head.offset, 0);
	health_jobs_free(&t);
}

/*
 * Any order of reloads, packets and new probers: whatever the prober hears of
 * it knows a job's spec, ends what it began, and has at last what is wanted.
 */
static void test_a_prober_always_understands(void **state)
{
	enum { TEXTS = 6, PORTS = 8, IDS = 64 };
	static const char *const texts[TEXTS] = {
		"a", "b", "c", "d", "e", "f"
	};
	struct health_owner owner = { 0, 0, 0 };
	struct health_jobs t = { 0 };
	bool has_spec[IDS] = { false };
	struct hc_job has[IDS] = { 0 };
	unsigned int seed = 1;

	for (int round = 0; round < 20000; round++) {
		int what = rand_r(&seed) % 8;
		struct health_packet p;

		if (what == 0) {
			health_walk_begin(&t);
			for (int i = rand_r(&seed) % 6; i > 0; i--) {
				struct hc_job w =
				    want((uint16_t)(1 + rand_r(&seed) % PORTS));

				w.interval_ms = 100u << rand_r(&seed) % 3;
				w.spec = spec(&t, texts[rand_r(&seed) % TEXTS]);
				health_walk_want(&t, &w, &owner, false);
			}
			health_walk_end(&t);
		} else if (what == 1 && rand_r(&seed) % 10 == 0) {
			health_jobs_restart(&t);
			memset(has_spec, 0, sizeof(has_spec));
			memset(has, 0, sizeof(has));
		}
		p = tell(&t);
		for (uint32_t i = 0; i < p.head.count; i++) {
			if (p.head.type == HC_MSG_SPEC) {
				assert_false(has_spec[p.of.part.head.id]);
				has_spec[p.of.part.head.id] = true;
			} else if (p.head.type == HC_MSG_JOB) {
				assert_true(has_spec[p.of.jobs[i].spec]);
				has[p.of.jobs[i].id % IDS] = p.of.jobs[i];
			} else if (p.head.type == HC_MSG_STOP) {
				has[p.of.stops[i].id % IDS].id = 0;
			} else {
				assert_true(has_spec[p.of.stops[i].id]);
				has_spec[p.of.stops[i].id] = false;
				for (int j = 0; j < IDS; j++)
					assert_true(!has[j].id ||
						    has[j].spec !=
							p.of.stops[i].id);
			}
		}
		if (t.queue_head == t.nqueue) {
			size_t n = 0, nspecs = 0;

			for (int j = 0; j < IDS; j++) {
				nspecs += has_spec[j];
				n += has[j].id != 0;
			}
			assert_int_equal(n, t.wanted);
			assert_int_equal(nspecs, t.specs.wanted);
		}
	}
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
		cmocka_unit_test(
		    test_a_spec_is_told_before_its_jobs_and_ends_after),
		cmocka_unit_test(test_equal_specs_are_one),
		cmocka_unit_test(test_specs_that_come_and_go_untold),
		cmocka_unit_test(test_a_long_spec_goes_in_parts),
		cmocka_unit_test(test_a_prober_always_understands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
