/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters of the running kernel: nft makes them with values of its own, the
 * reader must find these.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "rulesets/counters.h"
#include "rulesets/types.h"
#include "tests/unit/netns.h"

#define MANY 3000u

struct rig {
	struct ev_loop *loop;
	struct counter_reader *r;
	unsigned int calls;
	int status;
	size_t n;
	uint64_t sum;
	unsigned int turns; /* of the loop, while it was read */
	ev_timer other;
};

static int setup(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));
	struct err err = { "" };

	assert_int_equal(netns_run("nft flush ruleset"), 0);
	g->loop = ev_loop_new(0);
	assert_int_equal(counter_reader_open(&g->r, g->loop, "t", &err), 0);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	struct rig *g = *state;

	counter_reader_close(g->r);
	ev_loop_destroy(g->loop);
	free(g);
	return 0;
}

static void nft_two_families(unsigned int packets)
{
	assert_int_equal(
	    netns_run("nft 'add table ip t; add table ip6 t; add table ip u;"
		      "add counter ip u in.www { packets 1 bytes 1 };"
		      "add counter ip t in.www { packets %u bytes 700 };"
		      "add counter ip6 t in.www { packets 9000000000 bytes "
		      "18000000000000000000 };"
		      "add quota ip t in.other { over 5 bytes }'",
		      packets),
	    0);
}

static const struct counter_ask asks[] = {
	{ RS_TABLE_IP, "in.www" },   { RS_TABLE_IP6, "in.none" },
	{ RS_TABLE_IP, "in.none" },  { RS_TABLE_IP6, "in.www" },
	{ RS_TABLE_IP, "in.other" },
};
#define NASKS (sizeof(asks) / sizeof(asks[0]))

static void test_by_name(void **state)
{
	struct rig *g = *state;
	struct counter_value v[NASKS];

	nft_two_families(5);
	assert_int_equal(counter_reader_now(g->r, asks, NASKS, v), 0);
	assert_true(v[0].there);
	assert_int_equal(v[0].packets, 5);
	assert_int_equal(v[0].bytes, 700);
	assert_false(v[1].there);
	assert_false(v[2].there);
	assert_true(v[3].there);
	assert_int_equal(v[3].packets, 9000000000);
	assert_true(v[3].bytes == 18000000000000000000u);
	assert_false(v[4].there); /* no counter */
	assert_int_not_equal(v[0].table, 0);
	assert_int_not_equal(v[0].handle, 0);
	assert_int_not_equal(v[0].table, v[3].table);
}

static bool same(const struct counter_value *a, const struct counter_value *b)
{
	return a->table == b->table && a->handle == b->handle;
}

/* What is made anew under the same name is another one, even with the same
 * value and the same place in a new table. */
static void test_identity(void **state)
{
	struct rig *g = *state;
	struct counter_value first, again, alone, table;

	nft_two_families(5);
	assert_int_equal(counter_reader_now(g->r, asks, 1, &first), 0);
	assert_int_equal(counter_reader_now(g->r, asks, 1, &again), 0);
	assert_true(same(&first, &again));
	assert_int_equal(
	    netns_run("nft 'delete counter ip t in.www;"
		      "add counter ip t in.www { packets 5 bytes 700 }'"),
	    0);
	assert_int_equal(counter_reader_now(g->r, asks, 1, &alone), 0);
	assert_false(same(&first, &alone));
	assert_int_equal(netns_run("nft flush ruleset"), 0);
	nft_two_families(5);
	assert_int_equal(counter_reader_now(g->r, asks, 1, &table), 0);
	assert_int_equal(table.packets, 5);
	assert_false(same(&first, &table));
	assert_false(same(&alone, &table));
}

static void test_no_table(void **state)
{
	struct rig *g = *state;
	struct counter_value v[NASKS];

	assert_int_equal(counter_reader_now(g->r, asks, NASKS, v), 0);
	for (size_t i = 0; i < NASKS; i++)
		assert_false(v[i].there);
}

/* ---- from the loop */

static void turned(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct rig *g = w->data;

	g->turns++;
}

static void done(void *arg, int status, const struct counter_value *values,
		 size_t n)
{
	struct rig *g = arg;

	g->calls++;
	g->status = status;
	g->n = n;
	for (size_t i = 0; i < n; i++)
		g->sum += values[i].packets;
	ev_timer_stop(g->loop, &g->other);
}

static void many_make(struct counter_ask ask[MANY], char names[MANY][16])
{
	FILE *f = popen("nft -f -", "w");

	fprintf(f, "table ip t {\n");
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "new.s/b%u", i);
		ask[i] = (struct counter_ask){ RS_TABLE_IP, names[i] };
		fprintf(f, "counter %s { packets %u bytes 0 }\n", names[i], i);
	}
	fprintf(f, "}\n");
	assert_int_equal(pclose(f), 0);
}

/* Others get their turns in between, and are not called from inside. */
static void test_in_pieces(void **state)
{
	static struct counter_ask ask[MANY];
	static char names[MANY][16];
	struct rig *g = *state;

	many_make(ask, names);
	ev_timer_init(&g->other, turned, 0, 1e-9);
	g->other.data = g;
	ev_timer_start(g->loop, &g->other);
	counter_reader_start(g->r, ask, MANY, done, g);
	assert_int_equal(g->calls, 0);
	ev_run(g->loop, 0);
	assert_int_equal(g->calls, 1);
	assert_int_equal(g->status, 0);
	assert_int_equal(g->n, MANY);
	assert_int_equal(g->sum, MANY * (MANY - 1) / 2);
	assert_true(g->turns >= 2);
}

static void test_one_after_the_other(void **state)
{
	struct rig *g = *state;

	nft_two_families(5);
	counter_reader_start(g->r, asks, 1, done, g);
	counter_reader_start(g->r, asks, 0, done, g);
	counter_reader_start(g->r, asks, 1, done, g);
	ev_run(g->loop, 0);
	assert_int_equal(g->calls, 3);
	assert_int_equal(g->sum, 10);
}

static void test_close_answers(void **state)
{
	struct rig *g = *state;

	counter_reader_start(g->r, asks, NASKS, done, g);
	counter_reader_start(g->r, asks, 1, done, g);
	counter_reader_close(g->r);
	g->r = NULL;
	assert_int_equal(g->calls, 2);
	assert_int_equal(g->status, -ECANCELED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_by_name),
		TEST(test_identity),
		TEST(test_no_table),
		TEST(test_in_pieces),
		TEST(test_one_after_the_other),
		TEST(test_close_answers),
	};

	if (netns_enter() < 0) {
		fprintf(stderr, "no network namespace\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
