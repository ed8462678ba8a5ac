/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which services have timers that run, and when the first of them is due. */
#ifndef NFTLB_MODEL_TIMERS_H
#define NFTLB_MODEL_TIMERS_H

#include "model/model.h"

/** timers_set() - the timers of @s, all of its backends; O(backends) */
void timers_set(struct model *m, struct service *s);
/** timers_add() - those of @b may have become more; O(1) */
void timers_add(struct model *m, struct service *s, const struct backend *b);
/**
 * timers_due() - the next service with a timer that is due
 * @at: where in the list to look; 0 for the first call of a walk, which ends
 * with NULL. The caller settles each service before it asks for the next one.
 */
struct service *timers_due(struct model *m, size_t *at, int64_t now_ms);

#endif
