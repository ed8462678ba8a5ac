/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the scan: what its files share. */
#ifndef RULESETS_SCAN_ELEMS_H
#define RULESETS_SCAN_ELEMS_H

#include "rulesets/have.h"

#define BASE_CHAINS_MAX 64

/* The scan of one table while it runs. */
struct scan {
	struct have *have;
	struct have_table *t;
	const char *table;  /* its name */
	unsigned int index; /* enum rs_table */
	uint8_t family;     /* of addresses */
	uint8_t proto;      /* NFPROTO_* of the table */
	unsigned int base_rules[BASE_CHAINS_MAX];
	uint32_t broken; /* features: what is there is not what we wrote */
	bool thorough;   /* dump the slots, whatever their number */
	uint64_t nchains, uses;   /* of all chains: rules in and ways to them */
	struct unit_chain *chain; /* whose rules are being read */
	int map;                  /* being read */
	struct unit **ranges;     /* units with slots, sorted by base */
	size_t nranges;
};

/** scan_attrs() - attributes of a message by type; those beyond @n are left */
void scan_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb, size_t n);
/** scan_str() - a terminated string, or NULL where the attribute is none */
const char *scan_str(const struct nlattr *a);
bool scan_is_str(const struct nlattr *a, const char *text);
/** scan_u32() - host order; 0 where the attribute is missing or too short */
uint32_t scan_u32(const struct nlattr *a);

/** scan_nested_u32() - an attribute in @nest; UINT32_MAX where it is missing */
uint32_t scan_nested_u32(const struct nlattr *nest, uint16_t type);
/** scan_nested() - attributes in @nest (or NULL) by type */
void scan_nested(const struct nlattr *nest, const struct nlattr **tb, size_t n);

/** scan_unit() - the unit named so, made if it is not there */
struct unit *scan_unit(struct scan *s, const char *name);
/** scan_broken() - the feature's parts must be written again */
void scan_broken(struct scan *s, enum feature feature);

/** scan_sets() - maps and sets, but not what is in them; scan_objs() - objects
 */
int scan_sets(struct scan *s, struct nl *nl);
int scan_objs(struct scan *s, struct nl *nl);

/** scan_elems() - the elements of all maps that are there, to their units */
int scan_elems(struct scan *s, struct nl *nl);

#endif
