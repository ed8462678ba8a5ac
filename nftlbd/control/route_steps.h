/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A choice of a backend, told step by step. */
#ifndef NFTLB_CONTROL_ROUTE_STEPS_H
#define NFTLB_CONTROL_ROUTE_STEPS_H

#include <jansson.h>

#include "daemon/daemon.h"

enum step_result {
	STEP_PASSES,  /* the flow goes on to the next step */
	STEP_DECIDES, /* it ends here */
	STEP_UNKNOWN  /* it depends on what only the kernel knows */
};

/** route_step() - append one to the array @steps
 * @name: "list", "limit", "local", "pin", "session", "flow", "hash", "turn",
 * "slot" */
void route_step(json_t *steps, const char *name, enum step_result result,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** route_step_owner() - who owns the slot that a hash picked, how much of the
 * table he has, and whose it is while all serve
 * @slot: below @m, as HAVE has them */
void route_step_owner(json_t *steps, const struct daemon *d,
		      const struct service *s, uint8_t family, uint32_t m,
		      uint32_t slot);

/** route_step_turns() - by turns: anybody who has slots */
void route_step_turns(json_t *steps, const json_t *shares);

#endif
