/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our tables in the running kernel, edited by somebody else: whatever he did,
 * reading it must not hurt, and two commits make it whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/ruleset_rig.h"

/* "intruder" marks what must be gone in the end. */
struct damage {
	const char *name, *text;
};

#define LONG_40 "intruder-intruder-intruder-intruder-----"

static const struct damage damages[] = {
	/* chains and rules */
	{ "chain", "add chain ip rig intruder\n"
		   "add rule ip rig intruder counter\n" },
	{ "chain with a hook",
	  "add chain ip6 rig intruder { type filter hook input priority 0; "
	  "policy accept; }\n" },
	{ "chain that is jumped to by a later one",
	  "add chain ip rig intruder-a\nadd chain ip rig intruder-b\n"
	  "add rule ip rig intruder-b jump intruder-a\n" },
	{ "chain that is jumped to by an earlier one",
	  "add chain ip rig intruder-b\nadd chain ip rig intruder-a\n"
	  "add rule ip rig intruder-b jump intruder-a\n" },
	{ "chain that ours jump to",
	  "add chain ip rig intruder\n"
	  "add rule ip rig service.web jump intruder\n"
	  "insert rule ip rig prerouting jump intruder\n" },
	{ "chain with a long name",
	  "add chain ip rig " LONG_40 LONG_40 LONG_40 "\n" },
	{ "service nobody asked for",
	  "add chain ip rig service.intruder\n"
	  "add rule ip rig service.intruder meta priority set numgen inc mod 3 "
	  "offset 900 goto to-slot\n"
	  "add element ip rig services { 9.9.9.9 . tcp . 80 : goto "
	  "service.intruder }\n"
	  "add element ip rig slots { 0:384 : 0:10, 0:385 : 0:10 }\n" },
	{ "service with a long name",
	  "add chain ip rig service." LONG_40 LONG_40 "\n" },
	{ "service without a name", "add chain ip rig service.\n"
				    "add chain ip rig source.\n" },
	{ "rule of a service gone", "flush chain ip rig service.web\n"
				    "flush chain ip6 rig source.web\n" },
	{ "chain of a service gone",
	  "flush map ip rig services\nflush map ip rig service-ranges\n"
	  "delete chain ip rig service.web\n" },
	{ "rule with an absurd range",
	  "flush chain ip rig service.web\n"
	  "add rule ip rig service.web meta priority set numgen inc mod "
	  "4294967295 offset 0 goto to-slot\n" },
	{ "rule with somebody else's range",
	  "flush chain ip rig service.web\n"
	  "add rule ip rig service.web meta priority set numgen inc mod 3 "
	  "offset 16 goto to-slot\n" },
	/* base chains */
	{ "base chain emptied", "flush chain ip rig to-slot\n" },
	{ "base chain with a rule more",
	  "add rule ip rig to-backend counter accept\n" },
	{ "base chain gone", "flush chain ip rig postrouting\n"
			     "delete chain ip rig postrouting\n" },
	{ "base chain with another priority",
	  "delete chain ip rig prerouting\n"
	  "add chain ip rig prerouting { type nat hook prerouting priority "
	  "5; }\n" },
	{ "base chain with another type",
	  "delete chain ip rig prerouting\n"
	  "add chain ip rig prerouting { type filter hook prerouting priority "
	  "-100; }\n" },
	{ "base chain without a hook", "delete chain ip rig prerouting\n"
				       "add chain ip rig prerouting\n" },
	{ "base chain that drops",
	  "add chain ip rig prerouting { type nat hook prerouting priority "
	  "-100; policy drop; }\n" },
	/* maps and sets */
	{ "set", "add set ip rig intruder { type ipv4_addr; elements = { "
		 "1.1.1.1 }; }\n" },
	{ "map that leads to chains",
	  "add chain ip rig intruder\n"
	  "add map ip rig intruder { type ipv4_addr : verdict; elements = { "
	  "1.1.1.1 : goto intruder, 1.1.1.2 : goto service.web }; }\n" },
	{ "set that rules use",
	  "add set ip rig intruder { type ipv4_addr; }\n"
	  "add chain ip rig intruder\n"
	  "add rule ip rig intruder ip saddr @intruder drop\n"
	  "add rule ip rig output ip saddr @intruder drop\n" },
	{ "map gone", "flush chain ip rig prerouting\n"
		      "flush chain ip rig output\n"
		      "delete map ip rig services\n" },
	{ "map of slots gone", "flush chain ip rig to-slot\n"
			       "delete map ip rig slots\n" },
	{ "all maps emptied",
	  "flush map ip rig services\nflush map ip rig slots\n"
	  "flush map ip rig backends\nflush map ip rig backends-portless\n"
	  "flush map ip rig service-ranges\nflush map ip6 rig services\n"
	  "flush map ip rig snat-services\nflush map ip rig services-any\n"
	  "flush map ip rig probes\n" },
	/* elements */
	{ "keys with other verdicts",
	  "add element ip rig services { 9.9.9.9 . tcp . 80 : drop, "
	  "9.9.9.9 . tcp . 81 : accept, 9.9.9.9 . tcp . 82 : jump "
	  "service.web }\n" },
	{ "keys to a chain of ours",
	  "add element ip rig services { 9.9.9.9 . tcp . 80 : goto "
	  "service.web, 9.9.9.9 . tcp . 81 : goto to-slot }\n"
	  "add element ip rig service-ranges { 10.0.0.1 . tcp . 9000-9100 : "
	  "goto service.any }\n" },
	{ "key of ours that leads elsewhere",
	  "delete element ip rig services { 10.0.0.1 . tcp . 80 }\n"
	  "add element ip rig services { 10.0.0.1 . tcp . 80 : goto "
	  "service.any }\n" },
	{ "key of ours that is dropped",
	  "delete element ip rig services { 10.0.0.1 . tcp . 80 }\n"
	  "add element ip rig services { 10.0.0.1 . tcp . 80 : drop }\n" },
	{ "key of ours gone",
	  "delete element ip rig services { 10.0.0.1 . tcp . 80 }\n"
	  "delete element ip rig service-ranges { 10.0.0.1 . udp . 8000-8010 "
	  "}\n" },
	{ "range of ours that grew",
	  "delete element ip rig service-ranges { 10.0.0.1 . tcp . 8000-8010 "
	  "}\n"
	  "add element ip rig service-ranges { 10.0.0.1 . tcp . 7000-8020 : "
	  "goto service.any }\n" },
	{ "backends with odd comments",
	  "add element ip rig backends { "
	  "0:500 comment \"intruder\" : 1.1.1.1 . 80, "
	  "0:501 comment \"web/intruder\" : 1.1.1.1 . 80, "
	  "0:502 : 1.1.1.1 . 80, "
	  "0:503 comment \"/intruder\" : 1.1.1.1 . 80, "
	  "0:504 comment \"intruder/\" : 1.1.1.1 . 80, "
	  "0:505 comment \"web/b1\" : 10.0.0.11 . 8080 }\n" },
	{ "backends with odd ids",
	  "add element ip rig backends { 0:0 : 1.1.1.1 . 80, "
	  "0:2 comment \"web/b1\" : 1.1.1.1 . 80, "
	  "ffff:ffff comment \"web/intruder\" : 1.1.1.1 . 80, "
	  "4000:0 comment \"web/b2\" : 1.1.1.1 . 80 }\n"
	  "add element ip rig backends-portless { 0:10 comment "
	  "\"web/intruder\" : 1.1.1.1 }\n" },
	{ "backend of ours with another address",
	  "delete element ip rig backends { 0:10 }\n"
	  "add element ip rig backends { 0:10 comment \"web/b1\" : "
	  "9.9.9.9 . 1 }\n" },
	{ "slots that nobody owns",
	  "add element ip rig slots { 0:1 : 0:10, ffff:fff0 : 0:10, "
	  "1:0 : 0:10, ffff:ffff : 0:10 }\n" },
	{ "slots next to ours",
	  "add element ip rig slots { 0:f0 : 0:10, 0:f1 : 0:10 }\n" },
	{ "slot gone", "delete element ip rig slots { 0:10 }\n" },
	{ "slot of another backend",
	  "delete element ip rig slots { 0:10 }\n"
	  "add element ip rig slots { 0:10 : 0:777 }\n" },
	{ "slot with the number that means none",
	  "delete element ip rig slots { 0:10 }\n"
	  "add element ip rig slots { 0:10 : ffff:ffff }\n" },
	/* probes */
	{ "probes emptied", "flush map ip rig probes\n"
			    "flush map ip6 rig probes\n" },
	{ "map of probes gone", "flush chain ip rig output\n"
				"delete map ip rig probes\n" },
	{ "probe gone",
	  "delete element ip rig probes { 10.0.0.1 . tcp . 61001 }\n" },
	{ "probe of another backend",
	  "delete element ip rig probes { 10.0.0.1 . tcp . 61001 }\n"
	  "add element ip rig probes { 10.0.0.1 . tcp . 61001 comment "
	  "\"web/b1\" : 0:11 }\n" },
	{ "probe with another comment",
	  "delete element ip rig probes { 10.0.0.1 . udp . 61001 }\n"
	  "add element ip rig probes { 10.0.0.1 . udp . 61001 comment "
	  "\"intruder/b1\" : 0:10 }\n" },
	{ "probes that nobody asked for",
	  "add element ip rig probes { 9.9.9.9 . tcp . 61001 : 0:10, "
	  "10.0.0.1 . tcp . 61002 comment \"web/intruder\" : 0:10, "
	  "10.0.0.1 . sctp . 61001 comment \"web/b1\" : 0:10, "
	  "10.0.0.2 . tcp . 65535 comment \"any/b1\" : 0:777, "
	  "10.0.0.1 . tcp . 80 comment \"intruder\" : ffff:ffff }\n" },
	{ "output without its first rule",
	  "flush chain ip rig output\n"
	  "add rule ip rig output ip daddr . ip protocol . tcp dport vmap "
	  "@services\n" },
	{ "output with a rule before the first",
	  "insert rule ip rig output ip daddr 9.9.9.9 accept\n" },
	{ "catch-all key", "add element ip rig services { * : drop }\n" },
	{ "catch-all slot", "add element ip rig slots { * : 0:10 }\n" },
	/* tables */
	{ "table gone", "delete table ip rig\n" },
	{ "tables gone", "delete table ip rig\ndelete table ip6 rig\n" },
	{ "table asleep", "add table ip rig { flags dormant; }\n" },
	{ "somebody's table of our name",
	  "delete table ip rig\nadd table ip rig\n"
	  "add map ip rig services { type ipv4_addr : verdict; }\n"
	  "add chain ip rig intruder { type filter hook input priority 0; "
	  "}\n" },
	{ "maps with too little room",
	  "delete table ip rig\nadd table ip rig\n"
	  "add map ip rig services { type ipv4_addr . inet_proto . "
	  "inet_service : verdict; size 1; }\n" },
	{ "maps with time-outs",
	  "delete table ip rig\nadd table ip rig\n"
	  "add map ip rig services { type ipv4_addr . inet_proto . "
	  "inet_service : verdict; timeout 1h; }\n" },
	{ "set named like a map of ours",
	  "delete table ip rig\nadd table ip rig\n"
	  "add set ip rig slots { type ipv4_addr; elements = { 1.1.1.1 }; "
	  "}\n" },
};

static void test_damage(void **state)
{
	struct rig *r = *state;
	size_t failed = 0;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *d = &damages[i];

		if (nft("%s", d->text) != 0)
			print_message("nft refuses: %s\n", d->name);
		else if (rig_mended(r))
			continue;
		else
			print_message("not mended: %s\n", d->name);
		failed++;
		nft("delete table ip rig\n"); /* for the next */
		nft("delete table ip6 rig\n");
		rig_commit(r);
	}
	assert_int_equal(failed, 0);
}

/* All at once, as far as one does not preclude the other. */
static void test_damage_together(void **state)
{
	struct rig *r = *state;
	size_t taken = 0;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
		if (!strstr(damages[i].text, "delete table"))
			taken += nft("%s", damages[i].text) == 0;
	assert_true(taken > 20);
	assert_true(rig_mended(r));
}

/* Rules with expressions that we do not know. Kernels have some of them. */
static void test_unknown_expressions(void **state)
{
	static const char *const exprs[] = {
		"counter",
		"limit rate 1/second",
		"quota over 1 bytes",
		"log prefix \"intruder\"",
		"fib daddr type local",
		"socket transparent 1",
		"ct count 5",
		"meter intruder { ip saddr limit rate 1/second }",
		"ip saddr { 1.1.1.1, 1.1.1.2 }",
		"tcp option maxseg size 1",
		"rt mtu 1",
		"meta mark set symhash mod 2",
		"osf name \"Linux\"",
		"ip protocol tcp tproxy to :80",
		"dup to 1.1.1.1",
		"queue num 1",
		"notrack",
		"meta priority set numgen random "
		"mod 7 offset 16",
	};
	static const char *const places[] = { "service.web", "to-backend",
					      "prerouting", "source.web",
					      "intruder" };
	struct rig *r = *state;
	size_t taken = 0, tried = 0;

	for (size_t e = 0; e < sizeof(exprs) / sizeof(exprs[0]); e++)
		for (size_t p = 0; p < 5; p++) {
			tried++;
			if (nft("add chain ip rig intruder\n"
				"add rule ip rig %s %s\n"
				"insert rule ip rig %s %s\n",
				places[p], exprs[e], places[p], exprs[e]) != 0)
				continue;
			taken++;
			if (!rig_mended(r))
				fail_msg("%s in %s", exprs[e], places[p]);
		}
	print_message("  %zu of %zu could be tried\n", taken, tried);
	assert_true(taken >= 15); /* counter, limit and quota are everywhere */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_damage, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_damage_together, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(test_unknown_expressions,
						rig_setup, rig_teardown),
	};

	return cmocka_run_group_tests_name("ruleset repair", tests, rig_enter,
					   NULL);
}
