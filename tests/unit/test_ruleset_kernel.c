/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commits to the running kernel: what is there afterwards, who hears of it, and
 * what happens when somebody else commits at the worst moment. That moment, and
 * a socket that cannot be made larger, come through --wrap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rulesets/nl.h"
#include "tests/unit/ruleset_rig.h"

/* ---- what comes in between */

static struct {
	const char *text; /* fed to nft just before a transaction is sent */
	int times;
	bool small; /* the socket's buffer stays as it is */
} between;

int __real_nl_commit(struct nl *nl, struct batch *b, bool dry, struct err *err);
int __wrap_nl_commit(struct nl *nl, struct batch *b, bool dry, struct err *err);
int __wrap_nl_commit(struct nl *nl, struct batch *b, bool dry, struct err *err)
{
	if (between.times > 0) {
		between.times--;
		assert_int_equal(nft("%s", between.text), 0);
	}
	return __real_nl_commit(nl, b, dry, err);
}

int __real_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len)
{
	if (between.small && (name == SO_SNDBUFFORCE || name == SO_SNDBUF)) {
		errno = EPERM;
		return -1;
	}
	return __real_setsockopt(fd, level, name, value, len);
}

static int setup(void **state)
{
	memset(&between, 0, sizeof(between));
	return rig_setup(state);
}

/* The services with one thing changed: "b2" of the first is not usable. */
struct changed {
	struct rs_service svc[8];
	struct rs_backend backends[8];
};

static void change(struct changed *c, const struct rig *r)
{
	memcpy(c->svc, r->svc, r->n * sizeof(*c->svc));
	memcpy(c->backends, c->svc[0].backends,
	       c->svc[0].nbackends * sizeof(*c->backends));
	c->backends[1].usable = false;
	c->svc[0].backends = c->backends;
}

static int commit_changed(struct rig *r, const struct changed *c, bool whole)
{
	struct plan *p = ruleset_plan(r->rs, c->svc, whole ? r->n : 1, whole);
	struct err err = { 0 };
	int ret;

	assert_false(plan_empty(p));
	ret = ruleset_commit(r->rs, p, &err);
	plan_free(p);
	return ret;
}

static bool b2_is_out(const struct rig *r)
{
	uint32_t m = ruleset_slots(r->rs, "web", AF_INET);

	assert_true(m > 0);
	for (uint32_t i = 0; i < m; i++)
		if (!strcmp(ruleset_slot(r->rs, "web", AF_INET, i), "b2"))
			return false;
	return true;
}

/* ---- the ordinary */

static void test_second_commit_is_empty(void **state)
{
	struct rig *r = *state;
	const struct ruleset_stats before = *ruleset_stats(r->rs);

	assert_int_equal(rig_commit(r), 0);
	assert_int_equal(ruleset_stats(r->rs)->commits, before.commits);
	assert_true(rig_is_whole(r));
}

static void test_change_arrives(void **state)
{
	struct rig *r = *state;
	struct changed c;

	change(&c, r);
	assert_false(b2_is_out(r));
	assert_int_equal(commit_changed(r, &c, false), 0);
	assert_true(b2_is_out(r));
	assert_int_equal(ruleset_scan(r->rs, NULL), 0);
	assert_true(b2_is_out(r)); /* and the kernel says so, too */
	assert_int_equal(rig_commit(r), 0);
	assert_false(b2_is_out(r));
}

static void test_try_leaves_nothing(void **state)
{
	struct rig *r = *state;
	struct changed c;
	struct plan *p;

	change(&c, r);
	c.svc[1].name = "new";
	p = ruleset_plan(r->rs, c.svc, r->n, true);
	assert_int_equal(ruleset_try(r->rs, p, NULL), 0);
	plan_free(p);
	assert_true(rig_is_whole(r));
}

static void test_flush(void **state)
{
	static const char *const ours[] = { "table ip " RIG_TABLE " ",
					    "table ip6 " RIG_TABLE " " };
	struct rig *r = *state;

	assert_true(nft_lists(ours, 2));
	assert_int_equal(ruleset_flush(r->rs, NULL), 0);
	assert_false(nft_lists(ours, 2));
	assert_int_equal(ruleset_flush(r->rs, NULL), 0); /* twice is once */
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
}

/* A plan that no longer fits is refused as a whole. */
static void test_refused(void **state)
{
	struct rig *r = *state;
	const struct ruleset_stats before = *ruleset_stats(r->rs);
	struct err err = { 0 };
	struct changed c;
	struct plan *p;

	change(&c, r);
	p = ruleset_plan(r->rs, c.svc, r->n, true);
	assert_int_equal(nft("flush map ip rig slots\n"), 0);
	assert_int_equal(ruleset_commit(r->rs, p, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "slots"));
	plan_free(p);
	assert_int_equal(ruleset_stats(r->rs)->refused, before.refused + 1);
	assert_false(b2_is_out(r)); /* HAVE did not move */
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
}

/* Strays are looked at by whole plans only, and not forgotten by others. */
static void test_strays_wait(void **state)
{
	static const char *const stray[] = { "1.1.1.1" };
	struct rig *r = *state;
	struct changed c;
	struct plan *p;

	assert_int_equal(nft("add element ip rig backends { 0:500 : 1.1.1.1 . "
			     "80 }\n"),
			 0);
	assert_int_equal(ruleset_scan(r->rs, NULL), 0);
	change(&c, r);
	assert_int_equal(commit_changed(r, &c, false), 0);
	assert_true(nft_lists(stray, 1));
	p = ruleset_plan(r->rs, r->svc, r->n, true);
	assert_int_equal(ruleset_commit(r->rs, p, NULL), 0);
	plan_free(p);
	assert_false(nft_lists(stray, 1));
	assert_true(rig_is_whole(r));
}

/* ---- others */

static void test_watch(void **state)
{
	static const char *const touches[] = {
		"add chain ip rig x\n",
		"add rule ip6 rig service.web counter\n",
		"delete element ip rig services { 10.0.0.1 . tcp . 80 }\n",
		"delete table ip6 rig\n",
		"add table ip rig { flags dormant; }\n",
	};
	struct rig *r = *state;
	struct changed c;

	assert_false(ruleset_watch_read(r->rs)); /* our own first commit */
	change(&c, r);
	assert_int_equal(commit_changed(r, &c, true), 0);
	assert_false(ruleset_watch_read(r->rs));
	assert_int_equal(nft("add table ip other\nadd chain ip other rig\n"
			     "add table inet rig\n"),
			 0);
	assert_false(ruleset_watch_read(r->rs));
	for (size_t i = 0; i < sizeof(touches) / sizeof(touches[0]); i++) {
		assert_int_equal(nft("%s", touches[i]), 0);
		assert_true(ruleset_watch_read(r->rs));
		assert_false(ruleset_watch_read(r->rs));
		assert_int_equal(rig_commit(r), 0);
		assert_false(ruleset_watch_read(r->rs));
		assert_true(rig_is_whole(r));
	}
}

/* Another table's commit between our look at the generation and ours. */
static void test_stale_generation(void **state)
{
	struct rig *r = *state;
	struct changed c;

	change(&c, r);
	between.text = "add table ip other\nadd chain ip other c\n"
		       "delete table ip other\n";
	between.times = 3;
	assert_int_equal(commit_changed(r, &c, true), 0);
	assert_int_equal(between.times, 0);
	assert_true(b2_is_out(r));
}

/* ... for ever: we give up, and nothing has changed. */
static void test_never_quiet(void **state)
{
	struct rig *r = *state;
	struct changed c;

	change(&c, r);
	between.text = "add table ip other\ndelete table ip other\n";
	between.times = 1000;
	assert_true(commit_changed(r, &c, true) < 0);
	between.times = 0;
	assert_true(rig_is_whole(r));
}

/* Our table, touched while we do not listen. */
static void test_touched_meanwhile(void **state)
{
	struct rig *r = *state;
	struct changed c;

	change(&c, r);
	between.text = "add chain ip rig intruder\n";
	between.times = 1;
	assert_int_equal(commit_changed(r, &c, true), 0);
	assert_true(ruleset_watch_read(r->rs));
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
}

/* ---- many */

#define MANY     1500
#define BACKENDS 8

struct many {
	struct rs_service svc[MANY];
	char names[MANY][16];
	struct addr addrs[MANY];
	struct rs_backend backends[BACKENDS];
	char backend_names[BACKENDS][8];
};

static const uint8_t many_proto[] = { 6 };
static const struct rs_ports many_port[] = { { 80, 80 } };

static struct many *make_many(void)
{
	struct many *m = calloc(1, sizeof(*m));

	for (size_t i = 0; i < BACKENDS; i++) {
		snprintf(m->backend_names[i], 8, "b%zu", i);
		m->backends[i] = (struct rs_backend){
			.name = m->backend_names[i],
			.addr = { AF_INET, { 10, 9, 0, (uint8_t)(i + 1) } },
			.port = 80,
			.weight = 1,
			.usable = true,
		};
	}
	for (size_t i = 0; i < MANY; i++) {
		snprintf(m->names[i], 16, "s%zu", i);
		m->addrs[i] =
		    (struct addr){ AF_INET,
				   { 10, 8, (uint8_t)(i >> 8), (uint8_t)i } };
		m->svc[i] = (struct rs_service){
			.name = m->names[i],
			.family = AF_INET,
			.addrs = &m->addrs[i],
			.naddrs = 1,
			.protos = many_proto,
			.nprotos = 1,
			.ports = many_port,
			.nports = 1,
			.backends = m->backends,
			.nbackends = BACKENDS,
		};
	}
	return m;
}

static void commit_many(struct rig *r, bool small)
{
	struct many *m = make_many();
	struct err err = { 0 };
	struct plan *p;
	int ret;

	r->svc = m->svc;
	r->n = MANY;
	between.small = small;
	p = rig_plan(r->rs, r);
	assert_int_equal(ruleset_try(r->rs, p, &err), 0);
	ret = ruleset_commit(r->rs, p, &err);
	if (ret < 0)
		print_message("%s\n", err.msg);
	assert_int_equal(ret, 0);
	plan_free(p);
	assert_true(rig_is_whole(r));
	assert_false(ruleset_watch_read(r->rs));
	free(m);
}

static void test_many(void **state)
{
	commit_many(*state, false);
}

static void test_many_small_socket(void **state)
{
	commit_many(*state, true);
}

/* So many rules that they are asked for chain by chain. */
static void test_many_rules(void **state)
{
	struct rig *r = *state;
	struct many *m = make_many();

	for (size_t i = 0; i < BACKENDS; i++)
		m->backends[i].max_connections = 10;
	r->svc = m->svc;
	r->n = 100;
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
	assert_int_equal(nft("flush chain ip " RIG_TABLE " service.s99; "
			     "insert rule ip " RIG_TABLE " service.s50 drop; "
			     "flush chain ip " RIG_TABLE " pick"),
			 0);
	assert_int_equal(ruleset_scan(r->rs, NULL), 0);
	assert_false(rig_is_whole(r));
	assert_int_equal(rig_commit(r), 0);
	assert_true(rig_is_whole(r));
	free(m);
}

#define KERNEL_TEST(t) cmocka_unit_test_setup_teardown(t, setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KERNEL_TEST(test_second_commit_is_empty),
		KERNEL_TEST(test_change_arrives),
		KERNEL_TEST(test_try_leaves_nothing),
		KERNEL_TEST(test_flush),
		KERNEL_TEST(test_refused),
		KERNEL_TEST(test_strays_wait),
		KERNEL_TEST(test_watch),
		KERNEL_TEST(test_stale_generation),
		KERNEL_TEST(test_never_quiet),
		KERNEL_TEST(test_touched_meanwhile),
		KERNEL_TEST(test_many),
		KERNEL_TEST(test_many_small_socket),
		KERNEL_TEST(test_many_rules),
	};

	return cmocka_run_group_tests_name("ruleset kernel", tests, rig_enter,
					   NULL);
}
