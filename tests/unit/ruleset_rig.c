/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rig of ruleset_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rulesets/sessions.h"
#include "tests/unit/netns.h"
#include "tests/unit/ruleset_rig.h"

#define V4(d)                                                                  \
	{                                                                      \
		.family = AF_INET, .ip = { 10, 0, 0, d }                       \
	}
#define V6(d)                                                                  \
	{                                                                      \
		.family = AF_INET6, .ip = { [0] = 0xfd, [15] = d }             \
	}

static const struct addr vip4[] = { V4(1), V4(2) }, vip6[] = { V6(1) };
static const uint8_t tcp[] = { IPPROTO_TCP };
static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };
static const struct rs_ports ports[] = { { 80, 80 }, { 8000, 8010 } };
static const struct rs_backend backends4[] = {
	{ .name = "b1",
	  .addr = V4(11),
	  .port = 8080,
	  .weight = 1,
	  .usable = true,
	  .probe_port = 61001 },
	{ .name = "b2",
	  .addr = V4(12),
	  .port = 8080,
	  .weight = 2,
	  .usable = true,
	  .probe_port = 0 },
	{ .name = "b3",
	  .addr = V4(13),
	  .port = 0,
	  .weight = 1,
	  .usable = true,
	  .probe_port = 61003 },
};
static const struct rs_backend backends6[] = {
	{ .name = "b1",
	  .addr = V6(11),
	  .port = 8080,
	  .weight = 1,
	  .usable = true,
	  .probe_port = 61001 },
	{ .name = "b2",
	  .addr = V6(12),
	  .port = 0,
	  .weight = 1,
	  .usable = false,
	  .probe_port = 61002 },
};

static const struct rs_service services[] = {
	{ .name = "web",
	  .family = AF_INET,
	  .addrs = vip4,
	  .naddrs = 1,
	  .protos = protos,
	  .nprotos = 2,
	  .ports = ports,
	  .nports = 2,
	  .mode = RS_SNAT,
	  .scheduler = RS_WEIGHTED,
	  .backends = backends4,
	  .nbackends = 3 },
	{ .name = "web",
	  .family = AF_INET6,
	  .addrs = vip6,
	  .naddrs = 1,
	  .protos = tcp,
	  .nprotos = 1,
	  .ports = ports,
	  .nports = 2,
	  .mode = RS_SNAT,
	  .source = V6(99),
	  .scheduler = RS_SOURCE_HASH,
	  .hash_key = RS_KEY_5TUPLE,
	  .hash_seed = 7,
	  .backends = backends6,
	  .nbackends = 2 },
	{ .name = "any",
	  .family = AF_INET,
	  .addrs = vip4 + 1,
	  .naddrs = 1,
	  .protos = tcp,
	  .nprotos = 1,
	  .scheduler = RS_ROUND_ROBIN,
	  .on_empty = RS_DROP,
	  .backends = backends4,
	  .nbackends = 3 },
};

int rig_enter(void **state)
{
	(void)state;
	return netns_enter();
}

int rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct err err = { 0 };

	if (nft("flush ruleset") != 0)
		return -1;
	r->svc = services;
	r->n = sizeof(services) / sizeof(services[0]);
	*state = r;
	if (ruleset_open(&r->rs, RIG_TABLE, &err) < 0 || rig_commit(r) < 0)
		return -1;
	return rig_is_whole(r) ? 0 : -1;
}

int rig_teardown(void **state)
{
	struct rig *r = *state;

	ruleset_close(r->rs);
	free(r);
	return 0;
}

struct plan *rig_plan(struct ruleset *rs, const struct rig *r)
{
	struct err err = { 0 };

	assert_int_equal(ruleset_scan(rs, &err), 0);
	return ruleset_plan(rs, r->svc, r->n, true);
}

int rig_commit(struct rig *r)
{
	struct plan *p = rig_plan(r->rs, r);
	struct err err = { 0 };
	int ret = ruleset_commit(r->rs, p, &err);

	if (ret < 0)
		print_message("commit: %s\n", err.msg);
	plan_free(p);
	return ret;
}

int rig_commit_some(struct rig *r, size_t n)
{
	struct plan *p = ruleset_plan(r->rs, r->svc, n, false);
	int ret = ruleset_commit(r->rs, p, NULL);

	plan_free(p);
	return ret;
}

void rig_drop_moved(struct rig *r, const char *service)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	char set[64];

	for (size_t f = 0; f < 2; f++)
		if (ruleset_sessions_moved(r->rs, service, false, families[f],
					   set, sizeof(set)))
			ruleset_sessions_drop(r->rs, set, families[f]);
}

bool rig_is_whole(const struct rig *r)
{
	struct err err = { 0 };
	struct ruleset *other;
	struct buf out = { 0 };
	struct plan *p;
	bool whole;

	assert_int_equal(ruleset_open(&other, RIG_TABLE, &err), 0);
	p = rig_plan(other, r);
	plan_print(p, &out);
	whole = plan_empty(p) && out.len == 0;
	if (!whole)
		print_message("left to do:\n%s\n", out.len ? out.data : "?");
	buf_free(&out);
	plan_free(p);
	ruleset_close(other);
	return whole;
}

int nft(const char *fmt, ...)
{
	FILE *f = popen("nft -f - >/dev/null 2>&1", "w");
	va_list ap;
	int status;

	assert_non_null(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	status = pclose(f);
	return status;
}

bool nft_lists(const char *const *texts, size_t n)
{
	FILE *f = popen("nft list ruleset", "r");
	bool found = false;
	char line[4096];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		for (size_t i = 0; i < n; i++)
			found |= strstr(line, texts[i]) != NULL;
	assert_int_equal(pclose(f), 0);
	return found;
}

bool rig_mended(struct rig *r)
{
	static const char *const traces[] = { "intruder", "9.9.9.", "1.1.1.",
					      "dormant" };
	bool ok = rig_commit(r) == 0 || rig_commit(r) == 0;

	if (!rig_is_whole(r))
		ok = false;
	if (nft_lists(traces, sizeof(traces) / sizeof(traces[0]))) {
		print_message("something is still there\n");
		ok = false;
	}
	return ok;
}
