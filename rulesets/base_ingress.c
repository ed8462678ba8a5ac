/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of type netdev: packets as they come in at an interface, before
 * anything else has seen them. What is for no service goes on as if we were not
 * there.
 *
 *   device.NAME: a flow of a moment ago -> its backend's tunnel (ipip);
 *                the same -> its backend, or it comes back (other modes);
 *                to-service, and then to the backend whose id it came back with
 *   to-service:  (address, protocol, port) -> service.NAME, which comes back
 *                with an id; else ingress
 *   ingress:     any port, ranges of ports; ICMP errors by what they speak of;
 *                others do not come back
 *
 * A service's chains return an id, and device.NAME alone leads to backends: if
 * each service led to all of them, kernels before 6.10, which at a change of
 * chains walk all ways there are, would walk services times backends.
 *
 * Most packets are of a flow that goes on: the first rule finds them, whatever
 * service they are for. The services' chains make these entries, which last for
 * seconds and are not renewed: so each flow comes by there every now and then,
 * and renews what is remembered for long. A fragment without ports is found by
 * none of these.
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

/* How many rules error_rule() has. */
static unsigned int error_rules(uint8_t family)
{
	return 3 * (family == AF_INET6 ? sizeof(errors6) : sizeof(errors4));
}

static void error_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const enum rs_map order[] = { MAP_ERRORS, MAP_ERROR_RANGES,
					     MAP_ERRORS_ANY };
	bool v6 = family == AF_INET6;
	unsigned int w = addr_words(family);
	enum rs_map map = order[i % 3];
	uint8_t type;

	type = v6 ? errors6[i / 3] : errors4[i / 3];
	match_proto(r, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	rule_payload(r, REG(0), NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	rule_cmp(r, NFT_CMP_EQ, REG(0), &type, sizeof(type));
	load_inner_addr(r, family, true, 0);
	load_inner_proto(r, family, w);
	if (map_forms[map].key == KEY_ADDR_PROTO_PORT)
		load_inner_port(r, family, true, w + 1);
	rule_lookup(r, map_forms[map].name, REG(0), NO_REG, true);
}

/* The flow of a packet, as MAP_RECENT and MAP_TUNNELS have it; returns the word
 * for the data, behind it. */
static unsigned int load_recent(struct buf *r, uint8_t family)
{
	unsigned int w = addr_words(family);

	load_addr(r, family, true, 0);
	load_addr(r, family, false, w);
	rule_payload(r, REG(2 * w), NFT_PAYLOAD_TRANSPORT_HEADER, 0, 4);
	rule_meta_load(r, NFT_META_L4PROTO, REG(2 * w + 1));
	return DATA_WORD(2 * w + 2);
}

static void recent_op(struct buf *r, uint8_t family, uint32_t op,
		      uint32_t timeout_ms)
{
	unsigned int data = load_recent(r, family);

	load_priority(r, data);
	rule_dynset(r, &(struct rule_dynset){ .op = op,
					      .set = map_forms[MAP_RECENT].name,
					      .key = REG(0),
					      .data = REG(data),
					      .timeout_ms = timeout_ms });
}

/* An entry's data must not come from another map: nft 1.0.6 aborts as it lists
 * that. */
void tunnel_add(struct buf *r, uint8_t family, uint32_t ifindex,
		uint32_t timeout_ms)
{
	unsigned int data = load_recent(r, family);

	rule_value(r, REG(data), &ifindex, sizeof(ifindex));
	rule_dynset(r,
		    &(struct rule_dynset){ .op = NFT_DYNSET_OP_ADD,
					   .set = map_forms[MAP_TUNNELS].name,
					   .key = REG(0),
					   .data = REG(data),
					   .timeout_ms = timeout_ms });
}

/* A tunnel has one other end: any neighbour will do. By this address each
 * tunnel has one; by the packets' own it would have one for each service. */
static void tunnel_rule(struct buf *r, uint8_t family)
{
	static const uint8_t any[16];

	match_ethertype(r, family);
	load_recent(r, family);
	rule_lookup(r, map_forms[MAP_TUNNELS].name, REG(0), REG(4), false);
	rule_value(r, REG(0), any, addr_words(family) * 4);
	rule_fwd(r, REG(4), REG(0), family);
}

static void recent_rule(struct buf *r, uint8_t family)
{
	match_ethertype(r, family);
	load_recent(r, family);
	rule_lookup(r, map_forms[MAP_RECENT].name, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
	to_way(r);
}

void recent_add(struct buf *r, uint8_t family, uint32_t timeout_ms)
{
	recent_op(r, family, NFT_DYNSET_OP_ADD, timeout_ms);
}

void recent_forget(struct buf *r, uint8_t family)
{
	recent_op(r, family, NFT_DYNSET_OP_DELETE, 0);
}

/* Those who stay are not ours: who comes back is taken for a service's. */
bool ingress_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const enum rs_map order[] = { MAP_SERVICES_ANY,
					     MAP_SERVICE_RANGES };
	unsigned int errors = error_rules(family);

	if (i < 2) {
		match_ethertype(r, family);
		dispatch(r, family, order[i]);
	} else if (i < 2 + errors) {
		match_ethertype(r, family);
		error_rule(r, i - 2, family);
	} else if (i == 2 + errors) {
		rule_verdict(r, NF_ACCEPT, NULL);
	}
	return i <= 2 + errors;
}

bool to_service_rule(struct buf *r, unsigned int i, uint8_t family)
{
	switch (i) {
	case 0:
		match_ethertype(r, family);
		dispatch(r, family, MAP_SERVICES);
		return true;
	case 1:
		match_ethertype(r, family);
		rule_verdict(r, NFT_GOTO, CHAIN_INGRESS);
		return true;
	case 2:
		rule_verdict(r, NF_ACCEPT, NULL);
		return true;
	default:
		return false;
	}
}

/* Known flows of ipip are rare here: their tunnels are noted. */
static void service_rules(struct unit_chain *c, bool tunnels)
{
	struct buf r = { 0 };

	for (unsigned int i = 0; twice_rule(&r, i, CHAIN_TO_SERVICE); i++) {
		*chain_rule(c) = r;
		r = (struct buf){ 0 };
		if (i == 1 && tunnels)
			to_hit(chain_rule(c));
	}
}

void device_chain(struct unit *u, const struct rs_service *svc)
{
	const char *device = svc->name + 1;
	struct unit_chain *c = unit_chain_add(u, CHAIN_DEVICE "%s", device);

	unit_chain_hook(c, device);
	if (svc->probes) {
		u->features |= FEATURE_BIT(FEATURE_PROBE_WAYS);
		probe_ways_rule(chain_rule(c), u->family);
	}
	if (svc->probes_only)
		return;
	if (svc->tunnels) {
		u->features |= FEATURE_BIT(FEATURE_TUNNELS);
		tunnel_rule(chain_rule(c), u->family);
	}
	if (!svc->tunnels_only)
		recent_rule(chain_rule(c), u->family);
	service_rules(c, svc->tunnels);
}
