/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The form of our tables, as data: which maps there are and how long their keys
 * are, which chains, and which numbers are reserved. One table per family, the
 * same names in both. rulesets/README.md shows the whole in nft's words.
 */
#ifndef RULESETS_FORM_H
#define RULESETS_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rulesets/types.h"

/* The maps, in the order in which they are listed. */
enum rs_map {
	MAP_SERVICES,          /* address . protocol . port : service chain */
	MAP_SERVICE_RANGES,    /* the same, port ranges */
	MAP_SERVICES_ANY,      /* address . protocol : service chain */
	MAP_SLOTS,             /* slot : backend id */
	MAP_BACKENDS,          /* backend id : address . port */
	MAP_BACKENDS_PORTLESS, /* backend id : address (port is kept) */
	MAP_SNAT,              /* as MAP_SERVICES : source chain */
	MAP_SNAT_RANGES,
	MAP_SNAT_ANY,
	MAP_PROBES, /* address . protocol . source port : backend id */
	MAP_COUNT
};

enum map_data { DATA_VERDICT, DATA_ID, DATA_ADDR_PORT, DATA_ADDR };
enum map_key { KEY_ADDR_PROTO_PORT, KEY_ADDR_PROTO, KEY_ID };

struct map_form {
	const char *name;
	enum map_key key;
	enum map_data data;
	bool interval;
};

extern const struct map_form map_forms[MAP_COUNT];

/** map_find() - enum rs_map of @name, or -1 */
int map_find(const char *name);
/** map_key_len(), map_data_len() - bytes in the kernel; 0 for a verdict */
unsigned int map_key_len(const struct map_form *f, uint8_t family);
unsigned int map_data_len(const struct map_form *f, uint8_t family);
/** map_key_type(), map_data_type() - nft's type numbers (nft describe) */
uint32_t map_key_type(const struct map_form *f, uint8_t family);
uint32_t map_data_type(const struct map_form *f, uint8_t family);

/* Chains of a service carry its name behind these. */
#define CHAIN_SERVICE    "service."
#define CHAIN_SOURCE     "source."
#define CHAIN_TO_SLOT    "to-slot"
#define CHAIN_TO_BACKEND "to-backend"
#define CHAIN_NAME_MAX   256 /* NFT_NAME_MAXLEN: others' may be long */

/* Backend ids below ID_FIRST mean something else. In nft's listing 0 is "none",
 * 1 is "0:1": ids have the type of a tc handle, because they travel in the
 * packet's priority from chain to chain. */
#define ID_REJECT 0u
#define ID_DROP   1u
#define ID_FIRST  16u
#define ID_NONE   0xffffffffu /* no element (only in HAVE) */

/** family_index() - 0 for AF_INET, 1 for AF_INET6; family_of() the other way */
unsigned int family_index(uint8_t family);
uint8_t family_of(unsigned int index);

#endif
