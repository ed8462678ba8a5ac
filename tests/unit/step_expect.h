/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which changes a step has to report, from the oracle's states. */
#ifndef TESTS_UNIT_STEP_EXPECT_H
#define TESTS_UNIT_STEP_EXPECT_H

#include "step_oracle.h"

enum expect_kind {
	EXPECT_STEP,
	EXPECT_RESULT, /* weights may be said */
	EXPECT_RELOAD  /* the file's words are no changes */
};

/** expect_changes() - @changes are the difference of @old and @new, each one
 * once; the test fails where they are not */
void expect_changes(const struct changes *changes, const struct oracle *old,
		    const struct oracle *new, enum expect_kind kind);

#endif
