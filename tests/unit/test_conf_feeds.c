/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config: feeds, and services whose weights follow the load. What is refused of
 * them is tests/bad-conf's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf_rig.h"
#include "lib/xalloc.h"

#define SERVICE  "[service www]\naddress = 192.0.2.1\nport = 80\n"
#define BACKENDS "backend.a = 10.0.0.1\nbackend.b = 10.0.0.2:8080\n"
#define LEAST(s) SERVICE "scheduler = least-" s "\n" BACKENDS

static const struct conf_feed *feed_named(const struct conf *c,
					  const char *name)
{
	for (size_t i = 0; i < c->nfeeds; i++)
		if (!strcmp(c->feeds[i].probe.name, name))
			return &c->feeds[i];
	fail_msg("no feed %s", name);
	return NULL;
}

static const struct conf_service *one(void **state, const char *text)
{
	const struct conf *c = rig_good(*state, text);

	assert_int_equal(c->nservices, 1);
	return &c->services[0];
}

/* ---- feeds */

static void there_is_a_feed_without_a_section(void **state)
{
	const struct conf *c = rig_good(*state, "");
	const struct conf_feed *f = &c->feeds[0];

	assert_int_equal(c->nfeeds, 1);
	assert_string_equal(f->probe.name, "cpu");
	assert_int_equal(f->probe.type, HC_CPU);
	assert_int_equal(f->probe.interval_ms, 2000);
	assert_int_equal(f->probe.fast_ms, 2000);
	assert_int_equal(f->probe.down_ms, 2000);
	assert_int_equal(f->probe.timeout_ms, 1000);
	assert_int_equal(f->probe.jitter_pct, 10);
	assert_int_equal(f->probe.rise, 1);
	assert_int_equal(f->probe.fall, 1);
	assert_int_equal(f->probe.spec.feed, SPEC_YES);
	assert_int_equal(f->probe.spec.snmp_version, SPEC_SNMP_2C);
	assert_string_equal(f->probe.spec.community, "public");
	assert_true(f->low == 0 && f->high == 1);
}

static void section_replaces_it(void **state)
{
	const struct conf *c =
	    rig_good(*state, "[feed cpu]\ninterval = 5s\nhigh = 0.8\n");

	assert_int_equal(c->nfeeds, 1);
	assert_int_equal(c->feeds[0].probe.type, HC_CPU);
	assert_int_equal(c->feeds[0].probe.interval_ms, 5000);
	assert_int_equal(c->feeds[0].probe.down_ms, 5000);
	assert_true(c->feeds[0].low == 0 && c->feeds[0].high == 0.8);
}

#define ALL_FEEDS                                                              \
	"[feed user]\nversion = 3\nuser = u\nauth = sha256\n"                  \
	"auth-password = authauth\npriv = aes\npriv-password = privpriv\n"     \
	"context = ctx\nport = 1161\nsource-address = 10.0.0.9\n"              \
	"interface = eth1\ninterval = 1s\ntimeout = 500ms\njitter = 0%\n"      \
	"[feed mem]\ntype = snmp\noid = 1.3.6.1.4.1.2021.4.6.0\n"              \
	"version = 1\ncommunity = c\nlow = 8000000\nhigh = 100000.25\n"        \
	"[feed queue]\ntype = agent\nport = 99\nsend = q\\n\n"                 \
	"low = -1.5\nhigh = 0.000000001\n"                                     \
	"[feed sessions]\ntype = script\ncommand = /bin/s {address}\n"         \
	"low = 0\nhigh = 999999999999999\n"

static void feeds_of_each_type_are_read(void **state)
{
	const struct conf *c = rig_good(*state, ALL_FEEDS);
	const struct conf_feed *f = feed_named(c, "user");

	assert_int_equal(c->nfeeds, 5);
	assert_int_equal(f->probe.spec.snmp_version, SPEC_SNMP_3);
	assert_int_equal(f->probe.spec.snmp_auth, SPEC_AUTH_SHA256);
	assert_int_equal(f->probe.spec.snmp_priv, SPEC_PRIV_AES);
	assert_string_equal(f->probe.spec.context, "ctx");
	assert_string_equal(f->probe.spec.interface, "eth1");
	assert_int_equal(f->probe.spec.source4.family, 2);
	assert_int_equal(f->probe.jitter_pct, 0);
	f = feed_named(c, "mem");
	assert_int_equal(f->probe.type, HC_SNMP);
	assert_string_equal(f->probe.spec.community, "c");
	assert_string_equal(f->probe.spec.oid, "1.3.6.1.4.1.2021.4.6.0");
	/* no bounds: any value is one */
	assert_true(f->probe.spec.min == INT64_MIN);
	assert_true(f->probe.spec.max == INT64_MAX);
	assert_true(f->low == 8000000 && f->high == 100000.25);
	f = feed_named(c, "queue");
	assert_string_equal(f->probe.spec.send, "q\\n");
	assert_true(f->low == -1.5 && f->high == 1e-9);
	f = feed_named(c, "sessions");
	assert_int_equal(f->probe.spec.command.n, 2);
	assert_true(f->high == 999999999999999);
	for (size_t i = 0; i < c->nfeeds; i++)
		assert_int_equal(c->feeds[i].probe.spec.feed, SPEC_YES);
	for (size_t i = 0; i < c->nchecks; i++)
		assert_int_equal(c->checks[i].spec.feed, SPEC_NO);
}

static void port_of_a_feed_is_not_that_of_checks(void **state)
{
	const struct conf *c = rig_good(
	    *state, ALL_FEEDS LEAST(
			"connections") "check = tcp\n"
				       "feed = mem, queue, sessions, user\n"
				       "backend.c = 10.0.0.3 check-port=7\n"
				       "[service two]\naddress = 192.0.2.1\n"
				       "port = 81, 82\nbackend.a = 10.0.0.1\n");
	const struct conf_service *s = &c->services[0];
	const struct conf_backend *with = &s->backends[1];
	const struct conf_backend *without = &s->backends[2];
	const struct conf_service *two = &c->services[1];

	assert_int_equal(s->nfeeds, 4);
	for (size_t i = 0; i < 2; i++) {
		const struct conf_backend *b = i ? with : without;

		assert_int_equal(conf_feed_port(s, b, s->feeds[0]), 161);
		assert_int_equal(conf_feed_port(s, b, s->feeds[1]), 99);
		assert_int_equal(conf_feed_port(s, b, s->feeds[3]), 1161);
		assert_int_equal(conf_feed_port(s, b, feed_named(c, "cpu")),
				 161);
	}
	assert_int_equal(conf_feed_port(s, with, s->feeds[2]), 8080);
	assert_int_equal(conf_feed_port(s, without, s->feeds[2]), 80);
	assert_int_equal(conf_feed_port(two, two->backends, s->feeds[2]), 0);
}

static void backends_of_feeds_have_an_address_to_ask(void **state)
{
	const struct conf *c = rig_good(
	    *state, SERVICE "scheduler = least-cpu\nbackend.a = 10.0.0.1\n"
			    "backend.b = 10.0.0.2 check-address=10.9.0.2\n"
			    "[service static]\naddress = 192.0.2.2\n"
			    "port = 80\nbackend.a = 10.0.0.1\n");
	const struct conf_service *s = &c->services[0];
	char text[ADDR_STRLEN];

	assert_null(s->backends[0].checks);
	assert_string_equal(addr_format(&s->backends[0].check_addr, text),
			    "10.0.0.1");
	assert_string_equal(addr_format(&s->backends[1].check_addr, text),
			    "10.9.0.2");
	assert_int_equal(c->services[1].backends[0].check_addr.family, 0);
}

/* ---- services */

static void keys_have_defaults(void **state)
{
	static const struct {
		const char *text;
		uint32_t smoothing_ms;
		size_t nfeeds;
	} cases[] = {
		{ LEAST("connections"), 3000, 0 },
		{ LEAST("response") "check = tcp\n", 5000, 0 },
		{ LEAST("cpu"), 10000, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct conf_service *s = one(state, cases[i].text);

		assert_true(conf_dynamic(s));
		assert_int_equal(s->weights.tick_ms, 1000);
		assert_int_equal(s->weights.smoothing_ms,
				 cases[i].smoothing_ms);
		assert_int_equal(s->weights.blackout_ms, 10000);
		assert_int_equal(s->weights.max_step, 250);
		assert_int_equal(s->weights.dead_band, 50);
		assert_int_equal(s->weights.floor, 200);
		assert_int_equal(s->weights.ceiling, 3000);
		assert_int_equal(s->nfeeds, cases[i].nfeeds);
		if (s->nfeeds)
			assert_string_equal(s->feeds[0]->probe.name, "cpu");
	}
}

static void keys_are_read(void **state)
{
	const struct conf_service *s = one(
	    state, ALL_FEEDS LEAST("cpu") "feed = mem,cpu\ntick = 100ms\n"
					  "smoothing = 0\nmax-step = 12.5%\n"
					  "dead-band = 0\nfloor = 0.015\n"
					  "ceiling = 10\nblackout = 0\n"
					  "slow-start = 1m\n");

	assert_int_equal(s->nfeeds, 2);
	assert_string_equal(s->feeds[0]->probe.name, "mem");
	assert_string_equal(s->feeds[1]->probe.name, "cpu");
	assert_int_equal(s->weights.tick_ms, 100);
	assert_int_equal(s->weights.smoothing_ms, 0);
	assert_int_equal(s->weights.max_step, 125);
	assert_int_equal(s->weights.dead_band, 0);
	assert_int_equal(s->weights.floor, 15);
	assert_int_equal(s->weights.ceiling, 10000);
	assert_int_equal(s->weights.blackout_ms, 0);
	assert_int_equal(s->slow_start_ms, 60000);
}

static void factors_may_be_percentages(void **state)
{
	static const struct {
		const char *text;
		uint32_t parts;
	} floors[] = {
		{ "0.2", 200 },   { "20%", 200 },  { "0.200", 200 },
		{ "1", 1000 },    { "1.0", 1000 }, { "100%", 1000 },
		{ "12.5%", 125 }, { "1%", 10 },    { "0.01", 10 },
	};

	for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
		char *text =
		    xasprintf("%sfloor = %s\n", LEAST("cpu"), floors[i].text);

		assert_int_equal(one(state, text)->weights.floor,
				 floors[i].parts);
		free(text);
	}
}

static bool all_zero(const struct weights_conf *w)
{
	static const struct weights_conf zero;

	return !memcmp(w, &zero, sizeof(zero));
}

static void static_services_know_nothing_of_it(void **state)
{
	const struct conf *c = rig_good(
	    *state, "[defaults]\nfeed = cpu\ntick = 5s\nfloor = 0.5\n"
		    "smoothing = 7s\nscheduler = weighted\n" SERVICE BACKENDS
		    "[service local]\naddress = 192.0.2.2\nport = 80\n"
		    "mode = local\n"
		    "[service least]\naddress = 192.0.2.3\nport = 80\n"
		    "scheduler = least-connections\nfloor = 0.4\n");

	for (size_t i = 0; i < 2; i++) {
		assert_false(conf_dynamic(&c->services[i]));
		assert_int_equal(c->services[i].nfeeds, 0);
		assert_true(all_zero(&c->services[i].weights));
	}
	assert_int_equal(c->services[2].nfeeds, 1);
	assert_int_equal(c->services[2].weights.tick_ms, 5000);
	assert_int_equal(c->services[2].weights.smoothing_ms, 7000);
	assert_int_equal(c->services[2].weights.floor, 400);
}

static void local_service_takes_the_default_scheduler_back(void **state)
{
	const struct conf_service *s = one(
	    state, "[defaults]\nscheduler = least-cpu\nfeed = none\n" SERVICE
		   "mode = local\n");

	assert_false(conf_dynamic(s));
	assert_int_equal(s->nfeeds, 0);
}

static void service_may_do_without_the_feeds_of_defaults(void **state)
{
	const struct conf_service *s = one(
	    state,
	    "[defaults]\nfeed = cpu\n" LEAST("connections") "feed = none\n");

	assert_int_equal(s->nfeeds, 0);
}

static void time_is_that_of_some_checks(void **state)
{
	static const struct {
		const char *check;
		bool timed;
	} cases[] = {
		{ "type = tcp", true },
		{ "type = http", true },
		{ "type = https", true },
		{ "type = icmp", true },
		{ "type = udp\nexpect = x", true },
		{ "type = udp", false },
		{ "type = dns\nquery = a.example", true },
		{ "type = snmp\ncommunity = c\noid = 1.3", true },
		{ "type = agent\nport = 9", true },
		{ "type = script\ncommand = /bin/true", false },
		{ "type = file\nfile = /x", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf("[check c]\n%s\n%s", cases[i].check,
				       LEAST("connections") "check = c\n");
		const struct conf *c = rig_good(*state, text);

		if (conf_check_timed(&c->checks[0]) != cases[i].timed)
			fail_msg("%s", cases[i].check);
		free(text);
	}
}

static void one_backend_with_a_time_is_enough(void **state)
{
	const struct conf_service *s = one(
	    state, SERVICE "scheduler = least-response\nbackend.a = 10.0.0.1\n"
			   "backend.b = 10.0.0.2 check=tcp\n");

	assert_int_equal(s->scheduler, RS_LEAST_RESPONSE);
	/* and nobody is nobody without */
	one(state, SERVICE "scheduler = least-response\n");
}

/* ---- printing */

static void printed_keys_are_read_as_the_same(void **state)
{
	struct buf first = { 0 }, second = { 0 };

	conf_print(rig_good(*state,
			    ALL_FEEDS LEAST(
				"response") "check = tcp\n"
					    "feed = mem, queue\nsmoothing = "
					    "1500ms\nfloor = 12.5%\n"
					    "ceiling = 2.125\nmax-step = 1.5\n"
					    "slow-start = 30s\n"
					    "backend.c = 10.0.0.3 check=none "
					    "check-address=10.9.0.3\n"
					    "[service static]\naddress = "
					    "192.0.2.2\nport = 80\n"),
		   &first);
	assert_non_null(strstr(first.data, "\n[feed cpu]\n"));
	conf_print(rig_good(*state, first.data), &second);
	assert_string_equal(first.data, second.data);
	buf_free(&first);
	buf_free(&second);
}

static void what_is_printed(void **state)
{
	static const char *const lines[] = {
		"\nlow            = 8000000\nhigh           = 100000.25\n",
		"\nlow            = -1.5\nhigh           = 0.000000001\n",
		"\nfeed           = mem, queue\n",
		"\nsmoothing      = 1500ms\n",
		"\nfloor          = 0.125\n",
		"\nceiling        = 2.125\n",
		"\nmax-step       = 12.5%\n",
		"\ndead-band      = 0%\n",
		"\nslow-start     = 30s\n",
		"\nbackend.c = 10.0.0.3 weight=1 check=none "
		"check-address=10.9.0.3\n",
	};
	struct buf text = { 0 };
	char *rest;

	conf_print(
	    rig_good(
		*state,
		ALL_FEEDS LEAST(
		    "connections") "feed = mem, queue\nsmoothing = 1500ms\n"
				   "floor = 12.5%\nceiling = 2.125\nmax-step = "
				   "12.5%\n"
				   "dead-band = 0%\nslow-start = 30s\n"
				   "backend.c = 10.0.0.3 check=none "
				   "check-address=10.9.0.3\n"
				   "[service static]\naddress = 192.0.2.2\n"
				   "port = 80\n"),
	    &text);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr(text.data, lines[i]))
			fail_msg("no %s in %s", lines[i], text.data);
	rest = strstr(text.data, "[service static]");
	assert_non_null(rest);
	assert_null(strstr(rest, "floor"));
	assert_null(strstr(rest, "feed"));
	buf_free(&text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(there_is_a_feed_without_a_section),
		T(section_replaces_it),
		T(feeds_of_each_type_are_read),
		T(port_of_a_feed_is_not_that_of_checks),
		T(backends_of_feeds_have_an_address_to_ask),
		T(keys_have_defaults),
		T(keys_are_read),
		T(factors_may_be_percentages),
		T(static_services_know_nothing_of_it),
		T(local_service_takes_the_default_scheduler_back),
		T(service_may_do_without_the_feeds_of_defaults),
		T(time_is_that_of_some_checks),
		T(one_backend_with_a_time_is_enough),
		T(printed_keys_are_read_as_the_same),
		T(what_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
