/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The export: what the lines say, and what becomes of a target that refuses,
 * hangs or is late. The loop must not wait for any of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_rig.h"
#include "lib/xalloc.h"
#include "listener.h"

/* The loop turns while a target hangs for a second; half of it is far more than
 * a machine with too much to do takes. */
#define TURN_MAX_S 3.0

static char *directory(void)
{
	char *dir = xstrdup("/tmp/nftlb-export-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

/* ---- text */

static void test_lines(void **state)
{
	static const char wanted[] = "{\"host\":\"hv1\",\"version\":\"";
	struct export_rig r;
	struct export_text t;
	json_t *o;

	rig_open(&r, HV_EXPORT_NONE, NULL, NULL, 2);
	assert_null(export_status(&r.a)); /* none is wanted */
	export_text(&r.a, "hv1", 1763780400.25, &t);
	assert_int_equal(t.nlines, 2);
	assert_int_equal(t.ends[1], t.text.len);
	assert_memory_equal(t.text.data, wanted, sizeof(wanted) - 1);
	o = json_loadb(t.text.data + t.ends[0], t.ends[1] - t.ends[0], 0, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "name")),
			    "b00002");
	assert_string_equal(json_string_value(json_object_get(o, "service")),
			    "192.0.2.1:80/tcp");
	assert_string_equal(json_string_value(json_object_get(o, "vm")),
			    "10.1.0.2:8080");
	assert_string_equal(json_string_value(json_object_get(o, "origin")),
			    "file");
	assert_string_equal(json_string_value(json_object_get(o, "time")),
			    "2025-11-22T03:00:00.250Z");
	assert_int_equal(json_integer_value(json_object_get(o, "number")), 2);
	assert_int_equal(json_integer_value(json_object_get(o, "bindings")), 2);
	assert_int_equal(json_integer_value(json_object_get(o, "revision")), 1);
	json_decref(o);
	export_text_free(&t);
	rig_close(&r);
}

/* A binding may say where its tunnels lead. */
static void test_tunnel(void **state)
{
	struct binding b = { .name = (char *)"t" };
	char sum[EXPORT_CHECKSUM_TEXT], without[EXPORT_CHECKSUM_TEXT];
	struct export_rig r;
	struct export_text t;
	json_t *o;

	assert_int_equal(binding_service_parse("192.0.2.1:80/tcp", &b), 0);
	assert_int_equal(binding_vm_parse("10.1.0.2", &b), 0);
	rig_open(&r, HV_EXPORT_NONE, NULL, NULL, 0);
	assert_int_equal(bindings_put(&r.a.bindings, &b, NULL), 0);
	export_checksum(&r.a.bindings, without);
	assert_int_equal(binding_tunnel_parse("fd00::1", &b), 0);
	assert_int_equal(bindings_put(&r.a.bindings, &b, NULL), 0);
	assert_string_not_equal(export_checksum(&r.a.bindings, sum), without);
	export_text(&r.a, "hv1", 1, &t);
	assert_int_equal(t.nlines, 1);
	o = json_loads(t.text.data, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "tunnel")),
			    "fd00::1");
	assert_string_equal(json_string_value(json_object_get(o, "checksum")),
			    sum);
	json_decref(o);
	export_text_free(&t);
	rig_close(&r);
}

/* An empty list is something to say, too. */
static void test_empty(void **state)
{
	struct export_rig r;
	struct export_text t;
	json_t *o;

	rig_open(&r, HV_EXPORT_NONE, NULL, NULL, 0);
	export_text(&r.a, "a \"host\"", 0.001, &t);
	assert_int_equal(t.nlines, 1);
	o = json_loads(t.text.data, 0, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "host")),
			    "a \"host\"");
	assert_int_equal(json_integer_value(json_object_get(o, "bindings")), 0);
	assert_true(json_is_null(json_object_get(o, "name")));
	json_decref(o);
	export_text_free(&t);
	rig_close(&r);
}

/* By somebody else's SHA-256. */
static void test_checksum(void **state)
{
	static const size_t counts[] = { 0, 1, 700 };
	char sum[EXPORT_CHECKSUM_TEXT], other[EXPORT_CHECKSUM_TEXT];
	struct export_rig r;

	for (size_t k = 0; k < 3; k++) {
		char *dir = directory(), *path = xjoin(dir, "/list", "");
		char *command = xjoin("sha256sum <", path, "");
		FILE *f = fopen(path, "w");

		for (size_t i = 1; i <= counts[k]; i++)
			fprintf(f,
				"b%05zu 192.0.2.1:80/tcp 10.1.%zu.%zu:8080\n",
				i, i >> 8, i & 255);
		fclose(f);
		f = popen(command, "r");
		assert_non_null(fgets(other, sizeof(other), f));
		pclose(f);
		rig_open(&r, HV_EXPORT_NONE, NULL, NULL, counts[k]);
		assert_string_equal(export_checksum(&r.a.bindings, sum), other);
		rig_close(&r);
		unlink(path);
		rmdir(dir);
		free(command);
		free(path);
		free(dir);
	}
}

/* ---- file */

static size_t lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* The list as it is each time; nothing else is left in the directory. */
static void test_file(void **state)
{
	char *dir = directory(), *path = xjoin(dir, "/list", "");
	char *beside = xjoin(path, ".new", "");
	struct export_rig r;
	struct stat old, new;

	/* what a crash left, and somebody's trap */
	assert_int_equal(symlink("/etc/passwd", beside), 0);
	rig_open(&r, HV_EXPORT_FILE, path, NULL, 1000);
	rig_wait(&r, 1, 0);
	assert_int_equal(lines_of(path), 1000);
	assert_int_equal(stat(path, &old), 0);
	rig_fill(&r, 3);
	rig_wait(&r, 2, 0);
	assert_int_equal(lines_of(path), 3);
	assert_int_equal(stat(path, &new), 0);
	assert_int_not_equal(old.st_ino, new.st_ino); /* replaced */
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(export_status(&r.a)->bindings, 3);
	assert_true(export_status(&r.a)->took_s > 0);
	rig_close(&r);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	free(beside);
	free(path);
	free(dir);
}

/* It fails with words, and works as soon as it can. */
static void test_file_refused(void **state)
{
	char *dir = directory(), *path = xjoin(dir, "/sub/list", "");
	char *sub = xjoin(dir, "/sub", "");
	struct export_rig r;

	rig_open(&r, HV_EXPORT_FILE, path, NULL, 1);
	rig_wait(&r, 0, 2);
	assert_non_null(strstr(export_status(&r.a)->error, path));
	assert_non_null(strstr(export_status(&r.a)->error, "No such file"));
	assert_int_equal(mkdir(sub, 0700), 0);
	rig_wait(&r, 1, 2);
	assert_string_equal(export_status(&r.a)->error, "");
	assert_int_equal(export_status(&r.a)->failures, 0);
	rig_close(&r);
	unlink(path);
	rmdir(sub);
	assert_int_equal(rmdir(dir), 0);
	free(sub);
	free(path);
	free(dir);
}

/* ---- HTTP: the good case has a real server, in the lab */

static void test_http_refused(void **state)
{
	struct listener l;
	struct export_rig r;
	char *url;

	listener_open(&l, AF_INET, -1);
	url = xasprintf("http://127.0.0.1:%u/", l.port);
	rig_open(&r, HV_EXPORT_HTTP, url, NULL, 1);
	rig_wait(&r, 0, 2);
	assert_non_null(strstr(export_status(&r.a)->error, "connect"));
	assert_true(r.longest < TURN_MAX_S);
	rig_close(&r);
	listener_close(&l);
	free(url);
}

/* It takes the connection and says nothing: given up after an interval. */
static void test_http_silent(void **state)
{
	struct listener l;
	struct export_rig r;
	char *url;

	listener_open(&l, AF_INET, 8);
	url = xasprintf("http://127.0.0.1:%u/", l.port);
	rig_open(&r, HV_EXPORT_HTTP, url, NULL, 5000);
	rig_wait(&r, 0, 2);
	assert_non_null(strstr(export_status(&r.a)->error, "not over after"));
	assert_true(r.longest < TURN_MAX_S);
	rig_close(&r); /* in the middle of one, maybe */
	listener_close(&l);
	free(url);
}

static void test_http_scheme(void **state)
{
	struct export_rig r;

	rig_open(&r, HV_EXPORT_HTTP, "file:///etc/passwd", NULL, 1);
	rig_wait(&r, 0, 1);
	assert_int_equal(export_status(&r.a)->good, 0);
	rig_close(&r);
}

/* ---- another configuration */

static void test_reload(void **state)
{
	char *dir = directory(), *path = xjoin(dir, "/list", "");
	struct err err = { "" };
	struct export_rig r;
	void *before;

	rig_open(&r, HV_EXPORT_HTTP, "http://127.0.0.1:1/", NULL, 1);
	rig_wait(&r, 0, 1);
	before = r.a.exporter;
	assert_int_equal(export_reload(&r.a, &err), 0);
	assert_ptr_equal(r.a.exporter, before); /* the same goes on */
	r.conf.export.type = HV_EXPORT_FILE;
	r.conf.export.target = path;
	assert_int_equal(export_reload(&r.a, &err), 0);
	rig_wait(&r, 1, 0);
	assert_int_equal(lines_of(path), 1);
	r.conf.export.type = HV_EXPORT_NONE;
	assert_int_equal(export_reload(&r.a, &err), 0);
	assert_null(export_status(&r.a));
	rig_close(&r);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	free(path);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_tunnel),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_refused),
		cmocka_unit_test(test_http_refused),
		cmocka_unit_test(test_http_silent),
		cmocka_unit_test(test_http_scheme),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
