/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One probe for several services, and the scripts' prober: when there is one,
 * and what hooks are told. With real probers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "health_rig.h"
#include "lib/buf.h"
#include "lib/xalloc.h"

/* A place for scripts that the prober's user may use. */
struct place {
	char dir[64];
};

static void place_open(struct place *p)
{
	strcpy(p->dir, "/tmp/nftlb-hooks-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(chmod(p->dir, 01777), 0);
}

static void place_close(struct place *p)
{
	char *remove = xasprintf("rm -r %s", p->dir);

	assert_int_equal(system(remove), 0);
	free(remove);
}

/* The path of a script, in a buffer that the next call uses again. */
static const char *place_script(const struct place *p, const char *name,
				const char *text)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ncd %s\n%s\n", p->dir, text);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

/* Is @text in the file of that name? */
static bool place_has(const struct place *p, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", p->dir, name), line[512];
	FILE *f = fopen(path, "re");
	bool has = false;

	free(path);
	while (f && !has && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		has = !strcmp(line, text);
	}
	if (f)
		fclose(f);
	return has;
}

static enum health health_of(const struct health_rig *r, const char *service)
{
	return health_rig_backend(r, service, "b")->health;
}

static const struct health_lane_info *lane(const struct health_rig *r,
					   enum health_lane which)
{
	static struct health_info info;

	info = health_rig_info(r);
	return &info.lanes[which];
}

#define TIMING "interval = 100ms\ntimeout = 100ms\nfall = 2\nrise = 2\n"

static char *two_services(const struct listener *l)
{
	return xasprintf("[check c]\ntype = tcp\n" TIMING
			 "[service s1]\naddress = 192.0.2.1\nport = 80\n"
			 "check = c\nbackend.b = 127.0.0.1:%u\n"
			 "[service s2]\naddress = 192.0.2.2\nport = 80\n"
			 "check = c\nbackend.b = 127.0.0.1:%u\n",
			 l->port, l->port);
}

static void test_one_probe_for_two_services(void **state)
{
	struct listener l;
	struct health_rig r;
	uint64_t results;
	char *ini;

	listener_open(&l, AF_INET, 64);
	ini = two_services(&l);
	health_rig_open(&r, NULL, ini);
	assert_int_equal(health_rig_info(&r).jobs, 1);
	LOOP_UNTIL(&r, health_rig_info(&r).results >= 2);
	listener_refuse(&l);
	results = health_rig_info(&r).results;
	LOOP_UNTIL(&r, health_of(&r, "s1") == HEALTH_DOWN);
	assert_int_equal(health_of(&r, "s2"), HEALTH_DOWN);
	/* two failures, one of which may have been under way */
	assert_in_range(health_rig_info(&r).results, results + 2, results + 4);
	assert_int_equal(
	    health_rig_events(&r, "health", "up", "down", "fails=2/2"), 2);
	assert_int_equal(r.urgent, 1);
	assert_int_equal(r.d.model->ndirty, 2);
	health_rig_close(&r);
	free(ini);
	listener_close(&l);
}

/* What the check expects changes: the next probe knows. */
static void test_a_reload_changes_what_is_expected(void **state)
{
	struct listener l;
	struct health_rig r;
	char *plain, *picky;

	listener_open(&l, AF_INET, 64);
	plain = two_services(&l);
	picky = xasprintf("[check c]\ntype = tcp\nexpect = hello\n" TIMING
			  "[service s1]\naddress = 192.0.2.1\nport = 80\n"
			  "check = c\nbackend.b = 127.0.0.1:%u\n",
			  l.port);
	health_rig_open(&r, NULL, plain);
	LOOP_UNTIL(&r, health_rig_info(&r).results >= 2);
	health_rig_reload(&r, picky);
	LOOP_UNTIL(&r, health_of(&r, "s1") == HEALTH_DOWN);
	assert_int_equal(lane(&r, HEALTH_NETWORK)->specs, 1);
	health_rig_reload(&r, plain);
	LOOP_UNTIL(&r, health_of(&r, "s1") == HEALTH_UP);
	assert_int_equal(health_rig_info(&r).restarts, 0);
	health_rig_close(&r);
	free(plain);
	free(picky);
	listener_close(&l);
}

static char *with_script(const char *script, const char *more)
{
	return xasprintf("[global]\nuser = nobody\n"
			 "[check c]\ntype = script\ncommand = %s {backend}\n"
			 "start = unknown\n" TIMING
			 "[service s]\naddress = 192.0.2.1\nport = 80\n"
			 "check = c\n%s"
			 "backend.b = 127.0.0.1:9\n",
			 script, more);
}

static const char unscripted[] = "[service s]\naddress = 192.0.2.1\n"
				 "port = 80\nbackend.b = 127.0.0.1:9\n";

static void test_the_scripts_prober_comes_and_goes(void **state)
{
	struct health_rig r;
	struct place place;
	pid_t first;
	char *ini;

	place_open(&place);
	ini = with_script(
	    place_script(&place, "check", "echo \"$1\" >> seen; exit 0"), "");
	health_rig_open(&r, NULL, unscripted);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "running",
					 "network hello"));
	assert_false(lane(&r, HEALTH_SCRIPTS)->wanted);
	assert_int_equal(lane(&r, HEALTH_SCRIPTS)->pid, 0);
	for (unsigned int i = 1; i <= 2; i++) {
		health_rig_reload(&r, ini);
		LOOP_UNTIL(&r, health_of(&r, "s") == HEALTH_UP &&
				   lane(&r, HEALTH_SCRIPTS)->results > i);
		first = lane(&r, HEALTH_SCRIPTS)->pid;
		assert_int_not_equal(first, 0);
		assert_int_not_equal(first, lane(&r, HEALTH_NETWORK)->pid);
		assert_int_equal(health_rig_events(&r, "prober", "starting",
						   "running", "scripts hello"),
				 i);
		health_rig_reload(&r, unscripted);
		assert_int_equal(health_rig_events(&r, "prober", "running",
						   "off", "scripts"),
				 i);
		LOOP_UNTIL(&r, lane(&r, HEALTH_SCRIPTS)->pid == 0);
		assert_int_equal(kill(first, 0), -1);
	}
	assert_true(place_has(&place, "seen", "b"));
	/* back before it has left */
	health_rig_reload(&r, ini);
	LOOP_UNTIL(&r, lane(&r, HEALTH_SCRIPTS)->results > 4);
	first = lane(&r, HEALTH_SCRIPTS)->pid;
	health_rig_reload(&r, unscripted);
	health_rig_reload(&r, ini);
	LOOP_UNTIL(&r, lane(&r, HEALTH_SCRIPTS)->pid != first &&
			   lane(&r, HEALTH_SCRIPTS)->pid != 0);
	LOOP_UNTIL(&r, health_of(&r, "s") == HEALTH_UP);
	assert_int_equal(health_rig_events(&r, "prober", NULL, "gone", NULL),
			 0);
	health_rig_close(&r);
	free(ini);
	place_close(&place);
}

static void test_each_prober_dies_alone(void **state)
{
	struct health_rig r;
	struct place place;
	pid_t network;
	char *ini;

	place_open(&place);
	ini = with_script(place_script(&place, "check", "exit 0"), "");
	health_rig_open(&r, NULL, ini);
	LOOP_UNTIL(&r, health_of(&r, "s") == HEALTH_UP);
	network = lane(&r, HEALTH_NETWORK)->pid;
	kill(lane(&r, HEALTH_SCRIPTS)->pid, SIGKILL);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", "running", "gone",
					 "scripts killed signal=9"));
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", "gone", "running",
					 "scripts hello restarts=1"));
	assert_int_equal(lane(&r, HEALTH_NETWORK)->pid, network);
	assert_int_equal(health_of(&r, "s"), HEALTH_UP);
	health_rig_close(&r);
	free(ini);
	place_close(&place);
}

/* ---- hooks */

#define SAY_ALL                                                                \
	"env | grep ^NFTLB_ | sort > \"$NFTLB_EVENT_ID.new\"\n"                \
	"mv \"$NFTLB_EVENT_ID.new\" \"$NFTLB_KIND-$NFTLB_NEW\""

static char *with_hook(const struct listener *l, const char *global,
		       const char *own)
{
	struct buf ini = { 0 };

	buf_printf(&ini, "[global]\nuser = nobody\n");
	if (global)
		buf_printf(&ini, "on-change = %s\n", global);
	buf_printf(&ini,
		   "[check c]\ntype = tcp\nstart = unknown\n" TIMING
		   "[service s]\naddress = 192.0.2.1\nport = 80\ncheck = c\n"
		   "backend.b = 127.0.0.1:%u\n",
		   l->port);
	if (own)
		buf_printf(&ini, "on-change = %s\n", own);
	return ini.data;
}

static void test_a_hook_is_told_all(void **state)
{
	struct listener l;
	struct health_rig r;
	struct place place;
	char *ini;

	place_open(&place);
	listener_open(&l, AF_INET, 64);
	ini = with_hook(&l, place_script(&place, "hook", SAY_ALL), NULL);
	health_rig_open(&r, NULL, ini);
	LOOP_UNTIL(&r, place_has(&place, "health-up", "NFTLB_KIND=health"));
	assert_true(place_has(&place, "health-up", "NFTLB_SERVICE=s"));
	assert_true(place_has(&place, "health-up", "NFTLB_BACKEND=b"));
	assert_true(place_has(&place, "health-up", "NFTLB_OLD=unknown"));
	assert_true(place_has(&place, "health-up", "NFTLB_NEW=up"));
	LOOP_UNTIL(&r,
		   place_has(&place, "prober-running", "NFTLB_OLD=starting"));
	assert_true(place_has(&place, "prober-running", "NFTLB_SERVICE="));
	listener_refuse(&l);
	LOOP_UNTIL(&r, place_has(&place, "health-down", "NFTLB_OLD=up"));
	for (uint64_t id = 1; id <= r.d.events.last; id++) {
		const struct event *e = events_get(&r.d.events, id);
		char *reason = xasprintf("NFTLB_REASON=%s", e->reason);
		char *number =
		    xasprintf("NFTLB_EVENT_ID=%llu", (unsigned long long)id);

		if (!strcmp(e->kind, "health") &&
		    !strcmp(e->new_state, "down")) {
			assert_true(place_has(&place, "health-down", reason));
			assert_true(place_has(&place, "health-down", number));
		}
		free(reason);
		free(number);
	}
	LOOP_UNTIL(&r, health_rig_info(&r).hooks == 0);
	assert_int_equal(health_rig_info(&r).hooks_failed, 0);
	health_rig_close(&r);
	free(ini);
	listener_close(&l);
	place_close(&place);
}

/* The service's own one instead of the global one; one that fails is over. */
static void test_a_service_has_a_hook_of_its_own(void **state)
{
	struct listener l;
	struct health_rig r;
	struct place place;
	char *ini, *own;

	place_open(&place);
	listener_open(&l, AF_INET, 64);
	own = xstrdup(place_script(&place, "own", "echo own >> seen; exit 3"));
	ini = with_hook(
	    &l, place_script(&place, "hook", "echo \"$NFTLB_KIND\" >> all"),
	    own);
	health_rig_open(&r, NULL, ini);
	LOOP_UNTIL(&r, place_has(&place, "seen", "own"));
	LOOP_UNTIL(&r, place_has(&place, "all", "prober"));
	LOOP_UNTIL(&r, health_rig_info(&r).hooks == 0);
	assert_false(place_has(&place, "all", "health"));
	assert_true(health_rig_info(&r).hooks_failed > 0);
	health_rig_close(&r);
	free(own);
	free(ini);
	listener_close(&l);
	place_close(&place);
}

/* A hook that ends its own prober is not called for that. */
static void test_a_hook_that_kills_its_prober(void **state)
{
	struct listener l;
	struct health_rig r;
	struct place place;
	uint64_t done;
	char *ini;

	place_open(&place);
	listener_open(&l, AF_INET, 64);
	ini = with_hook(
	    &l, NULL,
	    place_script(&place, "hook", "echo x >> seen; kill -9 $PPID"));
	health_rig_open(&r, NULL, ini);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", NULL, "gone",
					 "scripts killed signal=9"));
	LOOP_UNTIL(&r, health_rig_info(&r).hooks == 0);
	LOOP_UNTIL(&r, health_rig_events(&r, "prober", "gone", "running",
					 "scripts hello"));
	done = health_rig_info(&r).hooks_failed;
	assert_true(done >= 1);
	for (int i = 0; i < 25; i++)
		health_rig_turn(&r);
	assert_int_equal(health_rig_info(&r).hooks_failed, done);
	health_rig_close(&r);
	free(ini);
	listener_close(&l);
	place_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_probe_for_two_services),
		cmocka_unit_test(test_a_reload_changes_what_is_expected),
		cmocka_unit_test(test_the_scripts_prober_comes_and_goes),
		cmocka_unit_test(test_each_prober_dies_alone),
		cmocka_unit_test(test_a_hook_is_told_all),
		cmocka_unit_test(test_a_service_has_a_hook_of_its_own),
		cmocka_unit_test(test_a_hook_that_kills_its_prober),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
