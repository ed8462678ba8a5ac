/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the unit "web" has beside what compile_unit() gives it. */
#ifndef TESTS_UNIT_UNIT_KINDS_H
#define TESTS_UNIT_UNIT_KINDS_H

#include "rulesets/form.h"

/* Not among them: an agent's; what needs a kernel with flowtables, whose test
 * is tests/lab/test_offload.py; the ways of direct modes, whose elements lead
 * to chains of their own. */
#define OTHER_FEATURES                                                         \
	(FEATURE_BIT(FEATURE_AGENT) | FEATURE_BIT(FEATURE_OFFLOAD) |           \
	 FEATURE_BIT(FEATURE_INGRESS) | FEATURE_BIT(FEATURE_WAYS) |            \
	 FEATURE_BIT(FEATURE_STATELESS) |                                      \
	 FEATURE_BIT(FEATURE_STATELESS_RANGES))
#define ALL_FEATURES ((FEATURE_BIT(FEATURES) - 1) & ~OTHER_FEATURES)

struct kinds {
	uint32_t features; /* 0: nothing at all */
	uint32_t size;     /* of the set "sessions.web" */
	int extra;         /* counters beyond two */
};

/** kinds() - to be changed by the test; needs --wrap=compile_unit */
struct kinds *kinds(void);

#endif
