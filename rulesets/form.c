/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of form.h. Changing a row changes what is in the kernel: the next
 * scan finds the difference and the next commit writes it.
 */
#include "rulesets/form.h"

#include <string.h>
#include <sys/socket.h>

const struct map_form map_forms[MAP_COUNT] = {
	[MAP_SERVICES] = { "services", KEY_ADDR_PROTO_PORT, DATA_VERDICT,
			   false },
	[MAP_SERVICE_RANGES] = { "service-ranges", KEY_ADDR_PROTO_PORT,
				 DATA_VERDICT, true },
	[MAP_SERVICES_ANY] = { "services-any", KEY_ADDR_PROTO, DATA_VERDICT,
			       false },
	[MAP_SLOTS] = { "slots", KEY_ID, DATA_ID, false },
	[MAP_BACKENDS] = { "backends", KEY_ID, DATA_ADDR_PORT, false },
	[MAP_BACKENDS_PORTLESS] = { "backends-portless", KEY_ID, DATA_ADDR,
				    false },
	[MAP_SNAT] = { "snat-services", KEY_ADDR_PROTO_PORT, DATA_VERDICT,
		       false },
	[MAP_SNAT_RANGES] = { "snat-ranges", KEY_ADDR_PROTO_PORT, DATA_VERDICT,
			      true },
	[MAP_SNAT_ANY] = { "snat-any", KEY_ADDR_PROTO, DATA_VERDICT, false },
	[MAP_PROBES] = { "probes", KEY_ADDR_PROTO_PORT, DATA_ID, false },
};

/* nft's type numbers; a concatenation packs six bits each. */
enum {
	TYPE_IPV4 = 7,
	TYPE_IPV6 = 8,
	TYPE_PROTO = 12,
	TYPE_SERVICE = 13,
	TYPE_CLASSID = 23
};
#define TYPE_VERDICT 0xffffff00u
#define CONCAT(a, b) ((a) << 6 | (b))

int map_find(const char *name)
{
	for (int i = 0; i < MAP_COUNT; i++)
		if (!strcmp(map_forms[i].name, name))
			return i;
	return -1;
}

static unsigned int addr_bytes(uint8_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

unsigned int map_key_len(const struct map_form *f, uint8_t family)
{
	static const unsigned int beside_addr[] = {
		[KEY_ADDR_PROTO_PORT] = 8,
		[KEY_ADDR_PROTO] = 4,
	};

	return f->key == KEY_ID ? 4 : addr_bytes(family) + beside_addr[f->key];
}

unsigned int map_data_len(const struct map_form *f, uint8_t family)
{
	switch (f->data) {
	case DATA_VERDICT:
		return 0;
	case DATA_ID:
		return 4;
	case DATA_ADDR_PORT:
		return addr_bytes(family) + 4;
	case DATA_ADDR:
		return addr_bytes(family);
	}
	return 0;
}

static uint32_t addr_type(uint8_t family)
{
	return family == AF_INET6 ? TYPE_IPV6 : TYPE_IPV4;
}

uint32_t map_key_type(const struct map_form *f, uint8_t family)
{
	uint32_t addr_proto = CONCAT(addr_type(family), TYPE_PROTO);

	switch (f->key) {
	case KEY_ADDR_PROTO_PORT:
		return CONCAT(addr_proto, TYPE_SERVICE);
	case KEY_ADDR_PROTO:
		return addr_proto;
	case KEY_ID:
		return TYPE_CLASSID;
	}
	return 0;
}

uint32_t map_data_type(const struct map_form *f, uint8_t family)
{
	switch (f->data) {
	case DATA_VERDICT:
		return TYPE_VERDICT;
	case DATA_ID:
		return TYPE_CLASSID;
	case DATA_ADDR_PORT:
		return CONCAT(addr_type(family), TYPE_SERVICE);
	case DATA_ADDR:
		return addr_type(family);
	}
	return 0;
}

unsigned int family_index(uint8_t family)
{
	return family == AF_INET6;
}

uint8_t family_of(unsigned int index)
{
	return index ? AF_INET6 : AF_INET;
}
