/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last step of the direct modes: a chain for each backend, to.NAME/BACKEND,
 * that the map `ways` leads to. Here and nowhere else is how the modes differ.
 *
 *   dsr:   the backend's ether address, out at its interface
 *   ipip:  into the tunnel; what is in it stays as it is
 *   stateless: other addresses (chains_stateless.c), then routing, or as dsr
 *
 * The chain of a backend that takes no packets, or whose path is not known, is
 * empty: who remembers it gets another one.
 */
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "rulesets/chains_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

#define ETHER_LEN 6

/* An interface's index, in words 4 and on, behind what may be an address. */
static void load_device(struct buf *r, uint32_t ifindex)
{
	rule_value(r, REG(4), &ifindex, sizeof(ifindex));
}

/* Both addresses in one piece: to write costs more than what is written. */
void write_hop(struct buf *r, const struct rs_path *p)
{
	uint8_t both[2 * ETHER_LEN];

	memcpy(both, p->ether_to, ETHER_LEN);
	memcpy(both + ETHER_LEN, p->ether_from, ETHER_LEN);
	rule_value(r, REG(0), both, sizeof(both));
	rule_payload_set(r, REG(0), NFT_PAYLOAD_LL_HEADER, 0, sizeof(both), -1);
}

void send_to_hop(struct buf *r, const struct rs_path *p)
{
	load_device(r, p->ifindex);
	rule_fwd(r, REG(4), NO_REG, 0);
}

static void dsr_end(struct unit_chain *c, const struct rs_service *svc,
		    const struct rs_backend *b)
{
	struct buf *r = chain_rule(c);

	(void)svc;
	write_hop(r, &b->path);
	send_to_hop(r, &b->path);
}

/* The tunnel has one other end: any neighbour's address will do that is of the
 * packet's family, and fewest neighbours are made of one for each backend. */
static void ipip_end(struct unit_chain *c, const struct rs_service *svc,
		     const struct rs_backend *b)
{
	const struct addr *hop =
	    b->addr.family == svc->family ? &b->addr : &svc->addrs[0];
	struct buf *r = chain_rule(c);

	rule_value(r, REG(0), hop->ip, addr_words(svc->family) * 4);
	load_device(r, b->path.ifindex);
	rule_fwd(r, REG(4), REG(0), svc->family);
}

static void (*const ends[RS_MODES])(struct unit_chain *c,
				    const struct rs_service *svc,
				    const struct rs_backend *b) = {
	[RS_STATELESS] = stateless_end, /* can always be routed */
	[RS_DSR] = dsr_end,
	[RS_IPIP] = ipip_end,
};

void end_rules(struct unit_chain *c, const struct rs_service *svc,
	       const struct rs_backend *b)
{
	ends[svc->mode](c, svc, b);
}

bool has_way(const struct rs_service *svc, const struct rs_backend *b)
{
	return (b->path.ifindex || svc->mode == RS_STATELESS) &&
	       (b->usable || b->sticky);
}

void end_chains(struct writer *w)
{
	const struct rs_service *svc = w->svc;

	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];
		struct unit_chain *c =
		    unit_chain_add(w->u, CHAIN_TO "%s/%s", svc->name, b->name);

		if (has_way(svc, b))
			end_rules(c, svc, b);
	}
}
