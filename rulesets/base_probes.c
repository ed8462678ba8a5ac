/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes by way of a service whose flows nobody tracks. They have to take the
 * last step of clients' packets, which is in a table of type netdev: so they
 * come in at an interface, and that is lo.
 *
 *   prober:         connects to the backend's own address, from the source port
 *                   that says for whom the probe is
 *   probes:         (address, protocol, source port) known: to PROBE_RELAY, and
 *                   so out at lo
 *   device.lo:      -> probe.SERVICE/BACKEND: to the service's address, and the
 *                   way that clients' packets go (chains_probes.c)
 *   probes-answers: (service's address, protocol, port): from the backend's
 *                   address, before anybody asks whether it may come from there
 *
 * The prober's socket and conntrack know a connection to the backend, routed as
 * one is: whether the gateway has the service's address, or a route to it, does
 * not matter. Clients pay nothing.
 */
#include "rulesets/base.h"

#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#include "rulesets/base_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

struct addr probe_relay(uint8_t family)
{
	static const struct addr relays[RS_FAMILIES] = {
		{ .family = AF_INET, .ip = { 127, 0, 0, 1 } },
		{ .family = AF_INET6, .ip = { [15] = 1 } },
	};

	return relays[family_index(family)];
}

/* Whose packet is it? A probe's by its source port; an answer's by the port it
 * goes to. */
static void load_probe(struct buf *r, uint8_t family, bool answer)
{
	unsigned int w = addr_words(family);

	load_addr(r, family, answer, 0);
	rule_meta_load(r, NFT_META_L4PROTO, REG(w));
	load_port(r, !answer, w + 1);
}

bool probes_rule(struct buf *r, unsigned int i, uint8_t family)
{
	struct addr relay = probe_relay(family);

	if (i > 0)
		return false;
	load_probe(r, family, false);
	rule_in_set(r, map_forms[MAP_PROBED].name, REG(0), true);
	rule_value(r, REG(0), relay.ip, addr_words(family) * 4);
	store_addr(r, family, false, 0);
	return true;
}

/* A backend's answers to clients that come by here have other destinations. */
bool probes_answers_rule(struct buf *r, unsigned int i, uint8_t family)
{
	uint32_t local = RTN_LOCAL;

	if (i > 0)
		return false;
	rule_fib_type(r, NFTA_FIB_F_DADDR, REG(0));
	rule_cmp(r, NFT_CMP_EQ, REG(0), &local, sizeof(local));
	load_probe(r, family, true);
	rule_lookup(r, map_forms[MAP_PROBE_ANSWERS].name, REG(0), REG(0),
		    false);
	store_addr(r, family, true, 0);
	return true;
}

void probe_ways_rule(struct buf *r, uint8_t family)
{
	match_ethertype(r, family);
	load_probe(r, family, false);
	rule_lookup(r, map_forms[MAP_PROBE_WAYS].name, REG(0), NO_REG, true);
}
