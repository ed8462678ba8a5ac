/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backends with as many connections as they may have: stories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "model_rig.h"

static void full_and_not(void **state)
{
	const struct model_line lines[] = {
		{ "b1 counted 0", "free 5\n", "b1=1000 b2=1000 up" },
		{ "b1 counted 5 flagged",
		  "flag 5\nstate b1 active>full 5 connections, "
		  "max-connections=5\n",
		  "b2=1000 up" },
		{ "b1 counted 6 flagged; b1 counted 5 flagged",
		  "flag 5\nflag 5\n", "b2=1000 up" },
		{ "b1 counted 4 flagged",
		  "free 5\nstate b1 full>active 4 connections, "
		  "max-connections=5\n",
		  "b1=1000 b2=1000 up" },
		/* the daemon saw it before the kernel did */
		{ "b1 counted 5", NULL, "b2=1000 up" },
		{ "b2 counted 100 flagged", "free 0\n", "b2=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story("service s\nbackend b1 max=5\nbackend b2", lines);
}

/* Full and not full several times a second: told, but not every time. */
static void words_are_few(void **state)
{
	const struct model_line lines[] = {
		{ "b1 counted 0; b1 counted 5 flagged; b1 counted 4 flagged",
		  "free 5\nflag 5\nstate b1 active>full 5 connections, "
		  "max-connections=5\nfree 5\n"
		  "state b1 full>active 4 connections, max-connections=5\n",
		  "b1=1000 up" },
		{ "wait 100; b1 counted 5 flagged", "flag 5\n", "up" },
		{ "b1 counted 4 flagged", "free 5\n", "b1=1000 up" },
		{ "wait 5000; b1 counted 5 flagged", "flag 5\n", "up" },
		/* it stays so */
		{ "wait 4899; b1 counted 5 flagged", "flag 5\n", "up" },
		{ "wait 1; b1 counted 5 flagged",
		  "flag 5\nstate b1 active>full 5 connections, "
		  "max-connections=5\n",
		  "up" },
		{ "b1 counted 3 flagged",
		  "free 5\nstate b1 full>active 3 connections, "
		  "max-connections=5\n",
		  "b1=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story("service s\nbackend b1 max=5", lines);
}

/* A kernel that is early once may have been right, twice it counts wrong. */
static void kernel_is_early(void **state)
{
	const struct model_line lines[] = {
		{ "b1 counted 0; b1 counted 4 flagged", "free 5\nfree 5\n",
		  "b1=1000 up" },
		{ "b1 counted 4 flagged", "free 1!\n", "b1=1000 up" },
		/* of those four some have ended: each time a number for the
		 * rest */
		{ "b1 counted 3 flagged", "free 2!\n", NULL },
		{ "b1 counted 3 flagged", "free 2!\n", NULL },
		{ "b1 counted 5 flagged", NULL, "up" },
		{ "b1 counted 1 flagged", NULL, "b1=1000 up" },
		{ "b1 counted 1 flagged", "free 4!\n", NULL },
		{ "b1 counted 0 flagged", "free 5!\n", NULL },
		{ "b1 counted 0 flagged", "free 5\n", NULL },
		{ NULL, NULL, NULL },
	};
	const struct model_line in_between[] = {
		{ "b1 counted 0; b1 counted 4 flagged; b1 counted 4",
		  "free 5\nfree 5\nfree 5\n", NULL },
		{ "b1 counted 4 flagged; b1 counted 5 flagged; b1 counted 4 "
		  "flagged; b1 counted 4 flagged",
		  "free 5\nflag 5\n"
		  "state b1 active>full 5 connections, max-connections=5\n"
		  "free 5\n"
		  "state b1 full>active 4 connections, max-connections=5\n"
		  "free 5\n",
		  NULL },
		{ NULL, NULL, NULL },
	};

	model_story("service s\nbackend b1 max=5", lines);
	model_story("service s\nbackend b1 max=5", in_between);
}

/* Connections that were there before the kernel began to count. */
static void connections_from_before(void **state)
{
	const struct model_line lines[] = {
		{ "b1 counted 3", "free 2!\n", "b1=1000 up" },
		{ "b1 counted 4; b1 counted 2", "free 2\nfree 2\n", NULL },
		{ "b1 counted 1", "free 4!\n", NULL },
		{ "b1 counted 1; b1 counted 0", "free 4\nfree 5!\n", NULL },
		{ "b1 counted 0", "free 5\n", NULL },
		{ NULL, NULL, NULL },
	};
	const struct model_line full[] = {
		{ "b1 counted 7",
		  "flag 5\nstate b1 active>full 7 connections, "
		  "max-connections=5\n",
		  "up" },
		{ "b1 counted 4 flagged",
		  "free 1!\nstate b1 full>active 4 connections, "
		  "max-connections=5\n",
		  "b1=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story("service s\nbackend b1 max=5", lines);
	model_story("service s\nbackend b1 max=5", full);
}

static void reload_with_another_limit(void **state)
{
	const struct model_line lines[] = {
		{ "b1 counted 0; b1 counted 5 flagged", NULL, "b2=1000 up" },
		{ "!service s\nbackend b1 max=5\nbackend b2", "",
		  "b2=1000 up" },
		{ "!service s\nbackend b1 max=8\nbackend b2", "",
		  "b2=1000 up" },
		{ "b1 counted 5 flagged", NULL, "b1=1000 b2=1000 up" },
		{ "!service s\nbackend b1 max=4\nbackend b2", "",
		  "b1=1000 b2=1000 up" },
		{ "b1 counted 5", NULL, "b2=1000 up" },
		{ "!service s\nbackend b1\nbackend b2", "",
		  "b1=1000 b2=1000 up" },
		{ "b1 counted 5 flagged", "free 0\n", NULL },
		{ "!service s\nbackend b1 max=6\nbackend b2", "", NULL },
		{ "b1 counted 5", "free 1!\n", "b1=1000 b2=1000 up" },
		/* another server of that name */
		{ "!service s\nbackend b1 max=6 address=10.0.0.9\nbackend b2",
		  "", NULL },
		{ "b1 counted 0", "free 6\n", "b1=1000 b2=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story("service s\nbackend b1 max=5\nbackend b2", lines);
}

/* Who is full is in service: no backup, no panic, no quorum lost, not even when
 * all of them are. */
static void full_is_no_failure(void **state)
{
	const struct model_line lines[] = {
		{ "b1 counted 1 flagged; b2 counted 1 flagged", NULL, "up" },
		{ "b1 c refused",
		  "health b1 up>down refused after=1000.3ms fails=1/1\n"
		  "service s up>down usable=1/2 quorum=1/2 lost\n",
		  "down" },
		{ "b1 counted 0 flagged; b1 c ok",
		  "free 1\n"
		  "health b1 down>up ok after=1000.3ms successes=1/1\n"
		  "service s down>up usable=2/2\n",
		  "b1=1000 up" },
		{ "b1 drain; b1 counted 1 flagged; b1 enabled",
		  "admin b1 enabled>drain test\n"
		  "service s up>down usable=1/2 quorum=1/2 lost\n"
		  "flag 1\n"
		  "admin b1 drain>enabled test\n"
		  "service s down>up usable=2/2\n",
		  "up" },
		{ NULL, NULL, NULL },
	};
	const struct model_line backup[] = {
		{ "k counted 1 flagged", "flag 1\n", "b1=1000 up" },
		{ "b1 disabled",
		  "admin b1 enabled>disabled test\n"
		  "state k standby>full primaries=0/1\n"
		  "service s up>degraded usable=1/2 backups\n",
		  "degraded" },
		{ NULL, NULL, NULL },
	};

	model_story("check c\nservice s quorum=2 min-usable=50\n"
		    "backend b1 max=1 check=c\nbackend b2 max=1",
		    lines);
	model_story("service s\nbackend b1\nbackend k backup max=1", backup);
}

static void committed(struct model_rig *r)
{
	r->m->services[0].dirty = false;
	r->m->ndirty = 0;
}

/* Full is urgent, room is not, a new number for the kernel is. */
static void urgency(void **state)
{
	struct model_rig r = { 0 };

	model_rig_conf(&r, "service s\nbackend b1 max=5\nbackend b2");
	committed(&r);
	model_rig_do(&r, "b1 counted 0");
	assert_false(r.urgent || r.worthwhile);
	assert_int_equal(r.m->ndirty, 0);
	model_rig_do(&r, "b1 counted 5 flagged");
	assert_true(r.urgent);
	assert_int_equal(r.m->ndirty, 1);
	committed(&r);
	model_rig_do(&r, "b1 counted 4 flagged");
	assert_true(r.worthwhile && !r.urgent);
	assert_int_equal(r.m->ndirty, 1);
	committed(&r);
	model_rig_do(&r, "b1 counted 4 flagged");
	assert_int_equal(r.m->ndirty, 0);
	model_rig_do(&r, "b1 counted 4 flagged");
	assert_true(r.urgent);
	assert_int_equal(r.m->ndirty, 1);
	model_rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_and_not),
		cmocka_unit_test(words_are_few),
		cmocka_unit_test(kernel_is_early),
		cmocka_unit_test(connections_from_before),
		cmocka_unit_test(reload_with_another_limit),
		cmocka_unit_test(full_is_no_failure),
		cmocka_unit_test(urgency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
