/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's rules: how a packet that a gateway sent in a tunnel gets to a
 * machine of this hypervisor, and its answer to the client.
 *
 *   outer     before conntrack: tunnels from gateways to machines end at our
 *             own address; priority := machine's id; others are dropped
 *   inner     what came out: (id, address, protocol, port) -> the machine
 *   bound     what came out and is for no machine is dropped
 *   answering SYN-ACKs say how much fits into the tunnel
 *
 * The id survives decapsulation in the packet's priority, which forwarding
 * overwrites anyway; marks belong to others. Invariant: nothing leaves the
 * decapsulating device but by NAT to a machine.
 */
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "rulesets/base_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

#define IPV4_DADDR 16
#define IPV4_SUM   10
#define IPV6_DADDR 24
#define TCP_FLAGS  13
#define TCP_SYNACK 0x12 /* SYN and ACK */

static void counted_drop(struct buf *r, const char *counter)
{
	rule_object(r, NFT_OBJECT_COUNTER, counter);
	rule_verdict(r, NF_DROP, NULL);
}

/* Go on if it goes to a machine; its id is the priority then. */
static void to_known_vm(struct buf *r, uint8_t family)
{
	load_addr(r, family, false, 0);
	rule_lookup(r, map_forms[MAP_VMS].name, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
}

static void to_ourselves(struct buf *r)
{
	uint32_t local = RTN_LOCAL;

	rule_fib_type(r, NFTA_FIB_F_DADDR, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), &local, sizeof(local));
}

static void from_tunnel(struct buf *r, uint8_t family)
{
	char name[IFNAMSIZ] = { 0 };

	strncpy(name, family == AF_INET6 ? AGENT_DEVICE6 : AGENT_DEVICE4,
		sizeof(name) - 1);
	rule_meta_load(r, NFT_META_IIFNAME, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), name, sizeof(name));
}

/* Who is no gateway; packets on their way elsewhere are not our business. */
bool strangers_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 1)
		return false;
	if (i == 0)
		to_known_vm(r, family);
	else
		to_ourselves(r);
	counted_drop(r, AGENT_STRANGERS);
	return true;
}

/* The tunnel ends here. By an interface that is none of the uplinks nobody
 * sends tunnels, whatever address he gives as his. */
bool to_host_rule(struct buf *r, unsigned int i, uint8_t family)
{
	bool v6 = family == AF_INET6;

	if (i > 1)
		return false;
	if (i == 1) {
		counted_drop(r, AGENT_STRANGERS);
		return true;
	}
	rule_meta_load(r, NFT_META_IIF, REG(0));
	rule_lookup(r, map_forms[MAP_UPLINKS].name, REG(0), REG(0), false);
	rule_payload_set(r, REG(0), NFT_PAYLOAD_NETWORK_HEADER,
			 v6 ? IPV6_DADDR : IPV4_DADDR, addr_words(family) * 4,
			 v6 ? -1 : IPV4_SUM);
	rule_notrack(r);
	rule_verdict(r, NF_ACCEPT, NULL);
	return true;
}

/* A gateway's tunnel to a machine that nothing is bound to goes its way. */
bool tunnels_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 1)
		return false;
	if (i == 0) {
		load_addr(r, family, true, 0);
		rule_in_set(r, map_forms[MAP_GATEWAYS].name, REG(0), false);
		rule_verdict(r, NFT_GOTO, "strangers");
		return true;
	}
	to_known_vm(r, family);
	rule_verdict(r, NFT_GOTO, "to-host");
	return true;
}

bool outer_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const uint8_t protos[] = { IPPROTO_IPIP, IPPROTO_IPV6 };

	if (i > 1)
		return false;
	match_proto(r, protos[i]);
	rule_verdict(r, NFT_GOTO, "tunnels");
	return true;
}

/* An element's address never changes but by one that takes its place in the
 * same transaction; a packet that misses it (before 6.17) is dropped in bound,
 * and sent again. nft wants to know the protocol where ports are set. */
bool to_vm_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_SCTP };
	unsigned int w = addr_words(family);

	if (i > 2)
		return false;
	match_proto(r, protos[i]);
	rule_meta_load(r, NFT_META_PRIORITY, REG(0));
	load_addr(r, family, false, 1);
	rule_meta_load(r, NFT_META_L4PROTO, REG(w + 1));
	load_port(r, false, w + 2);
	rule_lookup(r, map_forms[MAP_BINDINGS].name, REG(0), REG(0), false);
	rule_nat(r, NFT_NAT_DNAT, family, REG(0), REG(w));
	return true;
}

bool inner_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 0)
		return false;
	from_tunnel(r, family);
	rule_verdict(r, NFT_GOTO, "to-vm");
	return true;
}

/* Flows that exist keep their machine, and errors of routers belong to them;
 * what conntrack takes for invalid was not translated. */
bool bound_rule(struct buf *r, unsigned int i, uint8_t family)
{
	uint32_t zero = 0;

	if (i > 1)
		return false;
	from_tunnel(r, family);
	if (i == 0) {
		rule_ct_load(r, NFT_CT_STATUS, REG(0), -1);
		rule_and(r, REG(0), IPS_DST_NAT);
		rule_cmp(r, NFT_CMP_NEQ, REG(0), &zero, sizeof(zero));
		rule_verdict(r, NF_ACCEPT, NULL);
	} else {
		counted_drop(r, AGENT_UNBOUND);
	}
	return true;
}

bool to_clamp_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 0)
		return false;
	rule_meta_load(r, NFT_META_OIF, REG(0));
	rule_lookup(r, map_forms[MAP_CLAMPS].name, REG(0), NO_REG, true);
	return true;
}

/* What is translated back still has the machine's address here. */
bool answering_rule(struct buf *r, unsigned int i, uint8_t family)
{
	const uint8_t synack = TCP_SYNACK, none = 0;
	const uint8_t reply = IP_CT_DIR_REPLY;

	if (i > 0)
		return false;
	match_proto(r, IPPROTO_TCP);
	rule_payload(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS, 1);
	rule_bitwise(r, REG(0), &synack, &none, sizeof(synack));
	rule_cmp(r, NFT_CMP_EQ, REG(0), &synack, sizeof(synack));
	rule_ct_load(r, NFT_CT_DIRECTION, REG(0), -1);
	rule_cmp(r, NFT_CMP_EQ, REG(0), &reply, sizeof(reply));
	load_addr(r, family, true, 0);
	rule_in_set(r, map_forms[MAP_ANSWERS].name, REG(0), true);
	rule_verdict(r, NFT_GOTO, CHAIN_TO_CLAMP);
	return true;
}
