/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit is all that the kernel holds for one service in one family, as plain
 * data. WANT is units made by compile.c, HAVE is units read by scan.c or taken
 * over from a plan that the kernel accepted. diff.c compares the two.
 */
#ifndef RULESETS_UNIT_H
#define RULESETS_UNIT_H

#include "lib/buf.h"
#include "rulesets/form.h"

#define ELEM_KEY_MAX  24
#define ELEM_DATA_MAX 20

/* An element of any map but the slots. */
struct elem {
	uint8_t map; /* enum rs_map */
	uint8_t key[ELEM_KEY_MAX];
	uint8_t key_end[ELEM_KEY_MAX]; /* interval maps */
	uint8_t data[ELEM_DATA_MAX];   /* not for verdicts */
	char *text; /* owned: the chain of a verdict, a backend's "SERVICE/NAME"
		     * as the element's comment; NULL = none (only in HAVE) */
};

struct unit {
	char *name;
	uint8_t family;
	bool has_chain;               /* service chain is there (HAVE) */
	bool has_source;              /* source chain is there, or wanted */
	unsigned int nrules, nsource; /* rules they have (HAVE) */
	struct buf rule;    /* the service chain's rule; empty: none, or more
			     * than one (HAVE) */
	struct buf source;  /* the source chain's rule */
	uint32_t base, m;   /* slot keys [base, base + m) */
	uint32_t *ids;      /* backend id of each slot */
	struct elem *elems; /* sorted by elem_cmp() */
	size_t nelems, capelems;
};

/** unit_new() - an empty unit; @name is copied */
struct unit *unit_new(const char *name, uint8_t family);
void unit_free(struct unit *u);

/** unit_add() - a zeroed element; fill it, then unit_sort() when all are in */
struct elem *unit_add(struct unit *u, enum rs_map map);
void unit_sort(struct unit *u);

/** elem_cmp() - order by map and key */
int elem_cmp(const struct elem *a, const struct elem *b);
/** elem_same() - equal keys given: is the value the same as well? */
bool elem_same(const struct elem *a, const struct elem *b);

/** elem_id(), elem_set_id() - the key of the id maps, host order */
uint32_t elem_id(const struct elem *e);
void elem_set_id(struct elem *e, uint32_t id);

/** elem_is_backend() - is it in one of the two backend maps? */
bool elem_is_backend(const struct elem *e);
/** elem_backend_name() - the part of the comment after "SERVICE/" */
const char *elem_backend_name(const struct elem *e);

/** unit_backend() - the backend element of @id, or NULL */
const struct elem *unit_backend(const struct unit *u, uint32_t id);

/** unit_cmp() - order of the lists of units: name, then family */
int unit_cmp(const char *name_a, uint8_t family_a, const char *name_b,
	     uint8_t family_b);

#endif
