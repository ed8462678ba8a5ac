/* SPDX-License-Identifier: GPL-2.0-or-later */
/* services -> WANT: one service, plain data in, one unit out. */
#ifndef RULESETS_COMPILE_H
#define RULESETS_COMPILE_H

#include "rulesets/alloc.h"
#include "rulesets/types.h"
#include "rulesets/unit.h"

/**
 * compile_unit() - what the kernel should hold for @svc
 * @have: what it holds, or NULL. Slot range and ids are kept where they still
 * fit, so that the difference is small.
 * @have_group: what it holds for @svc's persist-group, or NULL
 * @alloc: where new ranges and ids are taken from; unit_release() gives back
 * what the result does not share with @have.
 */
struct unit *compile_unit(const struct rs_service *svc, const struct unit *have,
			  const struct unit *have_group, struct alloc *alloc);

/**
 * unit_release() - give back ranges and ids of @u that @keep (may be NULL) does
 * not have
 */
void unit_release(const struct unit *u, const struct unit *keep,
		  struct alloc *alloc);

#endif
