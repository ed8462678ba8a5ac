/* SPDX-License-Identifier: GPL-2.0-or-later */
/* services + HAVE -> PLAN -> HAVE, without a kernel. */
#ifndef RULESETS_PLANNING_H
#define RULESETS_PLANNING_H

#include "rulesets/have.h"
#include "rulesets/plan.h"

/**
 * plan_make() - see ruleset_plan(); free it with plan_free()
 * @h: must stay where it is as long as the plan; new slot ranges and ids are
 * taken from its allocators, nothing else of it changes.
 */
struct plan *plan_make(struct have *h, const struct rs_service *svc, size_t n,
		       bool whole);

/** plan_take_over() - HAVE := HAVE + @p; the plan is empty then */
void plan_take_over(struct plan *p);

#endif
