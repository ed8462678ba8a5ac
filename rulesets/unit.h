/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit is all that the kernel holds for one service in one family, as plain
 * data. WANT is units made by compile.c, HAVE is units read by scan.c or taken
 * over from a plan that the kernel accepted. diff.c compares the two.
 *
 * Chains, sets and counters are found by their names, which say whose they are
 * (unit_of_name()). A session table that several services share is a unit of
 * its own, named "/" and the group's name.
 */
#ifndef RULESETS_UNIT_H
#define RULESETS_UNIT_H

#include "lib/buf.h"
#include "rulesets/form.h"

#define ELEM_KEY_MAX  44
#define ELEM_DATA_MAX 20

/* An element of any map but the slots. */
struct elem {
	uint8_t map; /* enum rs_map */
	uint8_t key[ELEM_KEY_MAX];
	uint8_t data[ELEM_DATA_MAX]; /* not for verdicts and counters, but see
				      * elem_end() */
	uint8_t *key_end; /* owned, ELEM_KEY_MAX bytes: elem_key_end(); NULL
			   * but in interval maps, of which few elements are */
	char *text; /* owned: a verdict's chain, a counter's name, for others a
		     * comment "SERVICE/NAME" that says whose it is; NULL =
		     * none (only in HAVE) */
};

struct unit_chain {
	char *name;
	char *device;      /* owned: it is hooked where this interface's packets
			    * come in; NULL: it is no base chain */
	struct buf *rules; /* see rule.h */
	size_t nrules, caprules;
};

struct unit_set {
	char *name;
	struct set_form form;
};

struct unit {
	char *name;
	uint8_t family;
	uint8_t table;     /* enum rs_table that it is in */
	uint32_t features; /* FEATURE_BIT()s of what must be there as well;
			    * 0: not known (read by a scan) */
	struct unit_chain **chains; /* these three: sorted by name */
	size_t nchains, capchains;
	struct unit_set *sets;
	size_t nsets, capsets;
	char **objs; /* names of counters */
	size_t nobjs, capobjs;
	uint32_t base, m;   /* slot keys [base, base + m); m may be 0 */
	uint32_t *ids;      /* backend id of each slot */
	struct elem *elems; /* sorted by elem_cmp() */
	size_t nelems, capelems;
};

/** unit_new() - an empty unit in the family's own table; @name is copied */
struct unit *unit_new(const char *name, uint8_t family);
/** unit_new_in() - the same in any table */
struct unit *unit_new_in(const char *name, unsigned int table);
void unit_free(struct unit *u);

/** unit_is_group() - no service: what several of them share, a persist-group
 * or the chain of an interface */
bool unit_is_group(const struct unit *u);

/** unit_add() - a zeroed element; fill it, then unit_sort() when all are in */
struct elem *unit_add(struct unit *u, enum rs_map map);

/**
 * unit_chain_add() - an empty chain; its name as by printf, at most
 * CHAIN_NAME_MAX - 1 bytes, not yet used in the unit
 * The pointer is good as long as the unit.
 */
struct unit_chain *unit_chain_add(struct unit *u, const char *name, ...)
    __attribute__((format(printf, 2, 3)));
/** unit_chain_hook() - make it a base chain of @device, which is copied */
void unit_chain_hook(struct unit_chain *c, const char *device);
/** chain_rule() - one more rule, empty: append expressions (rule.h) to it
 * before the next is asked for */
struct buf *chain_rule(struct unit_chain *c);
/** unit_set_add() - a set of this name and form; see unit_set_name() */
void unit_set_add(struct unit *u, const char *name,
		  const struct set_form *form);
/** unit_obj_add() - a counter; its name as by printf, not yet used in it */
void unit_obj_add(struct unit *u, const char *name, ...)
    __attribute__((format(printf, 2, 3)));

/** unit_sort() - put all lists in order, as everybody else expects them */
void unit_sort(struct unit *u);

/* What follows wants a sorted unit. @u may be NULL: nothing is found. */

struct unit_chain *unit_chain(const struct unit *u, const char *name);
const struct unit_set *unit_set(const struct unit *u, const char *name);
bool unit_has_obj(const struct unit *u, const char *name);

/**
 * unit_set_name() - the name for a set that should be called @name
 * A set keeps its form as long as it lives: where @have has one of another form
 * the name is @name "/2", or back again. Then both are there until no rule
 * speaks of the old one.
 */
void unit_set_name(const struct unit *have, const char *name,
		   const struct set_form *form, char out[CHAIN_NAME_MAX]);

/** unit_slots() - the slot range that the rules of the service's chain speak
 * of; false: there is none */
bool unit_slots(const struct unit *u, uint32_t *base, uint32_t *m);

/** chain_same() - do the kernel's rules (@have) say what @want's say? */
bool chain_same(const struct unit_chain *have, const struct unit_chain *want);

/* ---- whose is it? unit_name.c */

enum unit_part { PART_CHAIN, PART_SET, PART_COUNTER };

/**
 * unit_of_name() - the name of the unit that a chain, set or counter belongs to
 * @unit: as "www" of "mark.www/b1", "/pool" of "group.pool/2"
 * Return: false: the name is none of a unit's (or @unit would not hold it).
 */
bool unit_of_name(enum unit_part part, const char *name,
		  char unit[CHAIN_NAME_MAX]);

/* ---- elements */

/** elem_clear() - free what the element owns */
void elem_clear(struct elem *e);
/** elem_key_end() - where a range's last key is to be written; zeroed */
uint8_t *elem_key_end(struct elem *e);
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

/**
 * elem_set_end(), elem_end() - the address and port (host order, 0 = none) that
 * an element of MAP_WAYS means
 * Its value is a chain; this is its comment in the kernel, and what an id means
 * for ever. elem_end(): false where nobody said it.
 */
void elem_set_end(struct elem *e, const struct addr *a, uint16_t port);
bool elem_end(const struct elem *e, struct addr *a, uint16_t *port);

/** unit_backend() - the backend element of @id, or NULL */
const struct elem *unit_backend(const struct unit *u, uint32_t id);

/** unit_elem() - the element with @key's map and key, or NULL */
const struct elem *unit_elem(const struct unit *u, const struct elem *key);

/** unit_cmp() - order of the lists of units: name, then table */
int unit_cmp(const char *name_a, unsigned int table_a, const char *name_b,
	     unsigned int table_b);

#endif
