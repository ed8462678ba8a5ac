/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of addresses as sorted, disjoint ranges that do not touch each other: a
 * set has one form only. Pure.
 */
#ifndef NFTLB_LIB_NETS_H
#define NFTLB_LIB_NETS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"
#include "lib/err.h"

#define NETS_MAX 500000 /* entries of a list that are read */

struct net_range {
	struct addr lo, hi; /* inclusive, one family */
};

/* Of one family. Zero is the empty set. */
struct nets {
	struct net_range *list;
	size_t n, cap;
	bool loose; /* ranges were pushed since the last nets_tidy() */
};

void nets_free(struct nets *s);

/** addr_next(), addr_before() - the address after or before @a
 * Return: false where there is none: @a went round. */
bool addr_next(struct addr *a);
bool addr_before(struct addr *a);

/**
 * net_parse() - ADDRESS, ADDRESS/PREFIX or ADDRESS-ADDRESS
 * An address with bits below its prefix means its network.
 * Return: 0 or -EINVAL with @err ("... is not ...; allowed: an address, a
 * network or a range").
 */
int net_parse(const char *text, struct net_range *out, struct err *err);
/** net_print() - the shortest of the three forms; @size >= 96 */
void net_print(const struct net_range *r, char *text, size_t size);

/** nets_push() - append; any order, any overlap. nets_tidy() comes later. */
void nets_push(struct nets *s, const struct net_range *r);
/** nets_tidy() - sort and merge; O(n log n), O(n) where it is sorted */
void nets_tidy(struct nets *s);

/* The rest needs and leaves tidy sets. */
bool nets_has(const struct nets *s, const struct addr *a);
/** nets_get() - the range that has @a; false: none */
bool nets_get(const struct nets *s, const struct addr *a,
	      struct net_range *out);
bool nets_has_any(const struct nets *s, const struct net_range *r);
bool nets_has_all(const struct nets *s, const struct net_range *r);
/** nets_add(), nets_remove() - one range; O(n) at worst for the array's move.
 * Return: whether anything changed. */
bool nets_add(struct nets *s, const struct net_range *r);
bool nets_remove(struct nets *s, const struct net_range *r);
/** nets_add_all(), nets_remove_all() - many at once; O(n) of both together */
void nets_add_all(struct nets *s, const struct nets *more);
void nets_remove_all(struct nets *s, const struct nets *less);
void nets_copy(struct nets *to, const struct nets *from);
bool nets_same(const struct nets *a, const struct nets *b);
/** nets_distance() - ranges that are in one only; stops counting above @max */
size_t nets_distance(const struct nets *a, const struct nets *b, size_t max);
/** nets_diff() - ranges to take from @have and to put in, to make it @want:
 * whole ranges as they stand in either. @del, @add: to be freed. O(n). */
void nets_diff(const struct nets *have, const struct nets *want,
	       struct nets *del, struct nets *add);

#endif
