/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config: what good files say of the rules around services, of lists and of the
 * places of our chains; and that it is printed as it is read. Wrong files are
 * tests/bad-conf's.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "conf_rig.h"
#include "lib/xalloc.h"

#define WWW                                                                    \
	"[service www]\naddress = 192.0.2.1, 2001:db8::1\nport = 80\n"         \
	"backend.a = 10.0.0.1\nbackend.b = 2001:db8:1::1\n"

static const struct conf_service *service(void **state, const char *text)
{
	struct buf b = { 0 };
	const struct conf *c;

	buf_printf(&b, WWW "%s\n", text);
	c = rig_good(*state, b.data);
	buf_free(&b);
	return &c->services[0];
}

static void nothing_by_default(void **state)
{
	const struct conf_service *s = service(state, "");
	const struct rs_hooks hooks = ((struct rig *)*state)->conf->hooks;

	assert_int_equal(s->persist.kind, RS_PERSIST_NONE);
	assert_int_equal(s->persist_size, 65536);
	assert_null(s->persist_group);
	assert_int_equal(s->npins + s->nallow + s->ndeny, 0);
	assert_int_equal(s->limits.fresh.rate, 0);
	assert_int_equal(s->limits.connections, 0);
	assert_int_equal(s->limits.rst.rate, 0);
	assert_int_equal(s->limits.size, 65536);
	assert_int_equal(s->limits.action, RS_DROP);
	assert_int_equal(s->limit_prefix[0], 32);
	assert_int_equal(s->limit_prefix[1], 128);
	assert_false(s->strict || s->counters || s->qos.has_dscp);
	assert_int_equal(s->filter_action, RS_DROP);
	assert_int_equal(s->qos.packet.mask | s->qos.conntrack.mask, 0);
	assert_int_equal(s->qos.priority, 0);
	assert_false(s->log.fresh || s->log.drops);
	assert_int_equal(s->log.group, -1);
	assert_null(s->log.prefix);
	assert_int_equal(s->helper, RS_HELPER_NONE);
	assert_int_equal(s->backends[0].max_connections, 0);
	assert_int_equal(hooks.dstnat, -100);
	assert_int_equal(hooks.srcnat, 100);
	assert_int_equal(hooks.guard, -150);
	assert_int_equal(hooks.packets, -90);
	assert_int_equal(hooks.egress, -150);
}

static void persist_is_read(void **state)
{
	static const struct {
		const char *text;
		enum rs_persist kind;
		unsigned int v4, v6, ms;
	} good[] = {
		{ "source", RS_PERSIST_SOURCE, 32, 128, 360000 },
		{ "source 720h", RS_PERSIST_SOURCE, 32, 128, 2592000000 },
		{ "source/24", RS_PERSIST_SOURCE, 24, 64, 360000 },
		{ "source/32", RS_PERSIST_SOURCE, 32, 128, 360000 },
		{ "source/24/56\t 1s", RS_PERSIST_SOURCE, 24, 56, 1000 },
		{ "source-port 10m", RS_PERSIST_SOURCE_PORT, 32, 128, 600000 },
		{ "mac", RS_PERSIST_MAC, 32, 128, 360000 },
		{ "none", RS_PERSIST_NONE, 32, 128, 360000 },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char text[64];
		const struct conf_persist *p;

		snprintf(text, sizeof(text), "persist = %s", good[i].text);
		p = &service(state, text)->persist;
		assert_int_equal(p->kind, good[i].kind);
		assert_int_equal(p->prefix[0], good[i].v4);
		assert_int_equal(p->prefix[1], good[i].v6);
		assert_int_equal(p->timeout_ms, good[i].ms);
	}
}

static void bursts_are_rates(void **state)
{
	const struct conf_service *s = service(
	    state, "limit-new-per-source = 7\nlimit-rst = 5\n"
		   "limit-rst-burst = 9\nlimit-connections-per-source = 3\n"
		   "limit-source = 24\nlimit-size = 11\nlimit-action = reject");

	assert_int_equal(s->limits.fresh.rate, 7);
	assert_int_equal(s->limits.fresh.burst, 7);
	assert_int_equal(s->limits.rst.rate, 5);
	assert_int_equal(s->limits.rst.burst, 9);
	assert_int_equal(s->limits.connections, 3);
	assert_int_equal(s->limits.size, 11);
	assert_int_equal(s->limits.action, RS_REJECT);
	assert_int_equal(s->limit_prefix[0], 24);
	assert_int_equal(s->limit_prefix[1], 64);
}

static void marks_are_read(void **state)
{
	const struct rs_qos *q =
	    &service(state, "packet-mark = 0x10/0xf0\nconntrack-mark = 5\n"
			    "dscp = af41\npriority = ffff:a")
		 ->qos;

	assert_int_equal(q->packet.value, 0x10);
	assert_int_equal(q->packet.mask, 0xf0);
	assert_int_equal(q->conntrack.value, 5);
	assert_int_equal(q->conntrack.mask, 0xffffffff);
	assert_true(q->has_dscp);
	assert_int_equal(q->dscp, 34);
	assert_int_equal(q->priority, 0xffff000a);
	/* 0 is a value */
	q = &service(state, "packet-mark = 0/0x1\ndscp = 0\n")->qos;
	assert_int_equal(q->packet.mask, 1);
	assert_true(q->has_dscp);
	assert_int_equal(q->dscp, 0);
}

/* Field by field: its own, or the service's; none is a word of its own. */
static void backends_inherit(void **state)
{
	const struct conf_backend *b =
	    service(state, "max-connections = 9\npacket-mark = 1\n"
			   "conntrack-mark = 2\ndscp = ef\npriority = 1:2\n"
			   "backend.c = 10.0.0.3 max-connections=0 dscp=none\n"
			   "backend.d = 10.0.0.4 packet-mark=none "
			   "conntrack-mark=7/7 priority=3:0")
		->backends;

	assert_int_equal(b[0].max_connections, 9);
	assert_int_equal(b[0].qos.packet.value, 1);
	assert_int_equal(b[0].qos.conntrack.value, 2);
	assert_int_equal(b[0].qos.dscp, 46);
	assert_int_equal(b[0].qos.priority, 0x10002);
	assert_int_equal(b[2].max_connections, 0);
	assert_false(b[2].qos.has_dscp);
	assert_int_equal(b[2].qos.packet.value, 1);
	assert_int_equal(b[3].max_connections, 9);
	assert_int_equal(b[3].qos.packet.mask, 0);
	assert_int_equal(b[3].qos.conntrack.mask, 7);
	assert_int_equal(b[3].qos.priority, 0x30000);
	assert_int_equal(b[3].qos.dscp, 46);
}

static void log_is_read(void **state)
{
	const struct conf_service *s =
	    service(state, "log = drops, new\nlog-group = 0\n"
			   "log-prefix = lb: \\ 'x'  [1]");

	assert_true(s->log.fresh && s->log.drops);
	assert_int_equal(s->log.group, 0);
	assert_string_equal(s->log.prefix, "lb: \\ 'x'  [1]");
}

/* What [defaults] says, and what takes it back or does not fit. */
static void defaults_are_inherited(void **state)
{
	const struct conf *c = rig_good(
	    *state,
	    "[list x]\n[defaults]\npersist = mac 1m\nlimit-new-burst = 9\n"
	    "helper = ftp\nlimit-rst = 3\nallow = x\ndeny = x\n"
	    "log-prefix = me\nstrict = yes\nscheduler = weighted\n"
	    "check = tcp\nmax-connections = 5\n"
	    "[service a]\naddress = 192.0.2.1\nport = 80\n"
	    "limit-new-per-source = 4\n"
	    "[service b]\naddress = 192.0.2.1\nport = 80\nprotocol = udp\n"
	    "persist = none\nallow =\nlog-prefix =\nstrict = no\n"
	    "[service c]\naddress = 192.0.2.2\nport = 80\nmode = local\n");
	const struct conf_service *a = &c->services[0], *b = a + 1, *l = a + 2;

	assert_int_equal(a->persist.kind, RS_PERSIST_MAC);
	assert_int_equal(a->limits.fresh.burst, 9);
	assert_int_equal(a->helper, RS_HELPER_FTP);
	assert_int_equal(a->limits.rst.burst, 3);
	assert_string_equal(a->allow[0]->name, "x");
	assert_string_equal(a->log.prefix, "me");
	assert_int_equal(b->persist.kind, RS_PERSIST_NONE);
	assert_int_equal(b->limits.fresh.burst, 0);
	assert_int_equal(b->limits.rst.rate, 0);
	assert_int_equal(b->helper, RS_HELPER_NONE);
	assert_int_equal(b->nallow, 0);
	assert_int_equal(b->ndeny, 1);
	assert_null(b->log.prefix);
	assert_false(b->strict);
	/* what is about backends has no effect on mode local */
	assert_int_equal(l->mode, RS_LOCAL);
	assert_int_equal(l->persist.kind, RS_PERSIST_NONE);
	assert_int_equal(l->helper, RS_HELPER_NONE);
	assert_int_equal(l->max_connections, 0);
	assert_int_equal(l->scheduler, RS_ROUND_ROBIN);
	assert_true(l->strict);
	assert_int_equal(l->ndeny, 1);
}

static void pins_are_read(void **state)
{
	const struct conf_service *s =
	    service(state, "pin.two = 2001:db8:7::/48 b\n"
			   "pin.one = 10.1.2.3/16\ta\npin.3 = 10.2.0.0 a");
	char text[ADDR_STRLEN];

	assert_int_equal(s->npins, 3);
	assert_string_equal(s->pins[0].name, "two");
	assert_int_equal(s->pins[0].prefix, 48);
	assert_int_equal(s->pins[0].backend, 1);
	assert_string_equal(addr_format(&s->pins[1].from, text), "10.1.0.0");
	assert_int_equal(s->pins[1].prefix, 16);
	assert_int_equal(s->pins[1].backend, 0);
	assert_int_equal(s->pins[2].prefix, 32);
	assert_int_equal(s->pins[2].line, 8);
}

static void lists_are_read(void **state)
{
	static const char entries[] =
	    "\xef\xbb\xbf# ours\r\n10.1.0.0/16 ; a\r\n\r\n\t10.2.1.0#x\n"
	    "2001:db8::/32\n;10.9.9.9\n10.1.2.3";
	struct rig *rig = *state;
	const struct conf *c;
	struct addr a;

	rig_write(rig, "x.list", entries, strlen(entries));
	c = rig_good(rig, "[list z]\n[list b]\nentries = 10.0.0.1-10.0.0.9, "
			  "::7\nfile = x.list\nentries = 10.0.0.10\n" WWW
			  "allow = z, b\ndeny = b\n");
	assert_int_equal(c->nlists, 2);
	assert_string_equal(c->lists[0].name, "b");
	assert_int_equal(c->lists[0].nets[0].n, 3);
	assert_int_equal(c->lists[0].nets[1].n, 2);
	assert_int_equal(c->lists[0].own[0].n, 1);
	assert_int_equal(addr_parse("10.0.0.10", &a), 0);
	assert_true(nets_has(&c->lists[0].nets[0], &a));
	assert_int_equal(c->lists[1].nets[0].n + c->lists[1].nets[1].n, 0);
	assert_ptr_equal(c->services[0].allow[0], &c->lists[1]);
	assert_ptr_equal(c->services[0].allow[1], &c->lists[0]);
	assert_ptr_equal(c->services[0].deny[0], &c->lists[0]);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void long_list(struct rig *rig, unsigned int n)
{
	struct buf b = { 0 };

	for (unsigned int i = 0; i < n; i++)
		buf_printf(&b, "%u.%u.%u.%u/31\n", 1 + (i * 7919u) % 200,
			   i >> 16 & 255, i >> 8 & 255, i & 255);
	rig_write(rig, "long.list", b.data, b.len);
	buf_free(&b);
}

static void lists_have_an_end(void **state)
{
	static const char text[] = "[list x]\nfile = long.list\n";
	struct rig *rig = *state;
	double start;

	long_list(rig, 500000);
	start = now_s();
	rig_good(rig, text);
	print_message("500,000 entries: %.3f s\n", now_s() - start);
	long_list(rig, 500002);
	rig_write(rig, "bad.conf", text, strlen(text));
	assert_int_not_equal(rig_load(rig, "bad.conf"), 0);
	assert_int_equal(rig->errors.n, 1);
	assert_int_equal(rig->errors.list[0].line, 500001);
	assert_non_null(strstr(rig->words.data, "too many entries; allowed: "
						"at most 500000"));
}

static void complaints_of_a_list_are_few(void **state)
{
	struct rig *rig = *state;
	struct buf b = { 0 };

	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "x%d\n", i);
	rig_write(rig, "x.list", b.data, b.len);
	rig_bad(rig, "[list x]\nfile = x.list\n", 23, 1, "found \"x0\"");
	assert_int_equal(rig->errors.n, 21);
	assert_string_equal(rig->errors.list[20].text,
			    "and 980 more errors in it");
	assert_int_equal(rig->errors.list[20].line, 21);
	buf_free(&b);
}

/* Two names of one number were found by trying. */
static void numbers_of_members_differ(void **state)
{
	static const char text[] =
	    "[pool p]\nbackend.gbgdozz = 10.0.0.1\n"
	    "backend.kihieil = 10.0.0.2\n[service www]\n"
	    "address = 192.0.2.1\nport = 80\npool = p\npersist = source\n";
	struct buf b = { 0 };

	assert_int_equal(rs_member(""), 0x811c9dc5);
	assert_int_equal(rs_member("a"), 0xe40c292c);
	assert_int_equal(rs_member("foobar"), 0xbf9cf968);
	rig_good(*state, text);
	buf_printf(&b, "%spersist-group = g\n", text);
	rig_bad(*state, b.data, b.len, 4,
		"the names of backends gbgdozz and kihieil make the same "
		"number; allowed: another name");
	buf_free(&b);
}

/* 256 ports and 4096 backends are what can be counted: one port more is not. */
static void combinations_have_an_end(void **state)
{
	struct rig *rig = *state;
	struct buf b = { 0 };

	for (unsigned int ports = 255; ports < 257; ports++) {
		buf_clear(&b);
		buf_printf(&b, "[pool p]\n");
		for (unsigned int i = 0; i < 4096; i++)
			buf_printf(&b, "backend.b%u = 10.0.%u.%u\n", i, i >> 7,
				   (i & 127) + 1);
		buf_printf(&b, "[service www]\naddress = 192.0.2.1\n"
			       "pool = p\ncounters = yes\nport = 2");
		for (unsigned int i = 1; i < ports; i++)
			buf_printf(&b, ", %u", i * 2 + 2);
		buf_printf(&b, "\n");
		if (ports == 255)
			rig_good(rig, b.data);
		else
			rig_bad(rig, b.data, b.len, 4102,
				"port: found \"1048832 combinations\": too "
				"many; allowed: up to 1048576");
	}
	buf_free(&b);
}

/* What conf_print() writes is read as the same. */
static void printed_rules_are_the_same(void **state)
{
	static const char text[] =
	    "[global]\ndstnat-priority = -120\nsrcnat-priority = 99\n"
	    "guard-priority = -199\npacket-priority = 7\n"
	    "egress-priority = 300\n"
	    "[check c]\n[list x]\nentries = 10.0.0.1-10.0.0.9, 10.3.0.0/16\n"
	    "entries = 1.1.1.1, 1.1.1.3, 1.1.1.5, 1.1.1.7, 1.1.1.9, ::1, ::3\n"
	    "file = x.list\n[list y]\n"
	    "[pool p]\nbackend.a = 10.0.0.1:80 check=c,tcp check-port=7 "
	    "check-address=10.0.0.7 weight=3 dscp=none max-connections=0\n"
	    "backend.b = [2001:db8:1::1]:80 backup disabled "
	    "packet-mark=0x1/0xf priority=1:ffff\n"
	    "[service www]\naddress = 192.0.2.1, 2001:db8::1\nport = 80, 81\n"
	    "pool = p\nmax-connections = 7\ncheck = c, tcp\n"
	    "check-require = 1\npersist = source/24/48 90m\n"
	    "persist-size = 9\npersist-group = g\ndscp = 63\n"
	    "conntrack-mark = 5\npin.x = 10.1.0.0/16 a\n"
	    "pin.y = 2001:db8:9::1 b\nallow = x, y\ndeny = y\n"
	    "filter-action = reject\nlog = new, drops\nlog-group = 7\n"
	    "log-prefix = a b\nhelper = sip\ncounters = yes\nstrict = yes\n"
	    "limit-new-per-source = 5\nlimit-new-burst = 7\n"
	    "limit-connections-per-source = 3\nlimit-rst = 9\n"
	    "limit-source = 30/60\nlimit-size = 8\nlimit-action = reject\n"
	    "[service w2]\naddress = 192.0.2.1, 2001:db8::1\nport = 443\npool "
	    "= p\n"
	    "persist = source/24/48 90m\npersist-size = 9\n"
	    "persist-group = g\n"
	    "[service own]\naddress = 192.0.2.2\nport = 443\n"
	    "packet-mark = 1\ndscp = af11\nmax-connections = 3\n"
	    "backend.a = 10.0.0.1 packet-mark=none dscp=cs7\n"
	    "backend.b = 10.0.0.2 max-connections=0 conntrack-mark=1/1\n"
	    "[service local]\naddress = 192.0.2.3\nport = any\n"
	    "protocol = udp\nmode = local\ncounters = yes\n"
	    "priority = 1:0\nlimit-connections-per-source = 5\n";
	struct rig *rig = *state;
	struct buf first = { 0 }, second = { 0 };
	const struct conf *c;

	rig_write(rig, "x.list", "10.9.0.1\n", 9);
	conf_print(rig_good(rig, text), &first);
	c = rig_good(rig, first.data);
	conf_print(c, &second);
	assert_string_equal(first.data, second.data);
	/* not only is it printed alike: it is what was said at first */
	assert_int_equal(c->services[0].backends[0].max_connections, 0);
	assert_int_equal(c->services[0].backends[1].max_connections, 7);
	assert_int_equal(c->services[0].backends[0].checks->n, 2);
	assert_int_equal(c->services[0].backends[0].checks->need, 1);
	assert_int_equal(c->services[0].npins, 2);
	assert_int_equal(c->services[2].backends[0].qos.packet.mask, 0);
	assert_int_equal(c->services[2].backends[1].qos.packet.mask,
			 0xffffffff);
	assert_int_equal(c->lists[0].nets[0].n, 8);
	assert_int_equal(c->lists[0].nets[1].n, 2);
	assert_int_equal(c->hooks.guard, -199);
	assert_int_equal(c->hooks.egress, 300);
	assert_null(strstr(strstr(first.data, "[service local]"), "persist"));
	buf_free(&first);
	buf_free(&second);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_by_default),
		T(persist_is_read),
		T(bursts_are_rates),
		T(marks_are_read),
		T(backends_inherit),
		T(log_is_read),
		T(defaults_are_inherited),
		T(pins_are_read),
		T(lists_are_read),
		T(lists_have_an_end),
		T(complaints_of_a_list_are_few),
		T(numbers_of_members_differ),
		T(combinations_have_an_end),
		T(printed_rules_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
