/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Totals: they never go back, whatever becomes of the kernel's counters, of
 * backends, of the process and of the machine. And when a full set is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf_rig.h"
#include "daemon/counters_file.h"
#include "lib/xalloc.h"

static struct counter_value value(uint64_t table, uint64_t handle, uint64_t n)
{
	return (struct counter_value){ .there = true,
				       .table = table,
				       .handle = handle,
				       .packets = n,
				       .bytes = 100 * n };
}

static void see(struct totals *t, const char *name, unsigned int f,
		struct counter_value v)
{
	total_seen(t, totals_at(t, name), f, &v);
}

static const struct counter_value gone;

static void expect(struct totals *t, const char *name, uint64_t packets)
{
	const struct total *at = totals_at(t, name);

	assert_int_equal(total_packets(at), packets);
	assert_int_equal(total_bytes(at), 100 * packets);
}

static void expect_sum(const struct totals *t, const char *service,
		       const char *prefix, uint64_t packets)
{
	uint64_t found, bytes;

	assert_true(
	    totals_sum(totals_service(t, service), prefix, &found, &bytes));
	assert_int_equal(found, packets);
	assert_int_equal(bytes, 100 * packets);
}

/* ---- totals */

static void test_grows(void **state)
{
	struct totals t = { 0 };

	see(&t, "in.www/b1", 0, value(1, 1, 5));
	see(&t, "in.www/b1", 0, value(1, 1, 5));
	expect(&t, "in.www/b1", 5);
	see(&t, "in.www/b1", 0, value(1, 1, 8));
	expect(&t, "in.www/b1", 8);
	see(&t, "in.www/b1", 1, value(2, 1, 4));
	expect(&t, "in.www/b1", 12);
	/* the same family's other table */
	see(&t, "in.www/b1", RS_TABLE_NETDEV, value(3, 1, 2));
	see(&t, "in.www/b1", 0, value(1, 1, 9));
	expect(&t, "in.www/b1", 15);
	totals_free(&t);
}

/* Deleted, made anew, with a value that is larger by the time it is seen. */
static void test_made_anew(void **state)
{
	struct totals t = { 0 };

	see(&t, "in.www/b1", 0, value(1, 1, 5));
	see(&t, "in.www/b1", 0, gone);
	expect(&t, "in.www/b1", 5);
	see(&t, "in.www/b1", 0, gone);
	expect(&t, "in.www/b1", 5);
	see(&t, "in.www/b1", 0, value(1, 9, 7));
	expect(&t, "in.www/b1", 12);
	see(&t, "in.www/b1", 0, value(2, 9, 8)); /* another table */
	expect(&t, "in.www/b1", 20);
	see(&t, "in.www/b1", 0, value(2, 10, 8)); /* another counter */
	expect(&t, "in.www/b1", 28);
	see(&t, "in.www/b1", 0, value(2, 10, 1)); /* somebody reset it */
	expect(&t, "in.www/b1", 29);
	totals_free(&t);
}

static void test_names(void **state)
{
	struct totals t = { 0 };

	assert_null(totals_at(&t, "nonsense"));
	assert_null(totals_at(&t, "in./b1"));
	assert_null(totals_at(
	    &t,
	    "in."
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaa"));
	assert_int_equal(t.n, 0);
	see(&t, "in.my.web-1/b.1", 0, value(1, 1, 5));
	assert_string_equal(t.list[0]->name, "my.web-1");
	assert_non_null(totals_find(t.list[0], "in", "b.1"));
	assert_null(totals_find(t.list[0], "in", "b"));
	assert_null(totals_find(t.list[0], "in", NULL));
	totals_free(&t);
}

/* Asked for in any order, the answers are those of totals_find(). */
static void test_one_after_the_other(void **state)
{
	static const char *const names[] = {
		"in.a",     "in.a/b1",  "in.a/b10",  "in.a/b2",
		"new.a/b1", "out.a/b1", "out.a/b10", "in.b/a",
	};
	static const char *const prefixes[] = { "i", "in", "new", "out",
						"in.a" };
	static const char *const backends[] = { "b", "b1", "b10", "b2", "b1" };
	struct totals t = { 0 };
	struct totals_service *a;
	size_t place = 0, service = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		see(&t, names[i], 0, value(1, i + 1, 1));
	a = totals_service_next(&t, "a", &service);
	assert_ptr_equal(a, totals_service(&t, "a"));
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 5; k++)
			assert_ptr_equal(
			    totals_find_next(a, prefixes[i], backends[k],
					     &place),
			    totals_find(a, prefixes[i], backends[k]));
	assert_non_null(totals_find(a, "out", "b10"));
	assert_ptr_equal(totals_service_next(&t, "b", &service),
			 totals_service(&t, "b"));
	assert_null(totals_service_next(&t, "c", &service));
	assert_ptr_equal(totals_service_next(&t, "a", &service), a);
	totals_free(&t);
}

static void test_sums(void **state)
{
	struct totals t = { 0 };
	uint64_t packets, bytes;

	see(&t, "in.www/b2", 0, value(1, 1, 1));
	see(&t, "in.www/b1", 0, value(1, 2, 2));
	see(&t, "in.www", 0, value(1, 3, 4));
	see(&t, "in.wwww/b1", 0, value(1, 4, 8));
	see(&t, "in.ww/b1", 1, value(1, 4, 16));
	see(&t, "new.www/b1", 0, value(1, 5, 32));
	expect_sum(&t, "www", "in", 7);
	expect_sum(&t, "www", "new", 32);
	assert_false(
	    totals_sum(totals_service(&t, "www"), "out", &packets, &bytes));
	assert_false(
	    totals_sum(totals_service(&t, "w"), "in", &packets, &bytes));
	totals_free(&t);
}

static void test_order(void **state)
{
	static const char *const names[] = { "in.m/b5", "in.c/b2", "in.z/b9",
					     "in.c/b1", "in.a/b1", "in.m/b1",
					     "in.m/b7" };
	struct totals t = { 0 };

	for (size_t i = 0; i < 7; i++)
		see(&t, names[i], 0, value(1, i, i + 1));
	for (size_t i = 0; i < 7; i++)
		expect(&t, names[i], i + 1);
	assert_int_equal(t.n, 4);
	for (size_t i = 1; i < t.n; i++)
		assert_true(strcmp(t.list[i - 1]->name, t.list[i]->name) < 0);
	totals_free(&t);
}

static void test_what_is_read(void **state)
{
	struct totals t = { 0 };
	struct total *at;

	totals_round(&t);
	at = totals_list(&t, "in.www/b1", 0);
	assert_true(total_is_read(&t, at, 0));
	assert_false(total_is_read(&t, at, 1));
	totals_round(&t);
	assert_false(total_is_read(&t, at, 0));
	see(&t, "in.www/b1", 0, value(1, 1, 1));
	assert_true(total_is_read(&t, at, 0)); /* until it is not there */
	see(&t, "in.www/b1", 0, gone);
	assert_false(total_is_read(&t, at, 0));
	totals_free(&t);
}

/* ---- removed backends and services */

static struct model *model_of(struct rig *rig, const char *backends)
{
	char *text = xasprintf("[service www]\naddress = 192.0.2.1\nport = 80\n"
			       "mode = dnat\n%s",
			       backends);
	struct conf *conf;

	rig_good(rig, text);
	free(text);
	conf = rig->conf;
	rig->conf = NULL;
	return model_new(conf, NULL);
}

static void test_trim(void **state)
{
	struct model *m = model_of(*state, "backend.b2 = 10.0.0.2:80\n");
	struct totals t = { 0 };
	const struct total *old;

	for (unsigned int i = 1; i <= 3; i++) {
		char name[32];

		snprintf(name, sizeof(name), "in.www/b%u", i);
		see(&t, name, 0, value(1, i, i));
		snprintf(name, sizeof(name), "new.www/b%u", i);
		see(&t, name, 0, value(1, 10 + i, 10 * i));
	}
	see(&t, "in.old/b1", 0, value(1, 20, 5));
	old = totals_service(&t, "old")->list[0];
	totals_round(&t);
	for (unsigned int i = 1; i <= 3; i++) {
		char name[32];

		snprintf(name, sizeof(name), "in.www/b%u", i);
		totals_list(&t, name, 0); /* the kernel still has them */
		snprintf(name, sizeof(name), "new.www/b%u", i);
		totals_list(&t, name, 0);
	}
	totals_trim(&t, m);
	expect_sum(&t, "www", "in", 6);
	assert_int_equal(totals_service(&t, "www")->n, 6);
	assert_null(totals_service(&t, "old"));
	assert_int_equal(total_packets(old), 5); /* not buried yet */
	totals_bury(&t);
	totals_round(&t);
	totals_trim(&t, m);
	expect_sum(&t, "www", "in", 6);
	expect_sum(&t, "www", "new", 60);
	assert_int_equal(t.list[0]->n, 4); /* in, in/b2, new, new/b2 */
	expect(&t, "in.www", 4);
	expect(&t, "in.www/b2", 2);
	model_free(m);
	totals_free(&t);
}

/* Services before it have gone in the same reload: looking for the total that
 * takes over must not meet them. */
static void test_trim_among_others(void **state)
{
	struct model *m = model_of(*state, "backend.b2 = 10.0.0.2:80\n");
	struct totals t = { 0 };
	static const char *const others[] = { "a", "b", "c", "d",
					      "e", "x", "y", "z" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char name[32];

		snprintf(name, sizeof(name), "in.%s/b1", others[i]);
		see(&t, name, 0, value(1, 20 + i, 5));
	}
	see(&t, "in.www/b1", 0, value(1, 1, 1));
	see(&t, "in.www/b2", 0, value(1, 2, 2));
	totals_round(&t);
	totals_trim(&t, m);
	assert_int_equal(t.n, 1);
	expect_sum(&t, "www", "in", 3);
	expect(&t, "in.www", 1);
	totals_bury(&t);
	model_free(m);
	totals_free(&t);
}

/* ---- on disk */

static void save(struct totals *t, const char *dir)
{
	struct counters_file *f = counters_file_open(dir);
	unsigned int pieces = 0;
	int ret;

	do
		ret = counters_file_write(f, t, false);
	while (ret == 1 && ++pieces < 1000);
	assert_int_equal(ret, 0);
	counters_file_close(f);
}

static void test_restart(void **state)
{
	struct rig *rig = *state;
	struct totals t = { 0 }, u = { 0 };

	see(&t, "in.www/b1", 0, value(1, 1, 5));
	see(&t, "in.www/b1", 0, value(1, 2, 3));
	see(&t, "in.www/b1", 1, value(4, 1, 1));
	see(&t, "full-flows.www", 0, value(1, 3, 5));
	see(&t, "full-flows.www", RS_TABLE_NETDEV, value(9, 3, 5));
	save(&t, rig->dir);
	counters_file_load(&u, rig->dir);
	expect(&u, "in.www/b1", 9);
	expect(&u, "full-flows.www", 10);
	see(&u, "full-flows.www", RS_TABLE_NETDEV, value(9, 3, 6));
	expect(&u, "full-flows.www", 11);
	/* the kernel's went on meanwhile */
	see(&u, "in.www/b1", 0, value(1, 2, 10));
	expect(&u, "in.www/b1", 16);
	see(&u, "in.www/b1", 1, value(4, 2, 10));
	expect(&u, "in.www/b1", 26);
	totals_free(&t);
	totals_free(&u);
}

/* After a boot the kernel begins anew, with the same handles. */
static void test_boot(void **state)
{
	struct rig *rig = *state;
	struct totals t = { 0 };
	char *path = xasprintf("%s/counters", rig->dir);
	FILE *f = fopen(path, "w");

	fputs("{\"version\":1,\"boot\":\"another\"}\n"
	      "{\"name\":\"in.www/b1\",\"packets\":1,\"bytes\":100,\"kernel\":["
	      "{\"family\":4,\"table\":1,\"handle\":1,\"packets\":5,\"bytes\":"
	      "500}]}\n",
	      f);
	fclose(f);
	counters_file_load(&t, rig->dir);
	expect(&t, "in.www/b1", 6);
	see(&t, "in.www/b1", 0, value(1, 1, 8));
	expect(&t, "in.www/b1", 14);
	totals_free(&t);
	free(path);
}

static void test_many(void **state)
{
	struct rig *rig = *state;
	struct totals t = { 0 }, u = { 0 };
	struct counters_file *f = counters_file_open(rig->dir);
	unsigned int pieces = 1;
	char name[64];

	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "in.s%04u/b1", i);
		see(&t, name, 0, value(1, i, i));
	}
	while (counters_file_write(f, &t, false) == 1) {
		/* totals that come meanwhile do not disturb */
		snprintf(name, sizeof(name), "in.a%u/b1", pieces);
		see(&t, name, 0, value(1, 9999, 1));
		pieces++;
	}
	assert_in_range(pieces, 2, 1000);
	counters_file_load(&u, rig->dir);
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "in.s%04u/b1", i);
		expect(&u, name, i);
	}
	counters_file_close(f);
	totals_free(&t);
	totals_free(&u);
}

/* Whatever is in the file: what makes sense counts, the rest does not hurt. */
static void test_damaged(void **state)
{
	struct rig *rig = *state;
	struct totals t = { 0 };
	char *path = xasprintf("%s/counters", rig->dir);
	FILE *f = fopen(path, "w");

	fputs("{\"version\":1,\"boot\":\"\"}\n\n{\n[]\n{\"name\":5}\n"
	      "{\"name\":\"in.www/b1\",\"packets\":-1,\"bytes\":1}\n"
	      "{\"name\":\"in.www/b2\",\"packets\":1,\"bytes\":100}\n"
	      "{\"name\":\"in.www/b3\",\"packets\":1,\"bytes\":100,\"kernel\":"
	      "[{\"family\":5}]}\n"
	      "{\"name\":\"in.www/b4\",\"pac",
	      f);
	fclose(f);
	counters_file_load(&t, rig->dir);
	expect(&t, "in.www/b1", 0);
	expect(&t, "in.www/b2", 1);
	expect(&t, "in.www/b3", 1);
	assert_null(totals_find(t.list[0], "in", "b4"));
	totals_free(&t);
	free(path);
}

static void test_disk_refuses(void **state)
{
	struct rig *rig = *state;
	char *none = xasprintf("%s/none", rig->dir);
	char *path = xjoin(none, "/counters", "");
	struct counters_file *f = counters_file_open(none);
	struct totals t = { 0 }, u = { 0 };

	see(&t, "in.www/b1", 0, value(1, 1, 5));
	assert_true(counters_file_write(f, &t, true) < 0);
	assert_int_equal(mkdir(none, 0700), 0);
	assert_int_equal(counters_file_write(f, &t, true), 0);
	counters_file_load(&u, none);
	expect(&u, "in.www/b1", 5);
	assert_int_equal(unlink(path), 0); /* the rig removes what is empty */
	counters_file_close(f);
	totals_free(&t);
	totals_free(&u);
	free(path);
	free(none);
}

/* ---- full sets */

static void test_overflow(void **state)
{
	struct overflow o = { 0 };

	assert_int_equal(overflow_look(&o, 0, 1000), OVERFLOW_SILENT);
	assert_int_equal(overflow_look(&o, 1, 2000), OVERFLOW_BEGINS);
	assert_int_equal(overflow_look(&o, 9, 3000), OVERFLOW_SILENT);
	assert_int_equal(overflow_look(&o, 9, 62999), OVERFLOW_SILENT);
	assert_int_equal(overflow_look(&o, 10, 62999), OVERFLOW_SILENT);
	assert_int_equal(overflow_look(&o, 10, 122998), OVERFLOW_SILENT);
	assert_true(o.full);
	assert_int_equal(overflow_look(&o, 10, 122999), OVERFLOW_ENDS);
	assert_false(o.full);
	assert_int_equal(o.seen - o.before, 10);
	assert_int_equal(overflow_look(&o, 10, 200000), OVERFLOW_SILENT);
	assert_int_equal(overflow_look(&o, 12, 200001), OVERFLOW_BEGINS);
	assert_int_equal(o.seen - o.before, 2);
}

static void test_overflow_names(void **state)
{
	assert_int_equal(overflow_set_of("full-sessions.www"),
			 OVERFLOW_SESSIONS);
	assert_int_equal(overflow_set_of("full-new.www"), OVERFLOW_NEW);
	assert_int_equal(overflow_set_of("full-connections.www"),
			 OVERFLOW_CONNECTIONS);
	assert_int_equal(overflow_set_of("full-flows.www"), OVERFLOW_FLOWS);
	assert_int_equal(overflow_set_of("flood.www"), OVERFLOW_FLOOD);
	assert_int_equal(overflow_set_of("full-newer.www"), -1);
	assert_int_equal(overflow_set_of("new.www"), -1);
	assert_int_equal(overflow_set_of("in.full-new/b1"), -1);
}

#define DISK(name)                                                             \
	cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_made_anew),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_what_is_read),
		DISK(test_trim),
		DISK(test_trim_among_others),
		DISK(test_restart),
		DISK(test_boot),
		DISK(test_many),
		DISK(test_damaged),
		DISK(test_disk_refuses),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_overflow_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
