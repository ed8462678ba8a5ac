/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State on disk, with real files: what was flushed is there for the next
 * process, whatever instant this one dies at and whatever else is in the files.
 * A "restart" is a new model from the same configuration, loaded.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf_rig.h"
#include "daemon/persist.h"
#include "lib/xalloc.h"

#define NBACKENDS 3

struct disk {
	struct rig *rig;
	struct model *m;
	struct persist *p;
};

static struct model *fresh(struct rig *rig)
{
	char *text = xasprintf(
	    "[global]\nstate-dir = %s\n"
	    "[service www]\naddress = 192.0.2.1\nport = 80\nmode = dnat\n"
	    "check = tcp\nbackend.b1 = 10.0.0.1:80\nbackend.b2 = 10.0.0.2:80\n"
	    "backend.b3 = 10.0.0.3:80 disabled\n"
	    "[service dns]\naddress = 192.0.2.2\nport = 53\nmode = dnat\n"
	    "backend.b1 = 10.0.0.1:53\n",
	    rig->dir);
	struct conf *conf;

	rig_good(rig, text);
	free(text);
	conf = rig->conf;
	rig->conf = NULL; /* the model's from here on */
	return model_new(conf, NULL);
}

static struct disk start(void **state)
{
	struct disk d = { .rig = *state };

	d.m = fresh(d.rig);
	d.p = persist_open(d.m, persist_load(d.m));
	return d;
}

/* kill -9: nothing more is written. */
static void die(struct disk *d)
{
	persist_close(d->p);
	model_free(d->m);
}

static struct backend *find(const struct model *m, const char *backend)
{
	return service_backend(model_service(m, "www"), backend);
}

static void set(struct disk *d, const char *name, enum admin admin,
		int32_t weight, enum health health)
{
	struct backend *b = find(d->m, name);

	b->admin = admin;
	b->weight = weight;
	b->health = health;
	b->checks[0].health = (uint8_t)health;
	persist_note(d->p, model_service(d->m, "www"), b);
}

static void set_disabled(struct disk *d, bool disabled)
{
	struct service *s = model_service(d->m, "www");

	s->disabled = disabled;
	persist_note(d->p, s, NULL);
}

static void assert_backend(const struct model *m, const char *name,
			   enum admin admin, int32_t weight, enum health health)
{
	const struct backend *b = find(m, name);

	assert_int_equal(b->admin, admin);
	assert_int_equal(b->weight, weight);
	assert_int_equal(b->health, health);
}

/* ---- files */

static char *path_of(const struct rig *rig, const char *name)
{
	return xasprintf("%s/%s", rig->dir, name);
}

static char *slurp(const struct rig *rig, const char *name, size_t *len)
{
	char *path = path_of(rig, name), *data = xmalloc(1 << 20);
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	*len = fread(data, 1, (1 << 20) - 1, f);
	data[*len] = '\0';
	fclose(f);
	free(path);
	return data;
}

static bool exists(const struct rig *rig, const char *name)
{
	char *path = path_of(rig, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static unsigned int journal_lines(const struct rig *rig)
{
	size_t len;
	char *text = slurp(rig, PERSIST_JOURNAL, &len);
	unsigned int n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	free(text);
	return n;
}

/* ---- tests */

/* All combinations, through the journal and through the snapshot. */
static void test_round_trip(void **state)
{
	static const int32_t weights[] = { WEIGHT_DEFAULT, 0, 1, 65535 };

	for (int i = 0; i < 3 * 4 * 2 * 2; i++) {
		struct disk d = start(state);
		enum admin admin = (enum admin)(i % 3);
		int32_t weight = weights[i / 3 % 4];
		enum health health = i / 12 % 2 ? HEALTH_DOWN : HEALTH_UP;
		bool by_snapshot = i / 24;

		for (int b = 0; b < NBACKENDS; b++)
			set(&d, (const char *[]){ "b1", "b2", "b3" }[b], admin,
			    weight, health);
		set_disabled(&d, i % 2);
		if (by_snapshot)
			assert_int_equal(persist_snapshot(d.p, d.m), 0);
		else
			assert_int_equal(persist_flush(d.p, d.m), 0);
		assert_int_equal(journal_lines(d.rig), by_snapshot ? 1 : 5);
		die(&d);
		d = start(state); /* journal -> model -> snapshot ... */
		die(&d);
		d = start(state); /* ... -> model */
		assert_backend(d.m, "b1", admin, weight, health);
		assert_backend(d.m, "b3", admin, weight, health);
		assert_int_equal(model_service(d.m, "www")->disabled, i % 2);
		assert_false(model_service(d.m, "dns")->disabled);
		assert_false(find(d.m, "b2")->checks[0].decided);
		die(&d);
	}
}

/* What is not flushed is not written; a flush of nothing writes nothing. */
static void test_flush(void **state)
{
	struct disk d = start(state);

	set(&d, "b1", ADMIN_DRAIN, 7, HEALTH_UP);
	assert_int_equal(journal_lines(d.rig), 1);
	persist_flush(d.p, d.m);
	assert_int_equal(journal_lines(d.rig), 2);
	persist_flush(d.p, d.m);
	assert_int_equal(journal_lines(d.rig), 2);
	persist_note(NULL, model_service(d.m, "www"), NULL);
	assert_int_equal(persist_flush(NULL, d.m), 0);
	assert_int_equal(persist_snapshot(NULL, d.m), 0);
	persist_close(NULL);
	die(&d);
}

/* Cut off at every byte: each complete line counts, and nothing else does. */
static void test_cut_anywhere(void **state)
{
	struct disk d = start(state);
	char *text;
	size_t len;

	for (int weight = 1; weight <= 12; weight++)
		set(&d, "b1", ADMIN_DRAIN, weight, HEALTH_DOWN);
	persist_flush(d.p, d.m);
	die(&d);
	text = slurp(d.rig, PERSIST_JOURNAL, &len);
	for (size_t cut = 0; cut <= len; cut++) {
		struct model *m = fresh(d.rig);
		int lines = 0;

		for (size_t i = 0; i < cut; i++)
			lines += text[i] == '\n';
		rig_write(d.rig, PERSIST_JOURNAL, text, cut);
		assert_int_equal(persist_load(m), 0);
		if (lines > 1)
			assert_backend(m, "b1", ADMIN_DRAIN, lines - 1,
				       HEALTH_DOWN);
		else
			assert_backend(m, "b1", ADMIN_ENABLED, WEIGHT_DEFAULT,
				       HEALTH_UP);
		model_free(m);
	}
	free(text);
}

/* The process died after the new snapshot and before the new journal. */
static void test_old_journal(void **state)
{
	struct disk d = start(state);
	size_t len;
	char *old;

	set(&d, "b1", ADMIN_DISABLED, 3, HEALTH_DOWN);
	persist_flush(d.p, d.m);
	old = slurp(d.rig, PERSIST_JOURNAL, &len);
	set(&d, "b1", ADMIN_ENABLED, 4, HEALTH_UP);
	persist_snapshot(d.p, d.m);
	die(&d);
	rig_write(d.rig, PERSIST_JOURNAL, old, len);
	free(old);
	d = start(state);
	assert_backend(d.m, "b1", ADMIN_ENABLED, 4, HEALTH_UP);
	die(&d);
}

static void test_long_journal(void **state)
{
	struct disk d = start(state);

	for (int i = 1; i < PERSIST_JOURNAL_LINES; i++) {
		set(&d, "b2", ADMIN_ENABLED, i, HEALTH_UP);
		persist_flush(d.p, d.m);
	}
	assert_int_equal(journal_lines(d.rig), PERSIST_JOURNAL_LINES);
	set(&d, "b2", ADMIN_ENABLED, 42, HEALTH_UP);
	persist_flush(d.p, d.m);
	assert_int_equal(journal_lines(d.rig), 1);
	die(&d);
	d = start(state);
	assert_backend(d.m, "b2", ADMIN_ENABLED, 42, HEALTH_UP);
	die(&d);
}

/* A directory that refuses: as root only another uid sees that. */
static void test_read_only(void **state)
{
	struct rig *rig = *state;
	bool root = geteuid() == 0;
	struct disk d;

	d.rig = rig;
	d.m = fresh(rig);
	assert_int_equal(chmod(rig->dir, 0555), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	d.p = persist_open(d.m, persist_load(d.m));
	set(&d, "b1", ADMIN_DRAIN, 5, HEALTH_DOWN);
	assert_int_equal(persist_flush(d.p, d.m), -EACCES);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(rig->dir, 0755), 0);
	assert_false(exists(rig, PERSIST_SNAPSHOT));
	/* writable again: the next flush has it, though nothing was noted */
	assert_int_equal(persist_flush(d.p, d.m), 0);
	die(&d);
	d = start(state);
	assert_backend(d.m, "b1", ADMIN_DRAIN, 5, HEALTH_DOWN);
	die(&d);
}

/* A full disk takes a part of the line; later changes are not lost. */
static void test_full(void **state)
{
	struct disk d = start(state);
	struct rlimit old, small;
	unsigned int journal;
	size_t len;

	signal(SIGXFSZ, SIG_IGN);
	free(slurp(d.rig, PERSIST_JOURNAL, &len));
	journal = (unsigned int)len;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ journal + 10, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	set(&d, "b1", ADMIN_DRAIN, 5, HEALTH_DOWN);
	assert_int_equal(persist_flush(d.p, d.m), -EFBIG);
	set(&d, "b2", ADMIN_DRAIN, 6, HEALTH_UP);
	assert_int_equal(persist_flush(d.p, d.m), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	free(slurp(d.rig, PERSIST_JOURNAL, &len));
	assert_int_equal(len, journal + 10); /* torn, and nothing after it */
	set(&d, "b3", ADMIN_ENABLED, 7, HEALTH_UP);
	assert_int_equal(persist_flush(d.p, d.m), 0);
	set(&d, "b3", ADMIN_ENABLED, 8, HEALTH_UP);
	assert_int_equal(persist_flush(d.p, d.m), 0);
	assert_int_equal(journal_lines(d.rig), 2);
	die(&d);
	d = start(state);
	assert_backend(d.m, "b1", ADMIN_DRAIN, 5, HEALTH_DOWN);
	assert_backend(d.m, "b2", ADMIN_DRAIN, 6, HEALTH_UP);
	assert_backend(d.m, "b3", ADMIN_ENABLED, 8, HEALTH_UP);
	die(&d);
}

/* Only the journal fails: snapshots do its work. */
static void test_no_journal(void **state)
{
	char *path = path_of(*state, PERSIST_JOURNAL);
	struct disk d;

	assert_int_equal(mkdir(path, 0700), 0);
	d = start(state);
	set(&d, "b1", ADMIN_DRAIN, 5, HEALTH_UP);
	assert_int_equal(persist_flush(d.p, d.m), 0);
	die(&d);
	d = start(state);
	assert_backend(d.m, "b1", ADMIN_DRAIN, 5, HEALTH_UP);
	die(&d);
	assert_int_equal(rmdir(path), 0);
	free(path);
}

/* Lines that are not ours, between lines that are. */
static void test_garbage_lines(void **state)
{
	static const char text[] =
	    "\n{\n[]\nnull\n7\n\0\0\n\xff\xfe\n{\"service\":7}\n"
	    "{\"service\":\"www\",\"backend\":\"b1\",\"weight\":2}\n"
	    "{\"service\":\"www\",\"backend\":\"b1\",\"weight\":65536}\n"
	    "{\"service\":\"www\",\"backend\":\"b1\",\"weight\":-1}\n"
	    "{\"service\":\"www\",\"backend\":\"b1\",\"weight\":\"9\"}\n"
	    "{\"service\":\"www\",\"backend\":\"b1\",\"admin\":\"gone\"}\n"
	    "{\"service\":\"www\",\"backend\":\"b1\",\"health\":[]}\n"
	    "{\"service\":\"www\",\"backend\":{},\"weight\":9}\n"
	    "{\"service\":\"gone\",\"backend\":\"b1\",\"weight\":9}\n"
	    "{\"service\":\"www\",\"backend\":\"gone\",\"weight\":9}\n"
	    "{\"service\":\"dns\",\"backend\":\"b1\",\"health\":\"down\"}\n"
	    "{\"service\":\"www\",\"backend\":\"b2\",\"admin\":\"drain\"}\n";
	struct model *m = fresh(*state);
	const struct backend *unchecked;

	rig_write(*state, PERSIST_JOURNAL, text, sizeof(text) - 1);
	assert_int_equal(persist_load(m), 0);
	assert_backend(m, "b1", ADMIN_ENABLED, 2, HEALTH_UP);
	assert_backend(m, "b2", ADMIN_DRAIN, WEIGHT_DEFAULT, HEALTH_UP);
	assert_backend(m, "b3", ADMIN_DISABLED, WEIGHT_DEFAULT, HEALTH_UP);
	/* a check that is no more cannot say that it is up again */
	unchecked = service_backend(model_service(m, "dns"), "b1");
	assert_int_equal(unchecked->health, HEALTH_UP);
	model_free(m);
}

/* A snapshot that is none: load leaves it, open sets it aside. */
static void test_bad_snapshot(void **state)
{
	static const char *const bad[] = { "", "{", "[]",
					   "\x7f"
					   "ELF",
					   "{\"version\":2,\"services\":{}}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct model *m = fresh(*state);
		struct disk d;
		size_t len;
		char *kept;

		rig_write(*state, PERSIST_SNAPSHOT, bad[i], strlen(bad[i]));
		assert_int_equal(persist_load(m), -EBADMSG);
		assert_true(exists(*state, PERSIST_SNAPSHOT));
		assert_false(exists(*state, "state.json.bad"));
		model_free(m);
		d = start(state);
		kept = slurp(*state, "state.json.bad", &len);
		assert_string_equal(kept, bad[i]);
		free(kept);
		die(&d);
		m = fresh(*state);
		assert_int_equal(persist_load(m), 0);
		model_free(m);
		kept = path_of(*state, "state.json.bad");
		unlink(kept);
		free(kept);
	}
}

/* Right JSON, wrong types everywhere. */
static void test_odd_snapshot(void **state)
{
	static const char *const odd[] = {
		"{\"version\":1}",
		"{\"version\":1,\"services\":[]}",
		"{\"version\":1,\"services\":{\"www\":3,\"gone\":{}}}",
		"{\"version\":1,\"services\":{\"www\":{\"backends\":[]}}}",
		"{\"version\":1,\"services\":{\"www\":{\"admin\":[],"
		"\"backends\":{\"b1\":[],\"b2\":{\"weight\":1e9}}}}}",
		"{\"version\":1,\"journal\":\"x\",\"services\":{}}",
	};
	static const char line[] =
	    "{\"service\":\"www\",\"backend\":\"b3\",\"weight\":5}\n";

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct model *m = fresh(*state);
		bool numbered = strstr(odd[i], "journal");

		rig_write(*state, PERSIST_SNAPSHOT, odd[i], strlen(odd[i]));
		rig_write(*state, PERSIST_JOURNAL, line, sizeof(line) - 1);
		assert_int_equal(persist_load(m), 0);
		assert_backend(m, "b1", ADMIN_ENABLED, WEIGHT_DEFAULT,
			       HEALTH_UP);
		assert_backend(m, "b2", ADMIN_ENABLED, WEIGHT_DEFAULT,
			       HEALTH_UP);
		assert_int_equal(find(m, "b3")->weight,
				 numbered ? WEIGHT_DEFAULT : 5);
		model_free(m);
	}
}

/* -n beside a running daemon: not a byte changes. */
static void test_load_reads_only(void **state)
{
	struct disk d = start(state);
	char *before, *after;
	struct model *m;
	size_t len;

	set(&d, "b1", ADMIN_DRAIN, 5, HEALTH_DOWN);
	persist_flush(d.p, d.m);
	before = slurp(d.rig, PERSIST_JOURNAL, &len);
	m = fresh(d.rig);
	assert_int_equal(persist_load(m), 0);
	assert_backend(m, "b1", ADMIN_DRAIN, 5, HEALTH_DOWN);
	after = slurp(d.rig, PERSIST_JOURNAL, &len);
	assert_string_equal(before, after);
	free(before);
	free(after);
	model_free(m);
	die(&d);
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_round_trip),    T(test_flush),
		T(test_cut_anywhere),  T(test_old_journal),
		T(test_long_journal),  T(test_read_only),
		T(test_full),          T(test_no_journal),
		T(test_garbage_lines), T(test_bad_snapshot),
		T(test_odd_snapshot),  T(test_load_reads_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
