/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reload commits what it changed: for every key of a service, of a backend
 * line and of lists there is a pair of files that differ in it, and whether the
 * service is to be committed for that. A key that is in the key table and not
 * here fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conf_rig.h"
#include "config/draft.h"
#include "config/keys.h"
#include "model/model.h"

#define LISTS     "[list x]\nentries = 10.9.0.1\n[list y]\n[check c]\n"
#define POOL      "[pool p]\nbackend.m = 10.0.0.7\n[pool q]\nbackend.m = 10.0.0.7\n"
#define WWW       "[service www]\n"
#define ADDRESS   "address = 192.0.2.1\n"
#define PORT      "port = 80\n"
#define BACKEND   "backend.b = 10.0.0.1\n"
#define BACKENDS  "backend.a = 10.0.0.2\n" BACKEND
#define PLAIN     WWW ADDRESS PORT BACKENDS
#define EMPTY     WWW ADDRESS PORT
#define HASH      PLAIN "scheduler = source-hash\n"
#define STATELESS PLAIN "mode = stateless\n"
#define SNAT      PLAIN "mode = snat\n"
#define STICKY    PLAIN "persist = source\n"
#define LEAST     PLAIN "scheduler = least-connections\n"
#define GROUPED   EMPTY "pool = p\npersist = source\n"

/* A file of @before and either end. */
static const struct change {
	const char *key, *before, *a, *b;
	bool dirty;
} changes[] = {
	{ "address", WWW PORT BACKENDS, "address = 192.0.2.1",
	  "address = 192.0.2.2", true },
	{ "protocol", PLAIN, "protocol = tcp", "protocol = udp", true },
	{ "port", WWW ADDRESS BACKENDS, "port = 80", "port = 80, 90", true },
	{ "mode", PLAIN, "mode = dnat", "mode = snat", true },
	{ "mode", EMPTY, "mode = dnat", "mode = local", true },
	{ "source-address", SNAT, "source-address = 10.0.0.8",
	  "source-address = 10.0.0.9", true },
	{ "scheduler", PLAIN, "", "scheduler = weighted", true },
	{ "scheduler", PLAIN, "scheduler = least-connections",
	  "scheduler = weighted", true },
	/* the same table: what moves weights is no matter of the kernel */
	{ "scheduler", PLAIN "check = c\n", "scheduler = least-connections",
	  "scheduler = least-response", false },
	{ "scheduler", PLAIN, "scheduler = least-connections",
	  "scheduler = least-cpu", false },
	{ "feed", LEAST, "", "feed = cpu", false },
	{ "tick", LEAST, "", "tick = 2s", false },
	{ "smoothing", LEAST, "", "smoothing = 2s", false },
	{ "max-step", LEAST, "", "max-step = 5%", false },
	{ "dead-band", LEAST, "", "dead-band = 1%", false },
	{ "floor", LEAST, "", "floor = 0.1", false },
	{ "ceiling", LEAST, "", "ceiling = 2", false },
	{ "blackout", LEAST, "", "blackout = 2s", false },
	{ "slow-start", LEAST, "", "slow-start = 9s", false },
	{ "hash-key", HASH, "", "hash-key = 5-tuple", true },
	{ "slots", PLAIN, "slots = 8", "slots = 16", true },
	{ "on-empty", PLAIN, "", "on-empty = drop", true },
	{ "check", PLAIN, "", "check = c", false },
	{ "check-require", PLAIN "check = c,tcp\n", "", "check-require = any",
	  false },
	{ "backup-when", PLAIN, "", "backup-when = 2", false },
	{ "minimum-usable", PLAIN, "", "minimum-usable = 9%", false },
	{ "quorum", PLAIN, "", "quorum = 1", false },
	{ "quorum-hysteresis", PLAIN "quorum = 9\n", "",
	  "quorum-hysteresis = 1", false },
	/* tenths of weights make the table finer */
	{ "slow-start", PLAIN "scheduler = weighted\n", "", "slow-start = 9s",
	  true },
	{ "flap-hold", PLAIN, "", "flap-hold = 1s", false },
	{ "flap-hold-max", PLAIN, "", "flap-hold-max = 1s", false },
	{ "drain-timeout", PLAIN, "", "drain-timeout = 1s", false },
	{ "on-down", PLAIN, "", "on-down = cut", false },
	{ "on-change", PLAIN, "", "on-change = /x", false },
	{ "pool", PLAIN, "", "pool = p", true },
	{ "backend.NAME", PLAIN, "", "backend.c = 10.0.0.3", true },

	{ "backend.NAME", PLAIN, "backend.c = 10.0.0.3:8",
	  "backend.c = 10.0.0.3:9", true },
	{ "persist", PLAIN, "", "persist = source", true },
	{ "persist", PLAIN, "persist = mac", "persist = source", true },
	{ "persist", PLAIN, "persist = mac 1m", "persist = mac 2m", true },
	{ "persist", PLAIN, "persist = source/9", "persist = source/8", true },
	{ "persist", PLAIN, "persist = source/9/8", "persist = source/9/9",
	  true },
	{ "persist-size", STICKY, "", "persist-size = 9", true },
	{ "persist-group", GROUPED, "", "persist-group = g", true },
	{ "persist-group", GROUPED, "persist-group = h", "persist-group = g",
	  true },
	{ "pin.NAME", PLAIN, "", "pin.x = 10.9.0.1 a", true },
	{ "pin.NAME", PLAIN, "pin.x = 10.9.0.2 a", "pin.x = 10.9.0.1 a", true },
	{ "pin.NAME", PLAIN, "pin.x = 10.9.0.0/25 a", "pin.x = 10.9.0.0/24 a",
	  true },
	{ "pin.NAME", PLAIN, "pin.x = 10.9.0.1 b", "pin.x = 10.9.0.1 a", true },
	{ "pin.NAME", PLAIN, "pin.x = 10.9.0.1 b", "pin.y = 10.9.0.1 b",
	  false },
	{ "max-connections", PLAIN, "", "max-connections = 9", true },
	{ "limit-new-per-source", PLAIN "limit-new-burst = 7\n",
	  "limit-new-per-source = 8", "limit-new-per-source = 9", true },
	{ "limit-new-burst", PLAIN "limit-new-per-source = 5\n",
	  "limit-new-burst = 8", "limit-new-burst = 9", true },
	{ "limit-connections-per-source", PLAIN, "",
	  "limit-connections-per-source = 9", true },
	{ "limit-rst", PLAIN "limit-rst-burst = 7\n", "limit-rst = 8",
	  "limit-rst = 9", true },
	{ "limit-rst-burst", PLAIN "limit-rst = 5\n", "limit-rst-burst = 8",
	  "limit-rst-burst = 9", true },
	{ "limit-source", PLAIN, "", "limit-source = 31/128", true },
	{ "limit-source", PLAIN, "", "limit-source = 32/127", true },
	{ "limit-size", PLAIN, "", "limit-size = 9", true },
	{ "limit-action", PLAIN, "", "limit-action = reject", true },
	{ "strict", PLAIN, "", "strict = yes", true },
	{ "allow", PLAIN, "", "allow = x", true },
	{ "allow", PLAIN, "allow = y", "allow = x", true },
	{ "deny", PLAIN, "", "deny = x", true },
	{ "deny", PLAIN, "deny = x", "deny = x, y", true },
	{ "filter-action", PLAIN, "", "filter-action = reject", true },
	{ "packet-mark", EMPTY, "packet-mark = 1/7", "packet-mark = 2/7",
	  true },
	{ "packet-mark", EMPTY, "packet-mark = 1/7", "packet-mark = 1/3",
	  true },
	{ "conntrack-mark", EMPTY, "conntrack-mark = 1/7",
	  "conntrack-mark = 2/7", true },
	{ "conntrack-mark", EMPTY, "conntrack-mark = 1/7",
	  "conntrack-mark = 1/3", true },
	{ "dscp", EMPTY, "", "dscp = 0", true },
	{ "dscp", EMPTY, "dscp = 1", "dscp = 0", true },
	{ "priority", EMPTY, "", "priority = 1:1", true },
	{ "log", PLAIN, "", "log = drops", true },
	{ "log", PLAIN, "log = new", "log = drops", true },
	{ "log", PLAIN, "log = drops", "log = new, drops", true },
	{ "log-group", PLAIN, "", "log-group = 0", true },
	{ "log-prefix", PLAIN, "", "log-prefix = x", true },
	{ "log-prefix", PLAIN, "log-prefix = y", "log-prefix = x", true },
	{ "helper", PLAIN, "", "helper = ftp", true },
	{ "counters", PLAIN, "", "counters = yes", true },

	/* of no use with mode dnat, and forgotten */
	{ "interface", "[defaults]\n", "interface = eth0\n" PLAIN,
	  "interface = eth1\n" PLAIN, false },
	{ "session-cache", "[defaults]\n", "session-cache = 1\n" PLAIN, PLAIN,
	  false },
	{ "mode", PLAIN, "mode = dnat", "mode = stateless", true },
	{ "interface", STATELESS, "", "interface = eth0", true },
	{ "session-cache", STATELESS, "", "session-cache = 1", true },
	{ "session-timeout-tcp", STATELESS, "", "session-timeout-tcp = 1s",
	  true },
	{ "session-timeout-udp", STATELESS, "", "session-timeout-udp = 1s",
	  true },
	{ "syn-limit", STATELESS, "", "syn-limit = 1", true },
	{ "offload", "[global]\noffload-interfaces = eth0\n" PLAIN, "",
	  "offload = yes", true },

	{ "entries", PLAIN "allow = x\n[list z]\n", "", "entries = 10.9.0.2",
	  false },
	{ "file", PLAIN "allow = x\n[list z]\n", "", "file = x.txt", false },
};

/* What is said behind "backend.b = 10.0.0.1". */
static const struct change options[] = {
	{ "weight", NULL, "", "weight=2", true },
	{ "check", NULL, "", "check=c", false },
	{ "check-address", NULL, "check=c", "check=c check-address=10.0.0.7",
	  false },
	{ "check-port", NULL, "check=c", "check=c check-port=7", false },
	{ "max-connections", NULL, "", "max-connections=9", true },
	{ "packet-mark", NULL, "", "packet-mark=1", true },
	{ "packet-mark", NULL, "packet-mark=1/7", "packet-mark=1/5", true },
	{ "packet-mark", NULL, "packet-mark=1/7", "packet-mark=2/7", true },
	{ "conntrack-mark", NULL, "conntrack-mark=1/7", "conntrack-mark=2/7",
	  true },
	{ "conntrack-mark", NULL, "", "conntrack-mark=1", true },
	{ "conntrack-mark", NULL, "conntrack-mark=1/7", "conntrack-mark=1/5",
	  true },
	{ "dscp", NULL, "", "dscp=0", true },
	{ "dscp", NULL, "dscp=1", "dscp=0", true },
	{ "priority", NULL, "", "priority=1:1", true },
	/* settle.c's */
	{ "backup", NULL, "", "backup", false },
	{ "disabled", NULL, "", "disabled", false },
};

static struct model *model_of(struct rig *rig, const char *text,
			      const struct model *old)
{
	struct model *m;

	rig_good(rig, text);
	m = model_new(rig->conf, old);
	rig->conf = NULL;
	return m;
}

/* Is www to be committed when the one becomes the other? */
static bool dirty(struct rig *rig, const char *a, const char *b)
{
	struct model *old = model_of(rig, a, NULL), *new;
	bool is;

	assert_true(old->services[0].dirty);
	old->services[0].dirty = false;
	old->ndirty = 0;
	new = model_of(rig, b, old);
	is = new->services[0].dirty;
	model_free(new);
	model_free(old);
	return is;
}

static void expect(struct rig *rig, const struct change *c, const struct buf *a,
		   const struct buf *b)
{
	if (dirty(rig, a->data, a->data) || dirty(rig, b->data, b->data))
		fail_msg("%s: dirty without a change", c->key);
	if (dirty(rig, a->data, b->data) != c->dirty ||
	    dirty(rig, b->data, a->data) != c->dirty)
		fail_msg("%s: %s > %s: %sdirty", c->key, c->a, c->b,
			 c->dirty ? "not " : "");
}

static void a_change_is_committed(void **state)
{
	rig_write(*state, "x.txt", "10.9.0.3", 8);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		struct buf a = { 0 }, b = { 0 };

		buf_printf(&a, LISTS POOL "%s%s\n", c->before, c->a);
		buf_printf(&b, LISTS POOL "%s%s\n", c->before, c->b);
		expect(*state, c, &a, &b);
		buf_free(&a);
		buf_free(&b);
	}
}

static void an_option_is_committed(void **state)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct change *c = &options[i];
		struct buf a = { 0 }, b = { 0 };

		buf_printf(&a, LISTS EMPTY "backend.b = 10.0.0.1 %s\n", c->a);
		buf_printf(&b, LISTS EMPTY "backend.b = 10.0.0.1 %s\n", c->b);
		expect(*state, c, &a, &b);
		buf_free(&a);
		buf_free(&b);
	}
}

static bool listed(const struct change *list, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].key, key))
			return true;
	return false;
}

static void no_key_is_forgotten(void **state)
{
	const struct conf_key *key;
	size_t n;

	for (n = 0; (key = key_at(n)); n++) {
		assert_int_equal(key_number(key), n);
		if ((key->places & (IN_SERVICE | IN_LIST)) &&
		    !listed(changes, sizeof(changes) / sizeof(changes[0]),
			    key->name))
			fail_msg("nothing is said of %s", key->name);
		if ((key->places & IN_BACKEND) &&
		    !listed(options, sizeof(options) / sizeof(options[0]),
			    key->name))
			fail_msg("nothing is said of the option %s", key->name);
		/* backends.c has a bit for each option */
		if (key->places & IN_BACKEND)
			assert_true(n < 64);
	}
	assert_true(n > 100 && n <= DRAFT_KEYS_MAX);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(a_change_is_committed),
		T(an_option_is_committed),
		T(no_key_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
