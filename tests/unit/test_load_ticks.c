/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's ticks: when each service has its own, what is committed for it
 * and what is written to disk. The clock is the test's; conntrack, committer
 * and disk only count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "daemon/load.h"
#include "daemon/persist.h"
#include "lib/xalloc.h"
#include "model/load.h"
#include "model_rig.h"

#define SERVICES 50
#define BACKENDS 3

static struct world {
	int64_t now_ms;
	int64_t ahead_ms; /* what is asked next is so much later: a timer that
			   * is set then does not wait */
	unsigned int wakes, worthwhile, notes, saves, trackers;
	size_t ncells, nmatches;
	bool unknown; /* conntrack has not been read yet */
	struct track_count counts[SERVICES * BACKENDS];
} world;

int64_t daemon_now_ms(void)
{
	int64_t now_ms = world.now_ms + world.ahead_ms;

	world.ahead_ms = 0;
	return now_ms;
}

void daemon_changes(struct daemon *d, struct changes *c)
{
	world.ahead_ms = 60000;
	world.wakes++;
	world.worthwhile += c->worthwhile;
	changes_free(c);
}

void persist_note(struct persist *p, const struct service *s,
		  const struct backend *b)
{
	world.notes++;
}

static void on_event(struct daemon *d)
{
	world.saves++;
}

struct tracker {
	char any;
};

static struct tracker tracker;

int track_open(struct tracker **out, struct ev_loop *loop, struct err *err)
{
	world.trackers++;
	*out = &tracker;
	return 0;
}

void track_close(struct tracker *t)
{
	world.trackers -= t != NULL;
}

void track_want(struct tracker *t, const struct flow_match *match,
		const size_t *cell, size_t n, size_t ncells)
{
	world.ncells = ncells;
	world.nmatches = n;
	for (size_t i = 1; i < n; i++)
		assert_true(cell[i] >= cell[i - 1] && cell[i] < ncells);
}

const struct track_count *track_counts(const struct tracker *t)
{
	return world.unknown ? NULL : world.counts;
}

void track_stats(const struct tracker *t, struct track_stats *out)
{
	*out = (struct track_stats){ .entries = 7 };
}

/* ---- the rig */

static struct model *model_of(const char *keys, const struct model *old)
{
	struct buf text = { 0 };
	struct model *m;

	for (unsigned int i = 0; i < SERVICES; i++) {
		buf_printf(&text, "service s%u %s\n", i, keys);
		for (unsigned int k = 0; k < BACKENDS; k++)
			buf_printf(&text, "backend b%u\n", k);
	}
	m = model_new(made_conf(text.data), old);
	step_begin(m, world.now_ms, NULL);
	buf_free(&text);
	return m;
}

static void begin(struct daemon *d, const char *keys)
{
	world = (struct world){ .now_ms = 1000 };
	for (size_t i = 0; i < SERVICES * BACKENDS; i++)
		world.counts[i] = (struct track_count){ .established = 50,
							.open = 50,
							.known = true };
	*d = (struct daemon){ .loop = ev_loop_new(0), .on_event = on_event };
	d->model = model_of(keys, NULL);
	d->load = load_open(d);
}

static void end(struct daemon *d)
{
	load_close(d->load);
	assert_int_equal(world.trackers, 0);
	model_free(d->model);
	ev_loop_destroy(d->loop);
}

/* The next wake, at @ms of the model's clock, however late it really is. */
static void wake(struct daemon *d, int64_t ms)
{
	unsigned int before = world.wakes;

	world.now_ms = ms;
	while (world.wakes == before)
		ev_run(d->loop, EVRUN_ONCE);
}

static int64_t first_due(const struct daemon *d)
{
	int64_t first_ms = INT64_MAX;

	for (size_t i = 0; i < SERVICES; i++)
		if (load_next_ms(&d->model->services[i]) < first_ms)
			first_ms = load_next_ms(&d->model->services[i]);
	return first_ms;
}

static size_t have_ticked(const struct daemon *d)
{
	size_t n = 0;

	for (size_t i = 0; i < SERVICES; i++)
		n += load_next_ms(&d->model->services[i]) > world.now_ms;
	return n;
}

/* ---- */

/* Five phases of 200 ms, a fifth of the services each. */
static void test_ticks_are_spread(void **state)
{
	size_t before = 0;
	struct daemon d;

	begin(&d, "scheduler=least-connections tick=1000");
	for (int i = 0; i < 5; i++) {
		size_t ticked;

		wake(&d, 1000 + i * 200);
		ticked = have_ticked(&d);
		assert_in_range(ticked - before, SERVICES / 5 - 2,
				SERVICES / 5 + 2);
		before = ticked;
	}
	assert_int_equal(before, SERVICES);
	/* the same of them come again together, a second later each */
	assert_int_equal(first_due(&d), 2000);
	wake(&d, 2000);
	assert_int_equal(first_due(&d), 2200);
	assert_int_equal(world.worthwhile, 0);
	end(&d);
}

static void test_a_wake_without_a_move_commits_nothing(void **state)
{
	struct daemon d;

	begin(&d, "scheduler=least-connections tick=100");
	wake(&d, 1000);
	wake(&d, 1100);
	assert_int_equal(world.worthwhile, 0);
	assert_int_equal(world.notes, 0);
	world.counts[7 * BACKENDS].established = 500;
	wake(&d, 1200);
	assert_int_equal(world.worthwhile, 1);
	for (size_t i = 0; i < SERVICES; i++)
		assert_int_equal(
		    backend_dynamic(&d.model->services[i],
				    &d.model->services[i].backends[0]) < 1000,
		    i == 7);
	end(&d);
}

/* Not known is not none. */
static void test_counts_that_are_not_known(void **state)
{
	struct track_count count;
	struct track_stats stats;
	struct daemon d;
	const struct service *s;

	begin(&d, "scheduler=least-connections tick=100");
	s = &d.model->services[3];
	assert_int_equal(world.ncells, SERVICES * BACKENDS);
	world.unknown = true;
	assert_false(load_count(d.load, s, &s->backends[1], &count));
	wake(&d, 1000);
	assert_false(load_view(s, s->backends, 0, world.now_ms).known);
	world.unknown = false;
	world.counts[3 * BACKENDS + 1].established = 9;
	world.counts[3 * BACKENDS + 2].known = false;
	assert_true(load_count(d.load, s, &s->backends[1], &count));
	assert_int_equal(count.established, 9);
	assert_false(load_count(d.load, s, &s->backends[2], &count));
	assert_false(load_count(NULL, s, &s->backends[1], &count));
	wake(&d, 1100);
	assert_true(load_view(s, s->backends, 0, world.now_ms).known);
	assert_false(load_view(s, s->backends + 2, 0, world.now_ms).known);
	assert_true(load_track_stats(d.load, &stats));
	assert_int_equal(stats.entries, 7);
	end(&d);
}

/* Conntrack is listened to only where connections count, and nothing at all
 * happens where nothing is dynamic. */
static void test_who_needs_what(void **state)
{
	struct track_count count;
	struct model *old;
	struct daemon d;

	begin(&d, "scheduler=weighted");
	assert_int_equal(world.trackers, 0);
	assert_int_equal(ev_run(d.loop, EVRUN_NOWAIT), 0); /* no watcher */
	old = d.model;
	d.model = model_of("scheduler=least-cpu tick=100", old);
	load_sync(d.load);
	model_free(old);
	assert_int_equal(world.trackers, 0);
	wake(&d, 1000);
	assert_false(load_count(d.load, d.model->services,
				d.model->services[0].backends, &count));
	old = d.model;
	d.model = model_of("scheduler=least-connections tick=100", old);
	load_sync(d.load);
	model_free(old);
	assert_int_equal(world.trackers, 1);
	old = d.model;
	d.model = model_of("scheduler=weighted", old);
	load_sync(d.load);
	model_free(old);
	assert_int_equal(world.trackers, 0);
	assert_int_equal(ev_run(d.loop, EVRUN_NOWAIT), 0);
	end(&d);
}

/* A daemon that was stopped has not let its samples grow old. */
static void test_who_stood_still(void **state)
{
	const struct service *s;
	struct load_view v;
	struct daemon d;

	begin(&d, "scheduler=least-connections tick=100");
	s = d.model->services;
	wake(&d, 1000);
	world.unknown = true;
	wake(&d, 31000);
	v = load_view(s, s->backends, 0, world.now_ms);
	assert_true(v.known && v.age_ms <= 200);
	for (int64_t ms = 31500; ms < 36000; ms += 500)
		wake(&d, ms);
	assert_false(load_view(s, s->backends, 0, world.now_ms).known);
	end(&d);
}

static void test_a_reload_keeps_the_rhythm(void **state)
{
	struct model *old;
	struct daemon d;

	begin(&d, "scheduler=least-connections tick=1000");
	for (int i = 0; i < 5; i++)
		wake(&d, 1000 + i * 200);
	world.now_ms = 1900;
	old = d.model;
	d.model =
	    model_of("scheduler=least-connections tick=1000 floor=300", old);
	load_sync(d.load);
	model_free(old);
	assert_int_equal(first_due(&d), 2000);
	wake(&d, 2000);
	assert_int_equal(first_due(&d), 2200);
	end(&d);
}

/* A weight is written when it has gone some way, at most every ten seconds. */
static void test_weights_are_saved_now_and_then(void **state)
{
	struct daemon d;
	int64_t ms = 1000;

	begin(&d, "scheduler=least-connections tick=100");
	wake(&d, ms);
	wake(&d, ms += 100);
	world.counts[0].established = 500;
	while (ms < 10000)
		wake(&d, ms += 900);
	assert_int_equal(world.notes, 0);
	wake(&d, 11000);
	assert_int_equal(world.notes, BACKENDS); /* all of the one service */
	assert_int_equal(world.saves, 1);
	wake(&d, 20900);
	assert_int_equal(world.saves, 1);
	end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ticks_are_spread),
		cmocka_unit_test(test_a_wake_without_a_move_commits_nothing),
		cmocka_unit_test(test_counts_that_are_not_known),
		cmocka_unit_test(test_who_needs_what),
		cmocka_unit_test(test_who_stood_still),
		cmocka_unit_test(test_a_reload_keeps_the_rhythm),
		cmocka_unit_test(test_weights_are_saved_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
