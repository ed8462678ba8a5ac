/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules, written down. rulesets/README.md has them in nft's words and says
 * why they are so; here is how a packet walks:
 *
 *   prerouting, output: (address, protocol, port) -> service.NAME
 *   output:             probes: (address, protocol, source port) -> backend id
 *   service.NAME:       priority := slot, by numgen or jhash
 *   to-slot:            priority := backend id
 *   to-backend:         DNAT to the id's address, or refuse
 *   postrouting:        flows of snat services -> source.NAME
 *
 * nat chains see the first packet of a flow only, so all of this is paid once.
 */
#include "rulesets/base.h"

#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>
#include <sys/socket.h>

#include "rulesets/base_impl.h"
#include "rulesets/fields.h"
#include "rulesets/form.h"
#include "rulesets/rule.h"

void dispatch(struct buf *r, uint8_t family, enum rs_map map)
{
	unsigned int w = addr_words(family);

	load_addr(r, family, false, 0);
	rule_meta_load(r, NFT_META_L4PROTO, REG(w));
	if (map_forms[map].key == KEY_ADDR_PROTO_PORT)
		load_port(r, false, w + 1);
	rule_lookup(r, map_forms[map].name, REG(0), NO_REG, true);
}

static bool prerouting_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const enum rs_map order[] = { MAP_SERVICES, MAP_SERVICES_ANY,
					     MAP_SERVICE_RANGES };

	if (i >= 3)
		return false;
	dispatch(r, family, order[i]);
	return true;
}

/* Probes of the gateway itself say by their source port which backend they are
 * for; without such an element they are clients like others. */
static bool output_rule(struct buf *r, unsigned int i, uint8_t family)
{
	unsigned int w = addr_words(family);

	if (i > 0)
		return prerouting_rule(r, i - 1, family);
	load_addr(r, family, false, 0);
	rule_meta_load(r, NFT_META_L4PROTO, REG(w));
	load_port(r, true, w + 1);
	rule_lookup(r, map_forms[MAP_PROBES].name, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
	rule_verdict(r, NFT_GOTO, CHAIN_TO_BACKEND);
	return true;
}

/* The maps are looked up with the original destination: after DNAT the packet
 * only has the backend's. Three rules per map, because nft knows the type of
 * `ct original proto-dst` only once the protocol is known. */
bool dispatch_original(struct buf *r, unsigned int i, uint8_t family,
		       const struct original_maps *maps)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_SCTP };
	enum rs_map map = i < 3   ? maps->exact
			  : i < 6 ? maps->ranges
				  : maps->any;
	unsigned int w = addr_words(family);
	uint32_t key = family == AF_INET6 ? NFT_CT_DST_IP6 : NFT_CT_DST_IP;
	bool any = i == 6;

	if (i > 6)
		return false;
	if (!any)
		match_proto(r, protos[i % 3]);
	rule_ct_load(r, key, REG(0), IP_CT_DIR_ORIGINAL);
	rule_meta_load(r, NFT_META_L4PROTO, REG(w));
	if (!any)
		rule_ct_load(r, NFT_CT_PROTO_DST, REG(w + 1),
			     IP_CT_DIR_ORIGINAL);
	rule_lookup(r, map_forms[map].name, REG(0), NO_REG, true);
	return true;
}

static bool source_rules(struct buf *r, unsigned int i, uint8_t family)
{
	static const struct original_maps maps = { MAP_SNAT, MAP_SNAT_RANGES,
						   MAP_SNAT_ANY };

	return dispatch_original(r, i, family, &maps);
}

static bool postrouting_rule(struct buf *r, unsigned int i, uint8_t family)
{
	uint32_t zero = 0;

	if (i > 0)
		return false;
	rule_ct_load(r, NFT_CT_STATUS, REG(0), -1);
	rule_and(r, REG(0), IPS_DST_NAT);
	rule_cmp(r, NFT_CMP_NEQ, REG(0), &zero, sizeof(zero));
	rule_verdict(r, NFT_GOTO, "to-source");
	return true;
}

/* Kernels before 6.17 can miss an element that is just being replaced. A second
 * look finds it; the drop after that costs the client one retransmission, and
 * nothing reaches the local stack. */
static bool to_slot_rule(struct buf *r, unsigned int i, uint8_t family)
{
	if (i > 2)
		return false;
	if (i == 2) {
		rule_verdict(r, NF_DROP, NULL);
		return true;
	}
	rule_meta_load(r, NFT_META_PRIORITY, REG(0));
	rule_lookup(r, map_forms[MAP_SLOTS].name, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
	rule_verdict(r, NFT_GOTO, CHAIN_TO_BACKEND);
	return true;
}

static void dnat(struct buf *r, uint8_t family, enum rs_map map)
{
	bool port = map_forms[map].data == DATA_ADDR_PORT;

	rule_meta_load(r, NFT_META_PRIORITY, REG(0));
	rule_lookup(r, map_forms[map].name, REG(0), REG(0), false);
	rule_nat(r, NFT_NAT_DNAT, family, REG(0),
		 port ? REG(addr_words(family)) : NO_REG);
}

static void match_reject(struct buf *r)
{
	uint32_t id = ID_REJECT;

	rule_meta_load(r, NFT_META_PRIORITY, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), &id, sizeof(id));
}

/* Nobody serves. */
static bool refuse_rule(struct buf *r, unsigned int i, uint8_t family)
{
	switch (i) {
	case 0:
		match_reject(r);
		match_proto(r, IPPROTO_TCP);
		rule_reject(r, NFT_REJECT_TCP_RST, 0);
		return true;
	case 1:
		match_reject(r);
		rule_reject(r, NFT_REJECT_ICMP_UNREACH,
			    family == AF_INET6 ? 4 : 3); /* port unreachable */
		return true;
	case 2:
		rule_verdict(r, NF_DROP, NULL);
		return true;
	default:
		return false;
	}
}

/* An id's address never changes (another address gets another id), so that one
 * look is enough here. */
static bool to_backend_rule(struct buf *r, unsigned int i, uint8_t family)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_SCTP };

	switch (i) {
	case 0:
	case 1:
	case 2:
		/* nft wants to know the protocol where ports are set. */
		match_proto(r, protos[i]);
		dnat(r, family, MAP_BACKENDS);
		return true;
	case 3:
		dnat(r, family, MAP_BACKENDS_PORTLESS);
		return true;
	default:
		return refuse_rule(r, i - 4, family);
	}
}

void to_way(struct buf *r)
{
	load_priority(r, 0);
	rule_lookup(r, map_forms[MAP_WAYS].name, REG(0), NO_REG, true);
}

void to_hit(struct buf *r)
{
	load_priority(r, 0);
	rule_lookup(r, map_forms[MAP_HITS].name, REG(0), NO_REG, true);
}

bool twice_rule(struct buf *r, unsigned int i, const char *chain)
{
	if (i > 4)
		return false;
	if (i == 4)
		rule_verdict(r, NF_DROP, NULL);
	else if (i % 2)
		to_way(r);
	else
		rule_verdict(r, NFT_JUMP, chain);
	return true;
}

const struct base_chain base_chains[] = {
	{ CHAIN_TO_BACKEND, FEATURE_NONE, NULL, 0, 0, 0, to_backend_rule },
	{ CHAIN_TO_SLOT, FEATURE_NONE, NULL, 0, 0, 0, to_slot_rule },
	{ "to-source", FEATURE_NONE, NULL, 0, 0, 0, source_rules },
	{ "prerouting", FEATURE_NONE, "nat", NF_INET_PRE_ROUTING, HOOK_DSTNAT,
	  0, prerouting_rule },
	{ "output", FEATURE_NONE, "nat", NF_INET_LOCAL_OUT, HOOK_DSTNAT, 0,
	  output_rule },
	{ "postrouting", FEATURE_NONE, "nat", NF_INET_POST_ROUTING, HOOK_SRCNAT,
	  0, postrouting_rule },
	{ CHAIN_INGRESS, FEATURE_INGRESS, NULL, 0, 0, 0, ingress_rule },
	{ CHAIN_TO_SERVICE, FEATURE_INGRESS, NULL, 0, 0, 0, to_service_rule },
	{ CHAIN_PICK, FEATURE_PICK, NULL, 0, 0, 0, pick_rule },
	{ CHAIN_ALIVE, FEATURE_ALIVE, NULL, 0, 0, 0, alive_rule },
	{ CHAIN_MEMBER, FEATURE_GROUP, NULL, 0, 0, 0, member_rule },
	{ CHAIN_FROM_MEMBER, FEATURE_GROUP, NULL, 0, 0, 0, from_member_rule },
	{ "count", FEATURE_COUNT, "filter", NF_INET_PRE_ROUTING, HOOK_PACKETS,
	  0, count_rule },
	{ "count-output", FEATURE_COUNT, "filter", NF_INET_LOCAL_OUT,
	  HOOK_PACKETS, 0, count_output_rule },
	{ "count-ranges", FEATURE_COUNT_RANGES, "filter", NF_INET_PRE_ROUTING,
	  HOOK_PACKETS, 0, count_ranges_rule },
	{ "count-ranges-output", FEATURE_COUNT_RANGES, "filter",
	  NF_INET_LOCAL_OUT, HOOK_PACKETS, 0, count_ranges_output_rule },
	{ "marks", FEATURE_MARKS, "filter", NF_INET_PRE_ROUTING, HOOK_PACKETS,
	  1, marks_rule },
	{ "marks-output", FEATURE_MARKS, "route", NF_INET_LOCAL_OUT,
	  HOOK_PACKETS, 1, marks_rule },
	{ "marks-ranges", FEATURE_MARKS_RANGES, "filter", NF_INET_PRE_ROUTING,
	  HOOK_PACKETS, 1, marks_ranges_rule },
	{ "marks-ranges-output", FEATURE_MARKS_RANGES, "route",
	  NF_INET_LOCAL_OUT, HOOK_PACKETS, 1, marks_ranges_rule },
	{ "priorities", FEATURE_PRIORITIES, "filter", NF_INET_POST_ROUTING,
	  HOOK_EGRESS, 0, priorities_rule },
	{ "priorities-ranges", FEATURE_PRIORITIES_RANGES, "filter",
	  NF_INET_POST_ROUTING, HOOK_EGRESS, 0, priorities_ranges_rule },
	{ "guard", FEATURE_GUARD, "filter", NF_INET_PRE_ROUTING, HOOK_GUARD, 0,
	  guard_rule },
	/* of the agent on a hypervisor, in the order in which packets of a flow
	 * meet them, last things first */
	{ "strangers", FEATURE_AGENT, NULL, 0, 0, 0, strangers_rule },
	{ "to-host", FEATURE_AGENT, NULL, 0, 0, 0, to_host_rule },
	{ "tunnels", FEATURE_AGENT, NULL, 0, 0, 0, tunnels_rule },
	{ "outer", FEATURE_AGENT, "filter", NF_INET_PRE_ROUTING, HOOK_RAW, 0,
	  outer_rule },
	{ "to-vm", FEATURE_AGENT, NULL, 0, 0, 0, to_vm_rule },
	{ "inner", FEATURE_AGENT, "nat", NF_INET_PRE_ROUTING, HOOK_DSTNAT, 0,
	  inner_rule },
	{ "bound", FEATURE_AGENT, "filter", NF_INET_PRE_ROUTING, HOOK_PACKETS,
	  0, bound_rule },
	{ CHAIN_TO_CLAMP, FEATURE_AGENT, NULL, 0, 0, 0, to_clamp_rule },
	{ "answering", FEATURE_AGENT, "filter", NF_INET_FORWARD, HOOK_EGRESS, 0,
	  answering_rule },
	/* ahead of others that translate what machines send */
	{ "leaving", FEATURE_AGENT, "nat", NF_INET_POST_ROUTING, HOOK_SRCNAT,
	  -1, leaving_rule },
	{ "stale", FEATURE_AGENT, "filter", NF_INET_POST_ROUTING, HOOK_SRCNAT,
	  1, stale_rule },
	{ "to-fastpath", FEATURE_OFFLOAD, NULL, 0, 0, 0, to_fastpath_rule },
	{ "forward", FEATURE_OFFLOAD, "filter", NF_INET_FORWARD, HOOK_FORWARD,
	  0, forward_rule },
	{ CHAIN_REFUSE, FEATURE_STATELESS, NULL, 0, 0, 0, refuse_rule },
	{ CHAIN_MISTAKES, FEATURE_STATELESS, NULL, 0, 0, 0, mistake_rule },
	{ CHAIN_TO_STATELESS, FEATURE_STATELESS, NULL, 0, 0, 0,
	  to_stateless_rule },
	{ "stateless", FEATURE_STATELESS, "filter", NF_INET_PRE_ROUTING,
	  HOOK_RAW, 0, stateless_rule },
	{ "stateless-answers", FEATURE_STATELESS, "filter",
	  NF_INET_POST_ROUTING, HOOK_RAW, 0, answers_rule },
	{ "stateless-own", FEATURE_STATELESS, "route", NF_INET_LOCAL_OUT,
	  HOOK_RAW, 0, own_mistakes_rule },
	{ CHAIN_TO_STATELESS_MORE, FEATURE_STATELESS_RANGES, NULL, 0, 0, 0,
	  to_stateless_more_rule },
	{ "stateless-more", FEATURE_STATELESS_RANGES, "filter",
	  NF_INET_PRE_ROUTING, HOOK_RAW, 1, stateless_more_rule },
	{ "stateless-more-answers", FEATURE_STATELESS_RANGES, "filter",
	  NF_INET_POST_ROUTING, HOOK_RAW, 1, more_answers_rule },
	{ "probes", FEATURE_PROBES, "route", NF_INET_LOCAL_OUT, HOOK_PROBES, 0,
	  probes_rule },
	{ "probes-answers", FEATURE_PROBES, "filter", NF_INET_PRE_ROUTING,
	  HOOK_RAW, 0, probes_answers_rule },
	{ NULL, FEATURE_NONE, NULL, 0, 0, 0, NULL },
};

const struct base_obj base_objs[] = {
	{ "helper.ftp", FEATURE_HELPER_FTP, "ftp", IPPROTO_TCP, false },
	{ "helper.tftp", FEATURE_HELPER_TFTP, "tftp", IPPROTO_UDP, false },
	{ "helper.sip-udp", FEATURE_HELPER_SIP, "sip", IPPROTO_UDP, false },
	{ "helper.sip-tcp", FEATURE_HELPER_SIP, "sip", IPPROTO_TCP, false },
	{ "helper.pptp", FEATURE_HELPER_PPTP, "pptp", IPPROTO_TCP, true },
	{ AGENT_STRANGERS, FEATURE_AGENT, NULL, 0, false },
	{ AGENT_UNBOUND, FEATURE_AGENT, NULL, 0, false },
	{ AGENT_STALE, FEATURE_AGENT, NULL, 0, false },
	{ FLOWTABLE, FEATURE_OFFLOAD, NULL, 0, false },
	{ NULL, FEATURE_NONE, NULL, 0, false },
};

const struct rs_hooks rs_hooks_default = {
	.dstnat = NF_IP_PRI_NAT_DST,
	.srcnat = NF_IP_PRI_NAT_SRC,
	.guard = NF_IP_PRI_MANGLE,
	.packets = NF_IP_PRI_NAT_DST + 10,
	.egress = NF_IP_PRI_MANGLE,
};

/* A flow that another's filter drops must not get past it by the fast path:
 * firewalls stand at 0, or a little behind. */
#define BEHIND_FILTERS 200

int32_t base_priority(const struct base_chain *c, const struct rs_hooks *h)
{
	const int32_t of_place[] = {
		[HOOK_DSTNAT] = h->dstnat,
		[HOOK_SRCNAT] = h->srcnat,
		[HOOK_GUARD] = h->guard,
		[HOOK_PACKETS] = h->packets,
		[HOOK_EGRESS] = h->egress,
		[HOOK_RAW] = NF_IP_PRI_RAW,
		[HOOK_FORWARD] = BEHIND_FILTERS,
		[HOOK_PROBES] = NF_IP_PRI_MANGLE,
	};

	return of_place[c->place] + c->offset;
}

uint32_t base_obj_type(const struct base_obj *o)
{
	if (o->feature == FEATURE_OFFLOAD)
		return OBJ_FLOWTABLE;
	return o->helper ? NFT_OBJECT_CT_HELPER : NFT_OBJECT_COUNTER;
}

bool base_obj_exists(const struct base_obj *o, uint8_t family)
{
	return family != AF_INET6 || !o->v4_only;
}

/* Of what all tables have, tables of type netdev have these. */
#define INGRESS_MAPS                                                           \
	(UINT64_C(1) << MAP_SERVICES | UINT64_C(1) << MAP_SERVICE_RANGES |     \
	 UINT64_C(1) << MAP_SERVICES_ANY | UINT64_C(1) << MAP_SLOTS)

struct base_parts base_parts_of(uint32_t features, uint8_t family)
{
	struct base_parts p = { 0, 0, 0 };

	if (features & FEATURE_BIT(FEATURE_INGRESS))
		p.maps |= INGRESS_MAPS;
	for (int i = 0; i < MAP_COUNT; i++)
		if (features & FEATURE_BIT(map_forms[i].feature))
			p.maps |= UINT64_C(1) << i;
	for (int i = 0; base_chains[i].name; i++)
		if (features & FEATURE_BIT(base_chains[i].feature))
			p.chains |= UINT64_C(1) << i;
	for (int i = 0; base_objs[i].name; i++)
		if (features & FEATURE_BIT(base_objs[i].feature) &&
		    base_obj_exists(&base_objs[i], family))
			p.objs |= UINT64_C(1) << i;
	return p;
}

int base_obj_find(const char *name)
{
	for (int i = 0; base_objs[i].name; i++)
		if (!strcmp(base_objs[i].name, name))
			return i;
	return -1;
}

int base_chain_find(const char *name)
{
	for (int i = 0; base_chains[i].name; i++)
		if (!strcmp(base_chains[i].name, name))
			return i;
	return -1;
}

/* Put the hash key into the registers from word 4 on; returns its bytes.
 * Word 0 takes the result, as nft has it. */
static uint32_t load_hash_key(struct buf *r, const struct rs_service *svc)
{
	uint32_t at = 4, w = addr_words(svc->family);

	load_addr(r, svc->family, true, at);
	at += w;
	if (svc->hash_key == RS_KEY_5TUPLE) {
		load_addr(r, svc->family, false, at);
		at += w;
		rule_meta_load(r, NFT_META_L4PROTO, REG(at));
		at++;
	}
	if (svc->hash_key != RS_KEY_SOURCE) {
		load_port(r, true, at);
		at++;
	}
	if (svc->hash_key == RS_KEY_5TUPLE) {
		load_port(r, false, at);
		at++;
	}
	return (at - 4) * 4;
}

void slot_rule(struct buf *r, const struct rs_service *svc, uint32_t base,
	       uint32_t m, unsigned int round)
{
	if (svc->scheduler == RS_SOURCE_HASH) {
		uint32_t len = load_hash_key(r, svc);

		rule_jhash(r, REG(4), len, REG(0), m, svc->hash_seed + round,
			   base);
	} else if (round == 0) {
		rule_numgen_inc(r, REG(0), m, base);
	} else {
		/* counters of their own would begin at the same slot */
		rule_numgen_random(r, REG(0), m, base);
	}
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
}

void service_rule(struct buf *r, const struct rs_service *svc, uint32_t base,
		  uint32_t m)
{
	slot_rule(r, svc, base, m, 0);
	rule_verdict(r, NFT_GOTO, CHAIN_TO_SLOT);
}

void source_rule(struct buf *r, const struct rs_service *svc)
{
	if (svc->source.family == 0) {
		rule_masquerade(r);
		return;
	}
	rule_value(r, REG(0), svc->source.ip, addr_words(svc->family) * 4);
	rule_nat(r, NFT_NAT_SNAT, svc->family, REG(0), NO_REG);
}
