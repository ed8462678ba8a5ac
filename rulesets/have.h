/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HAVE: what the kernel holds, as plain data: a sorted list of units and, per
 * table, the state of what all of them share and what belongs to nobody.
 */
#ifndef RULESETS_HAVE_H
#define RULESETS_HAVE_H

#include "rulesets/alloc.h"
#include "rulesets/base.h"
#include "rulesets/nl.h"
#include "rulesets/types.h"
#include "rulesets/unit.h"

/* An object of a kind or name that is not ours. */
struct stray_obj {
	char *name;
	uint32_t type; /* NFT_OBJECT_* */
};

struct have_table {
	bool there; /* the table is */
	bool alien; /* a map or hook is of another form: start anew */
	struct base_parts parts; /* which are there */
	uint32_t intact; /* FEATURE_BIT()s: all parts are there and as they
			  * should be */
	uint64_t rehook; /* bit per base chain: its priority is another */
	struct rs_devices devices; /* of the flowtable */
	struct alloc alloc;
	/* Things in our table that are not ours: they are removed. */
	struct unit *strays; /* elements without a unit, or NULL */
	uint32_t *stray_slots;
	size_t nstray_slots, capstray_slots;
	char **stray_chains;
	size_t nstray_chains, capstray_chains;
	char **stray_sets;
	size_t nstray_sets, capstray_sets;
	struct stray_obj *stray_objs;
	size_t nstray_objs, capstray_objs;
	/* Sets "list.*": whoever fills them looks after them. */
	char **lists;
	size_t nlists, caplists;
};

struct have {
	struct unit **units; /* sorted by unit_cmp() */
	size_t nunits, capunits;
	struct have_table tab[RS_TABLES];
	struct rs_hooks hooks; /* where the base chains should be */
	enum feature own;      /* that the families' tables have in any case */
};

/** have_init() - nothing is there; hooks are the default's */
void have_init(struct have *h);
/** have_clear() - as after have_init(), but for hooks and own */
void have_clear(struct have *h);
void have_free(struct have *h);

/** have_hooks() - they should be elsewhere: what is there has to move */
void have_hooks(struct have *h, const struct rs_hooks *hooks);

/** have_own() - are there parts in the table that families' tables have in any
 * case? For NAT these are, and turn it on. */
bool have_own(const struct have *h, unsigned int table);

/** have_index() - where in the list the unit is; h->nunits: nowhere */
size_t have_index(const struct have *h, const char *name, unsigned int table);
/** have_find() - the unit, in whichever table of the family it is, or NULL */
struct unit *have_find(const struct have *h, const char *name, uint8_t family);
/** have_find_in() - the same in one table */
struct unit *have_find_in(const struct have *h, const char *name,
			  unsigned int table);
/** have_insert() - take over @u; its name and table are not there yet */
void have_insert(struct have *h, struct unit *u);
/** have_replace() - put @want where @have is (either may be NULL); frees @have
 */
void have_replace(struct have *h, struct unit *have, struct unit *want);
/** have_drop_table() - forget the units and numbers of one table */
void have_drop_table(struct have *h, unsigned int table);
/** have_forget_strays() - they are gone from the kernel */
void have_forget_strays(struct have_table *t);

/**
 * have_scan() - fill an initialised @h from the kernel
 * @thorough: also find slots that belong to no service. Costs the square of
 * their number; needed only when the kernel refused what should have worked.
 * Return: 0; -EINTR: not consistent, clear and scan again; other -errno.
 */
int have_scan(struct have *h, struct nl *nl, const char *table, bool thorough);

#endif
