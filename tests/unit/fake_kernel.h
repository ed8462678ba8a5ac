/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel made of lists. It reads the very messages that are sent to the real
 * one, and refuses what that would refuse.
 */
#ifndef TESTS_UNIT_FAKE_KERNEL_H
#define TESTS_UNIT_FAKE_KERNEL_H

#include "lib/addr.h"
#include "rulesets/nl.h"
#include "rulesets/unit.h"

#define FAKE_SLOTS (1u << 17)
#define FAKE_RULES 160 /* of a chain */

struct fake_chain {
	char name[CHAIN_NAME_MAX];
	struct buf rules[FAKE_RULES];
	size_t n;
};

struct fake_table {
	uint8_t family;
	bool there;
	struct fake_chain *chains;
	size_t nchains, capchains;
	struct unit *elems; /* of all maps but the slots; only a list; its
			     * sets and objs: what the table has */
	uint32_t *slots;    /* FAKE_SLOTS; ID_NONE: no such element */
};

/* What the messages did, all told. */
struct fake_counts {
	size_t elems_added, elems_removed; /* slots are elements */
	size_t slots_added, slots_removed;
	size_t chains_added, chains_removed; /* of services */
	size_t service_rules; /* written into chains of services */
	size_t flushes;       /* of such chains, to write or to remove */
};

struct fake {
	struct fake_table tab[RS_FAMILIES];
	struct fake_counts counts;
};

void fake_init(struct fake *k);
void fake_free(struct fake *k);
void fake_copy(struct fake *to, const struct fake *from);

/** fake_batch() - one transaction; false: refused, the words are printed */
bool fake_batch(struct fake *k, const struct batch *b);

struct fake_chain *fake_chain(const struct fake_table *t, const char *name);
/** fake_elem() - the element with @e's map and key, or NULL */
struct elem *fake_elem(const struct fake_table *t, const struct elem *e);
size_t fake_slot_count(const struct fake_table *t);

/**
 * fake_lookup() - the chain that a packet's destination leads to, or NULL; the
 * maps are asked in the order of the rules
 */
const char *fake_lookup(const struct fake_table *t, const struct addr *addr,
			uint8_t proto, uint16_t port);

#endif
