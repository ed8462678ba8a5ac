/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What checks, backends and operators say, and what a reload keeps of it:
 * stories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "model_rig.h"

static void test_one_check(void **state)
{
	const struct model_line lines[] = {
		{ "b1 c timeout; b1 c timeout", "", "b1=1000 b2=1000 up" },
		{ "b1 c timeout",
		  "health b1 up>down timeout after=1000.3ms fails=3/3\n"
		  "service s up>degraded usable=1/2\n",
		  "b2=1000 degraded" },
		{ "b2 c status 503; b2 c status 503; b2 c status 503",
		  "health b2 up>down status detail=503 after=1000.3ms "
		  "fails=3/3\n"
		  "service s degraded>down usable=0/2\n",
		  "down" },
		{ "b1 c ok; b1 c late; b1 c local; b1 c ignored", "", "down" },
		{ "b1 c ok",
		  "health b1 down>up ok after=1000.3ms successes=2/2\n"
		  "service s down>degraded usable=1/2\n",
		  "b1=1000 degraded" },
		{ "b1 c maintenance",
		  "health b1 up>down maintenance after=1000.3ms fails=1/1\n"
		  "service s degraded>down usable=0/2\n",
		  "down" },
		{ NULL, NULL, NULL },
	};

	model_story("check c rise=2 fall=3\nservice s\n"
		    "backend b1 check=c\nbackend b2 check=c",
		    lines);
}

static void test_start_states(void **state)
{
	const struct model_line lines[] = {
		{ "wait 1", "", "b1=1000 b4=1000 degraded" },
		{ "b3 k ok",
		  "health b3 unknown>up ok after=1000.3ms "
		  "successes=1/1\n",
		  "b1=1000 b3=1000 b4=1000 degraded" },
		{ "b2 d ok; b2 d ok",
		  "health b2 down>up ok after=1000.3ms successes=2/2\n"
		  "service s degraded>up usable=4/4\n",
		  "b1=1000 b2=1000 b3=1000 b4=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story(
	    "check u rise=2\ncheck d rise=2 start=down\n"
	    "check k rise=2 start=unknown\nservice s\n"
	    "backend b1 check=u\nbackend b2 check=d\nbackend b3 check=k\n"
	    "backend b4",
	    lines);
}

static void test_two_of_three_checks(void **state)
{
	const struct model_line lines[] = {
		{ "b1 x refused", "", "b1=1000 up" },
		{ "b1 z timeout",
		  "health b1 up>down timeout check=z after=1000.3ms "
		  "fails=1/1\n"
		  "service s up>down usable=0/1\n",
		  "down" },
		{ "b1 y closed", "", "down" },
		{ "b1 z ok", "", "down" },
		{ "b1 x ok",
		  "health b1 down>up ok check=x after=1000.3ms "
		  "successes=1/1\n"
		  "service s down>up usable=1/1\n",
		  "b1=1000 up" },
		{ NULL, NULL, NULL },
	};
	const struct model_line unknown[] = {
		{ "b1 x ok", "", "down" },
		{ "b1 y refused",
		  "health b1 unknown>down refused check=y after=1000.3ms "
		  "fails=1/1\n",
		  "down" },
		{ NULL, NULL, NULL },
	};

	model_story("check x\ncheck y\ncheck z\nservice s\n"
		    "backend b1 check=x check=y check=z need=2",
		    lines);
	model_story("check x start=unknown\ncheck y start=unknown\nservice s\n"
		    "backend b1 check=x check=y",
		    unknown);
}

static void test_a_backend_says(void **state)
{
	const struct model_line lines[] = {
		{ "b1 a ok drain",
		  "said b1 enabled>drain check=a\n"
		  "service s up>degraded usable=1/2\n",
		  "b2=1000 degraded" },
		{ "b1 f ok drain; b1 a timeout", "", NULL },
		{ "b1 f ok maint", "said b1 drain>disabled check=f\n", NULL },
		{ "b1 a ok ready", "", "b2=1000 degraded" },
		{ "b1 enabled; b1 f ok ready",
		  "said b1 disabled>enabled check=f\n"
		  "service s degraded>up usable=2/2\n",
		  "b1=1000 b2=1000 up" },
		{ "b1 f maintenance maint",
		  "said b1 enabled>disabled check=f\n"
		  "health b1 up>down maintenance check=f after=1000.3ms "
		  "fails=1/1\n"
		  "service s up>degraded usable=1/2\n",
		  "b2=1000 degraded" },
		{ "b1 f ok",
		  "health b1 down>up ok check=f after=1000.3ms "
		  "successes=1/1\n",
		  "b2=1000 degraded" },
		{ "b1 f ok ready", NULL, "b1=1000 b2=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story(
	    "check a type=agent fall=9\ncheck f type=file fall=9\nservice s\n"
	    "backend b1 check=a check=f\nbackend b2",
	    lines);
}

static void test_weights_that_are_said(void **state)
{
	const struct model_line lines[] = {
		{ "b1 a ok 75%", "weight b1 2>1.50 check=a says 75%\n",
		  "b1=1500 b2=1000 up" },
		{ "b1 a ok 75%; b1 a ok", "", "b1=1500 b2=1000 up" },
		{ "b1 a timeout =9", "weight b1 1.50>9 check=a says 9\n",
		  "b1=9000 b2=1000 up" },
		{ "b1 c ok 100%", "weight b1 9>2 check=c says 100%\n", NULL },
		{ "b1 weight 4", "weight b1 default>4 test\n",
		  "b1=4000 b2=1000 up" },
		{ "b1 c ok 0%",
		  "weight b1 4>0 check=c says 0%\n"
		  "service s up>degraded usable=1/2\n",
		  "b2=1000 degraded" },
		{ "b1 c ok 65535%", NULL, "b1=9000 b2=1000 up" },
		{ "b1 a ok 65535%", "weight b1 9>2621.40 check=a says 65535%\n",
		  "b1=2621400 b2=1000 up" },
		{ "b1 weight 65535", NULL, "b1=65535000 b2=1000 up" },
		{ "b1 weight 0", NULL, "b2=1000 degraded" },
		{ "b1 a ok =7", "", "b2=1000 degraded" },
		{ NULL, NULL, NULL },
	};
	const struct model_line hashed[] = {
		{ "b1 a ok 75%", "", "b1=2000 b2=1000 up" },
		{ "b1 a ok 0%",
		  "weight b1 2>0 check=a says 0%\n"
		  "service s up>degraded usable=1/2\n",
		  "b2=1000 degraded" },
		{ "b1 a ok =200",
		  "weight b1 0>2 check=a says 200\n"
		  "service s degraded>up usable=2/2\n",
		  "b1=2000 b2=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story(
	    "check a type=agent fall=9\ncheck c type=script\nservice s\n"
	    "backend b1 weight=2 check=a check=c\nbackend b2",
	    lines);
	model_story(
	    "check a type=agent fall=9\nservice s scheduler=source-hash\n"
	    "backend b1 weight=2 check=a\nbackend b2",
	    hashed);
}

static void test_reload_keeps_what_is_the_same(void **state)
{
	const struct model_line lines[] = {
		{ "b1 c refused; b1 weight 7; b2 drain; b3 d refused", NULL,
		  "down" },
		{ "!check d send=x\ncheck c rise=3\nservice s\n"
		  "backend b4 check=c\nbackend b1 check=c\n"
		  "backend b2 check=c\nbackend b3 check=d",
		  "health b3 down>unknown reload: other checks\n"
		  "service s down>degraded usable=1/4\n",
		  "b4=1000 degraded" },
		{ "b3 d ok",
		  "health b3 unknown>up ok after=1000.3ms successes=1/1\n",
		  "b4=1000 b3=1000 degraded" },
		{ "b1 c ok; b1 c ok; b1 c ok", NULL,
		  "b4=1000 b1=7000 b3=1000 degraded" },
		{ "b2 enabled", NULL, "b4=1000 b1=7000 b2=1000 b3=1000 up" },
		/* a second check that has to be good as well; who is up was
		 * not added, so where that starts does not matter */
		{ "!check c\ncheck e start=down\nservice s\n"
		  "backend b1 check=c check=e",
		  "", "b1=7000 up" },
		{ "b1 e refused",
		  "health b1 up>down refused check=e after=1000.3ms "
		  "fails=1/1\n"
		  "service s up>down usable=0/1\n",
		  "down" },
		{ "b1 e ok", NULL, "b1=7000 up" },
		/* another address is another backend to a check */
		{ "b1 c refused", NULL, "down" },
		{ "!check c\nservice s\nbackend b1 check=c address=10.0.0.2",
		  NULL, "b1=7000 up" },
		{ "!service s\nbackend k backup\nbackend b1", "",
		  "b1=7000 up" },
		{ "!service s backup-when=2\nbackend k backup\nbackend b1",
		  "state k standby>active primaries=1/1\n",
		  "k=1000 b1=7000 up" },
		{ NULL, NULL, NULL },
	};
	const struct model_line said[] = {
		{ "b1 a ok drain 50%", NULL, "b2=1000 degraded" },
		{ "!check a type=agent\nservice s\nbackend b1 check=a\n"
		  "backend b2",
		  "", "b2=1000 degraded" },
		{ "!service s\nbackend b1\nbackend b2",
		  "said b1 drain>enabled reload: other checks\n"
		  "service s degraded>up usable=2/2\n",
		  "b1=1000 b2=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story("check c\ncheck d\nservice s\nbackend b1 check=c\n"
		    "backend b2 check=c\nbackend b3 check=d",
		    lines);
	model_story(
	    "check a type=agent\nservice s\nbackend b1 check=a\nbackend b2",
	    said);
}

/* A model that is stepped before it was begun is settled by that. */
static void test_a_step_before_the_first(void **state)
{
	struct model_rig r = { 0 };
	struct model *old;

	model_rig_conf(&r, "check c\nservice s\nbackend b1 check=c\n"
			   "backend b2 check=c\nbackend b3 check=c");
	old = r.m;
	r.m = model_new(made_conf("check c\nservice s\n"
				  "backend b1 check=c\nbackend b2 check=c\n"
				  "backend b4 check=c"),
			old);
	model_free(old);
	assert_string_equal(model_rig_do(&r, "b1 c refused"),
			    "health b1 up>down refused after=1000.3ms "
			    "fails=1/1\n"
			    "service s up>degraded usable=2/3\n");
	model_rig_free(&r);
}

static void test_urgent_and_worthwhile(void **state)
{
	struct model_rig r = { 0 };

	model_rig_conf(&r, "check c fall=2\nservice s\nbackend b1 check=c\n"
			   "backend b2");
	model_rig_do(&r, "b1 c refused");
	assert_false(r.urgent || r.worthwhile);
	model_rig_do(&r, "b1 c refused");
	assert_true(r.urgent);
	model_rig_do(&r, "b1 c ok");
	assert_true(r.worthwhile && !r.urgent);
	model_rig_do(&r, "b1 weight 0");
	assert_true(r.urgent);
	model_rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_check),
		cmocka_unit_test(test_start_states),
		cmocka_unit_test(test_two_of_three_checks),
		cmocka_unit_test(test_a_backend_says),
		cmocka_unit_test(test_weights_that_are_said),
		cmocka_unit_test(test_reload_keeps_what_is_the_same),
		cmocka_unit_test(test_a_step_before_the_first),
		cmocka_unit_test(test_urgent_and_worthwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
