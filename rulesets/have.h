/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HAVE: what the kernel holds, as plain data: a sorted list of units and, per
 * table, the state of what all of them share and what belongs to nobody.
 */
#ifndef RULESETS_HAVE_H
#define RULESETS_HAVE_H

#include "rulesets/alloc.h"
#include "rulesets/nl.h"
#include "rulesets/unit.h"

struct have_table {
	bool there;  /* the table is */
	bool intact; /* maps and base chains are as they should be */
	bool alien;  /* a map or hook is of another form: start anew */
	struct alloc alloc;
	/* Things in our table that are not ours: they are removed. */
	struct unit *strays; /* elements without a unit, or NULL */
	uint32_t *stray_slots;
	size_t nstray_slots, capstray_slots;
	char **stray_chains;
	size_t nstray_chains, capstray_chains;
	char **stray_sets;
	size_t nstray_sets, capstray_sets;
};

struct have {
	struct unit **units; /* sorted by unit_cmp() */
	size_t nunits, capunits;
	struct have_table tab[RS_FAMILIES];
};

void have_init(struct have *h);
void have_free(struct have *h);

/** have_index() - where in the list the unit is; h->nunits: nowhere */
size_t have_index(const struct have *h, const char *name, uint8_t family);
/** have_find() - the unit, or NULL */
struct unit *have_find(const struct have *h, const char *name, uint8_t family);
/** have_insert() - take over @u; its name and family are not there yet */
void have_insert(struct have *h, struct unit *u);
/** have_replace() - put @want where @have is (either may be NULL); frees @have
 */
void have_replace(struct have *h, struct unit *have, struct unit *want);
/** have_drop_family() - forget the units and numbers of one table */
void have_drop_family(struct have *h, unsigned int index);
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
