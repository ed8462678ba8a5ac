/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's rules: how a packet that a gateway sent in a tunnel gets to a
 * machine of this hypervisor, and its answer to the client.
 *
 *   outer     before conntrack: tunnels from gateways to machines end at our
 *             own address; priority := machine's id; others are dropped
 *   inner     what came out: (id, address, protocol, port) -> the machine
 *   bound     what came out and is for no machine is dropped
 *   answering SYN-ACKs say how much fits into the tunnel; what came out of a
 *             tunnel does not leave by an uplink
 *   leaving   a flow that another hypervisor began, and of which the machine's
 *             packet is the first here: (address, protocol, source port) -> the
 *             service
 *   stale     what should have been the service's, and is not, is dropped
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

#include "rulesets/base.h"
#include "rulesets/base_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

#define IPV4_DADDR 16
#define IPV4_SUM   10
#define IPV6_DADDR 24
#define TCP_FLAGS  13
#define TCP_SYNACK 0x12 /* SYN and ACK */
#define TCP_SYN    0x02

#define TUNNEL_ZONE 1 /* of conntrack: any but 0, which is everybody's */

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

/* A packet comes out of a device of its own family's tunnels or of another's.
 */
void match_decapsulated(struct buf *r)
{
	rule_meta_load(r, NFT_META_IIFNAME, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), AGENT_DEVICES, strlen(AGENT_DEVICES));
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

/* A client may be a machine of this host, whose packet went by on its way out:
 * conntrack has the flow already, without NAT. What comes out of a tunnel
 * begins one of its own; where the machine began it (see leaving) it is that
 * one's answer, as answers are of the zone of all. */
static void begin_apart(struct buf *r)
{
	const uint16_t zone = TUNNEL_ZONE;

	rule_value(r, REG(0), &zone, sizeof(zone));
	rule_ct_set(r, NFT_CT_ZONE, REG(0), IP_CT_DIR_ORIGINAL);
}

bool outer_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const uint8_t protos[] = { IPPROTO_IPIP, IPPROTO_IPV6 };

	if (i > 2)
		return false;
	if (i < 2) {
		match_proto(r, protos[i]);
		rule_verdict(r, NFT_GOTO, "tunnels");
		return true;
	}
	match_decapsulated(r);
	begin_apart(r);
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
	match_decapsulated(r);
	rule_verdict(r, NFT_GOTO, "to-vm");
	return true;
}

/* Flows that exist keep their machine, and errors of routers belong to them;
 * what conntrack takes for invalid was not translated. Those that the machine
 * began here (see leaving) have their source translated. */
bool bound_rule(struct buf *r, unsigned int i, uint8_t family)
{
	uint32_t zero = 0;

	if (i > 1)
		return false;
	match_decapsulated(r);
	if (i == 0) {
		rule_ct_load(r, NFT_CT_STATUS, REG(0), -1);
		rule_and(r, REG(0), IPS_SRC_NAT | IPS_DST_NAT);
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

/* SYN and ACK of a packet's flags. */
static void match_synack(struct buf *r, uint32_t op, uint8_t value)
{
	const uint8_t synack = TCP_SYNACK, none = 0;

	match_proto(r, IPPROTO_TCP);
	rule_payload(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS, 1);
	rule_bitwise(r, REG(0), &synack, &none, sizeof(synack));
	rule_cmp(r, op, REG(0), &value, sizeof(value));
}

/* What is translated back still has the machine's address here. A machine that
 * went elsewhere: its translated packets must not follow it, or conntrack there
 * would take them for a flow of its own. */
bool answering_rule(struct buf *r, unsigned int i, uint8_t family)
{
	const uint8_t reply = IP_CT_DIR_REPLY;

	if (i > 1)
		return false;
	if (i == 0) {
		match_decapsulated(r);
		rule_verdict(r, NFT_GOTO, CHAIN_TO_CLAMP);
		return true;
	}
	match_synack(r, NFT_CMP_EQ, TCP_SYNACK);
	rule_ct_load(r, NFT_CT_DIRECTION, REG(0), -1);
	rule_cmp(r, NFT_CMP_EQ, REG(0), &reply, sizeof(reply));
	load_addr(r, family, true, 0);
	rule_in_set(r, map_forms[MAP_ANSWERS].name, REG(0), true);
	rule_verdict(r, NFT_GOTO, CHAIN_TO_CLAMP);
	return true;
}

static void load_sender(struct buf *r, uint8_t family)
{
	unsigned int w = addr_words(family);

	load_addr(r, family, true, 0);
	rule_meta_load(r, NFT_META_L4PROTO, REG(w));
	load_port(r, true, w + 1);
}

/* A connection that the machine itself begins is its own. A datagram does not
 * say who began; from a bound port it is the service's. */
bool leaving_rule(struct buf *r, unsigned int i, uint8_t family)
{
	unsigned int w = addr_words(family);

	if (i > 1)
		return false;
	if (i == 0)
		match_synack(r, NFT_CMP_NEQ, TCP_SYN);
	else
		match_proto(r, IPPROTO_UDP);
	load_sender(r, family);
	rule_lookup(r, map_forms[MAP_SOURCES].name, REG(0), REG(0), false);
	rule_nat(r, NFT_NAT_SNAT, family, REG(0), REG(w));
	return true;
}

/* From the machine's own address it would tell the client to answer with a
 * reset. What was translated has another address by now; what is left is of a
 * port that several services are bound to (the client's next packet says which
 * one it is), or conntrack takes it for invalid. */
bool stale_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 0)
		return false;
	match_synack(r, NFT_CMP_NEQ, TCP_SYN);
	match_ct_state(r, CT_INVALID | CT_NEW);
	load_sender(r, family);
	rule_in_set(r, map_forms[MAP_BOUND_PORTS].name, REG(0), true);
	counted_drop(r, AGENT_STALE);
	return true;
}
