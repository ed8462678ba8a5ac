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

/* Matches of which many entries of random_entries() fit one, some two. */
static void random_matches(struct rig *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		r->match[i] = random_match();
		r->cell[i] = i / 8;
	}
	rig_want(r, n);
}

static uint8_t random_state(void)
{
	return (uint8_t)(TCP_CONNTRACK_SYN_SENT + rnd(9));
}

/* Some entries come, others change, others go. */
static void churn(struct ct *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t from = i, len = 1;

		list[i].tcp_state = random_state();
		switch (rnd(3)) {
		case 0:
			ct_add(list + from, len);
			break;
		case 1:
			ct_change(list + from, len);
			break;
		default:
			ct_delete(list + from, len);
		}
	}
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
		T(follows_additions_changes_and_deletions),
		T(counts_what_was_there_before),
	};

	if (netns_enter() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
