/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of form.h. Changing a row changes what is in the kernel: the next
 * scan finds the difference and the next commit writes it.
 */
#include "rulesets/form.h"

#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

/* interval, leads: see form.h */
const struct map_form map_forms[MAP_COUNT] = {
	[MAP_SERVICES] = { "services", KEY_ADDR_PROTO_PORT, DATA_VERDICT, false,
			   FEATURE_NONE, true, 0 },
	[MAP_SERVICE_RANGES] = { "service-ranges", KEY_ADDR_PROTO_PORT,
				 DATA_VERDICT, true, FEATURE_NONE, true, 0 },
	[MAP_SERVICES_ANY] = { "services-any", KEY_ADDR_PROTO, DATA_VERDICT,
			       false, FEATURE_NONE, true, 0 },
	[MAP_SLOTS] = { "slots", KEY_ID, DATA_ID, false, FEATURE_NONE, false,
			0 },
	[MAP_BACKENDS] = { "backends", KEY_ID, DATA_ADDR_PORT, false,
			   FEATURE_NONE, false, 0 },
	[MAP_BACKENDS_PORTLESS] = { "backends-portless", KEY_ID, DATA_ADDR,
				    false, FEATURE_NONE, false, 0 },
	[MAP_SNAT] = { "snat-services", KEY_ADDR_PROTO_PORT, DATA_VERDICT,
		       false, FEATURE_NONE, true, 0 },
	[MAP_SNAT_RANGES] = { "snat-ranges", KEY_ADDR_PROTO_PORT, DATA_VERDICT,
			      true, FEATURE_NONE, true, 0 },
	[MAP_SNAT_ANY] = { "snat-any", KEY_ADDR_PROTO, DATA_VERDICT, false,
			   FEATURE_NONE, true, 0 },
	[MAP_PROBES] = { "probes", KEY_ADDR_PROTO_PORT, DATA_ID, false,
			 FEATURE_NONE, true, 0 },
	[MAP_PERSISTENT] = { "persistent", KEY_ID, DATA_ID, false,
			     FEATURE_ALIVE, false, 0 },
	[MAP_PINS] = { "pins", KEY_PIN, DATA_ID, true, FEATURE_PINS, false, 0 },
	[MAP_GROUP_BACKENDS] = { "group-backends", KEY_MEMBER, DATA_ID, false,
				 FEATURE_GROUP, false, 0 },
	[MAP_GROUP_MEMBERS] = { "group-members", KEY_MEMBER, DATA_ID, false,
				FEATURE_GROUP, false, 0 },
	[MAP_MEMBERS] = { "members", KEY_ID, DATA_ID, false, FEATURE_GROUP,
			  false, 0 },
	[MAP_BACKENDS_FULL] = { "backends-full", KEY_ID, DATA_NONE, false,
				FEATURE_ROOM, false, 65536, .filled = true },
	[MAP_COUNT_NEW] = { "count-new", KEY_ID, DATA_COUNTER, false,
			    FEATURE_COUNT, false, 0 },
	[MAP_COUNT_IN] = { "count-in", KEY_FLOW, DATA_COUNTER, false,
			   FEATURE_COUNT, false, 0 },
	[MAP_COUNT_OUT] = { "count-out", KEY_FLOW, DATA_COUNTER, false,
			    FEATURE_COUNT, false, 0 },
	[MAP_COUNT_IN_RANGES] = { "count-in-ranges", KEY_FLOW, DATA_COUNTER,
				  true, FEATURE_COUNT_RANGES, false, 0 },
	[MAP_COUNT_OUT_RANGES] = { "count-out-ranges", KEY_FLOW, DATA_COUNTER,
				   true, FEATURE_COUNT_RANGES, false, 0 },
	[MAP_MARKS] = { "marks", KEY_FLOW, DATA_VERDICT, false, FEATURE_MARKS,
			true, 0 },
	[MAP_MARKS_RANGES] = { "marks-ranges", KEY_FLOW, DATA_VERDICT, true,
			       FEATURE_MARKS_RANGES, true, 0 },
	[MAP_PRIORITIES] = { "priorities", KEY_FLOW, DATA_VERDICT, false,
			     FEATURE_PRIORITIES, true, 0 },
	[MAP_PRIORITIES_RANGES] = { "priorities-ranges", KEY_FLOW, DATA_VERDICT,
				    true, FEATURE_PRIORITIES_RANGES, true, 0 },
	[MAP_GUARDS] = { "guards", KEY_ADDR_PROTO_PORT, DATA_VERDICT, false,
			 FEATURE_GUARD, true, 0 },
	[MAP_GUARD_RANGES] = { "guard-ranges", KEY_ADDR_PROTO_PORT,
			       DATA_VERDICT, true, FEATURE_GUARD, true, 0 },
	[MAP_GATEWAYS] = { "gateways", KEY_ADDR, DATA_MEMBER, false,
			   FEATURE_AGENT, true, 0, .alone = true },
	[MAP_UPLINKS] = { "uplinks", KEY_IFINDEX, DATA_ADDR, false,
			  FEATURE_AGENT, false, 0, .alone = true },
	[MAP_BINDINGS] = { "bindings", KEY_BOUND, DATA_ADDR_PORT, false,
			   FEATURE_AGENT, false, 0, .alone = true },
	[MAP_VMS] = { "vms", KEY_ADDR, DATA_ID, false, FEATURE_AGENT, true, 0,
		      .alone = true },
	[MAP_ANSWERS] = { "answers", KEY_ADDR, DATA_MEMBER, false,
			  FEATURE_AGENT, true, 0, .alone = true },
	[MAP_SOURCES] = { "sources", KEY_ADDR_PROTO_PORT, DATA_ADDR_PORT, false,
			  FEATURE_AGENT, true, 0 },
	[MAP_BOUND_PORTS] = { "bound-ports", KEY_ADDR_PROTO_PORT, DATA_MEMBER,
			      false, FEATURE_AGENT, true, 0, .alone = true },
	[MAP_CLAMPS] = { "clamps", KEY_IFINDEX, DATA_VERDICT, false,
			 FEATURE_AGENT, true, 0 },
	[MAP_GUARDS_ANY] = { "guards-any", KEY_ADDR_PROTO, DATA_VERDICT, false,
			     FEATURE_GUARD, true, 0 },
	/* its buckets are 1 MB from the beginning */
	[MAP_RECENT] = { "recent", KEY_RECENT, DATA_ID, false, FEATURE_INGRESS,
			 false, 65536, .filled = true },
	[MAP_TUNNELS] = { "recent-tunnels", KEY_RECENT, DATA_IFINDEX, false,
			  FEATURE_TUNNELS, false, 65536, .filled = true },
	[MAP_WAYS] = { "ways", KEY_ID, DATA_VERDICT, false, FEATURE_WAYS, false,
		       0, .comes_back = true },
	[MAP_OPEN] = { "open-ways", KEY_ID, DATA_MEMBER, false, FEATURE_WAYS,
		       false, 0, .closes = true },
	[MAP_HITS] = { "hits", KEY_ID, DATA_VERDICT, false, FEATURE_TUNNELS,
		       false, 0, .comes_back = true },
	[MAP_ERRORS] = { "errors", KEY_ADDR_PROTO_PORT, DATA_VERDICT, false,
			 FEATURE_WAYS, true, 0 },
	[MAP_ERROR_RANGES] = { "error-ranges", KEY_ADDR_PROTO_PORT,
			       DATA_VERDICT, true, FEATURE_WAYS, true, 0 },
	[MAP_ERRORS_ANY] = { "errors-any", KEY_ADDR_PROTO, DATA_VERDICT, false,
			     FEATURE_WAYS, true, 0 },
	[MAP_OFFLOAD] = { "offload", KEY_ADDR_PROTO_PORT, DATA_VERDICT, false,
			  FEATURE_OFFLOAD, true, 0 },
	[MAP_OFFLOAD_RANGES] = { "offload-ranges", KEY_ADDR_PROTO_PORT,
				 DATA_VERDICT, true, FEATURE_OFFLOAD, true, 0 },
	[MAP_OFFLOAD_ANY] = { "offload-any", KEY_ADDR_PROTO, DATA_VERDICT,
			      false, FEATURE_OFFLOAD, true, 0 },
	[MAP_STATELESS] = { "stateless-services", KEY_ADDR_PROTO_PORT,
			    DATA_VERDICT, false, FEATURE_STATELESS, true, 0 },
	[MAP_STATELESS_RANGES] = { "stateless-ranges", KEY_ADDR_PROTO_PORT,
				   DATA_VERDICT, true, FEATURE_STATELESS, true,
				   0 },
	[MAP_STATELESS_ANY] = { "stateless-any", KEY_ADDR_PROTO, DATA_VERDICT,
				false, FEATURE_STATELESS, true, 0 },
	[MAP_ORIGINS] = { "origins", KEY_ADDR_PROTO_PORT, DATA_VERDICT, false,
			  FEATURE_STATELESS, true, 0 },
	[MAP_ORIGIN_RANGES] = { "origin-ranges", KEY_ADDR_PROTO_PORT,
				DATA_VERDICT, true, FEATURE_STATELESS, true,
				0 },
	[MAP_ORIGINS_ANY] = { "origins-any", KEY_ADDR_PROTO, DATA_VERDICT,
			      false, FEATURE_STATELESS, true, 0 },
	[MAP_PROBED] = { "probed", KEY_ADDR_PROTO_PORT, DATA_MEMBER, false,
			 FEATURE_PROBES, true, 0, .alone = true },
	[MAP_PROBE_ANSWERS] = { "probe-answers", KEY_ADDR_PROTO_PORT, DATA_ADDR,
				false, FEATURE_PROBES, false, 0,
				.alone = true },
	[MAP_PROBE_WAYS] = { "probe-ways", KEY_ADDR_PROTO_PORT, DATA_VERDICT,
			     false, FEATURE_PROBE_WAYS, true, 0 },
};

/* nft's type numbers; a concatenation packs six bits each. */
#define TYPE_VERDICT 0xffffff00u
#define TYPE_BITS    6

enum field {
	FIELD_ADDR,
	FIELD_PROTO,
	FIELD_PORT,
	FIELD_ID,
	FIELD_MAC,
	FIELD_IFINDEX,
	FIELD_PORTS /* both, as they stand in the packet */
};

static const struct {
	uint8_t type, len;
} fields[] = {
	[FIELD_ADDR] = { 7, 4 }, /* of IPv4; IPv6: addr_field6 */
	[FIELD_PROTO] = { 12, 1 },   [FIELD_PORT] = { 13, 2 },
	[FIELD_ID] = { 23, 4 },      [FIELD_MAC] = { 9, 6 },
	[FIELD_IFINDEX] = { 20, 4 }, [FIELD_PORTS] = { 4, 4 },
};

enum { TYPE_IPV6 = 8, LEN_IPV6 = 16 };

static const struct {
	unsigned int n;
	enum field fields[KEY_FIELDS_MAX];
} keys[KEYS] = {
	[KEY_ADDR_PROTO_PORT] = { 3, { FIELD_ADDR, FIELD_PROTO, FIELD_PORT } },
	[KEY_ADDR_PROTO] = { 2, { FIELD_ADDR, FIELD_PROTO } },
	[KEY_ID] = { 1, { FIELD_ID } },
	[KEY_FLOW] = { 5,
		       { FIELD_ADDR, FIELD_PROTO, FIELD_PORT, FIELD_ADDR,
			 FIELD_PORT } },
	[KEY_PIN] = { 4, { FIELD_ADDR, FIELD_PROTO, FIELD_PORT, FIELD_ADDR } },
	[KEY_MEMBER] = { 4, { FIELD_ADDR, FIELD_PROTO, FIELD_PORT, FIELD_ID } },
	[KEY_ADDR] = { 1, { FIELD_ADDR } },
	[KEY_ADDR_PORT] = { 2, { FIELD_ADDR, FIELD_PORT } },
	[KEY_PORT_ADDR] = { 2, { FIELD_PORT, FIELD_ADDR } },
	[KEY_MAC] = { 1, { FIELD_MAC } },
	[KEY_TUPLE] = { 5,
			{ FIELD_ADDR, FIELD_PORT, FIELD_ADDR, FIELD_PORT,
			  FIELD_PROTO } },
	[KEY_RECENT] = { 4,
			 { FIELD_ADDR, FIELD_ADDR, FIELD_PORTS, FIELD_PROTO } },
	[KEY_BOUND] = { 4, { FIELD_ID, FIELD_ADDR, FIELD_PROTO, FIELD_PORT } },
	[KEY_IFINDEX] = { 1, { FIELD_IFINDEX } },
};

int map_find(const char *name)
{
	for (int i = 0; i < MAP_COUNT; i++)
		if (!strcmp(map_forms[i].name, name))
			return i;
	return -1;
}

static unsigned int field_len(enum field f, uint8_t family)
{
	return f == FIELD_ADDR && family == AF_INET6 ? LEN_IPV6 : fields[f].len;
}

static uint32_t field_type(enum field f, uint8_t family)
{
	return f == FIELD_ADDR && family == AF_INET6 ? TYPE_IPV6
						     : fields[f].type;
}

unsigned int key_fields(enum map_key key)
{
	return keys[key].n;
}

unsigned int key_field_len(enum map_key key, unsigned int i, uint8_t family)
{
	return field_len(keys[key].fields[i], family);
}

unsigned int key_field_at(enum map_key key, unsigned int i, uint8_t family)
{
	unsigned int at = 0;

	for (unsigned int f = 0; f < i; f++)
		at += (key_field_len(key, f, family) + 3) / 4 * 4;
	return at;
}

unsigned int key_len(enum map_key key, uint8_t family)
{
	if (keys[key].n == 1) /* no concatenation: nothing is padded */
		return key_field_len(key, 0, family);
	return key_field_at(key, keys[key].n, family);
}

uint32_t key_type(enum map_key key, uint8_t family)
{
	uint32_t type = 0;

	for (unsigned int i = 0; i < keys[key].n; i++)
		type =
		    type << TYPE_BITS | field_type(keys[key].fields[i], family);
	return type;
}

unsigned int map_key_len(const struct map_form *f, uint8_t family)
{
	return key_len(f->key, family);
}

uint32_t map_key_type(const struct map_form *f, uint8_t family)
{
	return key_type(f->key, family);
}

unsigned int data_len(enum map_data data, uint8_t family)
{
	switch (data) {
	case DATA_ID:
		return 4;
	case DATA_ADDR_PORT:
		return key_len(KEY_ADDR_PORT, family);
	case DATA_ADDR:
		return key_len(KEY_ADDR, family);
	case DATA_IFINDEX:
		return key_len(KEY_IFINDEX, family);
	default:
		return 0;
	}
}

uint32_t data_type(enum map_data data, uint8_t family)
{
	switch (data) {
	case DATA_VERDICT:
		return TYPE_VERDICT;
	case DATA_ID:
		return key_type(KEY_ID, family);
	case DATA_ADDR_PORT:
		return key_type(KEY_ADDR_PORT, family);
	case DATA_ADDR:
		return key_type(KEY_ADDR, family);
	case DATA_IFINDEX:
		return key_type(KEY_IFINDEX, family);
	default:
		return 0;
	}
}

unsigned int map_data_len(const struct map_form *f, uint8_t family)
{
	return data_len(f->data, family);
}

uint32_t map_data_type(const struct map_form *f, uint8_t family)
{
	return data_type(f->data, family);
}

uint32_t map_flags(const struct map_form *f)
{
	static const uint32_t of_data[] = {
		[DATA_VERDICT] = NFT_SET_MAP,
		[DATA_ID] = NFT_SET_MAP,
		[DATA_ADDR_PORT] = NFT_SET_MAP,
		[DATA_ADDR] = NFT_SET_MAP,
		[DATA_IFINDEX] = NFT_SET_MAP,
		[DATA_COUNTER] = NFT_SET_OBJECT,
		[DATA_NONE] = 0,
		[DATA_MEMBER] = 0,
	};

	if (f->filled)
		return NFT_SET_EVAL | NFT_SET_TIMEOUT | of_data[f->data];
	return of_data[f->data] |
	       (f->interval ? NFT_SET_INTERVAL | NFT_SET_CONCAT : 0);
}

int map_verdict(enum rs_map map)
{
	return map_forms[map].comes_back ? NFT_JUMP : NFT_GOTO;
}

bool map_owns_ids(enum rs_map map)
{
	return map == MAP_BACKENDS || map == MAP_BACKENDS_PORTLESS ||
	       map == MAP_WAYS;
}

bool set_form_same(const struct set_form *a, const struct set_form *b)
{
	return a->key == b->key && a->data == b->data &&
	       a->expires == b->expires && a->size == b->size &&
	       a->timeout_s == b->timeout_s && a->over.rate == b->over.rate &&
	       a->over.burst == b->over.burst &&
	       a->connections == b->connections;
}

uint32_t set_flags(const struct set_form *f)
{
	return NFT_SET_EVAL | (f->data == DATA_ID ? NFT_SET_MAP : 0) |
	       (f->expires ? NFT_SET_TIMEOUT : 0);
}
