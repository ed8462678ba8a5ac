/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the API's bindings look like after the process died at any instant.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hvagent/keep.h"
#include "lib/buf.h"
#include "lib/xalloc.h"

struct rig {
	char dir[64];
	char *path;
	struct keep *keep;
	struct bindings kept;
};

static void open_it(struct rig *rig)
{
	struct err err = { "" };

	if (keep_open(&rig->keep, rig->dir, &rig->kept, &err) < 0)
		fail_msg("%s", err.msg);
}

static void close_it(struct rig *rig)
{
	keep_close(rig->keep);
	rig->keep = NULL;
	bindings_free(&rig->kept);
}

static int setup(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	strcpy(rig->dir, "/tmp/nftlb-keep-XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	rig->path = xasprintf("%s/" KEEP_FILE, rig->dir);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	close_it(rig);
	unlink(rig->path);
	assert_int_equal(rmdir(rig->dir), 0);
	free(rig->path);
	free(rig);
	return 0;
}

static struct binding made(const char *name, const char *service,
			   const char *vm)
{
	struct binding b = { .name = (char *)name, .origin = BINDING_OF_API };

	assert_int_equal(binding_service_parse(service, &b), 0);
	assert_int_equal(binding_vm_parse(vm, &b), 0);
	return b;
}

static void put(struct rig *rig, const char *name, const char *service,
		const char *vm)
{
	struct binding b = made(name, service, vm);
	struct err err = { "" };

	assert_int_equal(keep_put(rig->keep, &b, 1, false, &err), 0);
	assert_int_equal(bindings_put(&rig->kept, &b, &err), 0);
	keep_settle(rig->keep, true, &rig->kept);
}

static void gone(struct rig *rig, const char *name)
{
	struct err err = { "" };

	assert_int_equal(keep_remove(rig->keep, name, &err), 0);
	assert_true(bindings_remove(&rig->kept, name));
	keep_settle(rig->keep, true, &rig->kept);
}

/* "NAME=SERVICE>VM ..." */
static char *words(const struct bindings *l)
{
	struct buf out = { 0 };
	char service[BINDING_SERVICE_TEXT], vm[ENDPOINT_STRLEN];

	buf_printf(&out, "%s", "");
	for (size_t i = 0; i < l->n; i++) {
		assert_int_equal(l->list[i]->origin, BINDING_OF_API);
		buf_printf(&out, "%s%s=%s>%s", i ? " " : "", l->list[i]->name,
			   binding_service_text(l->list[i], service),
			   binding_vm_text(l->list[i], vm));
	}
	return out.data;
}

static void holds(const struct bindings *l, const char *wanted)
{
	char *found = words(l);

	assert_string_equal(found, wanted);
	free(found);
}

static void again_holds(struct rig *rig, const char *wanted)
{
	close_it(rig);
	open_it(rig);
	holds(&rig->kept, wanted);
}

#define A "192.0.2.1:80/tcp"
#define B "[2001:db8::1]:53/udp"

static void test_kept(void **state)
{
	struct rig *rig = *state;

	open_it(rig);
	holds(&rig->kept, "");
	put(rig, "a", A, "10.0.0.1");
	put(rig, "b", B, "[2001:db8::2]:5353");
	again_holds(rig, "a=" A ">10.0.0.1 b=" B ">[2001:db8::2]:5353");
	put(rig, "a", A, "10.0.0.9:8080");
	gone(rig, "b");
	again_holds(rig, "a=" A ">10.0.0.9:8080");
}

static void test_lists(void **state)
{
	struct rig *rig = *state;
	struct err err = { "" };
	struct binding two[2];

	open_it(rig);
	put(rig, "x", A, "10.0.0.1");
	put(rig, "y", A, "10.0.0.2");
	/* They change places, which no order of single changes can do. */
	two[0] = made("x", A, "10.0.0.2");
	two[1] = made("y", A, "10.0.0.1");
	assert_int_equal(keep_put(rig->keep, two, 2, false, &err), 0);
	keep_settle(rig->keep, true, NULL);
	again_holds(rig, "x=" A ">10.0.0.2 y=" A ">10.0.0.1");
	assert_int_equal(keep_put(rig->keep, two, 1, true, &err), 0);
	keep_settle(rig->keep, true, NULL);
	again_holds(rig, "x=" A ">10.0.0.2");
	assert_int_equal(keep_put(rig->keep, NULL, 0, true, &err), 0);
	keep_settle(rig->keep, true, NULL);
	again_holds(rig, "");
}

/* The kernel refused: as if nobody had asked. */
static void test_taken_back(void **state)
{
	struct binding b = made("b", A, "10.0.0.2");
	struct rig *rig = *state;
	struct err err = { "" };
	struct stat before, after;

	open_it(rig);
	put(rig, "a", A, "10.0.0.1");
	stat(rig->path, &before);
	assert_int_equal(keep_put(rig->keep, &b, 1, false, &err), 0);
	keep_settle(rig->keep, false, &rig->kept);
	assert_int_equal(keep_remove(rig->keep, "a", &err), 0);
	keep_settle(rig->keep, false, &rig->kept);
	stat(rig->path, &after);
	assert_int_equal(before.st_size, after.st_size);
	put(rig, "c", A, "10.0.0.3");
	again_holds(rig, "a=" A ">10.0.0.1 c=" A ">10.0.0.3");
}

/* Before it is settled, it is on the disk: kill -9 in between. */
static void test_written_at_once(void **state)
{
	struct binding b = made("b", A, "10.0.0.2");
	struct rig *rig = *state;
	struct err err = { "" };

	open_it(rig);
	assert_int_equal(keep_put(rig->keep, &b, 1, false, &err), 0);
	again_holds(rig, "b=" A ">10.0.0.2");
}

/* The file cut at each of its bytes: whole lines count, pieces do not. */
static void test_cut_anywhere(void **state)
{
	struct rig *rig = *state;
	off_t ends[3];
	struct stat st;

	open_it(rig);
	stat(rig->path, &st);
	ends[0] = st.st_size;
	put(rig, "a", A, "10.0.0.1");
	stat(rig->path, &st);
	ends[1] = st.st_size;
	put(rig, "b", A, "10.0.0.2");
	stat(rig->path, &st);
	ends[2] = st.st_size;
	for (off_t cut = ends[2]; cut >= ends[0]; cut--) {
		close_it(rig);
		assert_int_equal(truncate(rig->path, cut), 0);
		open_it(rig);
		holds(&rig->kept, cut == ends[2] ? "a=" A ">10.0.0.1 b=" A
						   ">10.0.0.2"
				  : cut >= ends[1] ? "a=" A ">10.0.0.1"
						   : "");
		stat(rig->path, &st);
		assert_true(st.st_size == ends[0] || st.st_size == ends[1] ||
			    st.st_size == ends[2]);
	}
	put(rig, "c", A, "10.0.0.3");
	again_holds(rig, "c=" A ">10.0.0.3");
}

static void write_file(struct rig *rig, const char *text)
{
	FILE *f = fopen(rig->path, "w");

	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_damaged(void **state)
{
	static const char head[] = "{\"hvagent\":\"bindings\",\"version\":1}\n";
	static const struct {
		const char *text, *said;
	} files[] = {
		{ "", ":1:" },
		{ "hello\n", ":1:" },
		{ "{\"hvagent\":\"bindings\",\"version\":2}\n", ":1:" },
		{ "H\n", ":2:" },
		{ "H{\"remove\":\"a\"}\nx\n", ":3:" },
		{ "H{}\n", ":2:" },
		{ "H{\"remove\":1}\n", ":2:" },
		{ "H{\"remove\":\"a\",\"put\":[]}\n", ":2:" },
		{ "H{\"put\":[1]}\n", ":2:" },
		{ "H{\"put\":[{\"name\":\"a\",\"service\":\"x\",\"vm\":\"y\"}]}"
		  "\n",
		  ":2:" },
		{ "H{\"put\":[{\"name\":\"/\",\"service\":\"" A
		  "\",\"vm\":\"10.0.0.1\"}]}\n",
		  ":2:" },
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct bindings kept;
		struct keep *k = NULL;
		struct err err = { "" };
		bool with_head = files[i].text[0] == 'H';
		char *text = xasprintf("%s%s", with_head ? head : "",
				       files[i].text + with_head);
		struct stat st;

		write_file(rig, text);
		assert_int_equal(keep_open(&k, rig->dir, &kept, &err),
				 -EBADMSG);
		assert_non_null(strstr(err.msg, rig->path));
		if (!strstr(err.msg, files[i].said))
			fail_msg("%s: %s", files[i].text, err.msg);
		assert_int_equal(kept.n, 0);
		stat(rig->path, &st); /* nothing is changed */
		assert_int_equal(st.st_size, strlen(text));
		free(text);
	}
}

static void test_one_owner(void **state)
{
	struct rig *rig = *state;
	struct err err = { "" };
	struct bindings kept;
	struct keep *second = NULL;

	open_it(rig);
	assert_int_equal(keep_open(&second, rig->dir, &kept, &err), -EBUSY);
	assert_non_null(strstr(err.msg, rig->dir));
	assert_null(second);
}

/* Beside who owns it, and without a change: not even of a piece of a line. */
static void test_peek(void **state)
{
	struct rig *rig = *state;
	struct err err = { "" };
	struct stat before, after;
	struct bindings kept;

	assert_int_equal(keep_peek(rig->dir, &kept, &err), 0);
	assert_int_equal(kept.n, 0);
	assert_int_equal(stat(rig->path, &before), -1);
	open_it(rig);
	put(rig, "a", A, "10.0.0.1");
	put(rig, "b", A, "10.0.0.2");
	stat(rig->path, &before);
	assert_int_equal(truncate(rig->path, before.st_size - 5), 0);
	assert_int_equal(keep_peek(rig->dir, &kept, &err), 0);
	holds(&kept, "a=" A ">10.0.0.1");
	bindings_free(&kept);
	stat(rig->path, &after);
	assert_int_equal(after.st_size, before.st_size - 5);
}

/* The same binding thousands of times: the file stays small. */
static void test_stays_small(void **state)
{
	struct rig *rig = *state;
	off_t most = 0;

	open_it(rig);
	for (int i = 0; i < 3000; i++) {
		struct stat st;
		char vm[32];

		snprintf(vm, sizeof(vm), "10.0.%d.%d", i / 250, i % 250 + 1);
		put(rig, "a", A, vm);
		stat(rig->path, &st);
		most = st.st_size > most ? st.st_size : most;
	}
	assert_in_range(most, 50000, 120000);
	again_holds(rig, "a=" A ">10.0.11.250");
}

static void may_write(off_t most)
{
	struct rlimit room = { (rlim_t)most, RLIM_INFINITY };

	if (most < 0)
		room.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &room), 0);
}

/* What cannot be written is refused, half of it is taken back, and the rest is
 * as it was. */
static void test_full_disk(void **state)
{
	struct binding b = made("b", A, "10.0.0.2");
	struct rig *rig = *state;
	struct err err = { "" };
	struct stat st;

	signal(SIGXFSZ, SIG_IGN);
	open_it(rig);
	put(rig, "a", A, "10.0.0.1");
	stat(rig->path, &st);
	for (off_t room = 0; room < 40; room++) {
		may_write(st.st_size + room);
		assert_int_equal(keep_put(rig->keep, &b, 1, false, &err),
				 -EFBIG);
		assert_non_null(strstr(err.msg, rig->path));
		may_write(-1);
		if (room % 10 == 0)
			again_holds(rig, "a=" A ">10.0.0.1");
	}
	put(rig, "b", A, "10.0.0.2");
	again_holds(rig, "a=" A ">10.0.0.1 b=" A ">10.0.0.2");
}

static void test_tunnel(void **state)
{
	struct binding b = made("b", A, "10.0.0.2");
	struct rig *rig = *state;
	struct err err = { "" };
	char text[ADDR_STRLEN];

	assert_int_equal(binding_tunnel_parse("fd00::2", &b), 0);
	open_it(rig);
	assert_int_equal(keep_put(rig->keep, &b, 1, false, &err), 0);
	assert_int_equal(bindings_put(&rig->kept, &b, &err), 0);
	keep_settle(rig->keep, true, &rig->kept);
	put(rig, "a", A, "10.0.0.1");
	close_it(rig);
	open_it(rig);
	assert_int_equal(rig->kept.n, 2);
	assert_int_equal(rig->kept.list[0]->tunnel.family, 0);
	assert_string_equal(addr_format(&rig->kept.list[1]->tunnel, text),
			    "fd00::2");
}

static void test_no_file(void **state)
{
	struct rig *rig = *state;
	struct err err = { "" };
	struct bindings kept;
	struct keep *k = NULL;

	assert_int_equal(symlink("/dev/zero", rig->path), 0);
	assert_int_equal(keep_open(&k, rig->dir, &kept, &err), -EBADMSG);
	assert_null(k);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_tunnel),          TEST(test_kept),
		TEST(test_lists),           TEST(test_taken_back),
		TEST(test_written_at_once), TEST(test_cut_anywhere),
		TEST(test_damaged),         TEST(test_one_owner),
		TEST(test_stays_small),     TEST(test_full_disk),
		TEST(test_no_file),         TEST(test_peek),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
