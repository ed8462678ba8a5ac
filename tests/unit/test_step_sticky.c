/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which backends persistent clients may come back to: stories. What is sticky
 * stands behind the service's state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model_rig.h"

#define CONF                                                                   \
	"check c\nservice s persist=source drain-timeout=500\n"                \
	"backend b1 check=c\nbackend b2 check=c"

static void test_down_and_back(void **state)
{
	const struct model_line lines[] = {
		{ "wait 1", "", "b1=1000 b2=1000 up b1 b2" },
		{ "b1 c timeout; kernel committed", NULL,
		  "b2=1000 degraded b2" },
		/* back before its entries are gone: it serves */
		{ "b1 c ok", NULL, "b1=1000 b2=1000 up b2" },
		{ "kernel read", "", "b1=1000 b2=1000 up b2" },
		{ "kernel failed", "", "b1=1000 b2=1000 up b2" },
		{ "kernel read; kernel purged", "",
		  "b1=1000 b2=1000 up b1 b2" },
		/* gone long ago: at once */
		{ "b2 c timeout; kernel committed; kernel read; kernel purged",
		  NULL, "b1=1000 degraded b1" },
		{ "b2 c ok", NULL, "b1=1000 b2=1000 up b1 b2" },
		{ NULL, NULL, NULL },
	};

	model_story(CONF, lines);
}

/* What was read before the kernel knew may lack entries. */
static void test_read_too_early(void **state)
{
	const struct model_line lines[] = {
		{ "b1 c timeout; kernel read; kernel purged; b1 c ok", NULL,
		  "b1=1000 b2=1000 up b2" },
		{ "kernel committed; kernel read; kernel purged", NULL,
		  "b1=1000 b2=1000 up b1 b2" },
		/* another one falls while entries of the first are purged */
		{ "b1 c timeout; kernel committed; kernel read; b2 c timeout; "
		  "kernel committed; kernel purged; b1 c ok; b2 c ok",
		  NULL, "b1=1000 b2=1000 up b1" },
		{ "kernel read; kernel purged", NULL,
		  "b1=1000 b2=1000 up b1 b2" },
		{ NULL, NULL, NULL },
	};

	model_story(CONF, lines);
}

static void test_operator(void **state)
{
	const struct model_line lines[] = {
		{ "b1 drain", NULL, "b2=1000 degraded b1 b2" },
		{ "b1 enabled", NULL, "b1=1000 b2=1000 up b1 b2" },
		{ "b1 weight 0", NULL, "b2=1000 degraded b1 b2" },
		{ "b1 weight default", NULL, "b1=1000 b2=1000 up b1 b2" },
		{ "b1 disabled", NULL, "b2=1000 degraded b2" },
		{ "b1 enabled", NULL, "b1=1000 b2=1000 up b2" },
		{ "kernel committed; kernel read; kernel purged", NULL,
		  "b1=1000 b2=1000 up b1 b2" },
		/* drained to the end, and drained but not well */
		{ "b1 drain; wait 500", NULL, "b2=1000 degraded b2" },
		{ "b2 drain; b2 c timeout", NULL, "down" },
		{ "b1 enabled; b2 enabled; b2 c ok; kernel committed; "
		  "kernel read; kernel purged",
		  NULL, "b1=1000 b2=1000 up b1 b2" },
		{ "service disabled", NULL, "disabled" },
		{ "service enabled", NULL, "b1=1000 b2=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story(CONF, lines);
}

static void test_reload(void **state)
{
	const struct model_line lines[] = {
		{ "!" CONF, "", "b1=1000 b2=1000 up b1 b2" },
		{ "b1 c timeout; kernel committed", NULL,
		  "b2=1000 degraded b2" },
		{ "!" CONF, "", "b2=1000 degraded b2" },
		{ "b1 c ok", NULL, "b1=1000 b2=1000 up b2" },
		{ "kernel read; kernel purged", NULL,
		  "b1=1000 b2=1000 up b1 b2" },
		{ "!check c\nservice s persist=source\nbackend b1 check=c "
		  "address=10.0.0.9\nbackend b2 check=c\nbackend b3",
		  NULL, "b1=1000 b2=1000 b3=1000 up b2 b3" },
		{ "!check c\nservice s\nbackend b1 check=c\nbackend b2", NULL,
		  "b1=1000 b2=1000 up" },
		{ "!" CONF, NULL, "b1=1000 b2=1000 up b1 b2" },
		{ NULL, NULL, NULL },
	};

	model_story(CONF, lines);
}

/* Pins leave no entries: who is back is back. */
static void test_pins(void **state)
{
	const struct model_line lines[] = {
		{ "b1 c timeout", NULL, "b2=1000 degraded b2" },
		{ "b1 c ok", NULL, "b1=1000 b2=1000 up b1 b2" },
		{ NULL, NULL, NULL },
	};

	model_story("check c\nservice s pins=1\n"
		    "backend b1 check=c\nbackend b2 check=c",
		    lines);
}

/* Backups' clients go when the backups do; in a panic all are welcome. */
static void test_roles(void **state)
{
	const struct model_line lines[] = {
		{ "b1 c timeout; kernel committed; kernel read; kernel purged",
		  NULL, "b2=1000 down b2" },
		{ "b1 c ok", NULL, "b1=1000 up b1" },
		{ NULL, NULL, NULL },
	};
	const struct model_line panic[] = {
		{ "b1 c timeout; kernel committed; kernel read; kernel purged; "
		  "b2 c timeout",
		  NULL, "b1=1000 b2=1000 b3=1000 degraded b1 b2 b3" },
		{ NULL, NULL, NULL },
	};

	model_story("check c\nservice s persist=source quorum=2\n"
		    "backend b1 check=c\nbackend b2 backup",
		    lines);
	model_story("check c\nservice s persist=source min-usable=50\n"
		    "backend b1 check=c\nbackend b2 check=c\nbackend b3",
		    panic);
}

/* Who stops to be sticky without having served is urgent, too. */
static void test_urgent(void **state)
{
	struct model_rig r = { 0 };

	model_rig_conf(&r, CONF);
	model_rig_do(&r, "b1 drain");
	assert_true(r.urgent);
	model_rig_do(&r, "b1 disabled");
	assert_true(r.urgent);
	assert_true(r.m->services[0].dirty);
	model_rig_do(&r, "b1 enabled");
	assert_false(r.urgent);
	assert_true(r.worthwhile);
	model_rig_free(&r);
}

/* What the kernel may do with the entries of b1. */
static enum stale stale_after(struct model_rig *r, const char *script)
{
	model_rig_do(r, script);
	return (enum stale)r->m->services[0].backends[0].stale;
}

/* Flows that nobody tracks: who is down may be back, and has them again; who is
 * out by somebody's word has not. */
static void test_direct(void **state)
{
	struct model_rig r = { 0 };
	struct backend *b1;

	model_rig_conf(&r, "check c\nservice s cache=10 drain-timeout=500\n"
			   "backend b1 check=c\nbackend b2 check=c");
	assert_int_equal(stale_after(&r, "b1 c timeout; kernel committed"),
			 STALE_WAITING);
	b1 = &r.m->services[0].backends[0];
	assert_int_equal(stale_after(&r, "wait 9000; b1 c ok"), STALE_NOT);
	assert_true(b1->sticky);
	assert_int_equal(stale_after(&r, "b1 c timeout; wait 9999; "
					 "kernel committed; kernel read"),
			 STALE_WAITING);
	assert_int_equal(stale_after(&r, "wait 1"), STALE_NEWLY);
	assert_true(r.m->services[0].dirty);
	assert_int_equal(stale_after(&r, "kernel committed; kernel read"),
			 STALE_PURGED);
	assert_int_equal(stale_after(&r, "b1 c ok"), STALE_NOT);
	assert_true(b1->sticky);
	assert_int_equal(stale_after(&r, "b1 drain; wait 499"), STALE_NOT);
	assert_int_equal(stale_after(&r, "wait 1"), STALE_NEWLY);
	assert_int_equal(stale_after(&r, "b1 enabled"), STALE_NOT);
	assert_int_equal(stale_after(&r, "b1 disabled"), STALE_NEWLY);
	assert_int_equal(stale_after(&r, "b1 enabled; b1 c timeout"),
			 STALE_WAITING);
	assert_int_equal(stale_after(&r, "b1 disabled"), STALE_NEWLY);
	model_rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_down_and_back),
		cmocka_unit_test(test_read_too_early),
		cmocka_unit_test(test_operator),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_urgent),
		cmocka_unit_test(test_direct),
	};

	return cmocka_run_group_tests_name("step_sticky", tests, NULL, NULL);
}
