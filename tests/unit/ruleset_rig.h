/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule sets in the running kernel, in a network of the test's own. */
#ifndef TESTS_UNIT_RULESET_RIG_H
#define TESTS_UNIT_RULESET_RIG_H

#include "rulesets/ruleset.h"

#define RIG_TABLE "rig"

/* A few services of all kinds, both families; the fixture of each test. */
struct rig {
	struct ruleset *rs;
	const struct rs_service *svc;
	size_t n;
};

/** rig_enter() - group setup: a network of our own */
int rig_enter(void **state);
/** rig_setup() - test setup: empty kernel, services committed */
int rig_setup(void **state);
int rig_teardown(void **state);

/** rig_plan() - scan, then plan; the caller frees it */
struct plan *rig_plan(struct ruleset *rs, const struct rig *r);
/** rig_commit() - scan, plan, commit; 0 or -errno */
int rig_commit(struct rig *r);
/** rig_commit_some() - the first @n services, as a plan that is not whole */
int rig_commit_some(struct rig *r, size_t n);
/** rig_drop_moved() - session tables of another size that @service had, as
 * whoever carries their entries over does in the end */
void rig_drop_moved(struct rig *r, const char *service);
/** rig_is_whole() - does somebody who just came find nothing to do? */
bool rig_is_whole(const struct rig *r);

/** rig_mended() - two commits (each after a scan) at most; then nothing is left
 * to do, and nothing of what the tests damage with is left */
bool rig_mended(struct rig *r);

/** nft() - feed text to nft; its exit status. Words go to /dev/null. */
int nft(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** nft_lists() - does `nft list ruleset` say any of the @n texts? */
bool nft_lists(const char *const *texts, size_t n);

#endif
