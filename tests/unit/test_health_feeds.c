/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds: whom they ask, who shares the answer, and that health is no matter of
 * theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/health_feeds.h"
#include "health_rig.h"
#include "lib/xalloc.h"
#include "model/load.h"

#define HEAD                                                                   \
	"[check c]\ntype = tcp\nport = 9\ninterval = 1h\n"                     \
	"[feed cpu]\ninterval = 1m\n"                                          \
	"[feed same]\ntype = cpu\ninterval = 1m\n"                             \
	"[feed often]\ntype = cpu\ninterval = 30s\n"                           \
	"[feed queue]\ntype = agent\nport = 7\nlow = 0\nhigh = 10\n"           \
	"interval = 1m\n"                                                      \
	"[feed run]\ntype = script\ncommand = /bin/true {backend}\n"           \
	"low = 0\nhigh = 1\ninterval = 1m\n"

/* A service at 192.0.2.N, but for its feeds and backends. */
#define S(n) "[service s" #n "]\naddress = 192.0.2." #n "\nport = 80\n"
#define S1   S(1)
#define S2   S(2)
#define CPU  "scheduler = least-cpu\n"

static size_t jobs_of(const struct health_rig *r, enum health_lane lane)
{
	return health_rig_info(r).lanes[lane].jobs;
}

static size_t owners_of(const struct health_rig *r, enum health_lane lane)
{
	return health_rig_info(r).lanes[lane].owners;
}

/* A server is asked once, whatever it serves. */
static void test_a_server_is_one_job(void **state)
{
	static const char ini[] = HEAD S1 CPU
	    "backend.b1 = 10.0.0.1:80\nbackend.b2 = 10.0.0.2:80\n" S2 CPU
	    "feed = same\n"
	    "backend.x = 10.0.0.1:81\nbackend.y = 10.0.0.1:82\n";
	struct health_rig r;

	health_rig_open(&r, "mute", ini);
	assert_int_equal(jobs_of(&r, HEALTH_NETWORK), 2);
	assert_int_equal(owners_of(&r, HEALTH_NETWORK), 4);
	assert_int_equal(health_rig_info(&r).lanes[HEALTH_NETWORK].specs, 1);
	health_rig_close(&r);
}

static void test_what_differs_is_not_shared(void **state)
{
	static const char ini[] =
	    HEAD S1 CPU "feed = cpu, often, queue, run\n"
			"backend.b1 = 10.0.0.1:80\nbackend.b2 = 10.0.0.1:81\n";
	struct health_rig r;

	health_rig_open(&r, "mute", ini);
	/* cpu, often, queue: of the one server */
	assert_int_equal(jobs_of(&r, HEALTH_NETWORK), 3);
	/* a script for each backend: it is told its name and port */
	assert_int_equal(jobs_of(&r, HEALTH_SCRIPTS), 2);
	health_rig_close(&r);
}

/* Who has no feeds has no jobs of them, and they end when they are not wanted.
 */
static void test_only_where_they_count(void **state)
{
	static const char with[] =
	    HEAD S1 CPU "check = c\nbackend.b1 = 10.0.0.1:80\n";
	static const char without[] =
	    HEAD S1 "scheduler = weighted\n"
		    "check = c\nbackend.b1 = 10.0.0.1:80\n";
	struct health_feed feed;
	struct health_rig r;

	health_rig_open(&r, "mute", without);
	assert_int_equal(jobs_of(&r, HEALTH_NETWORK), 1);
	health_rig_reload(&r, with);
	assert_int_equal(jobs_of(&r, HEALTH_NETWORK), 2);
	assert_true(health_feed(r.d.health, 0, 0, 0, &feed));
	assert_int_equal(feed.last_ms, 0);
	assert_false(feed.has_value);
	health_rig_reload(&r, without);
	assert_int_equal(jobs_of(&r, HEALTH_NETWORK), 1);
	health_rig_close(&r);
}

/* What is drained, disabled or down goes on being asked: it comes back. */
static void test_who_is_out_is_asked(void **state)
{
	static const char ini[] =
	    HEAD S1 CPU "backend.b1 = 10.0.0.1:80\n"
			"backend.b2 = 10.0.0.2:80 disabled\n";
	struct health_rig r;

	health_rig_open(&r, "mute", ini);
	assert_int_equal(jobs_of(&r, HEALTH_NETWORK), 2);
	health_rig_backend(&r, "s1", "b1")->admin = ADMIN_DRAIN;
	health_sync(r.d.health);
	assert_int_equal(jobs_of(&r, HEALTH_NETWORK), 2);
	health_rig_close(&r);
}

/* ---- with a real prober, and a script that says what is in a file */

struct place {
	char dir[64], *script, *number;
};

static void place_open(struct place *p)
{
	FILE *f;

	strcpy(p->dir, "/tmp/nftlb-feeds-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(chmod(p->dir, 01777), 0);
	p->script = xasprintf("%s/script", p->dir);
	p->number = xasprintf("%s/number", p->dir);
	f = fopen(p->script, "we");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nexec cat %s\n", p->number);
	fclose(f);
	assert_int_equal(chmod(p->script, 0755), 0);
}

static void place_say(const struct place *p, const char *number)
{
	char *new = xasprintf("%s.new", p->number);
	FILE *f = fopen(new, "we");

	assert_non_null(f);
	fprintf(f, "%s\n", number);
	fclose(f);
	assert_int_equal(chmod(new, 0644), 0);
	assert_int_equal(rename(new, p->number), 0);
	free(new);
}

static void place_close(struct place *p)
{
	char *remove = xasprintf("rm -r %s", p->dir);

	assert_int_equal(system(remove), 0);
	free(remove);
	free(p->script);
	free(p->number);
}

static char *ini_of(const struct place *p, const char *interval,
		    const char *more)
{
	return xasprintf("[feed f]\ntype = script\ncommand = %s\n"
			 "interval = %s\nlow = 0\nhigh = 100\n"
			 "[service s1]\naddress = 192.0.2.1\nport = 80\n"
			 "scheduler = least-cpu\nfeed = f\n"
			 "backend.b1 = 10.0.0.1:80\n%s",
			 p->script, interval, more);
}

static bool loaded(const struct health_rig *r, size_t service, double value)
{
	const struct service *s = &r->d.model->services[service];
	struct load_view v = load_view(s, s->backends, 0, daemon_now_ms());

	return v.known && v.value > value - 0.001 && v.value < value + 0.001;
}

static struct health_feed feed_of(const struct health_rig *r)
{
	struct health_feed feed;

	assert_true(health_feed(r->d.health, 0, 0, 0, &feed));
	return feed;
}

static void test_a_value_arrives(void **state)
{
	struct health_rig r;
	struct place p;
	char *ini;

	place_open(&p);
	place_say(&p, "25.5");
	ini = ini_of(&p, "1s", "");
	health_rig_open(&r, NULL, ini);
	LOOP_UNTIL(&r, loaded(&r, 0, 0.255));
	assert_true(feed_of(&r).has_value);
	assert_true(feed_of(&r).value > 25.4 && feed_of(&r).value < 25.6);
	assert_true(feed_of(&r).last_ms > 0);
	/* what says nothing of use takes nobody down */
	place_say(&p, "many");
	LOOP_UNTIL(&r, feed_of(&r).reason != HC_OK);
	assert_int_equal(health_rig_backend(&r, "s1", "b1")->health, HEALTH_UP);
	assert_int_equal(health_rig_events(&r, "health", NULL, NULL, NULL), 0);
	assert_true(feed_of(&r).value > 25.4);
	free(ini);
	health_rig_close(&r);
	place_close(&p);
}

/* An hour between answers: a reload is no reason to wait for one. */
static void test_who_is_new_hears_the_last_value(void **state)
{
	struct health_rig r;
	struct place p;
	char *ini, *more;

	place_open(&p);
	place_say(&p, "70");
	ini = ini_of(&p, "1h", "");
	more = ini_of(&p, "1h",
		      "[service s2]\naddress = 192.0.2.2\nport = 80\n"
		      "scheduler = least-cpu\nfeed = f\n"
		      "backend.b1 = 10.0.0.1:80\n");
	health_rig_open(&r, NULL, ini);
	LOOP_UNTIL(&r, loaded(&r, 0, 0.7));
	health_rig_reload(&r, more);
	assert_true(loaded(&r, 0, 0.7));
	assert_false(loaded(&r, 1, 0.7));
	health_catch_up(r.d.health);
	assert_true(loaded(&r, 1, 0.7));
	free(ini);
	free(more);
	health_rig_close(&r);
	place_close(&p);
}

/* A server that two ask for its load, and that has never answered: what became
 * of a check of one of them is nothing that the other should hear. */
static void test_feeds_hear_nothing_of_checks(void **state)
{
	static const char ini[] =
	    HEAD S1 CPU "check = c\nbackend.b1 = 10.0.0.1:80\n" S2 CPU
			"check = c\nbackend.b1 = 10.0.0.1:81 check-port=10\n";
	struct backend *one, *other;
	struct health_rig r;

	health_rig_open(&r, "mute", ini);
	one = health_rig_backend(&r, "s1", "b1");
	other = health_rig_backend(&r, "s2", "b1");
	assert_int_equal(jobs_of(&r, HEALTH_NETWORK), 3);
	one->checks[0].decided = true;
	one->checks[0].reason = HC_REFUSED;
	health_catch_up(r.d.health);
	assert_false(other->checks[0].decided);
	health_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_server_is_one_job),
		cmocka_unit_test(test_what_differs_is_not_shared),
		cmocka_unit_test(test_only_where_they_count),
		cmocka_unit_test(test_who_is_out_is_asked),
		cmocka_unit_test(test_a_value_arrives),
		cmocka_unit_test(test_who_is_new_hears_the_last_value),
		cmocka_unit_test(test_feeds_hear_nothing_of_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
