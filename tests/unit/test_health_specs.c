/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Specs that jobs share, in the table of jobs: what is the prober told, in what
 * order? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "jobs_rig.h"

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
	struct health_owner owner = { .service = 0 };
	struct hc_job w = rig_want(5);

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
	struct health_packet p = rig_tell(&t);

	is_part(&p, a, "aa");
	p = rig_tell(&t);
	assert_int_equal(p.head.type, HC_MSG_JOB);
	assert_int_equal(p.of.jobs[0].spec, a);
	assert_int_equal(walk_spec(&t, "aa"), a); /* the same again */
	assert_int_equal(rig_tell(&t).head.count, 0);
	b = walk_spec(&t, "bb");
	assert_int_not_equal(a, b);
	p = rig_tell(&t);
	is_part(&p, b, "bb");
	assert_int_equal(rig_tell(&t).head.type, HC_MSG_JOB);
	assert_int_equal(rig_tell(&t).head.type, HC_MSG_STOP);
	p = rig_tell(&t);
	assert_int_equal(p.head.type, HC_MSG_SPEC_STOP);
	assert_int_equal(p.of.stops[0].id, a);
	assert_int_equal(rig_tell(&t).head.count, 0);
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
	assert_int_equal(rig_tell(&t).head.type, HC_MSG_STOP); /* of no job */
	p = rig_tell(&t);
	is_part(&p, b, "bb");
	assert_int_equal(rig_tell(&t).head.type, HC_MSG_JOB);
	assert_int_equal(rig_tell(&t).head.count, 0);
	/* over, and wanted again before the prober was told */
	assert_int_equal(walk_spec(&t, "cc"), a);
	assert_int_equal(walk_spec(&t, "bb"), b);
	for (p = rig_tell(&t); p.head.count; p = rig_tell(&t)) {
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
	p = rig_tell(&t);
	assert_int_equal(p.of.part.head.offset, 0);
	assert_int_equal(p.of.part.head.len, HC_PART_MAX);
	assert_int_equal(p.of.part.head.total, sizeof(text) - 1);
	rig_walk(&t, 9, 0); /* nobody wants it any more: its parts are ended */
	p = rig_tell(&t);
	assert_int_equal(p.of.part.head.offset, HC_PART_MAX);
	p = rig_tell(&t);
	assert_int_equal(p.head.type, HC_MSG_SPEC);
	assert_int_equal(p.of.part.head.offset, 2 * HC_PART_MAX);
	assert_int_equal(p.of.part.head.len, 7);
	for (p = rig_tell(&t); p.head.type != HC_MSG_SPEC_STOP;
	     p = rig_tell(&t))
		assert_int_not_equal(p.head.count, 0);
	assert_int_equal(p.of.stops[0].id, a);
	/* a new prober in the middle of one: from the start */
	a = walk_spec(&t, text);
	while (rig_tell(&t).head.type != HC_MSG_SPEC)
		;
	health_jobs_restart(&t);
	p = rig_tell(&t);
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
	struct health_owner owner = { .service = 0 };
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
				struct hc_job w = rig_want(
				    (uint16_t)(1 + rand_r(&seed) % PORTS));

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
		p = rig_tell(&t);
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
		cmocka_unit_test(
		    test_a_spec_is_told_before_its_jobs_and_ends_after),
		cmocka_unit_test(test_equal_specs_are_one),
		cmocka_unit_test(test_specs_that_come_and_go_untold),
		cmocka_unit_test(test_a_long_spec_goes_in_parts),
		cmocka_unit_test(test_a_prober_always_understands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
