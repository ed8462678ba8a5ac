/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent on a hypervisor has: machines and their ports, bindings,
 * gateways, uplinks. Each is a unit of few elements; only an uplink has a
 * chain: what came out of a tunnel does not leave there, and SYN-ACKs are
 * clamped.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/base.h"
#include "rulesets/elements.h"
#include "rulesets/rule.h"

static struct elem *add(struct unit *u, enum rs_map map)
{
	struct elem *e = unit_add(u, map);

	if (map_forms[map].data != DATA_VERDICT)
		e->text = xjoin(u->name, "/", "");
	return e;
}

static void add_vm(struct unit *u, const struct rs_service *svc)
{
	const struct rs_agent *a = &svc->agent;
	struct elem *e;

	if (a->id) {
		e = add(u, MAP_VMS);
		memcpy(e->key, a->addr.ip, addr_len(&a->addr));
		memcpy(e->data, &a->id, sizeof(a->id));
	}
	e = add(u, MAP_ANSWERS);
	memcpy(e->key, a->addr.ip, addr_len(&a->addr));
}

static void add_binding(struct unit *u, const struct rs_service *svc)
{
	const struct rs_agent *a = &svc->agent;
	unsigned int len = addr_len(&a->addr);
	struct elem *e = add(u, MAP_BINDINGS);
	uint16_t port = htons(a->port);

	memcpy(e->key, &a->id, sizeof(a->id));
	key_target(e->key + sizeof(a->id), &svc->addrs[0], svc->protos[0],
		   svc->ports[0].lo);
	memcpy(e->data, a->addr.ip, len);
	memcpy(e->data + len, &port, sizeof(port));
}

static void add_port(struct unit *u, const struct rs_service *svc)
{
	const struct rs_agent *a = &svc->agent;
	unsigned int len = addr_len(&a->addr);
	struct elem *e = add(u, MAP_BOUND_PORTS);
	uint16_t port;

	key_target(e->key, &a->addr, svc->protos[0], a->port);
	if (!svc->naddrs)
		return;
	port = htons(svc->ports[0].lo);
	e = add(u, MAP_SOURCES);
	key_target(e->key, &a->addr, svc->protos[0], a->port);
	memcpy(e->data, svc->addrs[0].ip, len);
	memcpy(e->data + len, &port, sizeof(port));
}

static void add_gateway(struct unit *u, const struct rs_service *svc)
{
	struct elem *e = add(u, MAP_GATEWAYS);

	memcpy(e->key, svc->agent.addr.ip, addr_len(&svc->agent.addr));
}

static void add_uplink(struct unit *u, const struct rs_service *svc)
{
	const struct rs_agent *a = &svc->agent;
	const char *name = u->name + strlen(UNIT_UPLINK);
	struct unit_chain *c = unit_chain_add(u, CHAIN_CLAMP "%s", name);
	struct buf *r = chain_rule(c);
	uint16_t mss = htons(a->mss);
	struct elem *e = add(u, MAP_UPLINKS);

	match_decapsulated(r);
	rule_object(r, NFT_OBJECT_COUNTER, AGENT_UNBOUND);
	rule_verdict(r, NF_DROP, NULL);
	r = chain_rule(c);
	rule_value(r, REG(0), &mss, sizeof(mss));
	rule_tcp_mss(r, REG(0));
	memcpy(e->key, &a->id, sizeof(a->id));
	memcpy(e->data, a->addr.ip, addr_len(&a->addr));
	e = add(u, MAP_CLAMPS);
	memcpy(e->key, &a->id, sizeof(a->id));
	e->text = xstrdup(c->name);
}

void elements_add_agent(struct unit *u, const struct rs_service *svc)
{
	static void (*const of_kind[])(struct unit * u,
				       const struct rs_service *svc) = {
		[RS_AGENT_VM] = add_vm,
		[RS_AGENT_BINDING] = add_binding,
		[RS_AGENT_PORT] = add_port,
		[RS_AGENT_GATEWAY] = add_gateway,
		[RS_AGENT_UPLINK] = add_uplink,
	};

	u->features |= FEATURE_BIT(FEATURE_AGENT);
	of_kind[svc->agent.kind](u, svc);
}
