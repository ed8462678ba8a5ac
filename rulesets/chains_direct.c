/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chains of services whose flows nobody tracks. Each packet finds its
 * flow's backend anew:
 *
 *   service.NAME: remembered -> hit.NAME
 *                 slot by jhash -> backend id; remember it; come back with it
 *   hit.NAME:     keep the entry alive; come back with the id; forget the
 *                 flow if its backend takes nobody any more
 *   error.NAME:   the same choice for the flow that an ICMP error speaks of,
 *                 but nothing is remembered
 *
 * They come back to the base chain, which leads to the backend whose id is the
 * scratch value then (twice_rule()). In mode ipip the ids of known flows lead
 * to
 *
 *   hit.NAME/BACKEND: the flow's tunnel, into `recent-tunnels`; go there
 *
 * by which its next packets are sent before they come here. In the other modes
 * of tables of type netdev hit.NAME also makes an entry in `recent`, by which
 * the flow's next packets find their backend before they come here. Both are
 * for RECENT_MS, or a quarter of the time-out. So what is remembered here lives
 * for its time-out and a RECENT_MS, and no packet renews it in vain.
 *
 * A backend that has gone is not in `open-ways`, and to.NAME/BACKEND is empty:
 * whoever had it is forgotten in hit.NAME, finds nobody there, and is sent to
 * service.NAME once again. A full map takes no more, and pushes nobody out.
 *
 * Must not know: how the modes send (chains_ends.c), which table this is in.
 */
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

#include "rulesets/base_impl.h"
#include "rulesets/chains_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

/* Of a stateless flow's packets one in so many renews its entry: an update
 * costs as much as all the rest (./lab bench packets). By chance: where flows
 * send in turn a counter would choose the same ones for ever. A flow with few
 * packets may miss its turn; then its slot's backend is asked, which is another
 * one only if the table has changed. */
#define RENEW_EACH 4
#define RECENT_MS  8000

/* Where a packet whose flow is known goes to a chain that notes its tunnel. */
bool svc_has_hits(const struct rs_service *svc)
{
	return svc->mode == RS_IPIP && svc->direct.cache;
}

/* ---- the flow, as the key of its entry */

enum map_key flow_key(const struct rs_service *svc)
{
	bool single = svc->naddrs == 1 && svc->nprotos == 1 &&
		      svc->nports == 1 && svc->ports[0].lo == svc->ports[0].hi;

	return single ? KEY_ADDR_PORT : KEY_TUPLE;
}

/* Where a packet has what a key is made of: its own headers, or those inside of
 * an ICMP error, which speaks of a packet the other way. */
struct place {
	void (*addr)(struct buf *r, uint8_t family, bool source, uint32_t at);
	void (*port)(struct buf *r, bool source, uint32_t at);
	void (*proto)(struct buf *r, uint32_t at);
	bool turned;
};

static void outer_proto(struct buf *r, uint32_t at)
{
	rule_meta_load(r, NFT_META_L4PROTO, REG(at));
}

static void inner_port4(struct buf *r, bool source, uint32_t at)
{
	load_inner_port(r, AF_INET, source, at);
}

static void inner_port6(struct buf *r, bool source, uint32_t at)
{
	load_inner_port(r, AF_INET6, source, at);
}

static void inner_proto4(struct buf *r, uint32_t at)
{
	load_inner_proto(r, AF_INET, at);
}

static void inner_proto6(struct buf *r, uint32_t at)
{
	load_inner_proto(r, AF_INET6, at);
}

static const struct place outer = { load_addr, load_port, outer_proto, false };
static const struct place inner[RS_FAMILIES] = {
	{ load_inner_addr, inner_port4, inner_proto4, true },
	{ load_inner_addr, inner_port6, inner_proto6, true },
};

/* From word 0 on; returns the word behind it. */
static unsigned int load_flow_key(struct buf *r, const struct rs_service *svc,
				  const struct place *p)
{
	unsigned int at = addr_words(svc->family);

	p->addr(r, svc->family, !p->turned, 0);
	p->port(r, !p->turned, at++);
	if (flow_key(svc) == KEY_ADDR_PORT)
		return at;
	p->addr(r, svc->family, p->turned, at);
	at += addr_words(svc->family);
	p->port(r, p->turned, at++);
	p->proto(r, at++);
	return at;
}

/* What the slot is made of, from word 4 on; returns its bytes. The order is
 * base.c's. */
static uint32_t load_hash_key(struct buf *r, const struct rs_service *svc,
			      const struct place *p)
{
	enum rs_hash_key key = direct_hash_key(svc);
	uint32_t at = 4, w = addr_words(svc->family);

	p->addr(r, svc->family, !p->turned, at);
	at += w;
	if (key == RS_KEY_5TUPLE) {
		p->addr(r, svc->family, p->turned, at);
		at += w;
		p->proto(r, at++);
	}
	if (key != RS_KEY_SOURCE)
		p->port(r, !p->turned, at++);
	if (key == RS_KEY_5TUPLE)
		p->port(r, p->turned, at++);
	return (at - 4) * 4;
}

/* ---- rules */

/* A rule that reads headers. */
static struct buf *flow_rule(struct writer *w, struct unit_chain *c)
{
	struct buf *r = chain_rule(c);

	if (rs_table_is_netdev(w->u->table))
		match_ethertype(r, w->u->family);
	return r;
}

/* Those who have an entry leave for hit.NAME. */
static void remembered_rule(struct writer *w, struct unit_chain *c)
{
	struct buf *r = flow_rule(w, c);

	load_flow_key(r, w->svc, &outer);
	rule_lookup(r, w->sets->flows, REG(0), REG(0), false);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
	to_chain(r, NFT_GOTO, CHAIN_HIT, w->svc);
}

static void entry_op(struct writer *w, struct buf *r, uint32_t op,
		     uint64_t timeout_ms)
{
	unsigned int data = DATA_WORD(load_flow_key(r, w->svc, &outer));

	load_priority(r, data);
	rule_dynset(r, &(struct rule_dynset){ .op = op,
					      .set = w->sets->flows,
					      .key = REG(0),
					      .data = REG(data),
					      .timeout_ms = timeout_ms });
}

static uint32_t timeout_ms(const struct rs_service *svc, uint8_t proto)
{
	return 1000 * (proto == IPPROTO_TCP ? svc->direct.tcp_timeout_s
					    : svc->direct.udp_timeout_s);
}

static struct buf *proto_rule(struct writer *w, struct unit_chain *c,
			      uint8_t proto)
{
	struct buf *r = flow_rule(w, c);

	if (w->svc->nprotos > 1)
		match_proto(r, proto);
	return r;
}

/* A new flow's entry; who gets none goes on behind it, and is counted. */
static void entry_rules(struct writer *w, struct unit_chain *c)
{
	const struct rs_service *svc = w->svc;

	for (size_t i = 0; i < svc->nprotos; i++) {
		struct buf *r = proto_rule(w, c, svc->protos[i]);

		entry_op(w, r, NFT_DYNSET_OP_UPDATE,
			 timeout_ms(svc, svc->protos[i]));
		rule_verdict(r, NFT_RETURN, NULL);
	}
}

static uint32_t recent_ms(const struct rs_service *svc, uint8_t proto)
{
	uint32_t ms = timeout_ms(svc, proto) / 4;

	return ms < RECENT_MS ? ms : RECENT_MS;
}

/* The flow is there, its entry lives on. */
static void renew_rule(struct writer *w, struct unit_chain *c, uint8_t proto)
{
	struct buf *r = proto_rule(w, c, proto);
	uint32_t ms = timeout_ms(w->svc, proto), zero = 0;
	uint32_t moment = recent_ms(w->svc, proto);

	if (rs_table_is_netdev(w->u->table)) {
		entry_op(w, r, NFT_DYNSET_OP_UPDATE, ms + moment);
		if (!svc_has_hits(w->svc))
			recent_add(r, w->u->family, moment);
		return;
	}
	rule_numgen_random(r, REG(0), RENEW_EACH, 0);
	rule_cmp(r, NFT_CMP_EQ, REG(0), &zero, sizeof(zero));
	entry_op(w, r, NFT_DYNSET_OP_UPDATE, ms);
}

static void slot_rules(struct writer *w, struct unit_chain *c,
		       const struct place *p)
{
	const struct rs_service *svc = w->svc;
	struct buf *r = flow_rule(w, c);
	uint32_t len = load_hash_key(r, svc, p);

	w->u->features |= FEATURE_BIT(FEATURE_PICK);
	rule_jhash(r, REG(4), len, REG(0), w->u->m, svc->hash_seed, w->u->base);
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
	rule_verdict(r, NFT_JUMP, CHAIN_PICK);
}

void direct_refuse(struct buf *r, const struct rs_service *svc)
{
	if (rs_table_is_netdev(rs_service_table(svc)))
		rule_verdict(r, NF_DROP, NULL);
	else
		rule_verdict(r, NFT_GOTO, CHAIN_REFUSE);
}

/* Nobody serves: said at once, and nothing is remembered of it. Tables of type
 * netdev cannot reject: Debian's kernel has no such module. But where they are
 * ahead of others these can. */
static void nobody_rules(struct writer *w, struct unit_chain *c)
{
	static const uint32_t none[] = { ID_REJECT, ID_DROP };
	uint32_t zero = 0;
	struct buf *r;

	if (rs_table_is_netdev(w->u->table)) {
		r = chain_rule(c);
		load_priority(r, 0);
		rule_and(r, REG(0), ~(ID_REJECT | ID_DROP));
		rule_cmp(r, NFT_CMP_EQ, REG(0), &zero, sizeof(zero));
		rule_verdict(r, w->svc->ahead ? NF_ACCEPT : NF_DROP, NULL);
		return;
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		r = chain_rule(c);
		if_priority(r, true, none[i]);
		direct_refuse(r, w->svc);
	}
}

/* Beyond so many new flows a second: they go where their slot is, unremembered.
 */
static void flood_rule(struct writer *w, struct unit_chain *c)
{
	const struct rs_rate limit = { w->svc->direct.syn_limit,
				       w->svc->direct.syn_limit };
	struct buf *r = chain_rule(c);

	rule_limit(r, &limit, true);
	count(r, COUNTER_FLOOD, w->svc);
	rule_verdict(r, NFT_RETURN, NULL);
}

static void service_chain(struct writer *w)
{
	const struct rs_service *svc = w->svc;
	bool stateless = svc->mode == RS_STATELESS && !svc->ahead;
	struct unit_chain *c = unit_chain_add(
	    w->u, "%s%s", stateless ? CHAIN_STATELESS : CHAIN_SERVICE,
	    svc->name);

	if (stateless)
		rule_notrack(chain_rule(c));
	if (svc->direct.cache)
		remembered_rule(w, c);
	filter_rules(w, c);
	slot_rules(w, c, &outer);
	nobody_rules(w, c);
	if (svc->direct.cache && svc->direct.syn_limit)
		flood_rule(w, c);
	if (svc->direct.cache)
		entry_rules(w, c);
	if (svc->direct.cache)
		count(chain_rule(c), COUNTER_FULL_FLOWS, svc);
}

/* Those whose backend takes them leave. */
static void open_rule(struct unit_chain *c, bool known)
{
	struct buf *r = chain_rule(c);

	load_priority(r, 0);
	rule_in_set(r, map_forms[MAP_OPEN].name, REG(0), true);
	if (known) {
		uint32_t keep = ~ID_KNOWN, set = ID_KNOWN;

		load_priority(r, 0);
		rule_bitwise(r, REG(0), &keep, &set, sizeof(set));
		rule_meta_set(r, NFT_META_PRIORITY, REG(0));
	}
	rule_verdict(r, NFT_RETURN, NULL);
}

/* Empty, as to.NAME/BACKEND, where that is. */
static void tunnel_hit_chain(struct writer *w, const struct rs_backend *b)
{
	const struct rs_service *svc = w->svc;
	struct unit_chain *c =
	    unit_chain_add(w->u, CHAIN_HIT "%s/%s", svc->name, b->name);

	if (!has_way(svc, b))
		return;
	for (size_t i = 0; i < svc->nprotos; i++)
		tunnel_add(proto_rule(w, c, svc->protos[i]), w->u->family,
			   b->path.ifindex, recent_ms(svc, svc->protos[i]));
	end_rules(c, svc, b);
}

static void hit_chain(struct writer *w)
{
	bool hits = svc_has_hits(w->svc);
	struct unit_chain *c;
	struct buf *r;

	if (!w->svc->direct.cache)
		return;
	c = unit_chain_add(w->u, CHAIN_HIT "%s", w->svc->name);
	for (size_t i = 0; i < w->svc->nprotos; i++)
		renew_rule(w, c, w->svc->protos[i]);
	open_rule(c, hits);
	r = flow_rule(w, c);
	entry_op(w, r, NFT_DYNSET_OP_DELETE, 0);
	if (rs_table_is_netdev(w->u->table) && !hits)
		recent_forget(r, w->u->family);
	for (size_t i = 0; hits && i < w->svc->nbackends; i++)
		tunnel_hit_chain(w, &w->svc->backends[i]);
}

static void error_chain(struct writer *w)
{
	const struct place *p = &inner[family_index(w->svc->family)];
	struct unit_chain *c =
	    unit_chain_add(w->u, CHAIN_ERROR "%s", w->svc->name);
	struct buf *r;

	if (w->svc->mode == RS_STATELESS && !w->svc->ahead)
		rule_notrack(chain_rule(c));
	if (w->svc->direct.cache) {
		set_priority(chain_rule(c), ID_REJECT);
		r = chain_rule(c);
		load_flow_key(r, w->svc, p);
		rule_lookup(r, w->sets->flows, REG(0), REG(0), false);
		rule_meta_set(r, NFT_META_PRIORITY, REG(0));
		open_rule(c, false);
	}
	slot_rules(w, c, p);
}

void direct_chains(struct writer *w)
{
	service_chain(w);
	hit_chain(w);
	error_chain(w);
	end_chains(w);
	probe_chains(w);
	if (w->svc->mode == RS_STATELESS && !w->svc->ahead)
		answers_chain(w);
	drop_chains(w);
}
