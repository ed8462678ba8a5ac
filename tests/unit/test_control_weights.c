/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the API says of weights that follow the load: values as the model has
 * them, in a shape that does not depend on the scheduler; feeds; connections
 * as the tracker counts them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/load.h"
#include "model/step.h"
#include "tests/unit/control_rig.h"
#include "tests/unit/netns.h"

static const char three_services[] = "[feed queue]\n"
				     "type = agent\n"
				     "port = 9000\n"
				     "low = 0\n"
				     "high = 40\n"
				     "[service conns]\n"
				     "address = 192.0.2.10\n"
				     "port = 80\n"
				     "scheduler = least-connections\n"
				     "check = none\n"
				     "backend.c1 = 10.0.0.11 weight=2\n"
				     "backend.c2 = 10.0.0.12\n"
				     "[service cpu]\n"
				     "address = 192.0.2.11\n"
				     "port = 80\n"
				     "scheduler = least-cpu\n"
				     "feed = cpu, queue\n"
				     "tick = 2s\n"
				     "floor = 50%\n"
				     "check = none\n"
				     "backend.p1 = 10.0.0.21\n"
				     "backend.p2 = 10.0.0.22\n"
				     "[service www]\n"
				     "address = 192.0.2.12\n"
				     "port = 80\n"
				     "scheduler = weighted\n"
				     "check = tcp\n"
				     "backend.w1 = 10.0.0.31 weight=3\n";

static int setup(void **state)
{
	*state = control_rig_open(three_services);
	return 0;
}

static int teardown(void **state)
{
	control_rig_close(*state);
	return 0;
}

/* The answer to GET @path, the caller's. */
static json_t *get(struct control_rig *rig, const char *path)
{
	struct exchange x;
	json_t *v;

	rig_ask(rig, "GET", path, NULL, &x);
	if (x.status != 200)
		fail_msg("%s: %s", path, x.body);
	v = json_incref(x.json);
	exchange_free(&x);
	return v;
}

/* @text has ' for "; the same value, members in any order. */
static void is_json(const json_t *v, const char *text)
{
	char copy[1024], *p, *got;
	json_t *wanted;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	wanted = json_loads(copy, JSON_DECODE_ANY, NULL);
	assert_non_null(wanted);
	got = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (!json_equal((json_t *)v, wanted))
		fail_msg("wanted %s\ngot %s", copy, got);
	json_decref(wanted);
	free(got);
}

static struct service *service(struct control_rig *rig, const char *name)
{
	return model_service(rig->d.model, name);
}

/* ---- weights */

static void is_backend(struct control_rig *rig, const char *path,
		       const char *key, const char *text)
{
	json_t *v = get(rig, path);

	is_json(json_object_get(v, key), text);
	json_decref(v);
}

#define C1 "/v1/services/conns/backends/c1"
#define W1 "/v1/services/www/backends/w1"

static void test_static(void **state)
{
	is_backend(*state, W1, "weight",
		   "{'configured':3,'set':null,'dynamic':null,'effective':3,"
		   "'why':null}");
	is_backend(*state, W1, "load", "[]");
	is_backend(*state, "/v1/services/www", "weights", "null");
	is_backend(*state, "/v1/status", "tracking", "null");
}

static void test_dynamic(void **state)
{
	struct control_rig *rig = *state;
	struct service *s = service(rig, "conns");
	char text[256];

	load_restore(s, &s->backends[0], 1275);
	assert_true(
	    step_weight(rig->d.model, s, &s->backends[0], 3, "test", 2, NULL));
	snprintf(
	    text, sizeof(text),
	    "{'configured':2,'set':3.0,'dynamic':1.275,"
	    "'effective':3.825,'why':'%s'}",
	    word_text(weights_why_words, (int)backend_why(s, &s->backends[0])));
	is_backend(rig, C1, "weight", text);
	load_restore(s, &s->backends[0], 500);
	assert_true(
	    step_weight(rig->d.model, s, &s->backends[0], 4, "test", 2, NULL));
	snprintf(
	    text, sizeof(text),
	    "{'configured':2,'set':4.0,'dynamic':0.5,"
	    "'effective':2,'why':'%s'}",
	    word_text(weights_why_words, (int)backend_why(s, &s->backends[0])));
	is_backend(rig, C1, "weight", text);
}

/* 0.3 and not 0.29999999999999999. */
static void test_digits(void **state)
{
	struct control_rig *rig = *state;
	struct service *s = service(rig, "conns");
	struct exchange x;

	load_restore(s, &s->backends[1], 300);
	rig_ask(rig, "GET", "/v1/services/conns/backends", NULL, &x);
	assert_non_null(strstr(x.body, "\"dynamic\":0.3,"));
	exchange_free(&x);
	rig_ask(rig, "GET", "/v1/services/conns/backends/c2", NULL, &x);
	assert_non_null(strstr(x.body, "\"dynamic\":0.3,"));
	exchange_free(&x);
}

static void test_service(void **state)
{
	struct control_rig *rig = *state;
	json_t *v = get(rig, "/v1/services/cpu"), *w;

	w = json_object_get(v, "weights");
	assert_string_equal(json_string_value(json_object_get(w, "why")),
			    word_text(weights_why_words,
				      (int)service_why(service(rig, "cpu"))));
	json_object_del(w, "why");
	is_json(w, "{'feeds':['cpu','queue'],'tick_ms':2000,"
		   "'smoothing_ms':10000,'blackout_ms':10000,"
		   "'max_step_pct':25.0,'dead_band_pct':5.0,'floor':0.5,"
		   "'ceiling':3.0}");
	json_decref(v);
}

static void test_load(void **state)
{
	struct control_rig *rig = *state;
	struct service *s = service(rig, "conns");
	const json_t *one;
	json_t *v, *age;

	is_backend(rig, C1, "load",
		   "[{'name':'connections','unit':'connections','value':null,"
		   "'age_ms':null}]");
	load_connections(s, &s->backends[0], 12, false, daemon_now_ms());
	v = get(rig, C1);
	one = json_array_get(json_object_get(v, "load"), 0);
	age = json_object_get(one, "age_ms");
	assert_true(json_is_integer(age) && json_integer_value(age) < 3000);
	json_object_del((json_t *)one, "age_ms");
	is_json(one, "{'name':'connections','unit':'connections',"
		     "'value':12.0}");
	json_decref(v);
}

/* The shares of a client's route say which weights they come from. */
static void test_route(void **state)
{
	struct control_rig *rig = *state;
	struct service *s = service(rig, "conns");
	json_t *v;

	load_restore(s, &s->backends[1], 800);
	v = get(rig, "/v1/route?service=conns&client=198.51.100.1");
	is_json(
	    json_object_get(
		json_object_get(json_array_get(json_object_get(v, "shares"), 1),
				"weight"),
		"dynamic"),
	    "0.8");
	json_decref(v);
}

/* ---- feeds */

static void test_feeds(void **state)
{
	struct control_rig *rig = *state;
	struct service *s = service(rig, "cpu");
	const char *nothing =
	    "{'service':'cpu','backend':'p1','feed':'queue','type':'agent',"
	    "'low':0.0,'high':40.0,'load':null,'age_ms':null,'reason':null,"
	    "'detail':0,'value':null,'last_at':null}";
	json_t *v = get(rig, "/v1/feeds");

	assert_int_equal(json_array_size(v), 4); /* 2 backends, 2 feeds */
	is_json(json_array_get(v, 1), nothing);
	json_decref(v);
	v = get(rig, "/v1/services/cpu/feeds");
	assert_int_equal(json_array_size(v), 4);
	json_decref(v);
	v = get(rig, "/v1/services/www/feeds");
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
	rig->feed = (struct health_feed){ .last_ms = 1000,
					  .value = 10,
					  .has_value = true,
					  .reason = HC_TIMEOUT,
					  .detail = 7 };
	load_feed(s, &s->backends[0], 1, 10, daemon_now_ms());
	v = get(rig, "/v1/services/cpu/backends/p1/feeds");
	assert_int_equal(json_array_size(v), 2);
	json_object_set_new(json_array_get(v, 1), "age_ms", json_null());
	is_json(json_array_get(v, 1),
		"{'service':'cpu','backend':'p1','feed':'queue',"
		"'type':'agent','low':0.0,'high':40.0,'load':0.25,"
		"'age_ms':null,'reason':'timeout','detail':7,'value':10.0,"
		"'last_at':'1970-01-01T00:00:01.000Z'}");
	json_decref(v);
	rig_refused(rig, "GET", "/v1/services/none/feeds", NULL, 404,
		    "no service \"none\"");
	rig_refused(rig, "GET", "/v1/services/cpu/backends/none/feeds", NULL,
		    404, "no backend \"none\"");
	rig_refused(rig, "DELETE", "/v1/feeds", NULL, 405, "GET");
}

/* ---- phases of a check */

static void test_phases(void **state)
{
	struct control_rig *rig = *state;
	struct check_state *cs = service(rig, "www")->backends[0].checks;
	json_t *v;

	cs->last_us = 2000;
	cs->connect_us = 250;
	cs->first_us = 1500;
	v = get(rig, W1 "/checks");
	is_json(json_object_get(json_array_get(v, 0), "connect_ms"), "0.25");
	is_json(json_object_get(json_array_get(v, 0), "tls_ms"), "null");
	is_json(json_object_get(json_array_get(v, 0), "first_byte_ms"), "1.5");
	json_decref(v);
	v = get(rig, W1);
	is_json(json_object_get(json_object_get(v, "check"), "connect_ms"),
		"0.25");
	json_decref(v);
}

/* ---- connections */

static void are_connections(struct control_rig *rig, const char *path,
			    const char *text)
{
	json_t *v = get(rig, path), *list = json_array();
	const json_t *b;
	size_t i;

	json_array_foreach(v, i, b)
		json_array_append(list, json_object_get(b, "connections"));
	is_json(list, text);
	json_decref(list);
	json_decref(v);
}

/* Nothing is in conntrack: what is not 0 is the tracker's. */
static void test_connections(void **state)
{
	struct control_rig *rig = *state;

	are_connections(rig, "/v1/backends", "[0,0,0,0,0]");
	rig->tracked = 7;
	are_connections(rig, "/v1/backends", "[7,8,7,8,7]");
	are_connections(rig, "/v1/services/conns/backends", "[7,8]");
	are_connections(rig, "/v1/backends?connections=no",
			"[null,null,null,null,null]");
	is_backend(rig, "/v1/status", "tracking",
		   "{'entries':7,'events':0,'lost':1,'dumps':0,'drift':0,'"
		   "blind':false}");
	rig->untracked = "www";
	are_connections(rig, "/v1/backends", "[0,0,0,0,0]");
	are_connections(rig, "/v1/services/www/backends", "[0]");
	are_connections(rig, "/v1/services/conns/backends", "[7,8]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_static),  TEST(test_dynamic), TEST(test_digits),
		TEST(test_service), TEST(test_load),    TEST(test_route),
		TEST(test_feeds),   TEST(test_phases),  TEST(test_connections),
	};

	if (netns_enter() < 0) {
		fprintf(stderr, "no network namespace\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
