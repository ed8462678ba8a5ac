/* SPDX-License-Identifier: GPL-2.0-or-later */
/* healthcheck/shared: one object of a kind for each loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "healthcheck/shared.h"

static int opened, closed;

static void *thing_open(struct ev_loop *loop)
{
	opened++;
	return malloc(1);
}

static void thing_close(void *object)
{
	closed++;
	free(object);
}

static void *nothing_open(struct ev_loop *loop)
{
	return NULL;
}

static const struct shared_kind one = { thing_open, thing_close };
static const struct shared_kind two = { thing_open, thing_close };
static const struct shared_kind three = { thing_open, thing_close };
static const struct shared_kind nothing = { nothing_open, thing_close };

static void the_last_one_closes(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	void *a = shared_hold(loop, &one), *b = shared_hold(loop, &two);
	void *c = shared_hold(loop, &three);

	assert_true(a != b && b != c && a != c);
	assert_ptr_equal(shared_hold(loop, &two), b);
	assert_int_equal(opened, 3);
	shared_drop(loop, &two);
	assert_int_equal(closed, 0);
	shared_drop(loop, &two);
	assert_int_equal(closed, 1);
	/* the others are where they were, whatever their place in the list */
	assert_ptr_equal(shared_hold(loop, &one), a);
	assert_ptr_equal(shared_hold(loop, &three), c);
	for (int i = 0; i < 2; i++) {
		shared_drop(loop, &one);
		shared_drop(loop, &three);
	}
	assert_int_equal(closed, 3);
	assert_null(ev_userdata(loop));
	assert_non_null(shared_hold(loop, &one));
	assert_int_equal(opened, 4);
	shared_drop(loop, &one);
	ev_loop_destroy(loop);
}

static void what_cannot_be_is_not_held(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);

	assert_null(shared_hold(loop, &nothing));
	assert_null(ev_userdata(loop));
	ev_loop_destroy(loop);
}

static void loops_share_nothing(void **state)
{
	struct ev_loop *a = ev_loop_new(EVFLAG_AUTO);
	struct ev_loop *b = ev_loop_new(EVFLAG_AUTO);

	assert_ptr_not_equal(shared_hold(a, &one), shared_hold(b, &one));
	shared_drop(a, &one);
	shared_drop(b, &one);
	ev_loop_destroy(a);
	ev_loop_destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_closes),
		cmocka_unit_test(what_cannot_be_is_not_held),
		cmocka_unit_test(loops_share_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
