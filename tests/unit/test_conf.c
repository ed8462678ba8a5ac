/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config: what good files mean. Wrong ones are test_conf_bad.c's. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf_rig.h"
#include "lib/xalloc.h"

#define WWW "[service www]\naddress = 192.0.2.1\nport = 80\n"

static const char *addr_text(const struct addr *a)
{
	static char text[ADDR_STRLEN];

	return addr_format(a, text);
}

/* The port that its first check probes. */
static uint16_t port_of(const struct conf_backend *b)
{
	return conf_probe_port(b, b->checks->list[0]);
}

static void empty_file_has_defaults(void **state)
{
	const struct conf *c = rig_good(*state, "");

	assert_string_equal(c->control_socket, "/run/nftlb/nftlbd.sock");
	assert_string_equal(c->state_dir, "/var/lib/nftlb");
	assert_string_equal(c->table, "nftlb");
	assert_string_equal(c->user, "nftlb");
	assert_null(c->control_group);
	assert_int_equal(c->hash_seed, 0x6e66746c);
	assert_int_equal(c->log_level, LOG_LVL_INFO);
	assert_int_equal(c->nservices, 0);
	assert_int_equal(c->nfiles, 1);
}

static void globals_are_read(void **state)
{
	const struct conf *c = rig_good(
	    *state, "[global]\ncontrol-socket = /tmp/a b.sock\n"
		    "control-group = adm\nstate-dir=/x\ntable = lb2\n"
		    "hash-seed = 77\nlog-level = debug\nuser = _probe\n");

	assert_string_equal(c->control_socket, "/tmp/a b.sock");
	assert_string_equal(c->control_group, "adm");
	assert_string_equal(c->state_dir, "/x");
	assert_string_equal(c->table, "lb2");
	assert_string_equal(c->user, "_probe");
	assert_int_equal(c->hash_seed, 77);
	assert_int_equal(c->log_level, LOG_LVL_DEBUG);
}

static void service_has_defaults(void **state)
{
	const struct conf *c = rig_good(*state, WWW);
	const struct conf_service *s = &c->services[0];

	assert_int_equal(c->nservices, 1);
	assert_string_equal(s->name, "www");
	assert_int_equal(s->naddrs, 1);
	assert_int_equal(s->nprotos, 1);
	assert_int_equal(s->protos[0], IPPROTO_TCP);
	assert_int_equal(s->nports, 1);
	assert_int_equal(s->ports[0].lo, 80);
	assert_int_equal(s->ports[0].hi, 80);
	assert_int_equal(s->mode, RS_DNAT);
	assert_int_equal(s->scheduler, RS_ROUND_ROBIN);
	assert_int_equal(s->hash_key, RS_KEY_SOURCE);
	assert_int_equal(s->on_empty, RS_REJECT);
	assert_int_equal(s->slots, 0);
	assert_int_equal(s->source4.family, 0);
	assert_null(s->pool);
	/* legal: its clients are refused as on-empty says */
	assert_int_equal(s->nbackends, 0);
	assert_int_equal(s->line, 1);
}

static void service_keys_are_read(void **state)
{
	const struct conf *c = rig_good(
	    *state, "[service a]\naddress = 2001:db8::1, 192.0.2.9,192.0.2.1\n"
		    "protocol = sctp, tcp\nport = 443, 8001-8010, 80, 81-90, "
		    "8000\nmode = snat\nsource-address = 2001:db8::5, "
		    "10.0.0.5\nscheduler = source-hash\nhash-key = 5-tuple\n"
		    "slots = 1009\non-empty = drop\n"
		    "backend.x = 10.0.0.1\nbackend.y = [2001:db8::2]:1\n");
	const struct conf_service *s = &c->services[0];

	assert_int_equal(s->naddrs, 3);
	assert_string_equal(addr_text(&s->addrs[0]), "192.0.2.1");
	assert_string_equal(addr_text(&s->addrs[1]), "192.0.2.9");
	assert_string_equal(addr_text(&s->addrs[2]), "2001:db8::1");
	assert_int_equal(s->nprotos, 2);
	assert_int_equal(s->protos[0], IPPROTO_SCTP);
	/* sorted, neighbours joined */
	assert_int_equal(s->nports, 3);
	assert_int_equal(s->ports[0].lo, 80);
	assert_int_equal(s->ports[0].hi, 90);
	assert_int_equal(s->ports[1].lo, 443);
	assert_int_equal(s->ports[2].lo, 8000);
	assert_int_equal(s->ports[2].hi, 8010);
	assert_int_equal(s->mode, RS_SNAT);
	assert_string_equal(addr_text(&s->source4), "10.0.0.5");
	assert_string_equal(addr_text(&s->source6), "2001:db8::5");
	assert_int_equal(s->scheduler, RS_SOURCE_HASH);
	assert_int_equal(s->hash_key, RS_KEY_5TUPLE);
	assert_int_equal(s->slots, 1009);
	assert_int_equal(s->on_empty, RS_DROP);
}

static void any_port_is_no_list(void **state)
{
	const struct conf *c =
	    rig_good(*state, "[service a]\naddress = 192.0.2.1\nport = any\n"
			     "[service b]\naddress = 192.0.2.1\nport = any\n"
			     "protocol = udp\n");

	assert_int_equal(c->services[0].nports, 0);
	assert_null(c->services[0].ports);
}

static void backend_lines_are_read(void **state)
{
	const struct conf *c = rig_good(
	    *state, "[check c]\nport = 7\n" WWW "backend.a = 10.0.0.1\n"
		    "backend.b = 10.0.0.2:8080 weight=0 disabled check=c\n"
		    "backend.c\t=\t10.0.0.2 \tcheck=tcp check-port=99 "
		    "check-address=2001:db8::7 weight=65535\n");
	const struct conf_backend *b = c->services[0].backends;

	assert_int_equal(c->services[0].nbackends, 3);
	assert_string_equal(b[0].name, "a");
	assert_int_equal(b[0].port, 0);
	assert_int_equal(b[0].weight, 1);
	assert_false(b[0].disabled);
	assert_null(b[0].checks);
	assert_int_equal(b[0].line, 6);
	assert_int_equal(b[1].port, 8080);
	assert_int_equal(b[1].weight, 0);
	assert_true(b[1].disabled);
	assert_string_equal(b[1].checks->list[0]->name, "c");
	assert_int_equal(port_of(&b[1]), 7);
	assert_string_equal(addr_text(&b[1].check_addr), "10.0.0.2");
	assert_string_equal(b[2].checks->list[0]->name, "tcp");
	assert_int_equal(port_of(&b[2]), 99);
	assert_string_equal(addr_text(&b[2].check_addr), "2001:db8::7");
	assert_int_equal(b[2].weight, 65535);
}

static void check_port_is_found(void **state)
{
	/* the backend's, the service's only one; nothing where unchecked */
	const struct conf *c = rig_good(
	    *state, WWW "check = tcp\nbackend.a = 10.0.0.1:8080\n"
			"backend.b = 10.0.0.2\nbackend.c = 10.0.0.3 "
			"check=none\n[service many]\naddress = 192.0.2.2\n"
			"port = 1-9\ncheck = tcp\n"
			"backend.a = 10.0.0.1 check-port=5\n");
	const struct conf_backend *b = c->services[0].backends;

	assert_int_equal(port_of(&b[0]), 8080);
	assert_int_equal(port_of(&b[1]), 80);
	assert_null(b[2].checks);
	assert_int_equal(b[2].check_port, 0);
	assert_int_equal(b[2].check_addr.family, 0);
	assert_int_equal(port_of(&c->services[1].backends[0]), 5);
}

static void checks_are_read(void **state)
{
	const struct conf *c = rig_good(
	    *state, "[check slow]\ntype = tcp\ninterval = 1m\ntimeout = 10s\n"
		    "rise = 5\nfall = 1\njitter = 50%\nport = 1\n"
		    "start = unknown\n");
	const struct conf_check *k = &c->checks[0];

	assert_int_equal(c->nchecks, 2);
	assert_string_equal(k->name, "slow");
	assert_int_equal(k->type, HC_TCP);
	assert_int_equal(k->interval_ms, 60000);
	assert_int_equal(k->timeout_ms, 10000);
	assert_int_equal(k->rise, 5);
	assert_int_equal(k->fall, 1);
	assert_int_equal(k->jitter_pct, 50);
	assert_int_equal(k->port, 1);
	assert_int_equal(k->start, HC_START_UNKNOWN);
	k++;
	assert_string_equal(k->name, "tcp");
	assert_int_equal(k->interval_ms, 2000);
	assert_int_equal(k->timeout_ms, 1000);
	assert_int_equal(k->rise, 2);
	assert_int_equal(k->fall, 3);
	assert_int_equal(k->jitter_pct, 10);
	assert_int_equal(k->port, 0);
	assert_int_equal(k->start, HC_START_UP);
}

static void builtin_check_can_be_replaced(void **state)
{
	const struct conf *c =
	    rig_good(*state, WWW "check = tcp\nbackend.a = 10.0.0.1\n"
				 "[check tcp]\nfall = 9\n");

	assert_int_equal(c->nchecks, 1);
	assert_int_equal(c->services[0].backends[0].checks->list[0]->fall, 9);
}

static void pools_come_before_own_backends(void **state)
{
	const struct conf *c = rig_good(
	    *state, WWW "backend.own = 10.0.0.9\npool = web\ncheck = c\n"
			"[service two]\naddress = 192.0.2.2\nport = 81\n"
			"pool = web\n[check c]\n[pool web]\n"
			"backend.p1 = 10.0.0.1 weight=3\n"
			"backend.p2 = 10.0.0.2 check=none\n");
	const struct conf_service *s = c->services;

	assert_string_equal(s[0].pool, "web");
	assert_int_equal(s[0].nbackends, 3);
	assert_string_equal(s[0].backends[0].name, "p1");
	assert_int_equal(s[0].backends[0].weight, 3);
	assert_string_equal(s[0].backends[2].name, "own");
	/* a member's check is the service's, unless it has its own word */
	assert_string_equal(s[0].backends[0].checks->list[0]->name, "c");
	assert_null(s[0].backends[1].checks);
	assert_int_equal(port_of(&s[0].backends[0]), 80);
	assert_int_equal(s[1].nbackends, 2);
	assert_null(s[1].backends[0].checks);
}

static void defaults_hold_for_what_follows(void **state)
{
	const struct conf *c = rig_good(
	    *state, WWW "[defaults]\nscheduler = weighted\non-empty = drop\n"
			"check = tcp\npool = p\nhash-key = 5-tuple\n"
			"source-address = 10.9.9.9\n"
			"[pool p]\nbackend.a = 10.0.0.1\n"
			"[service two]\naddress = 192.0.2.2\nport = 80\n"
			"[service three]\naddress = 192.0.2.3\nport = 80\n"
			"scheduler = source-hash\ncheck = none\npool =\n"
			"mode = snat\n");
	const struct conf_service *s = c->services;

	assert_int_equal(s[0].scheduler, RS_ROUND_ROBIN);
	assert_int_equal(s[0].nbackends, 0);
	assert_int_equal(s[1].scheduler, RS_WEIGHTED);
	assert_int_equal(s[1].on_empty, RS_DROP);
	assert_int_equal(s[1].nbackends, 1);
	assert_non_null(s[1].backends[0].checks);
	/* of no use in mode dnat, hence not there */
	assert_int_equal(s[1].source4.family, 0);
	assert_int_equal(s[2].scheduler, RS_SOURCE_HASH);
	assert_int_equal(s[2].hash_key, RS_KEY_5TUPLE);
	assert_int_equal(s[2].nbackends, 0);
	assert_string_equal(addr_text(&s[2].source4), "10.9.9.9");
}

static void includes_follow_the_file(void **state)
{
	struct rig *rig = *state;
	static const char a[] = "[service a]\naddress = 192.0.2.1\nport = 1\n",
			  b[] = "[global]\ninclude = c.inc\n"
				"[service b]\naddress = 192.0.2.1\nport = 2\n",
			  c[] = "[service c]\naddress = 192.0.2.1\nport = 3\n";
	const struct conf *k;

	rig_write(rig, "1.inc", a, strlen(a));
	rig_write(rig, "2.in", b, strlen(b));
	rig_write(rig, "c.inc", c, strlen(c));
	k = rig_good(rig, "[global]\ninclude = 2.in, 1.*, none*.conf, "
			  "no-dir/*\n"
			  "[defaults]\nscheduler = weighted\n"
			  "[service main]\naddress = 192.0.2.1\nport = 4\n");
	assert_int_equal(k->nservices, 4);
	assert_string_equal(k->services[0].name, "main");
	assert_string_equal(k->services[1].name, "b");
	assert_string_equal(k->services[2].name, "c");
	assert_string_equal(k->services[3].name, "a");
	assert_int_equal(k->services[3].scheduler, RS_WEIGHTED);
	assert_int_equal(k->nfiles, 4);
	assert_non_null(strstr(k->services[2].file, "/c.inc"));
	assert_ptr_equal(k->services[2].file, k->files[2]);
}

static void text_may_come_from_windows(void **state)
{
	const struct conf *c =
	    rig_good(*state, "\xef\xbb\xbf[service www] ; the web\r\n"
			     "\taddress = 192.0.2.1 ; inline\r\n\r\n"
			     "  # comment [service x]\r\n"
			     "port : 80\r\n"
			     "\tscheduler = weighted ; \xc3\xbc");
	const struct conf_service *s = &c->services[0];

	assert_string_equal(s->name, "www");
	assert_int_equal(s->naddrs, 1);
	assert_int_equal(s->ports[0].lo, 80);
	/* a line that is indented is a line of its own */
	assert_int_equal(s->scheduler, RS_WEIGHTED);
}

static void neighbours_do_not_overlap(void **state)
{
	const struct conf *c =
	    rig_good(*state, "[service a]\naddress = 192.0.2.1\nport = 80-89\n"
			     "[service b]\naddress = 192.0.2.1\nport = 90-99\n"
			     "[service c]\naddress = 192.0.2.1\nport = 80-99\n"
			     "protocol = udp\n"
			     "[service d]\naddress = 192.0.2.2\nport = any\n"
			     "[service e]\naddress = 192.0.2.2\nport = any\n"
			     "protocol = sctp, udp\n"
			     "[service f]\naddress = ::2\nport = any\n");

	assert_int_equal(c->nservices, 6);
}

static void longest_names_and_lines_fit(void **state)
{
	struct buf b = { 0 };
	const struct conf *c;
	char name[64];

	memset(name, 'n', 63);
	name[63] = '\0';
	buf_printf(&b,
		   "[service %s]\naddress = 192.0.2.1\nport = 80\n"
		   "backend.%s = 10.0.0.1\n",
		   name, name);
	/* 8192 bytes with the comment */
	buf_printf(&b, "scheduler = weighted ;%0*d", 8192 - 22, 0);
	c = rig_good(*state, b.data);
	assert_string_equal(c->services[0].name, name);
	assert_string_equal(c->services[0].backends[0].name, name);
	assert_int_equal(c->services[0].scheduler, RS_WEIGHTED);
	buf_free(&b);
}

/* What conf_print() writes is read as the same configuration. */
static void printed_file_is_the_same(void **state)
{
	struct rig *rig = *state;
	struct buf first = { 0 }, second = { 0 };
	const struct conf *c = rig_good(
	    rig, "[global]\ncontrol-group = adm\nhash-seed = 9\n"
		 "[check c]\njitter = 0%\nport = 9\n[pool p]\n"
		 "backend.z = 10.0.0.9\n"
		 "backend.y = [2001:db8::9]:9 disabled weight=7\n"
		 "[service www]\naddress = ::5, 192.0.2.1\nport = 80, 8-9\n"
		 "check = c\npool = p\nmode = snat\nsource-address = 10.1.1.1\n"
		 "[service b]\naddress = 192.0.2.2\nport = any\n"
		 "protocol = udp, sctp\nscheduler = source-hash\n"
		 "hash-key = 5-tuple\nslots = 251\nbackend.a = 10.0.0.1\n");
	char *mark;

	conf_print(c, &first);
	assert_non_null(strstr(first.data, "interval       = 2s\n"));
	/* which only the first service has, being of mode snat */
	mark = strstr(first.data, "source-address");
	assert_non_null(mark);
	assert_null(strstr(mark + 1, "source-address"));
	conf_print(rig_good(rig, first.data), &second);
	/* but for the remark on where backends came from */
	mark = strstr(first.data, "; with the members of pool p\n");
	assert_non_null(mark);
	memmove(mark, mark + 29, strlen(mark + 29) + 1);
	assert_string_equal(first.data, second.data);
	buf_free(&first);
	buf_free(&second);
}

static void example_is_good(void **state)
{
	const char *top = getenv("srcdir");
	char *path =
	    xasprintf("%s/packaging/nftlbd.conf.example", top ? top : ".");
	struct rig *rig = *state;

	if (rig_load(rig, path))
		fail_msg("%s", rig->words.data);
	assert_true(rig->conf->nservices >= 3);
	free(path);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(empty_file_has_defaults),
		T(globals_are_read),
		T(service_has_defaults),
		T(service_keys_are_read),
		T(any_port_is_no_list),
		T(backend_lines_are_read),
		T(check_port_is_found),
		T(checks_are_read),
		T(builtin_check_can_be_replaced),
		T(pools_come_before_own_backends),
		T(defaults_hold_for_what_follows),
		T(includes_follow_the_file),
		T(text_may_come_from_windows),
		T(neighbours_do_not_overlap),
		T(longest_names_and_lines_fit),
		T(printed_file_is_the_same),
		T(example_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
