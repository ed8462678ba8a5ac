/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of address ranges -> netlink messages. */
#ifndef RULESETS_LISTS_MSG_H
#define RULESETS_LISTS_MSG_H

#include "lib/nets.h"
#include "rulesets/nl.h"

/* One set; the names must live as long as the batch. */
struct list_set {
	const char *table;
	const char *name;
	uint8_t family;
};

/** list_key_type() - nft's number for the addresses of a family */
uint32_t list_key_type(uint8_t family);

/** lists_put_set() - make the set, and the table where there is none; one that
 * is there stays as it is */
void lists_put_set(struct batch *b, const struct list_set *set);
/** lists_put_empty() - take all elements out */
void lists_put_empty(struct batch *b, const struct list_set *set);
void lists_put_delete(struct batch *b, const struct list_set *set);
/**
 * lists_put_ranges() - @n ranges into the set, or out of it
 * @type: NFT_MSG_NEWSETELEM; NFT_MSG_DELSETELEM: whole ranges, as they were
 * put in. None may overlap with one that is in the set by then.
 */
void lists_put_ranges(struct batch *b, const struct list_set *set,
		      uint16_t type, const struct net_range *list, size_t n);

#endif
