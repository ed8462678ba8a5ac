/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the scan: what its two files share. */
#ifndef RULESETS_SCAN_ELEMS_H
#define RULESETS_SCAN_ELEMS_H

#include "rulesets/have.h"

#define BASE_CHAINS_MAX 16

/* The scan of one family's table while it runs. */
struct scan {
	struct have *have;
	struct have_table *t;
	const char *table;
	uint8_t family;
	uint32_t base_seen; /* bit per base chain */
	uint32_t maps_seen; /* bit per map */
	unsigned int base_rules[BASE_CHAINS_MAX];
	bool broken;          /* a base chain's rule or policy is not ours */
	bool thorough;        /* dump the slots, whatever their number */
	int map;              /* being read */
	struct unit **ranges; /* units with slots, sorted by base */
	size_t nranges;
};

/** scan_attrs() - attributes of a message by type; those beyond @n are left */
void scan_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb, size_t n);
/** scan_str() - a terminated string, or NULL where the attribute is none */
const char *scan_str(const struct nlattr *a);
bool scan_is_str(const struct nlattr *a, const char *text);
/** scan_u32() - host order; 0 where the attribute is missing or too short */
uint32_t scan_u32(const struct nlattr *a);

/** scan_elems() - the elements of all maps that are there, to their units */
int scan_elems(struct scan *s, struct nl *nl);

#endif
