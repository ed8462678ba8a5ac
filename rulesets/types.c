/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the enumerations of types.h are spelled, everywhere. */
#include "rulesets/types.h"

#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

uint32_t rs_member(const char *name)
{
	uint32_t h = 0x811c9dc5;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x01000193;
	return h < 16 ? h + 16 : h;
}

const struct word rs_mode_words[] = {
	{ "dnat", RS_DNAT },   { "snat", RS_SNAT },
	{ "local", RS_LOCAL }, { "stateless", RS_STATELESS },
	{ "dsr", RS_DSR },     { "ipip", RS_IPIP },
	{ NULL, 0 },
};

/* A mode of which this says no is refused by the configuration. */
const bool rs_mode_built[RS_MODES] = {
	[RS_DNAT] = true,      [RS_SNAT] = true, [RS_LOCAL] = true,
	[RS_STATELESS] = true, [RS_DSR] = true,  [RS_IPIP] = true,
};

const struct word rs_scheduler_words[] = {
	{ "round-robin", RS_ROUND_ROBIN },
	{ "weighted", RS_WEIGHTED },
	{ "source-hash", RS_SOURCE_HASH },
	{ "least-connections", RS_LEAST_CONNECTIONS },
	{ "least-response", RS_LEAST_RESPONSE },
	{ "least-cpu", RS_LEAST_CPU },
	{ NULL, 0 },
};

const struct word rs_hash_key_words[] = {
	{ "source", RS_KEY_SOURCE },
	{ "source-port", RS_KEY_SOURCE_PORT },
	{ "5-tuple", RS_KEY_5TUPLE },
	{ NULL, 0 },
};

const struct word rs_on_empty_words[] = {
	{ "reject", RS_REJECT },
	{ "drop", RS_DROP },
	{ NULL, 0 },
};

const struct word rs_proto_words[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
	{ NULL, 0 },
};

const struct word rs_persist_words[] = {
	{ "none", RS_PERSIST_NONE },
	{ "source", RS_PERSIST_SOURCE },
	{ "source-port", RS_PERSIST_SOURCE_PORT },
	{ "mac", RS_PERSIST_MAC },
	{ NULL, 0 },
};

const struct word rs_helper_words[] = {
	{ "none", RS_HELPER_NONE }, { "ftp", RS_HELPER_FTP },
	{ "tftp", RS_HELPER_TFTP }, { "sip", RS_HELPER_SIP },
	{ "pptp", RS_HELPER_PPTP }, { NULL, 0 },
};

unsigned int family_index(uint8_t family)
{
	return family == AF_INET6;
}

uint8_t family_of(unsigned int index)
{
	return index ? AF_INET6 : AF_INET;
}

static const struct {
	const char *kind;
	uint8_t family, proto;
	bool netdev;
} tables[RS_TABLES] = {
	[RS_TABLE_IP] = { "ip", AF_INET, NFPROTO_IPV4, false },
	[RS_TABLE_IP6] = { "ip6", AF_INET6, NFPROTO_IPV6, false },
	[RS_TABLE_NETDEV] = { "netdev", AF_INET, NFPROTO_NETDEV, true },
	[RS_TABLE_NETDEV6] = { "netdev", AF_INET6, NFPROTO_NETDEV, true },
};

enum rs_table rs_table(uint8_t family, bool netdev)
{
	return (enum rs_table)(family_index(family) +
			       (netdev ? RS_TABLE_NETDEV : 0));
}

uint8_t rs_table_family(unsigned int table)
{
	return tables[table].family;
}

bool rs_table_is_netdev(unsigned int table)
{
	return tables[table].netdev;
}

uint8_t rs_table_proto(unsigned int table)
{
	return tables[table].proto;
}

const char *rs_table_kind(unsigned int table)
{
	return tables[table].kind;
}

const char *rs_table_name(unsigned int table, const char *base,
			  char buf[RS_TABLE_NAME_MAX])
{
	snprintf(buf, RS_TABLE_NAME_MAX, "%s%s", base,
		 table == RS_TABLE_NETDEV6 ? "6" : "");
	return buf;
}

bool rs_devices_has(const struct rs_devices *d, const char *name)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (!strcmp(d->name[i], name))
			return true;
	return false;
}

bool rs_devices_beyond(const struct rs_devices *a, const struct rs_devices *b,
		       struct rs_devices *beyond)
{
	beyond->n = 0;
	for (uint32_t i = 0; i < a->n; i++)
		if (!rs_devices_has(b, a->name[i]))
			memcpy(beyond->name[beyond->n++], a->name[i],
			       RS_DEVICE_NAME);
	return beyond->n > 0;
}
