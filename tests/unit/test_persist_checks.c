/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What checks found out, through a restart: several checks of one backend, what
 * it says of itself, flaps, drains. With the model's own steps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "conf_rig.h"
#include "daemon/daemon.h"
#include "daemon/persist.h"
#include "lib/xalloc.h"
#include "model/step.h"

struct disk {
	struct rig *rig;
	struct model *m;
	struct persist *p;
};

static struct backend *find(const struct model *m, const char *backend)
{
	return service_backend(model_service(m, "www"), backend);
}

/* kill -9: nothing more is written. */
static void die(struct disk *d)
{
	persist_close(d->p);
	model_free(d->m);
}

static struct model *fresh(struct rig *rig, const char *checks)
{
	char *text = xasprintf(
	    "[global]\nstate-dir = %s\n"
	    "[check one]\ntype = tcp\n[check two]\ntype = tcp\nport = 81\n"
	    "[check agent]\ntype = agent\nport = 9\n"
	    "[check early]\ntype = tcp\nport = 82\nstart = down\n"
	    "[service www]\naddress = 192.0.2.1\nport = 80\nmode = dnat\n"
	    "scheduler = weighted\ncheck = %s\n"
	    "flap-hold = 10s\nflap-hold-max = 5m\ndrain-timeout = 1h\n"
	    "backend.b1 = 10.0.0.1:80\nbackend.b2 = 10.0.0.2:80\n",
	    rig->dir, checks);
	struct conf *conf;

	rig_good(rig, text);
	free(text);
	conf = rig->conf;
	rig->conf = NULL;
	return model_new(conf, NULL);
}

static struct disk start(struct rig *rig, const char *checks)
{
	struct disk d = { .rig = rig };

	d.m = fresh(rig, checks);
	d.p = persist_open(d.m, persist_load(d.m));
	step_begin(d.m, daemon_now_ms(), NULL);
	return d;
}

/* As if check number @i of b1 had ended so. */
static void observe(struct disk *d, size_t i, enum hc_reason reason,
		    uint8_t says, uint16_t weight)
{
	const struct observation o = { .reason = reason,
				       .says = says,
				       .weight = weight };
	struct service *s = model_service(d->m, "www");
	struct backend *b = find(d->m, "b1");
	struct changes changes = { 0 };

	for (uint32_t n = b->conf->checks->list[i]->rise +
			  b->conf->checks->list[i]->fall;
	     n > 0; n--)
		step_observe(d->m, s, b, i, &o, daemon_now_ms(), &changes);
	changes_free(&changes);
	persist_note(d->p, s, b);
	persist_flush(d->p, d->m);
}

static void restart(struct disk *d, const char *checks)
{
	die(d);
	*d = start(d->rig, checks);
}

/* Twice: once from the journal, once from the snapshot. */
static void test_checks_keep_what_each_said(void **state)
{
	struct disk d = start(*state, "one, two, early");

	assert_int_equal(find(d.m, "b1")->health, HEALTH_DOWN);
	observe(&d, 2, HC_OK, 0, 0);
	assert_int_equal(find(d.m, "b1")->health, HEALTH_UP);
	observe(&d, 1, HC_REFUSED, 0, 0);
	for (int i = 0; i < 2; i++) {
		const struct backend *b;

		restart(&d, "one, two, early");
		b = find(d.m, "b1");
		assert_int_equal(b->health, HEALTH_DOWN);
		assert_int_equal(b->checks[0].health, HEALTH_UP);
		assert_int_equal(b->checks[1].health, HEALTH_DOWN);
		assert_int_equal(b->checks[2].health, HEALTH_UP);
		assert_int_equal(find(d.m, "b2")->checks[2].health,
				 HEALTH_DOWN);
	}
	/* The one that was down is no more, and the order another. */
	restart(&d, "early, one");
	assert_int_equal(find(d.m, "b1")->health, HEALTH_UP);
	assert_int_equal(find(d.m, "b2")->health, HEALTH_DOWN);
	die(&d);
}

static void test_what_a_backend_says_is_kept(void **state)
{
	struct disk d = start(*state, "one, agent");

	observe(&d, 1, HC_OK, HC_SAYS_DRAIN | HC_SAYS_PERCENT, 50);
	assert_int_equal(find(d.m, "b1")->said_admin, ADMIN_DRAIN);
	for (int i = 0; i < 2; i++) {
		const struct backend *b;

		restart(&d, "one, agent");
		b = find(d.m, "b1");
		assert_int_equal(b->said_admin, ADMIN_DRAIN);
		assert_int_equal(b->checks[1].weight, 50);
		assert_int_equal(b->checks[1].says,
				 HC_SAYS_DRAIN | HC_SAYS_PERCENT);
		assert_int_equal(b->health, HEALTH_UP);
	}
	restart(&d, "one"); /* nobody says it any more */
	assert_int_equal(find(d.m, "b1")->said_admin, ADMIN_ENABLED);
	die(&d);
}

static void test_flaps_and_hold_are_kept(void **state)
{
	struct disk d = start(*state, "one");
	struct backend *b;

	observe(&d, 0, HC_REFUSED, 0, 0);
	observe(&d, 0, HC_OK, 0, 0);
	observe(&d, 0, HC_REFUSED, 0, 0);
	observe(&d, 0, HC_OK, 0, 0); /* up by its check, but held */
	for (int i = 0; i < 2; i++) {
		int64_t now_ms = daemon_now_ms();

		b = find(d.m, "b1");
		assert_int_equal(b->flaps, 2);
		assert_int_equal(b->checks[0].health, HEALTH_UP);
		assert_int_equal(b->health, HEALTH_DOWN);
		assert_in_range(b->hold_ms, now_ms + 5000, now_ms + 10000);
		assert_in_range(b->flap_ms, now_ms - 5000, now_ms);
		restart(&d, "one");
	}
	assert_int_equal(find(d.m, "b2")->flaps, 0);
	die(&d);
}

static void test_a_drain_goes_on(void **state)
{
	struct disk d = start(*state, "one");
	struct service *s = model_service(d.m, "www");
	int64_t now_ms = daemon_now_ms();
	struct backend *b = find(d.m, "b1");

	step_admin(d.m, s, b, ADMIN_DRAIN, "test", now_ms, NULL);
	assert_int_equal(b->drain_ms, now_ms);
	persist_note(d.p, s, b);
	persist_flush(d.p, d.m);
	for (int i = 0; i < 2; i++) {
		restart(&d, "one");
		b = find(d.m, "b1");
		assert_int_equal(b->admin, ADMIN_DRAIN);
		assert_in_range(b->drain_ms, now_ms - 5, now_ms + 5);
		assert_int_equal(find(d.m, "b2")->drain_ms, 0);
	}
	die(&d);
}

/* What another one wrote there, and what was written before there were several
 * checks. */
static void test_odd_backends(void **state)
{
	static const char text[] =
	    "{\"service\":\"www\",\"backend\":\"b1\",\"health\":\"down\"}\n"
	    "{\"service\":\"www\",\"backend\":\"b2\",\"flaps\":70000,"
	    "\"hold\":-1,\"flap\":\"x\",\"drain\":[],\"checks\":{\"one\":"
	    "{\"health\":7,\"says\":255,\"weight\":1},\"two\":3,"
	    "\"gone\":{\"health\":\"down\"}}}\n";
	static const char late[] =
	    "{\"service\":\"www\",\"backend\":\"b1\",\"flaps\":9,"
	    "\"flap\":9000000000000,\"hold\":9000000000000,\"drain\":1,"
	    "\"checks\":[]}\n";
	struct model *m = fresh(*state, "one, two");
	const struct backend *b = find(m, "b1");
	int64_t now_ms;

	rig_write(*state, PERSIST_JOURNAL, text, sizeof(text) - 1);
	assert_int_equal(persist_load(m), 0);
	assert_int_equal(b->health, HEALTH_DOWN);
	assert_int_equal(b->checks[0].health, HEALTH_DOWN);
	assert_int_equal(b->checks[1].health, HEALTH_DOWN);
	b = find(m, "b2");
	assert_int_equal(b->health, HEALTH_UP);
	assert_int_equal(b->checks[0].health, HEALTH_UP);
	assert_int_equal(b->checks[0].says, 0);
	assert_int_equal(b->flaps, 0);
	assert_int_equal(b->hold_ms, 0);
	assert_int_equal(b->drain_ms, 0);
	model_free(m);

	/* Times that cannot be are as far as they can be. */
	rig_write(*state, PERSIST_JOURNAL, late, sizeof(late) - 1);
	m = fresh(*state, "one, two");
	assert_int_equal(persist_load(m), 0);
	b = find(m, "b1");
	now_ms = daemon_now_ms();
	assert_int_equal(b->flaps, 9);
	assert_in_range(b->flap_ms, now_ms - 5000, now_ms);
	assert_int_equal(b->hold_ms, b->flap_ms + 300000);
	assert_int_equal(b->drain_ms, 1);
	model_free(m);
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_checks_keep_what_each_said),
		T(test_what_a_backend_says_is_kept),
		T(test_flaps_and_hold_are_kept),
		T(test_a_drain_goes_on),
		T(test_odd_backends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
