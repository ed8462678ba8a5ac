/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dynamic weights through a restart: a daemon that begins again goes on where
 * it was, whatever is in the files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_rig.h"
#include "daemon/daemon.h"
#include "daemon/persist.h"
#include "lib/xalloc.h"
#include "model/load.h"

static struct model *fresh(struct rig *rig, const char *scheduler)
{
	char *text = xasprintf(
	    "[global]\nstate-dir = %s\n"
	    "[service www]\naddress = 192.0.2.1\nport = 80\n"
	    "scheduler = %s\n"
	    "backend.b1 = 10.0.0.1:80\nbackend.b2 = 10.0.0.2:80 weight=4\n"
	    "backend.b3 = 10.0.0.3:80\n",
	    rig->dir, scheduler);
	struct conf *conf;

	rig_good(rig, text);
	free(text);
	conf = rig->conf;
	rig->conf = NULL;
	return model_new(conf, NULL);
}

/* As a start does. */
static struct model *start(struct rig *rig, const char *scheduler,
			   struct persist **p)
{
	struct model *m = fresh(rig, scheduler);

	*p = persist_open(m, persist_load(m));
	step_begin(m, daemon_now_ms(), NULL);
	return m;
}

static void stop(struct model *m, struct persist *p)
{
	persist_close(p);
	model_free(m);
}

static void assert_weights(const struct model *m, uint32_t b1, uint32_t b2,
			   uint32_t b3)
{
	const struct service *s = &m->services[0];

	assert_int_equal(backend_dynamic(s, &s->backends[0]), b1);
	assert_int_equal(backend_dynamic(s, &s->backends[1]), b2);
	assert_int_equal(backend_dynamic(s, &s->backends[2]), b3);
}

static const char *slurp(const struct rig *rig, const char *name)
{
	static char text[4096];
	char *path = xasprintf("%s/%s", rig->dir, name);
	FILE *f = fopen(path, "re");
	size_t n;

	free(path);
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

/* From the journal, then from the snapshot that the second start made of it. */
static void test_weights_stay(void **state)
{
	struct persist *p;
	struct model *m = start(*state, "least-connections", &p);
	struct service *s = &m->services[0];

	assert_null(strstr(slurp(*state, PERSIST_SNAPSHOT), "dynamic"));
	load_restore(s, &s->backends[0], 425);
	load_restore(s, &s->backends[1], 1500);
	persist_note(p, s, &s->backends[0]);
	persist_note(p, s, &s->backends[1]);
	assert_int_equal(persist_flush(p, m), 0);
	for (int i = 0; i < 2; i++) {
		stop(m, p);
		m = start(*state, "least-connections", &p);
		s = &m->services[0];
		assert_weights(m, 425, 1500, 1000);
		/* they are what it begins with, not what it goes to */
		assert_int_equal(s->backends[0].now, 425);
		assert_int_equal(s->backends[1].now, 6000);
		assert_int_equal(s->backends[2].now, 1000);
	}
	/* back to normal: nothing is said of it */
	load_restore(s, &s->backends[0], 1000);
	persist_note(p, s, &s->backends[0]);
	persist_flush(p, m);
	stop(m, p);
	m = start(*state, "least-connections", &p);
	assert_weights(m, 1000, 1500, 1000);
	stop(m, p);
}

static void test_a_static_service_has_none(void **state)
{
	struct persist *p;
	struct model *m = start(*state, "least-connections", &p);
	struct service *s = &m->services[0];

	load_restore(s, &s->backends[0], 500);
	persist_snapshot(p, m);
	stop(m, p);
	m = start(*state, "weighted", &p);
	assert_weights(m, 1000, 1000, 1000);
	assert_int_equal(m->services[0].backends[0].now, 1000);
	assert_null(strstr(slurp(*state, PERSIST_SNAPSHOT), "dynamic"));
	stop(m, p);
}

static void put(struct rig *rig, const char *value)
{
	char *text = xasprintf(
	    "{\"version\":1,\"journal\":7,\"services\":{\"www\":{\"backends\":"
	    "{\"b1\":{\"weight\":3,\"dynamic\":%s}}}}}\n",
	    value);

	rig_write(rig, PERSIST_SNAPSHOT, text, strlen(text));
	rig_write(rig, PERSIST_JOURNAL, "", 0);
	free(text);
}

/* What makes no sense is passed over, the rest of the line is not; what the
 * configuration does not allow any more becomes what it does. */
static void test_odd_values(void **state)
{
	static const struct {
		const char *text;
		uint32_t dynamic;
	} values[] = {
		{ "700", 700 },  { "0", 1000 },          { "-5", 1000 },
		{ "0.5", 1000 }, { "\"700\"", 1000 },    { "null", 1000 },
		{ "1", 200 },    { "4294967295", 3000 }, { "4294967296", 1000 },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct persist *p;
		struct model *m;

		put(*state, values[i].text);
		m = start(*state, "least-connections", &p);
		assert_weights(m, values[i].dynamic, 1000, 1000);
		assert_int_equal(m->services[0].backends[0].weight, 3);
		stop(m, p);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(test_weights_stay),
		T(test_a_static_service_has_none),
		T(test_odd_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
