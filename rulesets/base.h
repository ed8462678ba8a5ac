/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chains that every table has, whatever the services. */
#ifndef RULESETS_BASE_H
#define RULESETS_BASE_H

#include "lib/buf.h"
#include "rulesets/types.h"

#define BASE_RULES_MAX 8

struct base_chain {
	const char *name;
	const char *type; /* NULL: not a base chain */
	uint32_t hook;    /* NF_INET_* */
	int32_t priority;
	/* Append rule @i of the chain; false: the chain has no such rule. */
	bool (*rule)(struct buf *r, unsigned int i, uint8_t family);
};

/** base_chains - in an order in which they can be created; name NULL ends it */
extern const struct base_chain base_chains[];

/** base_chain_find() - index of the chain named @name, or -1 */
int base_chain_find(const char *name);

/**
 * service_rule() - the one rule of a service's chain: pick a slot, go on
 * @base, @m: the service's slot range [base, base + m)
 */
void service_rule(struct buf *r, const struct rs_service *svc, uint32_t base,
		  uint32_t m);

/** source_rule() - the one rule of a snat service's source chain */
void source_rule(struct buf *r, const struct rs_service *svc);

#endif
