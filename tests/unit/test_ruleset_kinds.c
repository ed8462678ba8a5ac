/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that a unit can have, in the running kernel: chains of several
 * rules, sets, counters, elements of all maps, and what features bring with
 * them. It is read back as it was written, mended when somebody breaks it, and
 * leaves when nobody needs it.
 *
 * What compile.c makes of a service is not the matter here (unit_kinds.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rulesets/base.h"
#include "tests/unit/ruleset_rig.h"
#include "tests/unit/unit_kinds.h"

static struct kinds *more;

static int setup(void **state)
{
	more = kinds();
	memset(more, 0, sizeof(*more));
	more->features = ALL_FEATURES;
	more->size = 10;
	return rig_setup(state);
}

/* ---- what is there */

static bool lists(const char *text)
{
	return nft_lists(&text, 1);
}

/* Names of features, in nft's words. */
static const char *const marks_of_features[] = {
	"map persistent",       "map pins",          "map group-backends",
	"map members",          "chain room.web/b1", "set backends-full",
	"map count-new",        "map count-in ",     "map count-in-ranges",
	"map marks ",           "map marks-ranges",  "map priorities ",
	"map guards ",          "map guard-ranges",  "chain pick",
	"chain alive",          "chain mark.web/b1", "chain count ",
	"chain marks-output ",  "chain priorities ", "chain guard ",
	"ct helper helper.ftp", "helper.sip-tcp",    "helper.pptp",
	"sessions.web",         "counter new.web",   "chain guard.web/b1",
};

static void test_all_is_there(void **state)
{
	size_t missing = 0;

	(void)state; /* the rig has found it whole */
	for (size_t i = 0;
	     i < sizeof(marks_of_features) / sizeof(marks_of_features[0]);
	     i++) {
		if (lists(marks_of_features[i]))
			continue;
		print_message("not there: %s\n", marks_of_features[i]);
		missing++;
	}
	assert_int_equal(missing, 0);
}

static void test_nft_can_load_it(void **state)
{
	(void)state;
	assert_int_equal(system("for t in ip ip6; do nft list table $t rig; "
				"done > rig.$$ && nft -c -f rig.$$; r=$?; "
				"rm -f rig.$$; exit $r"),
			 0);
}

/* Nobody needs them any more: a whole plan takes all of it away, in two parts
 * that the kernel accepts; the plain services stay. */
static void test_features_go(void **state)
{
	struct rig *r = *state;

	more->features = 0;
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
	assert_false(
	    nft_lists(marks_of_features, sizeof(marks_of_features) /
					     sizeof(marks_of_features[0])));
	assert_true(lists("chain service.web"));
	more->features = ALL_FEATURES;
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
}

static void test_one_feature_goes(void **state)
{
	struct rig *r = *state;

	for (unsigned int f = 1; f < FEATURES; f++) {
		more->features = ALL_FEATURES & ~FEATURE_BIT(f);
		assert_int_equal(rig_commit(r), 0);
		assert_true(rig_is_whole(r));
	}
}

/* Some services only: that nothing is said of the others says nothing of what
 * they need. */
static void test_part_leaves_features(void **state)
{
	struct rig *r = *state;

	more->features = 0;
	assert_int_equal(rig_commit_some(r, 1), 0); /* web, IPv4 */
	assert_true(lists("set backends-full"));
	assert_true(lists("chain pick"));
	assert_int_equal(rig_commit(r), 0);
	assert_false(lists("set backends-full"));
}

/* Services that stay as they are keep their features in a whole plan. */
static void test_unchanged_keeps_features(void **state)
{
	struct rig *r = *state;
	struct rs_service svc[8];
	struct plan *p;

	memcpy(svc, r->svc, r->n * sizeof(*svc));
	for (size_t i = 0; i < r->n; i++)
		svc[i].unchanged = true;
	p = ruleset_plan(r->rs, svc, r->n, true);
	assert_true(plan_empty(p));
	plan_free(p);
	/* also where they were only read */
	assert_int_equal(ruleset_scan(r->rs, NULL), 0);
	p = ruleset_plan(r->rs, svc, r->n, true);
	assert_true(plan_empty(p));
	plan_free(p);
}

/* ---- sets and counters live on */

static void test_set_of_another_size(void **state)
{
	struct rig *r = *state;

	assert_false(lists("sessions.web/2"));
	assert_int_equal(nft("add element ip rig sessions.web { 9.9.9.9 : 0:10 "
			     "}\n"),
			 0);
	assert_int_equal(rig_commit(r), 0);
	assert_true(lists("9.9.9.9")); /* the kernel's own */
	more->size = 20;
	assert_int_equal(rig_commit(r), 0);
	assert_true(lists("sessions.web {")); /* until it is carried over */
	rig_drop_moved(r, "web");
	assert_true(rig_is_whole(r));
	assert_true(lists("sessions.web/2 {"));
	assert_false(lists("sessions.web {"));
	assert_false(lists("9.9.9.9"));
	more->size = 10;
	assert_int_equal(rig_commit(r), 0);
	rig_drop_moved(r, "web");
	assert_true(rig_is_whole(r));
	assert_true(lists("sessions.web {"));
	assert_false(lists("sessions.web/2"));
}

static void test_counters_live_on(void **state)
{
	static const struct rs_hooks elsewhere = { -110, 90,   -140,
						   -85,  -160, { .n = 0 } };
	struct rig *r = *state;

	assert_int_equal(ruleset_flush(r->rs, NULL), 0);
	assert_int_equal(nft("add table ip rig\nadd counter ip rig new.web { "
			     "packets 4711 bytes 99 }\n"),
			 0);
	assert_int_equal(rig_commit(r), 0);
	assert_true(lists("packets 4711"));
	more->features = FEATURE_BIT(FEATURE_COUNT);
	assert_int_equal(rig_commit(r), 0);
	more->features = ALL_FEATURES;
	more->extra = 50;
	assert_int_equal(rig_commit(r), 0);
	ruleset_hooks(r->rs, &elsewhere);
	assert_int_equal(rig_commit(r), 0);
	assert_int_equal(nft("add chain ip rig intruder\n"
			     "flush chain ip rig pick\n"),
			 0);
	assert_int_equal(rig_commit(r), 0);
	assert_true(lists("packets 4711"));
}

/* ---- other priorities */

static void test_hooks(void **state)
{
	static const struct rs_hooks elsewhere = { -110, 90,   -140,
						   -85,  -160, { .n = 0 } };
	struct rig *r = *state;
	struct plan *p;

	assert_true(lists("hook prerouting priority dstnat; "));
	p = ruleset_plan_at(r->rs, &elsewhere, r->svc, r->n);
	assert_false(plan_empty(p));
	plan_free(p);
	p = ruleset_plan(r->rs, r->svc, r->n, true);
	assert_true(plan_empty(p)); /* it was only asked */
	plan_free(p);
	ruleset_hooks(r->rs, &elsewhere);
	p = ruleset_plan(r->rs, r->svc, r->n, true); /* before any scan */
	assert_false(plan_empty(p));
	assert_int_equal(ruleset_commit(r->rs, p, NULL), 0);
	plan_free(p);
	assert_false(lists("hook prerouting priority dstnat;"));
	assert_true(lists("nat hook prerouting priority dstnat - 10"));
	assert_true(lists("nat hook postrouting priority srcnat - 10"));
	assert_true(lists("filter hook prerouting priority mangle + 10"));
	assert_true(lists("filter hook prerouting priority -85"));
	assert_true(lists("route hook output priority -84"));
	assert_true(lists("filter hook postrouting priority mangle - 10"));
	assert_int_equal(rig_commit(r), 0);
	p = rig_plan(r->rs, r);
	assert_true(plan_empty(p));
	plan_free(p);
	ruleset_hooks(r->rs, &rs_hooks_default);
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
}

/* ---- damage */

static const struct {
	const char *name, *text;
} damages[] = {
	{ "tables gone", "flush ruleset\n" },
	{ "chain of a feature emptied", "flush chain ip rig count\n"
					"flush chain ip rig alive\n" },
	{ "chain of a feature with a rule more",
	  "add rule ip rig guard counter comment \"intruder\"\n"
	  "add rule ip6 rig alive counter comment \"intruder\"\n" },
	{ "chain of a feature gone", "flush chain ip rig guard\n"
				     "delete chain ip rig guard\n" },
	{ "chain of a feature with another priority",
	  "flush chain ip rig guard\ndelete chain ip rig guard\n"
	  "add chain ip rig guard { type filter hook prerouting priority 7; }"
	  "\n" },
	{ "chain of a feature with another type",
	  "flush chain ip rig guard\ndelete chain ip rig guard\n"
	  "add chain ip rig guard { type nat hook prerouting priority 7; }\n" },
	{ "chain of a feature that drops",
	  "add chain ip6 rig guard { type filter hook prerouting priority "
	  "-150; "
	  "policy drop; }\n" },
	{ "rule in a service's guard",
	  "insert rule ip rig guard.web/b1 counter comment \"intruder\"\n" },
	{ "last rule of a chain gone",
	  "flush chain ip rig mark.web/b1\n"
	  "add rule ip rig mark.web/b1 meta l4proto tcp accept\n" },
	{ "chains of a service nobody asked for",
	  "add chain ip rig guard.intruder\nadd chain ip rig "
	  "mark.web/intruder\n"
	  "add rule ip rig guard.intruder jump mark.web/intruder\n"
	  "add element ip rig guards { 9.9.9.9 . udp . 1 : goto guard.intruder "
	  "}\n" },
	{ "set of a service gone", "delete set ip rig new.web\n"
				   "delete map ip6 rig sessions.web\n" },
	{ "set of a service with another form",
	  "delete set ip rig new.web\n"
	  "add set ip rig new.web { type ipv4_addr . inet_service; flags "
	  "dynamic,timeout; size 1; timeout 1m; }\n" },
	{ "set of a service with another time-out",
	  "delete set ip rig new.web\n"
	  "add set ip rig new.web { type ipv4_addr . inet_service; flags "
	  "dynamic,timeout; size 100; timeout 90s; }\n" },
	{ "map of a service that leads to chains",
	  "delete map ip rig sessions.web\n"
	  "add chain ip rig intruder\n"
	  "add map ip rig sessions.web { type ipv4_addr : verdict; "
	  "elements = { 1.1.1.1 : goto intruder }; }\n" },
	{ "sets nobody asked for",
	  "add set ip rig sessions.intruder { type ipv4_addr; flags dynamic; "
	  "elements = { 1.1.1.1 }; }\n"
	  "add set ip rig group.intruder { type ipv4_addr; }\n"
	  "add set ip rig sessions.web/9 { type ipv4_addr; elements = { "
	  "1.1.1.1 }; }\n" },
	{ "counter in use gone",
	  "flush map ip rig count-new\nflush map ip rig count-in\n"
	  "flush map ip rig count-out\nflush map ip rig count-in-ranges\n"
	  "flush map ip rig count-out-ranges\ndelete counter ip rig "
	  "in.web/b1\n" },
	{ "counter gone", "delete counter ip6 rig new.web\n" },
	{ "counters nobody asked for",
	  "add counter ip rig in.intruder\nadd counter ip rig "
	  "new.web/intruder\n"
	  "add rule ip rig guard.web/b1 counter name in.intruder\n"
	  "add element ip rig count-in { 9.9.9.9 . tcp . 1 . 9.9.9.9 . 1 : "
	  "\"in.intruder\" }\n" },
	{ "objects of other kinds",
	  "add quota ip rig new.web { over 1 mbytes comment \"intruder\"; }\n"
	  "add quota ip rig intruder { over 1 mbytes; }\n"
	  "add limit ip rig intruder2 { rate 1/second; }\n"
	  "add ct helper ip rig intruder3 { type \"ftp\" protocol tcp; }\n"
	  "add counter ip rig helper.ftp\n"
	  "add counter ip rig intruder\n" },
	{ "helper gone", "delete ct helper ip rig helper.ftp\n" },
	{ "helper of another kind",
	  "delete ct helper ip rig helper.ftp\n"
	  "add ct helper ip rig helper.ftp { type \"tftp\" protocol udp; }\n" },
	{ "elements gone",
	  "flush map ip rig persistent\nflush map ip rig pins\n"
	  "flush map ip rig guards\nflush map ip rig marks-ranges\n"
	  "flush map ip6 rig members\nflush map ip6 rig priorities\n" },
	{ "elements with other values",
	  "flush map ip rig persistent\nflush map ip rig guards\n"
	  "add chain ip rig intruder\n"
	  "add element ip rig persistent { 0:10 comment \"web/b1\" : 0:77 }\n"
	  "add element ip rig guards { 192.0.2.1 . tcp . 80 : goto intruder, "
	  "192.0.2.1 . tcp . 81 : goto mark.web/b1 }\n" },
	{ "elements nobody asked for",
	  "add element ip rig persistent { 0:777 : 0:777 }\n"
	  "add element ip rig persistent { 0:778 comment \"web/b1\" : 0:1 }\n"
	  "add element ip rig members { 0:779 comment \"intruder/b1\" : 0:1 }\n"
	  "add element ip rig pins { 9.9.9.9 . tcp . 80 . 9.9.9.0-9.9.9.99 : "
	  "0:10 }\n"
	  "add element ip rig marks { 9.9.9.9 . tcp . 1 . 9.9.9.9 . 1 : drop }"
	  "\n" },
	{ "map of a feature gone",
	  "flush chain ip rig alive\ndelete map ip rig pins\n" },
	{ "map of a feature with another form",
	  "flush chain ip rig count-ranges\n"
	  "flush chain ip rig count-ranges-output\n"
	  "delete map ip rig count-in-ranges\n"
	  "add map ip rig count-in-ranges { type ipv4_addr : classid; }\n" },
	{ "set of a feature with another form",
	  "flush chain ip rig room.web/b1\n"
	  "delete set ip rig backends-full\n"
	  "add set ip rig backends-full { type classid; flags dynamic,timeout; "
	  "size 3; }\n" },
};

static void test_damage(void **state)
{
	struct rig *r = *state;
	size_t failed = 0;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		/* as it is in the beginning: sets have their first names */
		assert_int_equal(nft("flush ruleset\n"), 0);
		assert_int_equal(rig_commit(r), 0);
		if (nft("%s", damages[i].text) != 0)
			print_message("nft refuses: %s\n", damages[i].name);
		else if (rig_mended(r))
			continue;
		else
			print_message("not mended: %s\n", damages[i].name);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* The same where nobody wants any of it: plain services, and all of that is
 * there. */
static void test_damage_of_plain(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		assert_int_equal(nft("flush ruleset\n"), 0);
		more->features = ALL_FEATURES;
		assert_int_equal(rig_commit(r), 0);
		assert_int_equal(nft("%s", damages[i].text), 0);
		more->features = 0;
		if (!rig_mended(r) ||
		    nft_lists(marks_of_features,
			      sizeof(marks_of_features) /
				  sizeof(marks_of_features[0])))
			fail_msg("%s", damages[i].name);
	}
}

/* ---- lists belong to somebody else */

static void test_lists_are_left_alone(void **state)
{
	struct rig *r = *state;

	assert_int_equal(nft("add set ip rig list.bad { type ipv4_addr; "
			     "elements = { 9.9.9.9 }; }\n"),
			 0);
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
	assert_true(lists("9.9.9.9"));
}

/* ... also where the table has to be made anew: they are not in the plan, so
 * that somebody has to come in between and fill them. */
static void test_alien_table_with_lists(void **state)
{
	struct rig *r = *state;
	struct err err = { 0 };
	struct plan *p;

	assert_int_equal(nft("add set ip rig list.bad { type ipv4_addr; "
			     "elements = { 9.9.9.9 }; }\n"
			     "flush chain ip rig guard\n"
			     "delete chain ip rig guard\n"
			     "add chain ip rig guard\n"),
			 0);
	p = rig_plan(r->rs, r);
	assert_int_equal(ruleset_commit(r->rs, p, &err), -EAGAIN);
	plan_free(p);
	assert_false(lists("list.bad"));
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
}

/* ---- words */

static char *words(struct rig *r)
{
	struct plan *p = rig_plan(r->rs, r);
	struct buf out = { 0 };

	plan_print(p, &out);
	plan_free(p);
	return out.data;
}

static void test_words(void **state)
{
	static const char *const expected[] = {
		"+ table ip: more maps and base chains\n",
		"~ service web (IPv4)\n",
		"  + chain guard.web/b1\n",
		"  + set sessions.web, 10 entries at most\n",
		"  + 5 counters\n",
		"  + 21 elements\n",
	};
	struct rig *r = *state;
	char *text = words(r);

	assert_null(text);
	more->features = 0;
	text = words(r);
	assert_non_null(strstr(text, "- table ip: maps and base chains that "
				     "nobody needs\n"));
	assert_non_null(strstr(text, "  - chain guard.web/b1\n"));
	assert_non_null(strstr(text, "  - 2 counters\n"));
	free(text);
	assert_int_equal(rig_commit(r), 0);
	more->features = ALL_FEATURES;
	more->extra = 3;
	text = words(r);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (!strstr(text, expected[i]))
			fail_msg("no '%s' in:\n%s", expected[i], text);
	free(text);
}

#define KERNEL_TEST(t) cmocka_unit_test_setup_teardown(t, setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KERNEL_TEST(test_all_is_there),
		KERNEL_TEST(test_nft_can_load_it),
		KERNEL_TEST(test_features_go),
		KERNEL_TEST(test_one_feature_goes),
		KERNEL_TEST(test_part_leaves_features),
		KERNEL_TEST(test_unchanged_keeps_features),
		KERNEL_TEST(test_set_of_another_size),
		KERNEL_TEST(test_counters_live_on),
		KERNEL_TEST(test_hooks),
		KERNEL_TEST(test_damage),
		KERNEL_TEST(test_damage_of_plain),
		KERNEL_TEST(test_lists_are_left_alone),
		KERNEL_TEST(test_alien_table_with_lists),
		KERNEL_TEST(test_words),
	};

	return cmocka_run_group_tests_name("ruleset kinds", tests, rig_enter,
					   NULL);
}
