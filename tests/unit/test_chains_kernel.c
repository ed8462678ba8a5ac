/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What services ask for around them, in the running kernel: it takes each of
 * it, a scan finds all of it, nft reads its own list of it, it comes and goes
 * alone and together, and leaves nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rulesets/form.h"
#include "tests/unit/chains_subject.h"
#include "tests/unit/netns.h"
#include "tests/unit/ruleset_rig.h"

/* ---- one service of each kind */

static const uint8_t tcp[] = { IPPROTO_TCP };
static const uint8_t tcp_udp[] = { IPPROTO_TCP, IPPROTO_UDP };
static const char *const good[] = { "list.good" };
static const char *const bad[] = { "list.bad", "list.good" };

static void plain(struct subject *s)
{
	(void)s;
}

static void stick_source(struct subject *s)
{
	s->svc.stick = (struct rs_stick){ .kind = RS_PERSIST_SOURCE,
					  .prefix = 24,
					  .timeout_ms = 90000,
					  .size = 100 };
}

static void stick_port(struct subject *s)
{
	stick_source(s);
	s->svc.stick.kind = RS_PERSIST_SOURCE_PORT;
}

static void stick_mac(struct subject *s)
{
	stick_source(s);
	s->svc.stick.kind = RS_PERSIST_MAC;
}

static void pins(struct subject *s)
{
	s->pins[0] = (struct rs_pin){ address(s->svc.family, 1, 0), 16, 0 };
	s->pins[1] = (struct rs_pin){ address(s->svc.family, 2, 7),
				      s->svc.family == AF_INET6 ? 128 : 32, 2 };
	s->svc.pins = s->pins;
	s->svc.npins = 2;
}

static void stick_group(struct subject *s)
{
	stick_source(s);
	s->svc.nports = 1;
	s->svc.stick.group = "g";
}

static void group(struct subject *s)
{
	stick_source(s);
	s->svc.name = "/g";
	s->svc.group = true;
}

static void limits(struct subject *s)
{
	s->svc.limits = (struct rs_limits){ .fresh = { 5, 8 },
					    .connections = 3,
					    .rst = { 10, 4 },
					    .prefix = 24,
					    .size = 50 };
}

void filters(struct subject *s)
{
	s->svc.allow = good;
	s->svc.nallow = 1;
	s->svc.deny = bad;
	s->svc.ndeny = 2;
	s->svc.filter_action = RS_DROP;
}

static void strict(struct subject *s)
{
	s->svc.strict = true;
}

static void room(struct subject *s)
{
	for (size_t i = 0; i < BACKENDS; i++)
		s->backends[i].max_connections = (uint32_t)i;
}

static void room_hashed(struct subject *s)
{
	room(s);
	s->svc.scheduler = RS_SOURCE_HASH;
	s->svc.slots = 13;
}

static void marks(struct subject *s)
{
	const struct rs_qos q = { .packet = { 0x10, 0xff },
				  .conntrack = { 1, UINT32_MAX },
				  .has_dscp = true,
				  .dscp = 46,
				  .priority = 0x10010 };

	s->svc.qos = q;
	for (size_t i = 0; i < BACKENDS; i++)
		s->backends[i].qos = q;
	s->backends[1].qos.packet = (struct rs_mark){ 0, 1 };
	s->backends[2].qos.priority = 0x20020;
}

static void logs(struct subject *s)
{
	s->svc.log = (struct rs_log){ true, true, "my words", 5 };
}

static void counters(struct subject *s)
{
	s->svc.counters = true;
}

static void twins(struct subject *s)
{
	counters(s);
	for (size_t i = 0; i < BACKENDS; i++)
		s->backends[i].addr = s->backends[0].addr;
	s->backends[1].port = 0;
	s->backends[2].port = 8005; /* one that the second has as well */
}

static void any_port(struct subject *s)
{
	s->svc.nports = 0;
	marks(s);
	counters(s);
	strict(s);
}

static void helper_sip(struct subject *s)
{
	s->svc.helper = RS_HELPER_SIP;
	s->svc.protos = tcp_udp;
	s->svc.nprotos = 2;
}

static void helper_pptp(struct subject *s)
{
	s->svc.helper = RS_HELPER_PPTP;
}

static void local(struct subject *s)
{
	s->svc.mode = RS_LOCAL;
	s->svc.nbackends = 0;
	limits(s);
	filters(s);
	counters(s);
	s->svc.qos.has_dscp = true;
}

static void everything(struct subject *s)
{
	stick_source(s);
	pins(s);
	limits(s);
	filters(s);
	strict(s);
	room(s);
	marks(s);
	logs(s);
	counters(s);
	s->svc.helper = RS_HELPER_FTP;
	s->svc.mode = RS_SNAT;
}

static const struct {
	const char *name;
	void (*make)(struct subject *s);
} kinds[] = {
	{ "plain", plain },
	{ "stick-source", stick_source },
	{ "stick-port", stick_port },
	{ "stick-mac", stick_mac },
	{ "pins", pins },
	{ "stick-group", stick_group },
	{ "group", group },
	{ "limits", limits },
	{ "filters", filters },
	{ "strict", strict },
	{ "room", room },
	{ "room-hashed", room_hashed },
	{ "marks", marks },
	{ "logs", logs },
	{ "counters", counters },
	{ "twins", twins },
	{ "any-port", any_port },
	{ "helper-sip", helper_sip },
	{ "helper-pptp", helper_pptp },
	{ "local", local },
	{ "everything", everything },
	{ "dsr", dsr },
	{ "dsr-any-port", dsr_any_port },
	{ "dsr-forgetful", dsr_forgetful },
	{ "ipip", ipip },
	{ "dsr-probed", dsr_probed },
	{ "ipip-probed", ipip_probed },
	{ "probed", probed },
	{ "stateless", stateless },
	{ "ahead", ahead },
	{ "stateless-ranges", stateless_ranges },
	{ "stateless-any-port", stateless_any_port },
	{ "interface", interface },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void subject_make(struct subject *s, size_t kind, uint8_t family)
{
	memset(s, 0, sizeof(*s));
	s->addr = address(family, 100, (uint8_t)(kind + 1));
	s->ports[0] = (struct rs_ports){ 80, 80 };
	s->ports[1] = (struct rs_ports){ 8000, 8010 };
	for (size_t i = 0; i < BACKENDS; i++) {
		static const char *const names[BACKENDS] = { "b1", "b2", "b3" };

		s->backends[i] = (struct rs_backend){
			.name = names[i],
			.addr = address(family, 101, (uint8_t)(i + 1)),
			.port = i == 2 ? 0 : 8080,
			.weight = 1,
			.usable = true,
			.sticky = i != 1,
		};
	}
	s->svc = (struct rs_service){ .name = kinds[kind].name,
				      .family = family,
				      .addrs = &s->addr,
				      .naddrs = 1,
				      .protos = tcp,
				      .nprotos = 1,
				      .ports = s->ports,
				      .nports = 2,
				      .backends = s->backends,
				      .nbackends = BACKENDS };
	s->svc.log.group = -1;
	kinds[kind].make(s);
}

/* ---- */

struct subjects {
	struct subject list[2 * KINDS];
	struct rs_service svc[2 * KINDS];
	size_t n;
};

static void add(struct subjects *all, size_t kind)
{
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		struct subject *s = &all->list[all->n];

		subject_make(s, kind, family_of(f));
		all->svc[all->n++] = s->svc;
	}
}

static void commit(struct rig *r, const struct subjects *all, const char *words)
{
	r->svc = all->svc;
	r->n = all->n;
	if (rig_commit(r) < 0 || !rig_is_whole(r))
		fail_msg("%s", words);
}

static int setup(void **state)
{
	static const char *const parts[] = { "", "/added", "/removed" };
	int ret = rig_setup(state);

	for (size_t i = 0; ret == 0 && i < 6; i++)
		ret = nft("add set ip rig list.%s%s { type ipv4_addr; flags "
			  "interval; }\nadd set ip6 rig list.%s%s { type "
			  "ipv6_addr; flags interval; }\n",
			  i % 2 ? "good" : "bad", parts[i / 2],
			  i % 2 ? "good" : "bad", parts[i / 2]);
	return ret;
}

/* All tables, but not the keeper's. */
static char *listing(void)
{
	FILE *f = popen("for t in 'ip rig' 'ip6 rig' 'netdev rig' 'netdev "
			"rig6'; do nft list table $t; done 2>/dev/null || :",
			"r");
	struct buf out = { 0 };
	char line[4096];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		buf_printf(&out, "%s", line);
	assert_int_equal(pclose(f), 0);
	return out.data;
}

static void test_each_alone(void **state)
{
	struct rig *r = *state;
	char *before, *after;

	for (size_t kind = 0; kind < KINDS; kind++) {
		struct subjects some = { .n = 0 }, none = { .n = 0 };

		add(&none, 0);
		commit(r, &none, "none");
		before = listing();
		add(&some, 0);
		add(&some, kind);
		if (kinds[kind].make == stick_group)
			add(&some, kind + 1); /* the group */
		if (kind > 0)                 /* not the plain one twice */
			commit(r, &some, kinds[kind].name);
		commit(r, &none, "none again");
		after = listing();
		assert_string_equal(after, before);
		free(before);
		free(after);
	}
}

/* What nft lists and does not take back: parts of packets that have no name,
 * and five fields of IPv6 with something behind. */
static void unreadable_cut(char *text)
{
	static const char *const marks[] = { "@th,", "update @flows.",
					     "delete @flows." };

	for (size_t i = 0; i < 3; i++)
		for (char *at; (at = strstr(text, marks[i]));) {
			char *end = strchr(at, '\n');

			while (at > text && at[-1] != '\n')
				at--;
			memmove(at, end + 1, strlen(end + 1) + 1);
		}
}

/* Table by table: all at once would be more than a socket takes here. */
static void load(const char *text)
{
	assert_int_equal(nft("flush ruleset"), 0);
	while (text) {
		const char *next = strstr(text + 1, "\ntable ");
		int len = next ? (int)(next - text) : (int)strlen(text);

		if (nft("%.*s\n", len, text) != 0)
			fail_msg("nft does not take:\n%.*s", len, text);
		text = next;
	}
}

static void test_together_and_read_by_nft(void **state)
{
	struct subjects all = { .n = 0 };
	struct rig *r = *state;
	char *before, *after;

	for (size_t kind = 0; kind < KINDS; kind++)
		add(&all, kind);
	commit(r, &all, "all");
	before = listing();
	/* What an ICMP error speaks of has no type that nft would take back. */
	*strstr(before, "table netdev ") = '\0';
	unreadable_cut(before);
	load(before);
	after = listing();
	assert_string_equal(after, before);
	/* nft writes some rules with a step more: we have them as we do. */
	commit(r, &all, "all again");
	free(before);
	free(after);
}

/* Kinds that are no service of its own. */
static bool has_group(size_t kind)
{
	return kinds[kind].make == group || kinds[kind].make == stick_group ||
	       kinds[kind].make == interface || kinds[kind].make == probed;
}

static void become(struct rig *r, size_t kind)
{
	struct subjects one = { .n = 0 };

	add(&one, kind);
	one.svc[0].name = one.svc[1].name = "www";
	commit(r, &one, kinds[kind].name);
}

/* From one kind to another, under one name: a few ways through all of them. */
static void test_each_becomes_others(void **state)
{
	static const size_t steps[] = { 1, 4, KINDS - 1 };

	for (size_t i = 0; i < 3; i++)
		for (size_t n = 0, kind = 0; n < KINDS; n++) {
			if (!has_group(kind))
				become(*state, kind);
			kind = (kind + steps[i]) % KINDS;
		}
}

#define KERNEL_TEST(t) cmocka_unit_test_setup_teardown(t, setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KERNEL_TEST(test_each_alone),
		KERNEL_TEST(test_together_and_read_by_nft),
		KERNEL_TEST(test_each_becomes_others),
	};

	return cmocka_run_group_tests_name("chains kernel", tests, rig_enter,
					   NULL);
}
