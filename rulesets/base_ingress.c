/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of type netdev: packets as they come in at an interface, before
 * anything else has seen them. What is for no service goes on as if we were not
 * there.
 *
 *   device.NAME: (address, protocol, port) -> service.NAME, else ingress
 *   ingress:     any port, ranges of ports; ICMP errors by what they speak of
 *
 * Most packets are of a single address and port: the first rule finds them. A
 * fragment without ports is found by none of these.
 */
#include "rulesets/base.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h> /* before the kernel's own */
#include <netinet/ip_icmp.h>

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "rulesets/base_impl.h"
#include "rulesets/chains_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

/* ICMP's types that say something of a packet that was sent. */
static const uint8_t errors4[] = { ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED,
				   ICMP_PARAMETERPROB };
static const uint8_t errors6[] = { ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG,
				   ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB };

bool error_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const enum rs_map order[] = { MAP_ERRORS, MAP_ERROR_RANGES,
					     MAP_ERRORS_ANY };
	bool v6 = family == AF_INET6;
	unsigned int w = addr_words(family);
	unsigned int types = v6 ? sizeof(errors6) : sizeof(errors4);
	enum rs_map map;
	uint8_t type;

	if (i >= types * 3)
		return false;
	map = order[i % 3];
	type = v6 ? errors6[i / 3] : errors4[i / 3];
	match_proto(r, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	rule_payload(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	rule_cmp(r, NFT_CMP_EQ, REG(0), &type, sizeof(type));
	load_inner_addr(r, family, true, 0);
	load_inner_proto(r, family, w);
	if (map_forms[map].key == KEY_ADDR_PROTO_PORT)
		load_inner_port(r, family, true, w + 1);
	rule_lookup(r, map_forms[map].name, REG(0), NO_REG, true);
	return true;
}

bool ingress_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const enum rs_map order[] = { MAP_SERVICES_ANY,
					     MAP_SERVICE_RANGES };

	match_ethertype(r, family);
	if (i >= 2)
		return error_rule(r, i - 2, family);
	dispatch(r, family, order[i]);
	return true;
}

void device_chain(struct unit *u, const char *device)
{
	struct unit_chain *c = unit_chain_add(u, CHAIN_DEVICE "%s", device);
	struct buf *r;

	unit_chain_hook(c, device);
	r = chain_rule(c);
	match_ethertype(r, u->family);
	dispatch(r, u->family, MAP_SERVICES);
	r = chain_rule(c);
	match_ethertype(r, u->family);
	rule_verdict(r, NFT_GOTO, CHAIN_INGRESS);
}
