/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Specs and runs on their way to the real prober: in parts, replaced,
 * forgotten, and all the ways that are not the protocol.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "prober_rig.h"

#define SPEC 5

static const struct hc_spec plain;

static struct hc_job job_of(const struct listener *l, uint32_t spec)
{
	struct hc_job j = rig_job(1, l, 60000, 1000);

	j.spec = spec;
	return j;
}

/* ---- what is right */

static void test_in_small_parts(void **state)
{
	char header[] = "Name: value", *headers[] = { header, header };
	struct hc_spec spec = { .send = header,
				.headers = { headers, 2 },
				.expect = NULL };
	struct listener l;
	struct hc_job j;
	struct rig p;

	listener_open(&l, AF_INET, -1);
	rig_open(&p);
	rig_spec(&p, SPEC, HC_TCP, &spec, 1);
	j = job_of(&l, SPEC);
	rig_jobs(&p, &j, 1);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_REFUSED);
	rig_close(&p);
	listener_close(&l);
}

static void test_a_large_one(void **state)
{
	static uint8_t pem[HC_BLOB_MAX - 1000];
	struct hc_spec spec = { .ca = { pem, sizeof(pem) } };
	struct listener l;
	struct hc_job j;
	struct rig p;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	rig_spec(&p, SPEC, HC_TCP, &spec, 0); /* no tls: the ca is nothing */
	j = job_of(&l, SPEC);
	rig_jobs(&p, &j, 1);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_OK);
	rig_close(&p);
	listener_close(&l);
}

static void test_replaced_when_nobody_uses_it(void **state)
{
	struct listener l;
	struct hc_job j;
	struct rig p;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	rig_spec(&p, SPEC, HC_TCP, &plain, 0);
	j = job_of(&l, SPEC);
	rig_jobs(&p, &j, 1);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_OK);
	rig_stop(&p, 1);
	rig_spec(&p, SPEC, HC_TCP, &plain, 0);
	rig_jobs(&p, &j, 1);
	assert_int_equal(rig_result(&p, 1, NONE).reason, HC_OK);
	rig_stop(&p, 1);
	rig_spec_stop(&p, SPEC);
	rig_spec_stop(&p, SPEC); /* unknown by now: no harm */
	rig_close(&p);
	listener_close(&l);
}

/* A job that gets another spec is a new job: its probe comes at once. */
static void test_a_job_of_another_spec(void **state)
{
	struct listener l;
	struct hc_job j;
	struct rig p;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	rig_spec(&p, SPEC, HC_TCP, &plain, 0);
	j = job_of(&l, RIG_SPEC);
	rig_jobs(&p, &j, 1);
	rig_result(&p, 1, NONE);
	j.spec = SPEC;
	rig_jobs(&p, &j, 1);
	rig_result(&p, 1, NONE);
	rig_spec_stop(&p, RIG_SPEC); /* free now */
	rig_spec(&p, RIG_SPEC, HC_TCP, &plain, 0);
	rig_close(&p);
	listener_close(&l);
}

static void test_one_that_cannot_be_prepared(void **state)
{
	char garbage[] = "this is no certificate";
	struct hc_spec spec = { .tls = SPEC_YES,
				.tls_verify = SPEC_YES,
				.ca = { (uint8_t *)garbage, strlen(garbage) } };
	struct listener l;
	struct hc_job j;
	struct rig p;

	listener_open(&l, AF_INET, 64);
	rig_open(&p);
	rig_spec(&p, SPEC, HC_TCP, &spec, 0);
	j = job_of(&l, SPEC);
	j.interval_ms = j.fast_ms = j.down_ms = 100;
	j.timeout_ms = 100;
	rig_jobs(&p, &j, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rig_result(&p, 1, NONE).reason, HC_LOCAL);
	assert_int_equal(rig_end(&p), 0);
	rig_said(&p, "tcp check cannot run"); /* once */
	listener_close(&l);
}

/* ---- what is wrong */

/* Parts of a spec of 100 bytes (its contents never matter) */
static const struct wrong_parts {
	struct hc_part parts[3];
	const char *words;
} wrong_parts[] = {
	{ { { 1, HC_TCP, 100, 1, 50 } }, "a part out of order" },
	{ { { 1, HC_TCP, 100, 0, 50 }, { 1, HC_TCP, 100, 0, 50 } },
	  "a part out of order" },
	{ { { 1, HC_TCP, 100, 0, 50 }, { 1, HC_TCP, 100, 51, 49 } },
	  "a part out of order" },
	{ { { 1, HC_TCP, 100, 0, 50 }, { 1, HC_TCP, 100, 50, 51 } },
	  "a part longer than the rest" },
	{ { { 1, HC_TCP, 100, 0, 101 } }, "a part longer than the rest" },
	{ { { 1, HC_TCP, 100, 0, 50 }, { 2, HC_TCP, 100, 50, 50 } },
	  "a part of something else" },
	{ { { 1, HC_TCP, 100, 0, 50 }, { 1, HC_UDP, 100, 50, 50 } },
	  "a part of something else" },
	{ { { 1, HC_TCP, 100, 0, 50 }, { 1, HC_TCP, 101, 50, 50 } },
	  "a part of something else" },
	{ { { 1, HC_TYPES, 100, 0, 50 } }, "a part of an unknown type" },
	{ { { 1, HC_TCP, 0, 0, 1 } }, "a total out of range" },
	{ { { 1, HC_TCP, HC_BLOB_MAX + 1, 0, 1 } }, "a total out of range" },
	{ { { 1, HC_TCP, 100, 0, 0 } }, "a length that does not fit" },
	{ { { 1, HC_TCP, HC_BLOB_MAX, 0, HC_PART_MAX + 1 } },
	  "a length that does not fit" },
	{ { { 1, HC_TCP, 100, 0, 100 } }, "a spec of another build" },
	{ { { 1, HC_SCRIPT, 1, 0, 1 } }, "a spec of a type that is not for" },
};

static void test_wrong_parts(void **state)
{
	static char blob[HC_PART_MAX * 2];
	struct hc_spec nothing = { 0 };
	struct buf whole = { 0 };

	spec_encode(&nothing, &whole);
	for (size_t i = 0; i < sizeof(wrong_parts) / sizeof(wrong_parts[0]);
	     i++) {
		const struct wrong_parts *w = &wrong_parts[i];
		bool good_blob = w->parts[0].total == 1;
		struct rig p;

		rig_open(&p);
		for (int k = 0; k < 3 && w->parts[k].total + w->parts[k].len;
		     k++)
			rig_part(&p, HC_MSG_SPEC, &w->parts[k],
				 good_blob ? whole.data : blob);
		rig_refused(&p, w->words);
	}
	buf_free(&whole);
}

static void test_something_between_parts(void **state)
{
	static const struct hc_part part = { 1, HC_TCP, 100, 0, 50 };
	static const char blob[100];
	struct rig p;

	rig_open(&p);
	rig_part(&p, HC_MSG_SPEC, &part, blob);
	rig_stop(&p, 1);
	rig_refused(&p, "something else between parts");
}

static void test_jobs_and_specs_that_do_not_fit(void **state)
{
	struct listener l;
	struct hc_job j;
	struct rig p;

	listener_open(&l, AF_INET, 64);
	j = job_of(&l, SPEC);
	rig_open(&p);
	rig_jobs(&p, &j, 1);
	rig_refused(&p, "a job without its spec");

	rig_open(&p);
	rig_spec(&p, SPEC, HC_ICMP, &plain, 0);
	rig_jobs(&p, &j, 1);
	rig_refused(&p, "a job of another type than its spec");

	rig_open(&p);
	rig_spec(&p, SPEC, HC_TCP, &plain, 0);
	rig_jobs(&p, &j, 1);
	rig_spec(&p, SPEC, HC_TCP, &plain, 0);
	rig_refused(&p, "a spec that a job uses");

	rig_open(&p);
	rig_spec(&p, SPEC, HC_TCP, &plain, 0);
	rig_jobs(&p, &j, 1);
	rig_spec_stop(&p, SPEC);
	rig_refused(&p, "a spec that a job uses");

	rig_open(&p);
	rig_spec(&p, SPEC, HC_TCP, &plain, 0);
	rig_spec_stop(&p, SPEC);
	rig_jobs(&p, &j, 1);
	rig_refused(&p, "a job without its spec");
	listener_close(&l);
}

/* ---- who runs what */

static void test_each_prober_has_its_types(void **state)
{
	static const struct hc_part run = { 1, HC_SCRIPT, 1, 0, 1 };
	struct buf blob = { 0 };
	struct rig p;

	spec_encode(&plain, &blob);
	rig_open(&p);
	rig_part(&p, HC_MSG_RUN, &run, blob.data);
	rig_refused(&p, "a run for a prober that runs nothing");
	rig_open_role(&p, "scripts");
	rig_spec(&p, SPEC, HC_TCP, &plain, 0);
	rig_refused(&p, "a spec of a type that is not for this prober");
	rig_open_role(&p, "scripts");
	rig_spec(&p, SPEC, HC_SCRIPT, &plain, 0);
	rig_spec_stop(&p, SPEC);
	assert_int_equal(rig_end(&p), 0);
	close(p.err);
	buf_free(&blob);
}

static void test_unknown_role(void **state)
{
	struct rig p;

	rig_spawn_role(&p, -1, "else");
	assert_int_equal(rig_end(&p), 2);
	rig_said(&p, "unknown arguments");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_small_parts),
		cmocka_unit_test(test_a_large_one),
		cmocka_unit_test(test_replaced_when_nobody_uses_it),
		cmocka_unit_test(test_a_job_of_another_spec),
		cmocka_unit_test(test_one_that_cannot_be_prepared),
		cmocka_unit_test(test_wrong_parts),
		cmocka_unit_test(test_something_between_parts),
		cmocka_unit_test(test_jobs_and_specs_that_do_not_fit),
		cmocka_unit_test(test_each_prober_has_its_types),
		cmocka_unit_test(test_unknown_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
