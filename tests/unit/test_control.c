/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket's API: every route answers in its shape, and says what is
 * so.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/xalloc.h"
#include "tests/unit/control_rig.h"
#include "tests/unit/netns.h"

static const char two_services[] = "[service www]\n"
				   "address = 192.0.2.10, 2001:db8::10\n"
				   "port = 80, 8000-8010\n"
				   "scheduler = weighted\n"
				   "check = none\n"
				   "backend.b1 = 10.0.0.11:8080 weight=2\n"
				   "backend.b2 = 10.0.0.12:8080 weight=1\n"
				   "backend.b3 = [2001:db8:1::11]:8080\n"
				   "[service hash]\n"
				   "address = 192.0.2.11\n"
				   "port = any\n"
				   "protocol = udp\n"
				   "scheduler = source-hash\n"
				   "hash-key = source-port\n"
				   "check = tcp\n"
				   "backend.h1 = 10.0.0.21 check-port=53\n"
				   "backend.h2 = 10.0.0.22 check-port=53\n";

static int setup(void **state)
{
	*state = control_rig_open(two_services);
	return 0;
}

static int teardown(void **state)
{
	control_rig_close(*state);
	return 0;
}

/* ---- shapes: "key:type" words; s string, i integer, r real, a array, o
 * object, b boolean; N before it: or null */

static bool has_type(const json_t *v, const char *type)
{
	if (*type == 'N') {
		if (json_is_null(v))
			return true;
		type++;
	}
	switch (*type) {
	case 's':
		return json_is_string(v);
	case 'i':
		return json_is_integer(v);
	case 'r':
		return json_is_real(v);
	case 'a':
		return json_is_array(v);
	case 'o':
		return json_is_object(v);
	case 'b':
		return json_is_boolean(v);
	}
	return false;
}

static void has_shape(const json_t *o, const char *shape)
{
	char *copy = xstrdup(shape), *save, *word;
	size_t n = 0;

	assert_true(json_is_object(o));
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save), n++) {
		char *type = strchr(word, ':');

		*type++ = '\0';
		if (!has_type(json_object_get(o, word), type))
			fail_msg("\"%s\" is not of type %s", word, type);
	}
	assert_int_equal(json_object_size(o), n);
	free(copy);
}

#define BACKEND_SHAPE                                                          \
	"name:s address:s port:Ni admin:s said:s health:s state:s weight:o "   \
	"load:a slots:i share:r connections:Ni max_connections:Ni path:Ns "    \
	"check:No"

#define PROBE_SHAPE                                                            \
	"service:s backend:s check:s type:s address:s port:Ni via:s health:s " \
	"reason:Ns detail:i last_ms:Nr successes:i failures:i rise:i fall:i "  \
	"says:a weight:Ns connect_ms:Nr tls_ms:Nr first_byte_ms:Nr "           \
	"results:Ni failed:Ni shared_by:Ni last_at:Ns"

static const struct {
	const char *path;
	const char *shape; /* of the answer, or of each element of the list */
	size_t n;          /* elements; 0: no list */
} shapes[] = {
	{ "/v1/version", "version:s api:i role:s host:s", 0 },
	{ "/v1/status",
	  "version:s uptime_s:i revision:i table:s hash_seed:s flushed:b "
	  "services:o backends:o prober:No commits:o overflow:o tracking:No "
	  "paths:No "
	  "last_reload_ok:b "
	  "last_error:Ns pending:No",
	  0 },
	{ "/v1/services",
	  "name:s addresses:a protocol:a ports:a mode:s scheduler:s "
	  "hash_key:Ns on_empty:s pool:Ns admin:s state:s panic:b "
	  "backups:b quorum_lost:b weights:No slots:i backends:a",
	  2 },
	{ "/v1/services?fields=name", "name:s", 2 },
	{ "/v1/services?fields=name&state=up", "name:s", 2 },
	{ "/v1/services/www",
	  "name:s addresses:a protocol:a ports:a mode:s scheduler:s "
	  "hash_key:Ns on_empty:s pool:Ns admin:s state:s panic:b "
	  "backups:b quorum_lost:b weights:No slots:i backends:a",
	  0 },
	{ "/v1/backends", BACKEND_SHAPE " service:s", 5 },
	{ "/v1/services/www/backends", BACKEND_SHAPE " service:s", 3 },
	{ "/v1/services/www/backends/b2", BACKEND_SHAPE " service:s", 0 },
	{ "/v1/slots", "service:s family:s slots:i owners:a", 3 },
	{ "/v1/services/www/slots", "service:s family:s slots:i owners:a", 2 },
	{ "/v1/checks",
	  "name:s type:s interval_ms:i fast_interval_ms:i down_interval_ms:i "
	  "timeout_ms:i rise:i fall:i jitter_pct:i port:Ni start:s via:s "
	  "backends:o",
	  1 },
	{ "/v1/services/hash/checks", PROBE_SHAPE, 2 },
	{ "/v1/services/hash/backends/h2/checks", PROBE_SHAPE, 1 },
	{ "/v1/config", "text:s revision:i path:s file:Ns", 0 },
	{ "/v1/plan", "empty:b summary:s text:s services:a price:o", 0 },
	{ "/v1/route?service=hash&client=198.51.100.1&port=7",
	  "client:s port:Ni address:s service_port:Ni protocol:s service:s "
	  "by:s scheduler:s hash_key:Ns slots:i slot:Ni backend:No shares:a "
	  "hash:o reason:s steps:a",
	  0 },
};

static void test_shapes(void **state)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct exchange x;
		const json_t *v;
		size_t j;

		rig_ask(*state, "GET", shapes[i].path, NULL, &x);
		if (x.status != 200)
			fail_msg("%s: %s", shapes[i].path, x.body);
		if (!shapes[i].n)
			has_shape(x.json, shapes[i].shape);
		assert_int_equal(json_array_size(x.json), shapes[i].n);
		json_array_foreach(x.json, j, v)
			has_shape(v, shapes[i].shape);
		exchange_free(&x);
	}
}

static size_t services_in(struct control_rig *rig, const char *path)
{
	struct exchange x;
	size_t n;

	rig_ask(rig, "GET", path, NULL, &x);
	assert_int_equal(x.status, 200);
	assert_true(json_is_array(x.json));
	n = json_array_size(x.json);
	exchange_free(&x);
	return n;
}

static void test_services_by_state(void **state)
{
	struct exchange x;

	assert_int_equal(services_in(*state, "/v1/services?state=not-up"), 0);
	rig_ask(*state, "PATCH", "/v1/services/www", "{\"admin\":\"disabled\"}",
		&x);
	assert_int_equal(x.status, 200);
	exchange_free(&x);
	assert_int_equal(services_in(*state, "/v1/services?state=not-up"), 1);
	assert_int_equal(services_in(*state, "/v1/services?state=disabled"), 1);
	assert_int_equal(services_in(*state, "/v1/services?state=down"), 0);
	assert_int_equal(
	    services_in(*state, "/v1/services?state=up&fields=summary"), 1);
	assert_int_equal(
	    services_in(*state, "/v1/services?state=up&fields=name"), 1);
}

static void test_service_values(void **state)
{
	const json_t *list, *b;
	struct exchange x;
	size_t i;

	rig_ask(*state, "GET", "/v1/services/www", NULL, &x);
	assert_int_equal(json_integer_value(json_object_get(x.json, "slots")),
			 4); /* 3 of IPv4 and 1 of IPv6 */
	list = json_object_get(x.json, "backends");
	json_array_foreach(list, i, b) {
		static const double shares[] = { 2. / 3, 1. / 3, 1. };
		double share =
		    json_real_value(json_object_get(b, "share")) - shares[i];

		assert_true(share < 1e-9 && share > -1e-9);
		assert_int_equal(
		    json_integer_value(json_object_get(b, "connections")), 0);
		assert_true(json_is_integer(json_object_get(b, "connections")));
	}
	exchange_free(&x);
	rig_ask(*state, "GET", "/v1/services?connections=no", NULL, &x);
	list = json_object_get(json_array_get(x.json, 1), "backends");
	b = json_array_get(list, 0);
	assert_true(json_is_null(json_object_get(b, "connections")));
	assert_true(json_is_null(json_object_get(b, "port")));
	exchange_free(&x);
}

/* ---- events */

static void add_events(struct control_rig *rig, unsigned int n)
{
	struct event e = { .kind = "health" };

	for (unsigned int i = 0; i < n; i++)
		events_add(&rig->d.events, &e);
}

static void has_events(struct control_rig *rig, const char *path, size_t n,
		       json_int_t first)
{
	struct exchange x;

	rig_ask(rig, "GET", path, NULL, &x);
	assert_int_equal(json_array_size(x.json), n);
	if (n)
		assert_int_equal(json_integer_value(json_object_get(
				     json_array_get(x.json, 0), "id")),
				 first);
	exchange_free(&x);
}

static void test_events(void **state)
{
	struct control_rig *rig = *state;

	has_events(rig, "/v1/events", 0, 0);
	add_events(rig, 10);
	has_events(rig, "/v1/events", 10, 1);
	has_events(rig, "/v1/events?limit=3", 3, 8); /* the last ones */
	has_events(rig, "/v1/events?since=0&limit=3", 3, 1);
	has_events(rig, "/v1/events?since=7", 3, 8);
	has_events(rig, "/v1/events?since=10", 0, 0);
	has_events(rig, "/v1/events?since=4000000000", 0, 0);
	add_events(rig, 2000); /* the ring has 1024 */
	has_events(rig, "/v1/events?since=5", 1024, 2010 - 1023);
	rig_refused(rig, "GET", "/v1/events?since=-1", NULL, 400, "since");
	rig_refused(rig, "GET", "/v1/events?limit=0", NULL, 400, "limit");
}

/* Bytes that are no UTF-8, and a text that was cut in a character. */
static void test_foreign_bytes(void **state)
{
	struct control_rig *rig = *state;
	struct event e = { .kind = "reload", .reason = "path \xff\xfe \xc3" };
	struct exchange x;

	events_add(&rig->d.events, &e);
	rig_ask(rig, "GET", "/v1/events", NULL, &x);
	assert_int_equal(json_array_size(x.json), 1);
	exchange_free(&x);
	strcpy(rig->d.last_error, "\xe2\x82");
	rig_ask(rig, "GET", "/v1/status", NULL, &x);
	assert_true(json_is_string(json_object_get(x.json, "last_error")));
	exchange_free(&x);
	rig_refused(rig, "GET", "/v1/%ff%fe", NULL, 404, "no such path");
}

/* ---- configurations */

static void test_bad_configuration(void **state)
{
	static const char *const paths[] = { "/v1/config/check",
					     "/v1/config/diff",
					     "/v1/config/reload" };
	struct control_rig *rig = *state;
	FILE *f = fopen(rig->conf_path, "a");

	fputs("[service bad]\nport = none\nnonsense = 1\n", f);
	fclose(f);
	for (size_t i = 0; i < 3; i++) {
		struct exchange x;
		const json_t *list, *e;

		rig_ask(rig, "POST", paths[i], NULL, &x);
		exchange_is_problem(&x, 422, "error");
		list = json_object_get(x.json, "errors");
		assert_true(json_array_size(list) >= 2);
		e = json_array_get(list, 0);
		assert_string_equal(
		    json_string_value(json_object_get(e, "file")),
		    rig->conf_path);
		assert_true(json_integer_value(json_object_get(e, "line")) > 0);
		assert_true(json_is_string(json_object_get(e, "text")));
		exchange_free(&x);
	}
	assert_string_equal(rig->said, "");
}

static void test_diff(void **state)
{
	struct control_rig *rig = *state;
	const json_t *price;
	struct exchange x;
	FILE *f;

	rig_ask(rig, "POST", "/v1/config/diff", NULL, &x);
	assert_true(json_is_true(json_object_get(x.json, "empty")));
	exchange_free(&x);
	f = fopen(rig->conf_path, "a");
	fputs("[service new]\naddress = 192.0.2.99\nport = 1\ncheck = none\n"
	      "backend.x = 10.9.9.9\n",
	      f);
	fclose(f);
	rig_ask(rig, "POST", "/v1/config/diff", "{}", &x);
	assert_true(json_is_false(json_object_get(x.json, "empty")));
	price = json_object_get(x.json, "price");
	assert_int_equal(
	    json_integer_value(json_object_get(price, "services_added")), 1);
	assert_int_equal(
	    json_integer_value(json_object_get(price, "flows_ended")), 0);
	assert_non_null(
	    strstr(json_string_value(json_object_get(x.json, "text")), "new"));
	exchange_free(&x);
}

/* The flows of a UDP backend that goes are counted before the answer. */
static void test_diff_counts_flows(void **state)
{
	struct control_rig *rig = *state;
	char *body = xasprintf("{\"path\":\"%s/other\"}", rig->dir);
	char *path = xasprintf("%s/other", rig->dir);
	struct exchange x;
	FILE *f = fopen(path, "w");

	fprintf(f, "[global]\nstate-dir = %s\n", rig->dir);
	fclose(f);
	rig_ask(rig, "POST", "/v1/config/diff", body, &x);
	assert_int_equal(x.status, 200);
	assert_true(json_is_integer(
	    json_object_get(json_object_get(x.json, "price"), "flows_ended")));
	exchange_free(&x);
	unlink(path);
	free(path);
	free(body);
}

/* ---- route */

static void test_route_hash(void **state)
{
	struct exchange x, again;
	const char *path =
	    "/v1/route?service=hash&client=198.51.100.1&port=4711";

	rig_ask(*state, "GET", path, NULL, &x);
	assert_true(json_is_object(json_object_get(x.json, "backend")));
	rig_ask(*state, "GET", path, NULL, &again);
	assert_true(json_equal(x.json, again.json));
	exchange_free(&x);
	exchange_free(&again);
	rig_ask(*state, "GET", "/v1/route?service=www&client=198.51.100.1",
		NULL, &x);
	assert_true(json_is_null(json_object_get(x.json, "backend")));
	assert_int_equal(json_array_size(json_object_get(x.json, "shares")), 2);
	assert_non_null(strstr(
	    json_string_value(json_object_get(x.json, "reason")), "counter"));
	exchange_free(&x);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_shapes),
		TEST(test_service_values),
		TEST(test_services_by_state),
		TEST(test_events),
		TEST(test_foreign_bytes),
		TEST(test_bad_configuration),
		TEST(test_diff),
		TEST(test_diff_counts_flows),
		TEST(test_route_hash),
	};

	if (netns_enter() < 0) {
		fprintf(stderr, "no network namespace\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
