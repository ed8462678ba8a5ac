/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session tables of the running kernel, made by nft as packets would fill them:
 * what is read, what a removal removes and what it leaves, entries that are
 * carried over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ruleset_rig.h"

#include "rulesets/sessions.h"

#define SET      "sessions.www"
#define NO_FLOWS false, KEY_ADDR, false

/* A table of each kind, in nft's words, and clients of it in ours. */
static const struct kind {
	struct session_table t;
	const char *key, *nft[3], *text[3];
} kinds[] = {
	{ { SET, AF_INET, RS_PERSIST_SOURCE, 32, 0, NO_FLOWS },
	  "ipv4_addr",
	  { "10.0.0.1", "10.0.0.2", "10.0.0.3" },
	  { "10.0.0.1", "10.0.0.2", "10.0.0.3" } },
	{ { SET, AF_INET6, RS_PERSIST_SOURCE, 64, 0, NO_FLOWS },
	  "ipv6_addr",
	  { "fd00:1::", "fd00:2::", "fd00:3::" },
	  { "fd00:1::/64", "fd00:2::/64", "fd00:3::/64" } },
	{ { SET, AF_INET, RS_PERSIST_SOURCE_PORT, 32, 0, NO_FLOWS },
	  "inet_service . ipv4_addr",
	  { "80 . 10.0.0.1", "81 . 10.0.0.1", "80 . 10.0.0.2" },
	  { "10.0.0.1:80", "10.0.0.1:81", "10.0.0.2:80" } },
	{ { SET, AF_INET6, RS_PERSIST_SOURCE_PORT, 128, 0, NO_FLOWS },
	  "inet_service . ipv6_addr",
	  { "80 . fd00::1", "81 . fd00::1", "80 . fd00::2" },
	  { "[fd00::1]:80", "[fd00::1]:81", "[fd00::2]:80" } },
	{ { SET, AF_INET, RS_PERSIST_MAC, 32, 0, NO_FLOWS },
	  "ether_addr",
	  { "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03" },
	  { "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03" } },
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *family_word(const struct session_table *t)
{
	return t->family == AF_INET6 ? "ip6" : "ip";
}

/* Three entries: ids 0:10, 0:11, 0:10; and nobody's. */
static void make(const struct kind *k)
{
	const char *f = family_word(&k->t);

	assert_int_equal(
	    nft("add table %s " RIG_TABLE "\n"
		"add map %s " RIG_TABLE " " SET " { type %s : classid; "
		"flags dynamic,timeout; size 100; }\n"
		"add element %s " RIG_TABLE " " SET " { "
		"%s timeout 600s : 0:10, %s timeout 600s expires 60s : 0:11, "
		"%s timeout 600s : 0:10 }",
		f, f, k->key, f, k->nft[0], k->nft[1], k->nft[2]),
	    0);
}

struct list {
	struct session s[4096];
	size_t n;
};

static int collect(const struct session *s, void *arg)
{
	struct list *l = arg;

	assert_true(l->n < 4096);
	l->s[l->n++] = *s;
	return 0;
}

static struct list *entries(const struct session_table *t)
{
	struct list *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	assert_int_equal(sessions_read(RIG_TABLE, t, collect, l), 0);
	return l;
}

/* "TEXT=DATA" of all, sorted by text, as one string. */
static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void assert_entries(const struct session_table *t, const char *wanted)
{
	struct list *l = entries(t);
	char rows[8][SESSION_TEXT_MAX + 8], text[SESSION_TEXT_MAX];
	char all[1024] = "";

	assert_true(l->n <= 8);
	for (size_t i = 0; i < l->n; i++)
		snprintf(rows[i], sizeof(rows[i]), "%s=%x ",
			 session_text(t, l->s[i].key, text), l->s[i].data);
	qsort(rows, l->n, sizeof(rows[0]), by_text);
	for (size_t i = 0; i < l->n; i++)
		strcat(all, rows[i]);
	free(l);
	assert_string_equal(all, wanted);
}

static void assert_rest(const struct kind *k, const char *fmt)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), fmt, k->text[0], k->text[1],
		 k->text[2]);
	assert_entries(&k->t, wanted);
}

static struct session session_of(const struct kind *k, int i, uint32_t data)
{
	struct session s = { .data = data };
	struct session_match m;

	assert_int_equal(session_match(&k->t, k->text[i], &m, NULL), 0);
	assert_true(m.one);
	memcpy(s.key, m.key, sizeof(s.key));
	return s;
}

/* ---- tests */

static struct ruleset *rs;

static int setup(void **state)
{
	struct err err = { "" };

	nft("delete table ip " RIG_TABLE);
	nft("delete table ip6 " RIG_TABLE);
	return ruleset_open(&rs, RIG_TABLE, &err);
}

static int teardown(void **state)
{
	ruleset_close(rs);
	return 0;
}

static void again(void **state)
{
	teardown(state);
	assert_int_equal(setup(state), 0);
}

static void test_read(void **state)
{
	for (size_t i = 0; i < NKINDS; i++) {
		const struct kind *k = &kinds[i];
		struct session s;

		make(k);
		assert_rest(k, "%s=10 %s=11 %s=10 ");
		s = session_of(k, 1, 0);
		assert_int_equal(ruleset_sessions_find(rs, &k->t, s.key, &s),
				 0);
		assert_int_equal(s.data, 0x11);
		assert_int_equal(s.timeout_ms, 600000);
		assert_in_range(s.left_ms, 50000, 60000);
		again(state);
	}
}

static void test_nobody_is_not_read(void **state)
{
	const struct kind *k = &kinds[0];
	struct session s = session_of(k, 0, 0);

	make(k);
	assert_int_equal(nft("delete element ip " RIG_TABLE " " SET
			     " { 10.0.0.1 }\n"
			     "add element ip " RIG_TABLE " " SET
			     " { 10.0.0.1 timeout 9s : 0:1 }"),
			 0);
	assert_rest(k, "%1$.0s%2$s=11 %3$s=10 ");
	assert_int_equal(ruleset_sessions_find(rs, &k->t, s.key, &s), -ENOENT);
}

static void test_forget(void **state)
{
	for (size_t i = 0; i < NKINDS; i++) {
		const struct kind *k = &kinds[i];
		struct session list[3];
		struct err err = { "" };

		make(k);
		list[0] = session_of(k, 0, 0x10);
		list[1] = session_of(k, 1, 0x10); /* has another by now */
		list[2] = session_of(k, 2, 0x10);
		assert_int_equal(
		    ruleset_sessions_forget(rs, &k->t, list, 3, &err), 2);
		assert_rest(k, "%1$.0s%2$s=11 ");
		assert_int_equal(
		    ruleset_sessions_forget(rs, &k->t, list, 3, &err), 0);
		assert_int_equal(ruleset_sessions_clear(rs, &k->t, &err), 0);
		assert_entries(&k->t, "");
		again(state);
	}
}

/* Own changes are no foreign ones; those of others are. */
static void test_watch(void **state)
{
	const struct kind *k = &kinds[0];
	struct session s = session_of(k, 0, 0x10);
	struct err err = { "" };

	make(k);
	assert_int_equal(ruleset_scan(rs, &err), 0);
	assert_false(ruleset_watch_read(rs));
	assert_int_equal(ruleset_sessions_forget(rs, &k->t, &s, 1, &err), 1);
	assert_false(ruleset_watch_read(rs));
	nft("flush map ip " RIG_TABLE " " SET);
	assert_true(ruleset_watch_read(rs));
}

static void test_add(void **state)
{
	for (size_t i = 0; i < NKINDS; i++) {
		const struct kind *k = &kinds[i];
		struct session list[2], s;
		struct err err = { "" };

		make(k);
		list[0] = session_of(k, 0, 0x20); /* is there: stays */
		list[1] = session_of(k, 1, 0x10);
		list[0].timeout_ms = list[1].timeout_ms = 600000;
		list[0].left_ms = list[1].left_ms = 100000;
		assert_int_equal(nft("delete element %s " RIG_TABLE " " SET
				     " { %s }",
				     family_word(&k->t), k->nft[1]),
				 0);
		list[1].data = 0x30;
		assert_int_equal(ruleset_sessions_add(rs, &k->t, list, 2, &err),
				 1);
		assert_rest(k, "%s=10 %s=30 %s=10 ");
		assert_int_equal(
		    ruleset_sessions_find(rs, &k->t, list[1].key, &s), 0);
		assert_int_equal(s.timeout_ms, 600000);
		assert_in_range(s.left_ms, 90000, 100000);
		again(state);
	}
}

/* Entries expire while they are removed: the others go all the same. */
static void test_forget_expiring(void **state)
{
	const struct session_table big = { "big", AF_INET, RS_PERSIST_SOURCE,
					   32,    0,       NO_FLOWS },
				   *t = &big;
	struct err err = { "" };
	struct list *l;
	int gone = 0, n;

	make(&kinds[0]);
	assert_int_equal(nft("add map ip " RIG_TABLE
			     " big { type ipv4_addr : classid; "
			     "flags dynamic,timeout; size 5000; }"),
			 0);
	l = calloc(1, sizeof(*l));
	for (size_t i = 0; i < 2000; i++) {
		l->s[i].key[0] = 11;
		l->s[i].key[2] = (uint8_t)(i >> 8);
		l->s[i].key[3] = (uint8_t)i;
		l->s[i].data = 0x10;
		l->s[i].timeout_ms = 1000000;
		l->s[i].left_ms = i % 2 ? 1 + (uint32_t)i / 10 : 1000000;
	}
	for (size_t i = 0; i < 2000; i += SESSIONS_ADD_MAX) {
		size_t left = 2000 - i;

		n = ruleset_sessions_add(
		    rs, t, &l->s[i],
		    left < SESSIONS_ADD_MAX ? left : SESSIONS_ADD_MAX, &err);
		assert_true(n > 0);
	}
	for (size_t i = 0; i < 2000; i += SESSIONS_FORGET_MAX) {
		size_t left = 2000 - i;

		n = ruleset_sessions_forget(
		    rs, t, &l->s[i],
		    left < SESSIONS_FORGET_MAX ? left : SESSIONS_FORGET_MAX,
		    &err);
		assert_true(n >= 0);
		gone += n;
	}
	free(l);
	assert_in_range(gone, 1000, 2000);
	assert_rest(&kinds[0], "%s=10 %s=11 %s=10 ");
}

static void test_no_table(void **state)
{
	struct list l = { .n = 0 };
	struct err err = { "" };
	struct session s = { .data = 0x10 };

	assert_int_equal(sessions_read(RIG_TABLE, &kinds[0].t, collect, &l),
			 -ENOENT);
	assert_int_equal(ruleset_sessions_clear(rs, &kinds[0].t, &err),
			 -ENOENT);
	assert_int_equal(ruleset_sessions_forget(rs, &kinds[0].t, &s, 1, &err),
			 0);
}

/* ---- texts */

static void assert_no_match(size_t kind, const char *text)
{
	struct session_match m;
	struct err err = { "" };

	assert_int_equal(session_match(&kinds[kind].t, text, &m, &err),
			 -EINVAL);
	assert_true(err.msg[0] != '\0');
}

static void test_match(void **state)
{
	static const struct session_table net24 = {
		SET, AF_INET, RS_PERSIST_SOURCE, 24, 0, NO_FLOWS
	};
	uint8_t key[SESSION_KEY_MAX] = { 10, 0, 0, 0 };
	struct session_match m;

	assert_int_equal(session_match(&net24, "10.0.0.7", &m, NULL), 0);
	assert_true(session_matches(&m, key));
	assert_int_equal(session_match(&net24, "10.0.0.0/24", &m, NULL), 0);
	assert_true(session_matches(&m, key));
	assert_int_equal(session_match(&net24, "10.0.1.7", &m, NULL), 0);
	assert_false(session_matches(&m, key));
	assert_int_equal(session_match(&net24, "10.0.0.0/25", &m, NULL),
			 -EINVAL);
	/* an address: all of its ports */
	memcpy(key, (uint8_t[]){ 0, 80, 0, 0, 10, 0, 0, 1 }, 8);
	assert_int_equal(session_match(&kinds[2].t, "10.0.0.1", &m, NULL), 0);
	assert_true(session_matches(&m, key));
	assert_int_equal(session_match(&kinds[2].t, "10.0.0.1:80", &m, NULL),
			 0);
	assert_true(session_matches(&m, key));
	assert_int_equal(session_match(&kinds[2].t, "10.0.0.1:81", &m, NULL),
			 0);
	assert_false(session_matches(&m, key));
	assert_no_match(0, "");
	assert_no_match(0, "fd00::1");
	assert_no_match(0, "10.0.0.1:80");
	assert_no_match(1, "10.0.0.1");
	assert_no_match(2, "10.0.0.1:0");
	assert_no_match(4, "10.0.0.1");
	assert_no_match(4, "02:00:00:00:00");
	assert_no_match(4, "02:00:00:00:00:01:02");
	assert_no_match(4, "02:00:00:00:00:1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_is_not_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_forget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_add, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forget_expiring, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_no_table, setup, teardown),
	};

	return cmocka_run_group_tests_name("sessions", tests, rig_enter, NULL);
}
