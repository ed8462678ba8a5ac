/* SPDX-License-Identifier: GPL-2.0-or-later */
/* daemon: what rule sets are told of a configuration, family by family. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf_rig.h"
#include "daemon/want.h"

#define ADDRESSES "address = 192.0.2.1, 2001:db8::1\n"
#define POOL                                                                   \
	"[pool p]\nbackend.four = 10.0.0.1\nbackend.six = ::6\n"               \
	"backend.four2 = 10.0.0.2\nbackend.six2 = ::7\n"
#define LISTS "[list x]\n[list y]\n"

static struct model *model_of(void **state, const char *text)
{
	struct rig *rig = *state;
	struct model *m;

	rig_good(rig, text);
	m = model_new(rig->conf, NULL);
	rig->conf = NULL;
	return m;
}

/* As daemon/lists.c does. */
static void name_lists(struct conf *conf)
{
	for (size_t i = 0; i < conf->nlists; i++)
		for (unsigned int f = 0; f < RS_FAMILIES; f++)
			snprintf(conf->lists[i].set[f],
				 sizeof(conf->lists[i].set[f]), "list.%s",
				 conf->lists[i].name);
}

static void rules_by_family(void **state)
{
	struct model *m =
	    model_of(state, LISTS POOL
		     "[service www]\n" ADDRESSES "port = 80\npool = p\n"
		     "persist = source/24/56 1m\npersist-size = 5\n"
		     "limit-source = 16/48\nlimit-new-per-source = 3\n"
		     "pin.a = 10.9.0.0/16 four2\npin.b = 2001:db8:9::/48 six2\n"
		     "pin.c = 10.8.0.0/16 four\nallow = y, x\ndeny = x\n"
		     "log = new\ndscp = ef\ncounters = yes\nstrict = yes\n"
		     "helper = ftp\n");
	const struct rs_service *v4, *v6;
	struct want_list w = { 0 };

	name_lists(m->conf);
	want_all(&w, m);
	assert_int_equal(w.n, 2);
	v4 = &w.list[0];
	v6 = &w.list[1];
	assert_int_equal(v4->family, AF_INET);
	assert_int_equal(v4->stick.prefix, 24);
	assert_int_equal(v6->stick.prefix, 56);
	assert_int_equal(v6->stick.timeout_ms, 60000);
	assert_int_equal(v6->stick.size, 5);
	assert_int_equal(v4->limits.prefix, 16);
	assert_int_equal(v6->limits.prefix, 48);
	assert_int_equal(v6->limits.fresh.burst, 3);
	/* indices are those of the family's own backends */
	assert_int_equal(v4->npins, 2);
	assert_string_equal(v4->backends[v4->pins[0].backend].name, "four2");
	assert_string_equal(v4->backends[v4->pins[1].backend].name, "four");
	assert_int_equal(v6->npins, 1);
	assert_string_equal(v6->backends[v6->pins[0].backend].name, "six2");
	assert_int_equal(v4->nallow, 2);
	assert_string_equal(v4->allow[0], "list.y");
	assert_string_equal(v6->deny[0], "list.x");
	assert_string_equal(v4->log.prefix, "nftlb www");
	assert_true(v6->log.fresh && v6->counters && v6->strict);
	assert_int_equal(v6->helper, RS_HELPER_FTP);
	assert_int_equal(v6->qos.dscp, 46);
	assert_int_equal(v6->backends[1].qos.dscp, 46);
	want_free(&w);
	model_free(m);
}

static void groups_have_tables(void **state)
{
	struct model *m =
	    model_of(state, POOL "[defaults]\npersist = source\npool = p\n"
				 "[service a]\n" ADDRESSES "port = 80\n"
				 "persist-group = g\n"
				 "[service b]\n" ADDRESSES "port = 443\n"
				 "persist-group = g\n"
				 "[service c]\n" ADDRESSES "port = 25\n");
	struct want_list w = { 0 };

	want_all(&w, m);
	assert_int_equal(w.n, 8);
	assert_string_equal(w.list[0].stick.group, "g");
	assert_null(w.list[4].stick.group);
	for (size_t i = 6; i < 8; i++) {
		assert_string_equal(w.list[i].name, "/g");
		assert_int_equal(w.list[i].family, i == 6 ? AF_INET : AF_INET6);
		assert_true(w.list[i].group);
		assert_null(w.list[i].stick.group);
		assert_int_equal(w.list[i].stick.kind, RS_PERSIST_SOURCE);
		assert_int_equal(w.list[i].stick.size, 65536);
	}
	want_free(&w);
	/* they are told in full even where no service changed */
	for (size_t i = 0; i < m->nservices; i++)
		m->services[i].dirty = false;
	want_changes(&w, m);
	assert_int_equal(w.n, 8);
	assert_true(w.list[0].unchanged);
	assert_true(w.list[7].group && !w.list[7].unchanged);
	want_free(&w);
	model_free(m);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(rules_by_family),
		T(groups_have_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
