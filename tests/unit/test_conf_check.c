/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config: what good [check] sections and lists of checks mean, and the keys of
 * services about states of backends. */
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

#define WWW "[service www]\naddress = 192.0.2.1\nport = 80\n"

/* Every type, with every key that it knows; used by several tests. */
static const char all_types[] =
    "[check tcp]\n"
    "[check web]\ntype = https\nmethod = HEAD\npath = /a?b=c\n"
    "host = www.example.org:8443\nheader = X-One: 1; 2\n"
    "header = X-Two: \"2\"\nexpect-status = 200, 300-399\n"
    "expect-body = ^(ok|\"fine\");$\nbody-limit = 1\nhttp-version = 2\n"
    "tls-verify = no\nsni = www.example.org\nvia = service\n"
    "source-address = 10.0.0.9, 2001:db8::9\ninterface = eth0\n"
    "[check plain]\ntype = http\n"
    "[check smtp]\ntls = yes\nsend = EHLO x\\r\\n\\x3b\\x20\n"
    "expect = 220 ?*\\r\\n\nport = 25\nfast-interval = 1s\n"
    "down-interval = 20s\n"
    "[check udp]\ntype = udp\nsend = \\x00\\\\\nexpect = \\?*\n"
    "[check dns]\ntype = dns\nquery = example.org\nquery-type = AAAA\n"
    "expect-rcode = NOERROR\nexpect-answer = 2001:db8::5\n"
    "[check snmp]\ntype = snmp\ncommunity = c 1\noid = .1.3.6.1\nmin = -5\n"
    "max = 9223372036854775807\n"
    "[check snmp3]\ntype = snmp\nversion = 3\noid = 1.3\nuser = joe\n"
    "auth = sha256\nauth-password = 12345678\npriv = aes\n"
    "priv-password = 87654321\ncontext = x\n"
    "[check script]\ntype = script\n"
    "command = /bin/sh -c \"a \\\"b\\\" \\\\ \\; c\" \"\" {address}:{port}\n"
    "[check agent]\ntype = agent\nport = 9\nsend = x\\n\n"
    "unreachable = ignore\n"
    "[check file]\ntype = file\nfile = /run/{backend}\npresent = down\n"
    "[check ping]\ntype = icmp\n";

static const struct conf_check *check_of(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nchecks; i++) {
		if (!strcmp(c->checks[i].name, name))
			return &c->checks[i];
	}
	fail_msg("no check %s", name);
	return NULL;
}

static void every_type_has_its_keys(void **state)
{
	const struct conf *c = rig_good(*state, all_types);
	const struct conf_check *k = check_of(c, "web");
	const struct hc_spec *s = &k->spec;

	assert_int_equal(c->nchecks, 12);
	assert_int_equal(k->type, HC_HTTPS);
	assert_int_equal(k->via, CONF_VIA_SERVICE);
	assert_string_equal(s->method, "HEAD");
	assert_string_equal(s->path, "/a?b=c");
	assert_string_equal(s->host, "www.example.org:8443");
	assert_int_equal(s->headers.n, 2);
	assert_string_equal(s->headers.list[0], "X-One: 1; 2");
	assert_string_equal(s->headers.list[1], "X-Two: \"2\"");
	assert_string_equal(s->expect_status, "200, 300-399");
	assert_string_equal(s->expect_body, "^(ok|\"fine\");$");
	assert_int_equal(s->body_max, 1);
	assert_int_equal(s->http_version, SPEC_HTTP_2);
	assert_int_equal(s->tls_verify, SPEC_NO);
	assert_string_equal(s->sni, "www.example.org");
	assert_int_equal(s->source4.family, AF_INET);
	assert_int_equal(s->source6.family, AF_INET6);
	assert_string_equal(s->interface, "eth0");
	s = &check_of(c, "smtp")->spec;
	assert_int_equal(s->tls, SPEC_YES);
	assert_int_equal(s->tls_verify, SPEC_YES);
	assert_string_equal(s->send, "EHLO x\\r\\n\\x3b\\x20");
	assert_string_equal(s->expect, "220 ?*\\r\\n");
	s = &check_of(c, "dns")->spec;
	assert_string_equal(s->query, "example.org");
	assert_string_equal(s->query_type, "AAAA");
	assert_string_equal(s->expect_answer, "2001:db8::5");
	s = &check_of(c, "snmp")->spec;
	assert_string_equal(s->community, "c 1");
	assert_true(s->min == -5 && s->max == INT64_MAX);
	s = &check_of(c, "snmp3")->spec;
	assert_int_equal(s->snmp_version, SPEC_SNMP_3);
	assert_int_equal(s->snmp_auth, SPEC_AUTH_SHA256);
	assert_int_equal(s->snmp_priv, SPEC_PRIV_AES);
	assert_string_equal(s->snmp_user, "joe");
	assert_string_equal(s->auth_password, "12345678");
	assert_string_equal(s->priv_password, "87654321");
	assert_string_equal(s->context, "x");
	assert_int_equal(check_of(c, "agent")->spec.silent, SPEC_SILENT_IGNORE);
	s = &check_of(c, "file")->spec;
	assert_string_equal(s->file, "/run/{backend}");
	assert_int_equal(s->present, SPEC_SAYS_DOWN);
}

static void types_have_defaults(void **state)
{
	const struct conf *c = rig_good(*state, all_types);
	const struct hc_spec *s = &check_of(c, "plain")->spec;

	assert_string_equal(s->method, "GET");
	assert_string_equal(s->path, "/");
	assert_string_equal(s->expect_status, "200-399");
	assert_int_equal(s->body_max, 65536);
	assert_int_equal(s->http_version, SPEC_HTTP_11);
	assert_null(s->host);
	assert_int_equal(s->headers.n, 0);
	assert_int_equal(check_of(c, "plain")->via, CONF_VIA_DIRECT);
	s = &check_of(c, "snmp")->spec;
	assert_int_equal(s->snmp_version, SPEC_SNMP_2C);
	s = &check_of(c, "snmp3")->spec;
	assert_true(s->min == INT64_MIN && s->max == INT64_MAX);
	c = rig_good(*state, "[check d]\ntype = dns\nquery = a\n"
			     "[check f]\ntype = file\nfile = /f\n"
			     "[check a]\ntype = agent\nport = 1\n");
	s = &check_of(c, "d")->spec;
	assert_string_equal(s->query_type, "A");
	assert_string_equal(s->expect_rcode, "NOERROR");
	assert_null(s->expect_answer);
	/* nothing of another type is there */
	assert_null(s->path);
	assert_int_equal(check_of(c, "f")->spec.present, SPEC_SAYS_DRAIN);
	assert_int_equal(check_of(c, "a")->spec.silent, SPEC_SILENT_DOWN);
	assert_null(check_of(c, "tcp")->spec.send);
}

static void commands_are_words(void **state)
{
	const struct conf *c = rig_good(*state, all_types);
	const struct spec_list *l = &check_of(c, "script")->spec.command;

	assert_int_equal(l->n, 5);
	assert_string_equal(l->list[0], "/bin/sh");
	assert_string_equal(l->list[2], "a \"b\" \\ ; c");
	assert_string_equal(l->list[3], "");
	assert_string_equal(l->list[4], "{address}:{port}");
	/* outside of quotes a backslash is one; quotes may be inside a word */
	c = rig_good(*state, "[check s]\ntype = script\n"
			     "command = \t/x\ta\\b  c\"d e\"f \n");
	l = &check_of(c, "s")->spec.command;
	assert_int_equal(l->n, 3);
	assert_string_equal(l->list[1], "a\\b");
	assert_string_equal(l->list[2], "cd ef");
}

static void intervals_follow_the_first(void **state)
{
	const struct conf *c =
	    rig_good(*state, "[check a]\ninterval = 7s\n[check b]\n"
			     "interval = 7s\nfast-interval = 1s\n"
			     "down-interval = 1h\n");
	const struct conf_check *k = check_of(c, "a");

	assert_int_equal(k->fast_ms, 7000);
	assert_int_equal(k->down_ms, 7000);
	k = check_of(c, "b");
	assert_int_equal(k->interval_ms, 7000);
	assert_int_equal(k->fast_ms, 1000);
	assert_int_equal(k->down_ms, 3600000);
}

static void ports_are_the_types_own(void **state)
{
	const struct conf *c = rig_good(
	    *state, "[check d]\ntype = dns\nquery = a\n"
		    "[check s]\ntype = snmp\ncommunity = c\noid = 1.3\n"
		    "[check a]\ntype = agent\n"
		    "[check i]\ntype = icmp\n"
		    "[check f]\ntype = file\nfile = /f\n"
		    "[check x]\ntype = script\ncommand = /x\n"
		    "[check w]\ntype = http\nport = 88\n" WWW
		    "backend.a = 10.0.0.1:8080 check=d,s,i,f,x,w,tcp\n"
		    "backend.b = 10.0.0.2 check=d,i,a,w check-port=7\n"
		    "[service any]\naddress = 192.0.2.2\nport = any\n"
		    "backend.a = 10.0.0.1 check=d,i,f,x\n");
	const struct conf_backend *b = c->services[0].backends;
	static const uint16_t
	    a_ports[] = { 8080, 161, 0, 8080, 8080, 88, 8080 },
	    b_ports[] = { 7, 0, 7, 7 }, any_ports[] = { 53, 0, 0, 0 };
	size_t i;

	assert_int_equal(b[0].checks->n, 7);
	for (i = 0; i < 7; i++)
		assert_int_equal(conf_probe_port(&b[0], b[0].checks->list[i]),
				 a_ports[i]);
	for (i = 0; i < 4; i++)
		assert_int_equal(conf_probe_port(&b[1], b[1].checks->list[i]),
				 b_ports[i]);
	b = c->services[1].backends;
	for (i = 0; i < 4; i++)
		assert_int_equal(conf_probe_port(&b[0], b[0].checks->list[i]),
				 any_ports[i]);
}

static void ports_via_the_service_are_its_own(void **state)
{
	const struct conf *c =
	    rig_good(*state, "[check a]\nvia = service\n"
			     "[check b]\nvia = service\nport = 443\n"
			     "[check d]\ntype = dns\nquery = x\n"
			     "via = service\n"
			     "[service www]\naddress = 192.0.2.1\n"
			     "port = 80, 440-450\n"
			     "backend.a = 10.0.0.1:8080 check=a\n"
			     "backend.b = 10.0.0.2 check=a check-port=441\n"
			     "backend.c = 10.0.0.3 check=b\n"
			     "[service any]\naddress = 192.0.2.2\nport = any\n"
			     "protocol = tcp, udp\n"
			     "backend.a = 10.0.0.1:99 check=a\n"
			     "backend.b = 10.0.0.2:99 check=b\n"
			     "backend.d = 10.0.0.3:99 check=d\n");
	const struct conf_service *s = c->services;
	const struct conf_backend *b = s->backends;

	assert_int_equal(conf_via_port(s, &b[0], b[0].checks->list[0]), 80);
	assert_int_equal(conf_via_port(s, &b[1], b[1].checks->list[0]), 441);
	assert_int_equal(conf_via_port(s, &b[2], b[2].checks->list[0]), 443);
	b = s[1].backends;
	assert_int_equal(conf_via_port(&s[1], &b[0], b[0].checks->list[0]), 99);
	assert_int_equal(conf_via_port(&s[1], &b[1], b[1].checks->list[0]),
			 443);
	assert_int_equal(conf_via_port(&s[1], &b[2], b[2].checks->list[0]), 53);
}

static void backends_share_sets(void **state)
{
	const struct conf *c = rig_good(
	    *state, "[check a]\n[check b]\n[check c]\n[pool p]\n"
		    "backend.1 = 10.0.0.1 check=b,a\n"
		    "backend.2 = 10.0.0.2\n"
		    "backend.3 = 10.0.0.3 check=none\n" WWW
		    "check = a, b,c\npool = p\nbackend.4 = 10.0.0.4 check=b,a\n"
		    "[service two]\naddress = 192.0.2.2\nport = 80\n"
		    "check-require = any\npool = p\n"
		    "[service three]\naddress = 192.0.2.3\nport = 80\n"
		    "check = a,b,c\ncheck-require = 2\npool = p\n");
	const struct conf_backend *b = c->services[0].backends;

	assert_int_equal(b[0].checks->n, 2);
	assert_int_equal(b[0].checks->need, 2);
	assert_string_equal(b[0].checks->list[0]->name, "b");
	assert_int_equal(b[1].checks->n, 3);
	assert_int_equal(b[1].checks->need, 3);
	assert_null(b[2].checks);
	assert_ptr_equal(b[3].checks, b[0].checks);
	b = c->services[1].backends;
	assert_int_equal(b[0].checks->n, 2);
	assert_int_equal(b[0].checks->need, 1);
	assert_null(b[1].checks);
	b = c->services[2].backends;
	assert_ptr_equal(b[0].checks, c->services[0].backends[0].checks);
	assert_int_equal(b[1].checks->n, 3);
	assert_int_equal(b[1].checks->need, 2);
	assert_int_equal(c->nchecksets, 4);
}

/* As many sets as backends: each is found again, and there are no others. */
static void many_sets_are_found(void **state)
{
	struct buf b = { 0 };
	const struct conf *c;
	unsigned int i;

	for (i = 0; i < 2000; i++)
		buf_printf(&b, "[check c%u]\n", i);
	buf_printf(&b, WWW);
	for (i = 0; i < 4000; i++)
		buf_printf(&b, "backend.b%u = 10.0.%u.%u check=c%u,c%u\n", i,
			   i / 250, i % 250 + 1, i % 2000, (i + 1) % 2000);
	c = rig_good(*state, b.data);
	assert_int_equal(c->nchecksets, 2000);
	for (i = 0; i < 4000; i++) {
		const struct conf_backend *k = &c->services[0].backends[i];
		char name[16];

		snprintf(name, sizeof(name), "c%u", i % 2000);
		assert_string_equal(k->checks->list[0]->name, name);
		assert_ptr_equal(k->checks, k[i < 2000 ? 2000 : 0].checks);
	}
	buf_free(&b);
}

static void states_have_defaults(void **state)
{
	const struct conf *c = rig_good(*state, WWW "backend.a = 10.0.0.1\n");
	const struct conf_service *s = &c->services[0];

	assert_int_equal(s->backup_when, 1);
	assert_int_equal(s->min_usable_pct, 0);
	assert_int_equal(s->quorum, 0);
	assert_int_equal(s->quorum_hysteresis, 0);
	assert_int_equal(s->slow_start_ms, 0);
	assert_int_equal(s->flap_hold_ms, 0);
	assert_int_equal(s->flap_hold_max_ms, 300000);
	assert_int_equal(s->drain_timeout_ms, 0);
	assert_int_equal(s->on_down, CONF_KEEP_FLOWS);
	assert_null(s->on_change);
	assert_false(s->backends[0].backup);
	assert_null(c->script_user);
	assert_null(c->on_change);
}

static void keys_of_states_are_read(void **state)
{
	const struct conf *c = rig_good(
	    *state, "[global]\nscript-user = _s\non-change = /g\n"
		    "[defaults]\nscheduler = weighted\nslow-start = 30s\n"
		    "on-change = /d\nflap-hold-max = 1h\n"
		    "quorum-hysteresis = 3\n" WWW
		    "backup-when = 3\nminimum-usable = 40\nquorum = 10\n"
		    "quorum-hysteresis = 9\nflap-hold = 10s\n"
		    "drain-timeout = 24h\non-down = cut\n"
		    "backend.a = 10.0.0.1 backup\n"
		    "[service two]\naddress = 192.0.2.2\nport = 80\n"
		    "scheduler = source-hash\non-change =\n");
	const struct conf_service *s = &c->services[0];

	assert_string_equal(c->script_user, "_s");
	assert_string_equal(c->on_change, "/g");
	assert_int_equal(s->backup_when, 3);
	assert_int_equal(s->min_usable_pct, 40);
	assert_int_equal(s->quorum, 10);
	assert_int_equal(s->quorum_hysteresis, 9);
	assert_int_equal(s->slow_start_ms, 30000);
	assert_int_equal(s->flap_hold_ms, 10000);
	assert_int_equal(s->flap_hold_max_ms, 3600000);
	assert_int_equal(s->drain_timeout_ms, 86400000);
	assert_int_equal(s->on_down, CONF_CUT_FLOWS);
	assert_string_equal(s->on_change, "/d");
	assert_true(s->backends[0].backup);
	/* of no use with this scheduler, hence not there */
	assert_int_equal(s[1].slow_start_ms, 0);
	assert_int_equal(s[1].quorum_hysteresis, 0);
	assert_null(s[1].on_change);
}

static void same_text(const char *a, const char *b)
{
	assert_string_equal(a ? a : "(none)", b ? b : "(none)");
}

static void same_check(const struct conf_check *a, const struct conf_check *b)
{
	struct buf x = { 0 }, y = { 0 };

	assert_string_equal(a->name, b->name);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->interval_ms, b->interval_ms);
	assert_int_equal(a->fast_ms, b->fast_ms);
	assert_int_equal(a->down_ms, b->down_ms);
	assert_int_equal(a->timeout_ms, b->timeout_ms);
	assert_int_equal(a->rise, b->rise);
	assert_int_equal(a->fall, b->fall);
	assert_int_equal(a->jitter_pct, b->jitter_pct);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->start, b->start);
	assert_int_equal(a->via, b->via);
	spec_encode(&a->spec, &x);
	spec_encode(&b->spec, &y);
	assert_int_equal(x.len, y.len);
	if (x.len)
		assert_memory_equal(x.data, y.data, x.len);
	buf_free(&x);
	buf_free(&y);
}

static void same_backend(const struct conf_backend *a,
			 const struct conf_backend *b)
{
	size_t i;

	assert_string_equal(a->name, b->name);
	assert_int_equal(addr_cmp(&a->addr, &b->addr), 0);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->weight, b->weight);
	assert_int_equal(a->disabled, b->disabled);
	assert_int_equal(a->backup, b->backup);
	assert_int_equal(addr_cmp(&a->check_addr, &b->check_addr), 0);
	assert_int_equal(a->check_port, b->check_port);
	assert_int_equal(a->probe_port, b->probe_port);
	assert_int_equal(!a->checks, !b->checks);
	if (!a->checks)
		return;
	assert_int_equal(a->checks->n, b->checks->n);
	assert_int_equal(a->checks->need, b->checks->need);
	for (i = 0; i < a->checks->n; i++)
		assert_string_equal(a->checks->list[i]->name,
				    b->checks->list[i]->name);
}

static void same_service(const struct conf_service *a,
			 const struct conf_service *b)
{
	size_t i;

	assert_string_equal(a->name, b->name);
	assert_int_equal(a->backup_when, b->backup_when);
	assert_int_equal(a->min_usable_pct, b->min_usable_pct);
	assert_int_equal(a->quorum, b->quorum);
	assert_int_equal(a->quorum_hysteresis, b->quorum_hysteresis);
	assert_int_equal(a->slow_start_ms, b->slow_start_ms);
	assert_int_equal(a->flap_hold_ms, b->flap_hold_ms);
	assert_int_equal(a->flap_hold_max_ms, b->flap_hold_max_ms);
	assert_int_equal(a->drain_timeout_ms, b->drain_timeout_ms);
	assert_int_equal(a->on_down, b->on_down);
	same_text(a->on_change, b->on_change);
	assert_int_equal(a->nbackends, b->nbackends);
	for (i = 0; i < a->nbackends; i++)
		same_backend(&a->backends[i], &b->backends[i]);
}

/* What conf_print() writes is read as the same checks and services. */
static void printed_checks_are_the_same(void **state)
{
	struct buf text = { 0 }, first = { 0 }, second = { 0 };
	struct rig *rig = *state;
	const struct conf *again;
	struct conf *conf;
	size_t i;

	buf_printf(&text, "%s%s", all_types,
		   "[global]\nscript-user = s\non-change = /g\n"
		   "[service b]\naddress = 192.0.2.7\nport = 80\n"
		   "scheduler = weighted\nslow-start = 1m\n"
		   "check = tcp, web, smtp\ncheck-require = 2\n"
		   "backup-when = 2\nminimum-usable = 5%\nquorum = 2\n"
		   "quorum-hysteresis = 1\nflap-hold = 1s\n"
		   "flap-hold-max = 2s\ndrain-timeout = 3s\non-down = cut\n"
		   "on-change = /x\nbackend.a = 10.0.0.1 backup\n"
		   "backend.b = 10.0.0.2 check=dns,snmp,ping\n"
		   "backend.c = 10.0.0.3 check=none disabled\n"
		   "[service c]\naddress = 192.0.2.8\nport = 80\n"
		   "check = tcp, ping\ncheck-require = any\n"
		   "backend.a = 10.0.0.1 check-address=10.0.0.5 "
		   "check-port=9 weight=7\n"
		   "[service d]\naddress = 192.0.2.9\nport = 80\n"
		   "check = tcp, ping\nbackend.a = 10.0.0.1:8080\n");
	rig_good(rig, text.data);
	conf = rig->conf;
	rig->conf = NULL; /* ours now */
	conf_print(conf, &first);
	again = rig_good(rig, first.data);
	conf_print(again, &second);
	assert_string_equal(first.data, second.data);
	same_text(conf->script_user, again->script_user);
	same_text(conf->on_change, again->on_change);
	assert_int_equal(conf->nchecks, again->nchecks);
	for (i = 0; i < conf->nchecks; i++)
		same_check(&conf->checks[i], &again->checks[i]);
	assert_int_equal(conf->nservices, again->nservices);
	for (i = 0; i < conf->nservices; i++)
		same_service(&conf->services[i], &again->services[i]);
	conf_free(conf);
	buf_free(&text);
	buf_free(&first);
	buf_free(&second);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(every_type_has_its_keys),
		T(types_have_defaults),
		T(commands_are_words),
		T(intervals_follow_the_first),
		T(ports_are_the_types_own),
		T(ports_via_the_service_are_its_own),
		T(backends_share_sets),
		T(many_sets_are_found),
		T(states_have_defaults),
		T(keys_of_states_are_read),
		T(printed_checks_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
