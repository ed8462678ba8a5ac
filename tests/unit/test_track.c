/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracker against the running kernel, in a network namespace of its own:
 * whatever happens to the table, counts end as those of an independent dump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tests/unit/netns.h"
#include "tests/unit/track_fixture.h"

static void follows_additions_changes_and_deletions(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(1);
	list = random_entries(3000);
	random_matches(r, RIG_MATCHES);
	rig_dumps(r, 1);
	for (int i = 0; i < 5; i++) {
		churn(list, 3000);
		rig_settle(r);
	}
	assert_true(rig_stats(r).entries > 100);
	rig_dumps(r, rig_stats(r).dumps + 1);
	assert_int_equal(rig_stats(r).drift, 0);
	assert_int_equal(rig_stats(r).lost, 0);
	free(list);
}

static void counts_what_was_there_before(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(2);
	list = random_entries(3000);
	assert_int_equal(ct_add(list, 3000), 0);
	random_matches(r, RIG_MATCHES);
	assert_null(track_counts(r->t));
	rig_settle(r);
	assert_int_equal(rig_stats(r).dumps, 1);
	free(list);
}

/* Entries from before we listened say nothing when they change or end. */
static void audits_find_what_says_nothing(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(3);
	list = many_entries(r);
	assert_int_equal(kernel_says(0), 0);
	assert_int_equal(ct_add(list, 3000), 0);
	assert_int_equal(kernel_says(2), 0);
	rig_want(r, RIG_MATCHES);
	rig_settle(r);
	for (size_t i = 0; i < 3000; i++)
		list[i].tcp_state = random_state();
	ct_change(list, 2000);
	ct_delete(list + 1000, 2000);
	assert_false(rig_right(r));
	rig_settle(r);
	assert_true(rig_stats(r).drift > 50);
	assert_int_equal(rig_stats(r).lost, 0);
	free(list);
}

/* The kernel makes a piece of the dump ahead of our reading it: what it says is
 * older than the events that we read in between. Each way in which that can
 * mislead is taken many times. */
static void events_during_a_dump_stand(void **state)
{
	struct rig *r = *state;
	struct ct *list;
	uint64_t dumps;

	rnd_seed(4);
	list = many_entries(r);
	rig_want(r, RIG_MATCHES);
	rig_dumps(r, 1);
	assert_int_equal(ct_add(list, MANY), 0);
	rig_audit(r);
	events.audit_share = 5;
	dumps = rig_stats(r).dumps;
	while (rig_stats(r).dumps == dumps) {
		size_t at = rnd(MANY - 1200);

		churn(list + at, 200);
		rig_run(r, 60);
		/* gone, and again there, towards others */
		for (size_t i = 0; i < 1000; i++)
			list[at + i].backend.ip[15] ^= 1;
		ct_delete(list + at, 1000);
		ct_add(list + at, 500);
		rig_run(r, 60);
	}
	rig_settle(r);
	assert_int_equal(rig_stats(r).lost, 0);
	assert_true(rig_stats(r).drift < 20); /* events were late */
	free(list);
}

/* Of flows that only a dump has named so far no event has told that they stand:
 * that they are gone stands all the same. */
static void ends_during_a_dump_stand(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(15);
	list = many_entries(r);
	assert_int_equal(kernel_says(1), 0);
	assert_int_equal(ct_add(list, MANY), 0);
	rig_want(r, RIG_MATCHES);
	rig_dumps(r, 1);
	assert_int_equal(rig_stats(r).events, 0);
	events.audit_share = 5;
	while (kernel.dumps < 2)
		rig_run(r, 5);
	for (size_t i = 0; i < MANY; i += MANY / 4) {
		/* the next piece is made, and read later than the events */
		kernel.reads = 0;
		while (kernel.reads == 0 && rig_stats(r).dumps < 2)
			rig_run(r, 1);
		assert_int_equal(ct_delete(list + i, MANY / 4), 0);
	}
	rig_dumps(r, 2);
	rig_settle(r);
	rig_dumps(r, rig_stats(r).dumps + 1);
	assert_int_equal(kernel_says(2), 0);
	assert_int_equal(rig_stats(r).entries, 0);
	assert_true(rig_stats(r).events > MANY - 20);
	assert_true(rig_stats(r).drift < 20); /* events were late */
	free(list);
}

static void first_dump_goes_on_among_events(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(5);
	list = many_entries(r);
	assert_int_equal(ct_add(list, MANY), 0);
	rig_want(r, RIG_MATCHES);
	while (!track_counts(r->t)) {
		churn(list + rnd(MANY - 200), 200);
		ev_run(r->loop, EVRUN_ONCE);
	}
	rig_settle(r);
	free(list);
}

/* ---- matches */

static void other_cells_need_no_dump(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(10);
	list = random_entries(3000);
	random_matches(r, RIG_MATCHES);
	rig_dumps(r, 1);
	assert_int_equal(ct_add(list, 3000), 0);
	rig_settle(r);
	for (size_t i = 0; i < RIG_MATCHES; i++)
		r->cell[i] = (i * 7 + 3) % 11;
	kernel.dumps = 0;
	rig_want(r, RIG_MATCHES);
	assert_true(rig_right(r));
	churn(list, 500);
	rig_settle(r);
	assert_true(kernel.dumps <= 1); /* an audit, if any */
	free(list);
}

static void matches_that_stay_stay_known(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(11);
	list = many_entries(r);
	assert_int_equal(ct_add(list, MANY), 0);
	rig_want(r, 40);
	rig_settle(r);
	/* 8 go, and 8 come */
	memmove(r->match, r->match + 8, 40 * sizeof(*r->match));
	for (size_t i = 0; i < 40; i++)
		r->cell[i] = i / 8;
	rig_want(r, 40);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(track_counts(r->t)[i].known, i < 4);
	churn(list, 300);
	rig_settle(r);
	free(list);
}

/* What a flow's event says during the first dump with other matches stands; so
 * does whose it is: now of the match that was second before. */
static void flows_change_hands_by_events_too(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(16);
	list = many_entries(r);
	for (size_t i = 0; i < RIG_MATCHES / 2; i++) {
		r->match[RIG_MATCHES / 2 + i] = r->match[i];
		r->match[RIG_MATCHES / 2 + i].port_lo = 82;
	}
	rig_want(r, RIG_MATCHES);
	rig_dumps(r, 1);
	assert_int_equal(ct_add(list, MANY), 0);
	rig_audit(r);
	for (size_t i = 0; i < RIG_MATCHES / 2; i++) {
		struct flow_match m = r->match[i];

		r->match[i] = r->match[RIG_MATCHES / 2 + i];
		r->match[RIG_MATCHES / 2 + i] = m;
	}
	kernel.dumps = 0;
	rig_want(r, RIG_MATCHES);
	while (kernel.dumps == 0)
		ev_run(r->loop, EVRUN_ONCE);
	assert_int_equal(ct_change(list, MANY), 0);
	rig_settle(r);
	rig_dumps(r, rig_stats(r).dumps + 1);
	assert_int_equal(rig_stats(r).drift, 0); /* no audit had to mend it */
	free(list);
}

/* Each time others, in another order, before the dump of the last is over. */
static void matches_change_faster_than_dumps_end(void **state)
{
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(12);
	list = random_entries(3000);
	assert_int_equal(ct_add(list, 3000), 0);
	for (int k = 0; k < 30; k++) {
		for (size_t i = 0; i < RIG_MATCHES; i++) {
			size_t other = rnd(RIG_MATCHES);
			struct flow_match m = r->match[i];

			r->match[i] = r->match[other];
			r->match[other] = rnd(4) ? m : random_match();
			r->cell[i] = rnd(10);
		}
		rig_want(r, 1 + rnd(RIG_MATCHES));
		churn(list, 100);
		for (uint32_t i = rnd(4); i > 0; i--)
			ev_run(r->loop, EVRUN_ONCE);
		if (k % 10 == 9)
			rig_settle(r);
	}
	free(list);
}

/* Sockets of this process that listen to anything. */
static int listeners(void)
{
	return netns_run("exit $(awk '$2 == 12 && $4 != \"00000000\"' "
			 "/proc/net/netlink | wc -l)");
}

static void nothing_wanted_costs_nothing(void **state)
{
	struct rig *r = *state;

	rnd_seed(13);
	assert_int_equal(listeners(), 0);
	rig_want(r, 0);
	assert_int_equal(listeners(), 0);
	random_matches(r, 8);
	rig_settle(r);
	assert_int_equal(listeners(), 1);
	rig_want(r, 0);
	assert_int_equal(listeners(), 0);
	assert_null(track_counts(r->t));
	events.reads = 0;
	ev_run(r->loop, EVRUN_NOWAIT);
	assert_int_equal(ev_pending_count(r->loop), 0);
	assert_int_equal(events.reads, 0);
	random_matches(r, 8);
	assert_null(track_counts(r->t));
	rig_settle(r);
}

/* ---- size */

static void many_more_entries(void **state)
{
	enum { N = 100000, STEP = 10000 };
	struct rig *r = *state;
	struct ct *list;

	rnd_seed(14);
	free(many_entries(r));
	list = random_entries(N);
	for (size_t i = 0; i < N; i++)
		list[i].backend_port = 80;
	rig_want(r, RIG_MATCHES);
	rig_dumps(r, 1);
	for (size_t i = 0; i < N; i += STEP) {
		assert_int_equal(ct_add(list + i, STEP), 0);
		rig_entries(r, i + STEP);
	}
	assert_true(rig_right(r));
	for (size_t i = 0; i < N; i += 2 * STEP) {
		ct_delete(list + i, STEP);
		rig_entries(r, N - i / 2 - STEP);
	}
	assert_true(rig_right(r));
	assert_int_equal(rig_stats(r).lost, 0);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
		T(follows_additions_changes_and_deletions),
		T(counts_what_was_there_before),
		T(audits_find_what_says_nothing),
		T(events_during_a_dump_stand),
		T(ends_during_a_dump_stand),
		T(first_dump_goes_on_among_events),
		T(other_cells_need_no_dump),
		T(matches_that_stay_stay_known),
		T(flows_change_hands_by_events_too),
		T(matches_change_faster_than_dumps_end),
		T(nothing_wanted_costs_nothing),
		T(many_more_entries),
	};

	if (netns_enter() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
