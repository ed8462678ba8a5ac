/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Revisions on disk: what is kept, what is damaged, what differs, what is
 * pending, and files put in place of others. */
#include <errno.h>
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

#include "lib/xalloc.h"
#include "revisions/diff.h"
#include "revisions/pending.h"
#include "revisions/place.h"
#include "revisions/store.h"

static int setup(void **state)
{
	char *dir = xstrdup("/tmp/nftlb-revisions-XXXXXX");

	*state = dir;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char *command = xasprintf("rm -r %s", (char *)*state);
	int ret = system(command);

	free(command);
	free(*state);
	return ret;
}

/* ---- differences */

static const struct {
	const char *a, *b, *diff; /* NULL = no such file; diff without heads */
	size_t added, removed;
} diffs[] = {
	{ "a\nb\n", "a\nb\n", "", 0, 0 },
	{ "a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n", 1, 1 },
	{ NULL, "a\n", "@@ -0,0 +1,1 @@\n+a\n", 1, 0 },
	{ "a\nb\n", NULL, "@@ -1,2 +0,0 @@\n-a\n-b\n", 0, 2 },
	{ "a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n",
	  1, 1 },
	/* the shortest script, not all between the ends */
	{ "1\n2\n3\n4\n", "0\n1\n3\n4\n5\n",
	  "@@ -1,4 +1,5 @@\n+0\n 1\n-2\n 3\n 4\n+5\n", 2, 1 },
	/* two hunks where more than six lines are between, else one */
	{ "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
	  "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
	  "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n",
	  2, 2 },
	{ "a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
	  "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n", 2, 2 },
};

static struct conf_file file(const char *path, const char *text)
{
	return (struct conf_file){ (char *)path, (char *)text,
				   text ? strlen(text) : 0 };
}

static void test_diff(void **state)
{
	for (size_t i = 0; i < sizeof(diffs) / sizeof(diffs[0]); i++) {
		const struct conf_file a = file("f", diffs[i].a);
		const struct conf_file b = file("f", diffs[i].b);
		struct diff_count count = { 0 };
		struct buf out = { 0 };

		diff_text("f", &a, &b, &out, &count);
		assert_string_equal(out.data ? strstr(out.data, "@@") : "",
				    diffs[i].diff);
		assert_int_equal(count.added, diffs[i].added);
		assert_int_equal(count.removed, diffs[i].removed);
		buf_free(&out);
	}
}

/* ---- the store */

static int add(struct store *s, const char *text, uint32_t kept, uint64_t spare,
	       uint64_t *number)
{
	struct conf_file f = file("/etc/x.conf", text);
	struct revision r = { .time_ms = 5,
			      .uid = 7,
			      .token = (char *)"ops",
			      .cause = CAUSE_PUT,
			      .files = &f,
			      .nfiles = 1 };
	struct err err = { "" };
	int ret = store_add(s, &r, kept, spare, &err);

	*number = r.number;
	return ret;
}

static char *stored(const char *dir, unsigned int number)
{
	return xasprintf("%s/" STORE_DIR "/%010u.conf", dir, number);
}

static size_t count_of(const struct store *s)
{
	size_t n;

	store_list(s, &n);
	return n;
}

static void test_store(void **state)
{
	struct store *s = store_open(*state);
	char *path = stored(*state, 1);
	struct revision r;
	struct err err;
	struct stat st;
	uint64_t n;

	assert_null(store_last(s));
	assert_int_equal(add(s, "one\n", 10, 0, &n), 1);
	assert_int_equal(add(s, "one\n", 10, 0, &n), 0); /* the same */
	assert_int_equal(n, 1);
	assert_int_equal(add(s, "two\n", 10, 0, &n), 1);
	assert_int_equal(add(s, "one\n", 10, 0, &n), 1); /* it was not last */
	assert_int_equal(n, 3);
	store_close(s);

	s = store_open(*state);
	assert_int_equal(count_of(s), 3);
	assert_int_equal(store_read(s, 2, &r, &err), 0);
	assert_string_equal(r.files[0].text, "two\n");
	assert_string_equal(r.files[0].path, "/etc/x.conf");
	assert_string_equal(r.token, "ops");
	assert_int_equal(r.uid, 7);
	assert_int_equal(r.cause, CAUSE_PUT);
	revision_free(&r);
	assert_int_equal(store_read(s, 4, &r, &err), -ENOENT);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* the oldest go, but not the one that may have to come back */
	assert_int_equal(add(s, "four\n", 2, 2, &n), 1);
	assert_int_equal(count_of(s), 3); /* 2, and the newest two */
	assert_non_null(store_find(s, 2));
	assert_null(store_find(s, 1));
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	store_close(s);
}

static void damage(char *path, long at, const char *text)
{
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static void test_damage(void **state)
{
	struct store *s = store_open(*state);
	struct revision r;
	struct err err;
	uint64_t n;
	char *path;

	for (int i = 0; i < 4; i++) {
		char text[16];

		snprintf(text, sizeof(text), "t%d\n", i);
		assert_int_equal(add(s, text, 10, 0, &n), 1);
	}
	store_close(s);
	damage(stored(*state, 4), 0, "x");  /* no JSON */
	damage(stored(*state, 2), -2, "X"); /* another text */
	path = stored(*state, 3);           /* too short */
	assert_int_equal(truncate(path, 150), 0);
	free(path);
	s = store_open(*state);
	assert_int_equal(count_of(s), 2);
	assert_int_equal(store_read(s, 2, &r, &err), -EBADMSG);
	assert_int_equal(store_read(s, 1, &r, &err), 0);
	revision_free(&r);
	/* a number that was given is not given again */
	assert_int_equal(add(s, "new\n", 10, 0, &n), 1);
	assert_int_equal(n, 5);
	store_close(s);
}

static void test_store_refuses(void **state)
{
	char *path = xasprintf("%s/" STORE_DIR, (char *)*state);
	FILE *f = fopen(path, "w");
	struct store *s;
	uint64_t n;

	assert_non_null(f);
	fclose(f);
	s = store_open(*state); /* told, and empty */
	assert_true(add(s, "one\n", 10, 0, &n) < 0);
	assert_null(store_last(s));
	unlink(path);
	assert_int_equal(add(s, "one\n", 10, 0, &n), 1);
	assert_int_equal(n, 1);
	store_close(s);
	free(path);
}

/* ---- what is pending */

static void test_pending(void **state)
{
	const struct pending p = { .back_to = 3,
				   .deadline_ms = 100000,
				   .confirm_ms = 60000,
				   .uid = 9,
				   .token = (char *)"ops" };
	struct pending got;
	struct err err;

	assert_int_equal(pending_left_ms(&p, 40000), 60000);
	assert_int_equal(pending_left_ms(&p, 99999), 1);
	assert_int_equal(pending_left_ms(&p, 100000), 0);
	assert_int_equal(pending_left_ms(&p, 500000), 0);
	/* a clock that was set back does not keep it for ever */
	assert_int_equal(pending_left_ms(&p, -900000000), 60000);

	assert_int_equal(pending_load(*state, &got, &err), 0);
	assert_int_equal(pending_save(*state, &p, &err), 0);
	assert_int_equal(pending_load(*state, &got, &err), 1);
	assert_int_equal(got.back_to, 3);
	assert_int_equal(got.deadline_ms, 100000);
	assert_string_equal(got.token, "ops");
	pending_free(&got);
	damage(xasprintf("%s/pending.json", (char *)*state), 0, "[");
	assert_int_equal(pending_load(*state, &got, &err), -EBADMSG);
	assert_int_equal(pending_remove(*state, &err), 0);
	assert_int_equal(pending_load(*state, &got, &err), 0);
	assert_int_equal(pending_remove(*state, &err), 0);
	assert_true(pending_save("/nonexistent", &p, &err) < 0);
}

/* ---- files in place of others: one changed, one new, one removed */

struct three {
	char *dir;
	char *path[3];
	struct conf_file want[3];
};

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void says(const char *path, const char *text)
{
	FILE *f = fopen(path, "r");
	char got[64];
	size_t n;

	assert_int_equal(f != NULL, text != NULL);
	if (!f)
		return;
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	assert_string_equal(got, text);
}

static void three_begin(struct three *t, char *dir)
{
	static const char *const names[] = { "main", "new", "gone" };

	t->dir = dir;
	for (int i = 0; i < 3; i++)
		t->path[i] = xasprintf("%s/%s", dir, names[i]);
	put(t->path[0], "old main\n");
	put(t->path[2], "old gone\n");
	assert_int_equal(chmod(t->path[0], 0640), 0);
	t->want[0] = file(t->path[0], "main\n");
	t->want[1] = file(t->path[1], "new\n");
	t->want[2] = file(t->path[2], NULL);
}

static void three_are_old(const struct three *t)
{
	says(t->path[0], "old main\n");
	says(t->path[1], NULL);
	says(t->path[2], "old gone\n");
}

static void three_end(struct three *t)
{
	char *command = xasprintf("ls -A %s | grep -q nftlb-", t->dir);

	assert_int_not_equal(system(command), 0); /* nothing is left beside */
	free(command);
	for (int i = 0; i < 3; i++)
		free(t->path[i]);
}

static void mode_is(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void test_place(void **state)
{
	struct place *p;
	struct three t;
	struct err err;

	three_begin(&t, *state);
	assert_int_equal(place_prepare(&p, t.want, 3, &err), 0);
	three_are_old(&t);
	assert_int_equal(place_swap(p, &err), 0);
	says(t.path[0], "main\n");
	says(t.path[1], "new\n");
	says(t.path[2], NULL);
	mode_is(t.path[0], 0640);
	mode_is(t.path[1], 0640); /* as the first */
	assert_int_equal(place_back(p, &err), 0);
	three_are_old(&t);
	place_free(p);
	three_end(&t);
}

static void test_place_refuses(void **state)
{
	char *taken = xasprintf("%s/.new.nftlb-new", (char *)*state);
	struct place *p;
	struct three t;
	struct err err;

	three_begin(&t, *state);
	/* beside the second there is no room */
	assert_int_equal(mkdir(taken, 0700), 0);
	assert_true(place_prepare(&p, t.want, 3, &err) < 0);
	three_are_old(&t);
	assert_int_equal(rmdir(taken), 0);
	/* the second cannot be replaced when the first was already */
	assert_int_equal(place_prepare(&p, t.want, 3, &err), 0);
	assert_int_equal(mkdir(t.path[1], 0700), 0);
	assert_true(place_swap(p, &err) < 0);
	assert_int_equal(rmdir(t.path[1]), 0);
	three_are_old(&t);
	place_free(p);
	free(taken);
	three_end(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff), TEST(test_store),
		TEST(test_damage),           TEST(test_store_refuses),
		TEST(test_pending),          TEST(test_place),
		TEST(test_place_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
