/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of addresses that services' rules look clients up in. One list is three
 * sets in each family that needs it:
 *
 *   list.NAME, or list.NAME/2   the base: large, seldom changed
 *   list.NAME/added             what is in as well
 *   list.NAME/removed           what is out although the base has it
 *
 * An address is on the list if it is in "added", or in the base and not in
 * "removed". A commit that changes an interval set costs the kernel (6.18) the
 * whole set: 65 ms for 500,000 ranges. So a change of one entry is a change of
 * a small set. A base that changes at large is built beside the old one, and
 * the rules that name it are switched.
 */
#ifndef RULESETS_LISTS_H
#define RULESETS_LISTS_H

#include <stdbool.h>

#include "lib/err.h"
#include "lib/nets.h"
#include "rulesets/types.h"

#define LIST_PREFIX       "list."
#define LIST_SET_NAME_MAX RS_LIST_SET_MAX
/* Ranges that are changed in one transaction; more of them are a new base. */
#define LIST_ONCE_MAX 16384u

enum list_part { LIST_BASE, LIST_BASE2, LIST_ADDED, LIST_REMOVED, LIST_PARTS };

struct plan;
struct ruleset;

/** list_set_name() - of one part of list @name; returns @out */
const char *list_set_name(const char *name, enum list_part part,
			  char out[LIST_SET_NAME_MAX]);
/** list_set_part() - the set @base of a list (either one) is given, the name of
 * another of its parts is wanted; returns @out */
const char *list_set_part(const char *base, enum list_part part,
			  char out[LIST_SET_NAME_MAX]);

/* ---- what is in the kernel */

struct list_found {
	char *name;
	uint8_t family;
	bool good; /* of the form that it should have */
	uint64_t handle;
};

struct list_finds {
	struct list_found *list; /* any order */
	size_t n, cap;
};

/** lists_scan() - all sets called list.* in our tables; @out is replaced */
int lists_scan(struct ruleset *rs, struct list_finds *out, struct err *err);
void list_finds_free(struct list_finds *f);
const struct list_found *list_find(const struct list_finds *f, const char *name,
				   uint8_t family);

/* ---- changes: each a transaction of its own; 0 or -errno, nothing changed */

/** lists_fill() - the set holds @want and nothing else; made where it is none
 * @want: NULL = nothing */
int lists_fill(struct ruleset *rs, const char *name, uint8_t family,
	       const struct nets *want, struct err *err);

/* A change of one set. */
struct list_change {
	const char *name;
	uint8_t family;
	struct nets del, add; /* whole ranges, see nets_diff() */
};

/** lists_change() - @n changes at once; what is in the sets must be known */
int lists_change(struct ruleset *rs, const struct list_change *list, size_t n,
		 struct err *err);
/** lists_delete() - a set that no rule names; none is no error */
int lists_delete(struct ruleset *rs, const char *name, uint8_t family,
		 struct err *err);

/** lists_try_plan() - as ruleset_try(), as if the sets @missing were there */
int lists_try_plan(struct ruleset *rs, const struct list_finds *missing,
		   const struct plan *p, struct err *err);
/** ruleset_lists_touched() - has anybody else been seen to change a set called
 * list.*, or to delete one, since this was asked last? What may have been
 * missed shows in the sets' handles. */
bool ruleset_lists_touched(struct ruleset *rs);

/* ---- a large set, piece by piece */

struct list_build {
	char name[LIST_SET_NAME_MAX];
	uint8_t family;
	const struct nets *want; /* borrowed */
	size_t done;             /* ranges */
	bool hurry;              /* nothing else waits: large pieces */
};

/** list_build_begin() - make the set, empty. Nothing to free. */
int list_build_begin(struct list_build *b, struct ruleset *rs, const char *name,
		     uint8_t family, const struct nets *want, struct err *err);
/**
 * list_build_step() - some more of it: 30 to 100 ms
 * Return: 1 there is more to do, 0 done, -errno.
 */
int list_build_step(struct list_build *b, struct ruleset *rs, struct err *err);

#endif
