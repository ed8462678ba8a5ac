/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the enumerations of types.h are spelled, everywhere. */
#include "rulesets/types.h"

#include <netinet/in.h>

uint32_t rs_member(const char *name)
{
	uint32_t h = 0x811c9dc5;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x01000193;
	return h < 16 ? h + 16 : h;
}

const struct word rs_mode_words[] = {
	{ "dnat", RS_DNAT },
	{ "snat", RS_SNAT },
	{ "local", RS_LOCAL },
	{ NULL, 0 },
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
