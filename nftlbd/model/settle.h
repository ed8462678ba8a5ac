/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who serves, and what that makes of the service. */
#ifndef NFTLB_MODEL_SETTLE_H
#define NFTLB_MODEL_SETTLE_H

#include "model/changes.h"

/**
 * settle() - make all that follows from the parts of @s follow
 * Brings slow starts, drains and flaps up to date; decides who serves, with
 * which weight; the service's state; its timers; and marks it dirty where the
 * kernel should hear of it. O(backends).
 * @out: what changed; may be NULL
 */
void settle(struct model *m, struct service *s, int64_t now_ms,
	    struct changes *out);

/**
 * settle_one() - the same where only @b has changed since the last time
 * O(1) unless others have to serve, or not, because of it: ten thousand
 * backends of few services may fail within a second.
 */
void settle_one(struct model *m, struct service *s, struct backend *b,
		int64_t now_ms, struct changes *out);

#endif
