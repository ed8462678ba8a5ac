/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who serves, and how that goes on by itself with time: stories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "model_rig.h"

static void test_backups(void **state)
{
	const struct model_line lines[] = {
		{ "p1 c refused",
		  "health p1 up>down refused after=1000.3ms fails=1/1\n"
		  "state k1 standby>active primaries=1/2\n"
		  "service s up>degraded usable=2/4 backups\n",
		  "p2=1000 k1=1000 degraded" },
		{ "k2 enabled", "admin k2 disabled>enabled test\n",
		  "p2=1000 k1=1000 k2=1000 degraded" },
		{ "p2 weight 0", "weight p2 default>0 test\n",
		  "k1=1000 k2=1000 degraded" },
		{ "k1 drain; k2 disabled",
		  "admin k1 enabled>drain test\n"
		  "admin k2 enabled>disabled test\n"
		  "service s degraded>down usable=0/4 backups\n",
		  "down" },
		{ "p2 weight default; k1 enabled", NULL,
		  "p2=1000 k1=1000 degraded" },
		{ "p1 c ok",
		  "health p1 down>up ok after=1000.3ms successes=1/1\n"
		  "state k1 active>standby primaries=2/2\n"
		  "service s degraded>up usable=3/4\n",
		  "p1=1000 p2=1000 up" },
		{ "service disabled",
		  "admin s enabled>disabled test\n"
		  "service s up>disabled usable=3/4\n",
		  "disabled" },
		{ "service enabled", NULL, "p1=1000 p2=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story("check c\nservice s backup-when=2\nbackend p1 check=c\n"
		    "backend p2\nbackend k1 backup\nbackend k2 backup disabled",
		    lines);
}

static void test_panic(void **state)
{
	const struct model_line lines[] = {
		{ "b1 c refused", NULL, "b2=1000 b3=1000 b4=1000 degraded" },
		{ "b2 c refused", NULL, "b3=1000 b4=1000 degraded" },
		{ "b3 c refused",
		  "health b3 up>down refused after=1000.3ms fails=1/1\n"
		  "panic s off>on usable=1/4 min=50%\n",
		  "b1=1000 b2=1000 b3=1000 b4=1000 degraded" },
		{ "b4 c refused", NULL,
		  "b1=1000 b2=1000 b3=1000 b4=1000 degraded" },
		{ "b1 disabled; b2 weight 0", NULL,
		  "b3=1000 b4=1000 degraded" },
		{ "b3 c ok",
		  "health b3 down>up ok after=1000.3ms successes=1/1\n"
		  "panic s on>off usable=1/2 min=50%\n",
		  "b3=1000 degraded" },
		{ "b3 drain", NULL, "b4=1000 degraded" },
		{ "b4 disabled",
		  "admin b4 enabled>disabled test\n"
		  "panic s on>off usable=0/0 min=50%\n"
		  "service s degraded>down usable=0/4\n",
		  "down" },
		{ NULL, NULL, NULL },
	};

	model_story(
	    "check c\nservice s min-usable=50\nbackend b1 check=c\n"
	    "backend b2 check=c\nbackend b3 check=c\nbackend b4 check=c",
	    lines);
}

static void test_quorum(void **state)
{
	const struct model_line lines[] = {
		{ "b1 disabled", NULL, "b2=3000 b3=2000 degraded" },
		{ "b3 disabled", "admin b3 enabled>disabled test\n",
		  "b2=3000 degraded" },
		{ "b2 weight 2",
		  "weight b2 default>2 test\n"
		  "service s degraded>down usable=1/3 quorum=2/4 lost\n",
		  "b2=2000 down" },
		{ "b2 weight 4", "weight b2 2>4 test\n", "b2=4000 down" },
		{ "b2 weight 5", NULL, "b2=5000 degraded" },
		{ NULL, NULL, NULL },
	};
	const struct model_line begins[] = {
		{ "wait 1", "", "b1=1000 down" },
		{ "b1 weight 2", NULL, "b1=2000 down" },
		{ "b1 weight 3", NULL, "b1=3000 up" },
		{ NULL, NULL, NULL },
	};

	model_story("service s quorum=4 hysteresis=1\nbackend b1 weight=1\n"
		    "backend b2 weight=3\nbackend b3 weight=2",
		    lines);
	model_story("service s quorum=2 hysteresis=1\nbackend b1", begins);
}

static void test_slow_start(void **state)
{
	const struct model_line lines[] = {
		{ "b1 c refused; b1 c ok",
		  "health b1 up>down refused after=1000.3ms fails=1/1\n"
		  "service s up>degraded usable=2/3\n"
		  "health b1 down>up ok after=1000.3ms successes=1/1\n"
		  "service s degraded>up usable=3/3\n",
		  "b1=200 b2=1000 b3=1000 up" },
		{ "wait 999", "", "b1=200 b2=1000 b3=1000 up" },
		{ "wait 1", "", "b1=400 b2=1000 b3=1000 up" },
		{ "wait 7999", "", "b1=1800 b2=1000 b3=1000 up" },
		{ "wait 1", "", "b1=2000 b2=1000 b3=1000 up" },
		{ "b1 c refused; b1 c ok; b1 disabled", NULL,
		  "b2=1000 b3=1000 degraded" },
		{ "wait 3000; b1 enabled", NULL, "b1=800 b2=1000 b3=1000 up" },
		/* whoever serves alone gets all of it */
		{ "b2 disabled; b3 disabled", NULL, "b1=2000 degraded" },
		{ "b2 enabled", NULL, "b1=2000 b2=1000 degraded" },
		{ NULL, NULL, NULL },
	};
	const struct model_line lone[] = {
		{ "b1 c refused; b1 c ok", NULL, "b1=1000 up" },
		{ NULL, NULL, NULL },
	};
	const struct model_line unknown[] = {
		{ "b1 c ok", NULL, "b1=1000 b2=1000 up" },
		{ "b1 c refused; b1 c ok", NULL, "b1=100 b2=1000 up" },
		{ "!check c start=unknown\nservice s slow-start=90\n"
		  "backend b1 check=c\nbackend b2",
		  "", "b1=100 b2=1000 up" },
		{ "wait 90", "", "b1=1000 b2=1000 up" },
		{ NULL, NULL, NULL },
	};
	const struct model_line hashed[] = {
		{ "b1 c refused; b1 c ok", NULL, "b1=1000 b2=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story("check c\nservice s slow-start=9000\n"
		    "backend b1 weight=2 check=c\nbackend b2\nbackend b3",
		    lines);
	model_story("check c\nservice s slow-start=9000\nbackend b1 check=c",
		    lone);
	model_story("check c start=unknown\nservice s slow-start=9000\n"
		    "backend b1 check=c\nbackend b2",
		    unknown);
	model_story("check c\nservice s slow-start=9000 scheduler=source-hash\n"
		    "backend b1 check=c\nbackend b2",
		    hashed);
}

static void test_flaps(void **state)
{
	const struct model_line lines[] = {
		{ "b1 c refused; b1 c ok", NULL, "b1=1000 up" },
		{ "b1 c refused",
		  "health b1 up>down refused after=1000.3ms fails=1/1 held 10s "
		  "after 2 flaps\n"
		  "service s up>down usable=0/1\n",
		  "down" },
		{ "b1 c ok; b1 c ok; wait 9999", "", "down" },
		{ "wait 1",
		  "health b1 down>up ok after=1000.3ms held 10s after 2 flaps\n"
		  "service s down>up usable=1/1\n",
		  "b1=1000 up" },
		{ "b1 c refused; b1 c ok; wait 19999", NULL, "down" },
		/* good again only after the hold-down */
		{ "b1 c refused; wait 5000", "", "down" },
		{ "b1 c ok",
		  "health b1 down>up ok after=1000.3ms successes=1/1\n"
		  "service s down>up usable=1/1\n",
		  "b1=1000 up" },
		{ "b1 c refused; b1 c ok; wait 25000", NULL, "b1=1000 up" },
		/* four flaps; the hold-down is as long as it gets */
		{ "wait 24999; b1 c refused",
		  "health b1 up>down refused after=1000.3ms fails=1/1 held 25s "
		  "after 4 flaps\n"
		  "service s up>down usable=0/1\n",
		  "down" },
		{ "b1 c ok; wait 25000", NULL, "b1=1000 up" },
		{ "wait 75000; b1 c refused; b1 c ok", NULL, "b1=1000 up" },
		{ NULL, NULL, NULL },
	};

	const struct model_line off[] = {
		{ "b1 c refused; b1 c ok; b1 c refused; b1 c ok", NULL,
		  "down" },
		{ "!check c\nservice s\nbackend b1 check=c",
		  "health b1 down>up reload: other checks\n"
		  "service s down>up usable=1/1\n",
		  "b1=1000 up" },
		{ NULL, NULL, NULL },
	};

	const struct model_line shorter[] = {
		{ "b1 c refused; b1 c ok; b1 c refused; b1 c ok; wait 2999",
		  NULL, "down" },
		{ "!check c\nservice s flap-hold=1000 flap-max=3000\n"
		  "backend b1 check=c",
		  "", "down" },
		{ "wait 1", NULL, "b1=1000 up" },
		{ NULL, NULL, NULL },
	};

	model_story("check c\nservice s flap-hold=10000 flap-max=25000\n"
		    "backend b1 check=c",
		    off);
	model_story("check c\nservice s flap-hold=10000 flap-max=25000\n"
		    "backend b1 check=c",
		    shorter);
	model_story("check c\nservice s flap-hold=10000 flap-max=25000\n"
		    "backend b1 check=c",
		    lines);
}

static void test_drains(void **state)
{
	const struct model_line lines[] = {
		{ "b1 drain; wait 4999", NULL, "b2=1000 degraded" },
		{ "wait 1",
		  "drain b1 draining>drained drain-timeout=5000ms is over\n",
		  "b2=1000 degraded" },
		{ "wait 5000; b1 a ok drain", "said b1 enabled>drain check=a\n",
		  NULL },
		{ "b1 enabled; wait 5000", "admin b1 drain>enabled test\n",
		  "b2=1000 degraded" },
		{ "b1 a ok ready; b1 a ok drain; wait 5000",
		  "said b1 drain>enabled check=a\n"
		  "service s degraded>up usable=2/2\n"
		  "said b1 enabled>drain check=a\n"
		  "service s up>degraded usable=1/2\n"
		  "drain b1 draining>drained drain-timeout=5000ms is over\n",
		  NULL },
		{ NULL, NULL, NULL },
	};

	model_story("check a type=agent\nservice s drain-timeout=5000\n"
		    "backend b1 check=a\nbackend b2",
		    lines);
}

/* What has to be cut, and that the committer hears of it. */
static void test_cuts(void **state)
{
	static const struct {
		const char *keys, *script;
		enum cut cut;
	} cases[] = {
		{ "", "b1 c ok", CUT_NONE },
		{ "", "b1 c refused", CUT_UDP },
		{ "on-down=cut", "b1 c refused", CUT_ALL },
		{ "on-down=cut", "b1 drain", CUT_NONE },
		{ "on-down=cut", "b1 disabled", CUT_UDP },
		{ "", "b1 weight 0", CUT_NONE },
		{ "", "b1 c ok maint", CUT_UDP },
		{ "", "service disabled", CUT_UDP },
		{ "", "b1 drain; b1 c refused", CUT_UDP },
		{ "drain-timeout=10", "b1 drain; wait 9", CUT_NONE },
		{ "drain-timeout=10", "b1 drain; wait 10", CUT_ALL },
		{ "on-down=cut min-usable=60", "b1 c refused", CUT_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct model_rig r = { 0 };
		struct service *s;
		char conf[128];

		snprintf(conf, sizeof(conf),
			 "check c\nservice s %s\nbackend b1 check=c\n"
			 "backend b2",
			 cases[i].keys);
		model_rig_conf(&r, conf);
		s = &r.m->services[0];
		s->dirty = false;
		r.m->ndirty = 0;
		model_rig_do(&r, cases[i].script);
		assert_int_equal(backend_cut(s, &s->backends[0]), cases[i].cut);
		if (cases[i].cut != CUT_NONE) {
			assert_true(s->dirty);
			assert_true(r.urgent || r.worthwhile);
		}
		model_rig_free(&r);
	}
}

/* A table that is made for tenths is another one. */
static void test_a_slow_start_that_comes_or_goes(void **state)
{
	static const struct {
		const char *conf;
		bool dirty;
	} reloads[] = {
		{ "service s\nbackend b1", false },
		{ "service s slow-start=100\nbackend b1", true },
		{ "service s slow-start=200\nbackend b1", false },
		{ "service s\nbackend b1", true },
	};
	struct model_rig r = { 0 };

	model_rig_conf(&r, reloads[0].conf);
	for (size_t i = 0; i < sizeof(reloads) / sizeof(reloads[0]); i++) {
		r.m->services[0].dirty = false;
		model_rig_conf(&r, reloads[i].conf);
		assert_int_equal(r.m->services[0].dirty, reloads[i].dirty);
	}
	model_rig_free(&r);
}

/* A tick costs nothing where nothing runs, and says when the next one may. */
static void test_timers(void **state)
{
	struct model_rig r = { 0 };

	model_rig_conf(&r, "check c\nservice s slow-start=900 flap-hold=1000 "
			   "flap-max=5000 drain-timeout=300\n"
			   "backend b1 check=c\nbackend b2 check=c");
	assert_int_equal(step_next_ms(r.m), 0);
	model_rig_do(&r, "b1 c refused");
	assert_int_equal(step_next_ms(r.m), 6000); /* to be forgiven */
	model_rig_do(&r, "b2 drain");
	assert_int_equal(step_next_ms(r.m), 1300);
	model_rig_do(&r, "wait 300");
	assert_int_equal(step_next_ms(r.m), 6000);
	model_rig_do(&r, "b2 enabled; b1 c ok");
	assert_int_equal(step_next_ms(r.m), 1400);
	model_rig_do(&r, "wait 5000");
	assert_int_equal(r.m->services[0].next_ms, 0);
	model_rig_do(&r, "wait 1");
	assert_int_equal(step_next_ms(r.m), 0);
	assert_int_equal(r.m->ntimed, 0);
	model_rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backups),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_quorum),
		cmocka_unit_test(test_slow_start),
		cmocka_unit_test(test_flaps),
		cmocka_unit_test(test_drains),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_a_slow_start_that_comes_or_goes),
		cmocka_unit_test(test_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
