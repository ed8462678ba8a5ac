/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes by way of a direct mode (base_probes.c), once they are in its table:
 * probe.NAME/BACKEND gives the packet the service's address and ends as
 * to.NAME/BACKEND does, whether the backend serves or not. Where its path is
 * not known the probe is lost, as a client's packet would be.
 *
 * In the family's own table stands who is to be led here, and what answers are
 * to look like: a unit of its own, "@NAME".
 */
#include <arpa/inet.h>
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/chains_impl.h"
#include "rulesets/elements.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

static void probe_chain(struct writer *w, const struct rs_backend *b)
{
	struct unit_chain *c =
	    unit_chain_add(w->u, CHAIN_PROBE "%s/%s", w->svc->name, b->name);
	struct buf *r = chain_rule(c);
	uint8_t family = w->svc->family;

	match_ethertype(r, family);
	rule_value(r, REG(0), w->svc->addrs[0].ip, addr_words(family) * 4);
	store_addr(r, family, false, 0);
	if (b->path.ifindex)
		end_rules(c, w->svc, b);
	rule_verdict(chain_rule(c), NF_DROP, NULL);
}

void probe_chains(struct writer *w)
{
	if (!rs_table_is_netdev(w->u->table))
		return;
	for (size_t i = 0; i < w->svc->nbackends; i++)
		if (w->svc->backends[i].probe_port)
			probe_chain(w, &w->svc->backends[i]);
}

void elements_add_probe_ways(struct unit *u, const struct rs_service *svc,
			     const struct rs_backend *b, uint8_t proto)
{
	struct addr relay = probe_relay(svc->family);
	struct elem *e = unit_add(u, MAP_PROBE_WAYS);

	key_target(e->key, &relay, proto, b->probe_port);
	e->text = xasprintf(CHAIN_PROBE "%s/%s", svc->name, b->name);
}

void elements_add_probed(struct unit *u, const struct rs_service *svc)
{
	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];

		for (size_t p = 0; p < svc->nprotos && b->probe_port; p++) {
			struct elem *e = unit_add(u, MAP_PROBED);

			key_target(e->key, &b->addr, svc->protos[p],
				   b->probe_port);
			e->text = xjoin(u->name, "/", b->name);
			e = unit_add(u, MAP_PROBE_ANSWERS);
			key_target(e->key, &svc->addrs[0], svc->protos[p],
				   b->probe_port);
			memcpy(e->data, b->addr.ip, addr_len(&b->addr));
			e->text = xjoin(u->name, "/", b->name);
		}
	}
}
