/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose is a chain, set or counter? Its name says so: PREFIX SERVICE, and for
 * those of one backend (or a set's second name) a "/" and more. Names of
 * services have no "/".
 *
 * The table of prefixes is the only place that knows them all. Must not know:
 * what the things are for.
 */
#include <string.h>

#include "rulesets/unit.h"

static const struct {
	enum unit_part part;
	const char *prefix;
	const char *unit; /* what the unit's name has before the service's */
} prefixes[] = {
	{ PART_CHAIN, CHAIN_SERVICE, "" },
	{ PART_CHAIN, CHAIN_STATELESS, "" },
	{ PART_CHAIN, CHAIN_LET_IN, "" },
	{ PART_CHAIN, CHAIN_KEPT_OUT, "" },
	{ PART_CHAIN, CHAIN_SOURCE, "" },
	{ PART_CHAIN, CHAIN_ALLOW, "" },
	{ PART_CHAIN, CHAIN_SERVE, "" },
	{ PART_CHAIN, CHAIN_REFUSED, "" },
	{ PART_CHAIN, CHAIN_LIMITED, "" },
	{ PART_CHAIN, CHAIN_DENIED, "" },
	{ PART_CHAIN, CHAIN_GUARD, "" },
	{ PART_CHAIN, CHAIN_MARK, "" },
	{ PART_CHAIN, CHAIN_PRIORITY, "" },
	{ PART_CHAIN, CHAIN_ROOM, "" },
	{ PART_CHAIN, CHAIN_TO, "" },
	{ PART_CHAIN, CHAIN_ERROR, "" },
	{ PART_CHAIN, CHAIN_ANSWERS, "" },
	{ PART_CHAIN, CHAIN_HIT, "" },
	{ PART_CHAIN, CHAIN_PROBE, "" },
	{ PART_CHAIN, CHAIN_DEVICE, "@" },
	{ PART_CHAIN, CHAIN_CLAMP, UNIT_UPLINK },
	{ PART_CHAIN, CHAIN_OFFLOAD, "" },
	{ PART_SET, SET_SESSIONS, "" },
	{ PART_SET, SET_NEW, "" },
	{ PART_SET, SET_CONNECTIONS, "" },
	{ PART_SET, SET_FLOWS, "" },
	{ PART_SET, SET_GROUP, "/" },
	{ PART_COUNTER, COUNTER_NEW, "" },
	{ PART_COUNTER, COUNTER_IN, "" },
	{ PART_COUNTER, COUNTER_OUT, "" },
	{ PART_COUNTER, COUNTER_REFUSED, "" },
	{ PART_COUNTER, COUNTER_LIMITED, "" },
	{ PART_COUNTER, COUNTER_DENIED, "" },
	{ PART_COUNTER, COUNTER_FLOOD, "" },
	{ PART_COUNTER, COUNTER_FULL_NEW, "" },
	{ PART_COUNTER, COUNTER_FULL_CONNECTIONS, "" },
	{ PART_COUNTER, COUNTER_FULL_SESSIONS, "" },
	{ PART_COUNTER, COUNTER_FULL_FLOWS, "" },
};

bool unit_of_name(enum unit_part part, const char *name,
		  char unit[CHAIN_NAME_MAX])
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t len = strlen(prefixes[i].prefix), head, tail;
		const char *service = name + len;

		if (prefixes[i].part != part ||
		    strncmp(name, prefixes[i].prefix, len) != 0)
			continue;
		head = strlen(prefixes[i].unit);
		tail = strcspn(service, "/");
		if (head + tail >= CHAIN_NAME_MAX)
			return false;
		memcpy(unit, prefixes[i].unit, head);
		memcpy(unit + head, service, tail);
		unit[head + tail] = '\0';
		return true;
	}
	return false;
}
