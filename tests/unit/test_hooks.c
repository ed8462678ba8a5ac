/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hooks, driven by hand: what may run, in what order, and what is given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/hooks.h"
#include "healthcheck/spec.h"

static uint64_t last_event;

static void add(struct hooks *h, const char *service, const char *new_state)
{
	struct event e = { .id = ++last_event,
			   .time_ms = 1700000000123,
			   .kind = "health",
			   .backend = "b",
			   .old_state = "up",
			   .reason = "refused after=1.0ms" };

	snprintf(e.service, sizeof(e.service), "%s", service);
	snprintf(e.new_state, sizeof(e.new_state), "%s", new_state);
	hooks_add(h, "/bin/hook", &e, 1);
}

/* Begin the next run; its id, 0 = none may begin. @env: has to have that. */
static uint32_t begin(struct hooks *h, const char *env)
{
	struct health_packet p;
	struct hc_spec run;
	bool has = false;

	if (hooks_packet(h, &p) == 0)
		return 0;
	assert_int_equal(p.head.type, HC_MSG_RUN);
	assert_int_equal(p.of.part.head.len, p.of.part.head.total);
	assert_null(spec_decode(&run, p.of.part.data, p.of.part.head.len));
	assert_string_equal(run.command.list[0], "/bin/hook");
	assert_int_equal(run.timeout_ms, HOOKS_TIMEOUT_MS);
	for (size_t i = 0; i < run.env.n; i++)
		has |= !strcmp(run.env.list[i], env);
	if (!has)
		fail_msg("no %s", env);
	spec_free(&run);
	hooks_sent(h, &p);
	return p.of.part.head.id;
}

static void end(struct hooks *h, uint32_t id, int32_t status)
{
	const struct hc_ran ran = { .id = id, .status = status };

	hooks_ran(h, &ran, 2);
}

static void test_all_is_told(void **state)
{
	static const char *const env[] = {
		"NFTLB_KIND=health",
		"NFTLB_SERVICE=s",
		"NFTLB_BACKEND=b",
		"NFTLB_OLD=up",
		"NFTLB_NEW=down",
		"NFTLB_REASON=refused after=1.0ms",
		"NFTLB_TIME=2023-11-14T22:13:20.123Z",
	};
	struct hooks h = { 0 };

	for (size_t i = 0; i < sizeof(env) / sizeof(env[0]); i++) {
		add(&h, "s", "down");
		end(&h, begin(&h, env[i]), 0);
	}
	assert_int_equal(h.done, sizeof(env) / sizeof(env[0]));
	assert_int_equal(h.failed, 0);
	assert_int_equal(h.n, 0);
	hooks_free(&h);
}

static void test_one_of_a_service_at_a_time(void **state)
{
	struct hooks h = { 0 };
	uint32_t s, t;

	add(&h, "s", "down");
	add(&h, "s", "up");
	add(&h, "t", "down");
	s = begin(&h, "NFTLB_NEW=down");
	t = begin(&h, "NFTLB_SERVICE=t");
	assert_int_equal(begin(&h, ""), 0);
	end(&h, t, 0);
	assert_int_equal(begin(&h, ""), 0);
	end(&h, s, 0);
	s = begin(&h, "NFTLB_NEW=up");
	assert_int_not_equal(s, 0);
	end(&h, s, 0);
	end(&h, s, 0); /* twice, and one that never was */
	end(&h, 999, 0);
	assert_int_equal(h.done, 3);
	hooks_free(&h);
}

static void test_not_too_many_at_once(void **state)
{
	struct hooks h = { 0 };
	uint32_t first = 0;
	char name[16];

	for (int i = 0; i <= HOOKS_AT_ONCE; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		add(&h, name, "down");
	}
	for (int i = 0; i < HOOKS_AT_ONCE; i++) {
		uint32_t id = begin(&h, "NFTLB_NEW=down");

		assert_int_not_equal(id, 0);
		first = first ? first : id;
	}
	assert_int_equal(begin(&h, ""), 0);
	end(&h, first, 0);
	assert_int_not_equal(begin(&h, "NFTLB_NEW=down"), 0);
	hooks_free(&h);
}

static void test_a_full_queue_drops_the_newest(void **state)
{
	struct hooks h = { 0 };

	for (int i = 0; i < HOOKS_MAX; i++)
		add(&h, "s", "down");
	add(&h, "s", "late");
	assert_int_equal(h.dropped, 1);
	assert_int_equal(h.n, HOOKS_MAX);
	for (int i = 0; i < HOOKS_MAX; i++)
		end(&h, begin(&h, "NFTLB_NEW=down"), 0);
	assert_int_equal(begin(&h, ""), 0);
	hooks_free(&h);
}

static void test_failures_and_losses(void **state)
{
	struct hooks h = { 0 };

	add(&h, "s", "down");
	end(&h, begin(&h, "NFTLB_NEW=down"), 3 << 8);
	add(&h, "s", "down");
	end(&h, begin(&h, "NFTLB_NEW=down"), -ENOENT);
	assert_int_equal(h.failed, 2);
	assert_int_equal(h.unsaid, 1); /* one line for both, so far */
	/* the prober goes: what ran is over, what waits is not */
	add(&h, "s", "one");
	add(&h, "s", "two");
	begin(&h, "NFTLB_NEW=one");
	hooks_lost(&h, 3);
	assert_int_equal(h.failed, 3);
	assert_int_equal(h.running, 0);
	assert_int_not_equal(begin(&h, "NFTLB_NEW=two"), 0);
	hooks_forget(&h);
	assert_int_equal(h.n, 0);
	assert_int_equal(h.running, 0);
	assert_int_equal(h.failed, 3);
	hooks_free(&h);
}

static void test_kinds(void **state)
{
	assert_true(hooks_kind("health"));
	assert_true(hooks_kind("reload"));
	assert_true(hooks_kind("weights") && hooks_kind("feed"));
	assert_true(hooks_kind("prober"));
	assert_false(hooks_kind("resync"));
	assert_false(hooks_kind(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_told),
		cmocka_unit_test(test_one_of_a_service_at_a_time),
		cmocka_unit_test(test_not_too_many_at_once),
		cmocka_unit_test(test_a_full_queue_drops_the_newest),
		cmocka_unit_test(test_failures_and_losses),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
