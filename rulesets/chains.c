/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chains of a service. The short form of service.NAME is one rule; it takes
 * the long form for what else may happen to a new flow:
 *
 *   filters, limits, log, helper -> pins, sessions -> a slot's backend -> serve
 *
 * The scratch value (meta priority) is the backend's id, or "none" as long as
 * nobody has decided. Each rule loads what it needs: registers do not live from
 * rule to rule.
 *
 * Must not know: how sets and elements come into the kernel.
 */
#include "rulesets/chains.h"

#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

#include "rulesets/base.h"
#include "rulesets/chains_impl.h"
#include "rulesets/fields.h"
#include "rulesets/rule.h"

/* How often a flow looks for a backend with room before it is one too many. Who
 * is full keeps his slots for a tenth of a second: where he has 8 of 11, one of
 * 27,000 flows of that time meets nobody else. (With 12 tries one of 45 did,
 * and was served a second later.) */
#define ROOM_TRIES 32

/* ---- what rules are made of */

void to_chain(struct buf *r, int verdict, const char *prefix,
	      const struct rs_service *svc)
{
	char name[CHAIN_NAME_MAX];

	snprintf(name, sizeof(name), "%s%s", prefix, svc->name);
	rule_verdict(r, verdict, name);
}

void set_priority(struct buf *r, uint32_t id)
{
	rule_value(r, REG(0), &id, sizeof(id));
	rule_meta_set(r, NFT_META_PRIORITY, REG(0));
}

void if_priority(struct buf *r, bool is, uint32_t id)
{
	load_priority(r, 0);
	rule_cmp(r, is ? NFT_CMP_EQ : NFT_CMP_NEQ, REG(0), &id, sizeof(id));
}

void count(struct buf *r, const char *prefix, const struct rs_service *svc)
{
	char name[CHAIN_NAME_MAX];

	snprintf(name, sizeof(name), "%s%s", prefix, svc->name);
	rule_object(r, NFT_OBJECT_COUNTER, name);
}

void log_line(struct buf *r, const struct rs_service *svc, const char *what)
{
	char prefix[128]; /* NF_LOG_PREFIXLEN */

	if (svc->log.prefix && svc->log.prefix[0])
		snprintf(prefix, sizeof(prefix), "%s %s ", svc->log.prefix,
			 what);
	else
		snprintf(prefix, sizeof(prefix), "nftlb %s %s ", svc->name,
			 what);
	rule_log(r, prefix, svc->log.group);
}

/* ---- what a service asks for */

bool svc_is_sticky(const struct rs_service *svc)
{
	return svc->stick.kind != RS_PERSIST_NONE;
}

bool svc_has_room(const struct rs_service *svc)
{
	for (size_t i = 0; i < svc->nbackends; i++)
		if (svc->backends[i].max_connections)
			return true;
	return false;
}

static bool is_long(const struct rs_service *svc)
{
	return svc->mode == RS_LOCAL || svc_is_sticky(svc) || svc->npins ||
	       svc->limits.fresh.rate || svc->limits.connections ||
	       svc->nallow || svc->ndeny || svc->log.fresh || svc->log.drops ||
	       svc->helper != RS_HELPER_NONE || svc->counters ||
	       svc_has_room(svc);
}

/* Must more be done once a slot's backend is known than to go there? */
static bool must_pick(const struct rs_service *svc)
{
	return svc_has_room(svc) || svc_serves(svc) || svc_notes_drops(svc);
}

/* ---- a slot's backend */

static void refused(struct buf *r, const struct rs_service *svc)
{
	if (svc_notes_drops(svc))
		to_chain(r, NFT_GOTO, CHAIN_REFUSED, svc);
	else
		rule_verdict(r, NFT_GOTO, CHAIN_TO_BACKEND);
}

/* One slot's backend, unless there is none. */
static void pick_rules(struct writer *w, struct unit_chain *c,
		       unsigned int round)
{
	const struct rs_service *svc = w->svc;
	struct buf *r = chain_rule(c);

	slot_rule(r, svc, w->u->base, w->u->m, round);
	rule_verdict(r, NFT_JUMP, CHAIN_PICK);
	if (round > 0) /* somebody had slots a moment ago */
		return;
	r = chain_rule(c);
	if_priority(r, true, ID_REJECT);
	refused(r, svc);
	r = chain_rule(c);
	if_priority(r, true, ID_DROP);
	refused(r, svc);
}

static void balance_rules(struct writer *w, struct unit_chain *c)
{
	bool room = svc_has_room(w->svc);
	struct buf *r;

	if (!must_pick(w->svc)) {
		service_rule(chain_rule(c), w->svc, w->u->base, w->u->m);
		return;
	}
	w->u->features |= FEATURE_BIT(FEATURE_PICK);
	for (unsigned int i = 0; i < (room ? ROOM_TRIES : 1); i++) {
		pick_rules(w, c, i);
		r = chain_rule(c);
		if (room) {
			to_chain(r, NFT_JUMP, CHAIN_ROOM, w->svc);
			r = chain_rule(c);
			if_priority(r, false, ID_REJECT);
		}
		svc_served(r, w->svc);
	}
	if (room)
		to_chain(chain_rule(c), NFT_GOTO, CHAIN_LIMITED, w->svc);
}

/* ---- helpers of protocols with more than one connection */

static const struct {
	enum rs_helper helper;
	uint8_t proto;
	const char *object;
	enum feature feature;
	bool v4_only;
} helpers[] = {
	{ RS_HELPER_FTP, IPPROTO_TCP, "helper.ftp", FEATURE_HELPER_FTP, false },
	{ RS_HELPER_TFTP, IPPROTO_UDP, "helper.tftp", FEATURE_HELPER_TFTP,
	  false },
	{ RS_HELPER_SIP, IPPROTO_UDP, "helper.sip-udp", FEATURE_HELPER_SIP,
	  false },
	{ RS_HELPER_SIP, IPPROTO_TCP, "helper.sip-tcp", FEATURE_HELPER_SIP,
	  false },
	{ RS_HELPER_PPTP, IPPROTO_TCP, "helper.pptp", FEATURE_HELPER_PPTP,
	  true },
};

static bool svc_speaks(const struct rs_service *svc, uint8_t proto)
{
	for (size_t i = 0; i < svc->nprotos; i++)
		if (svc->protos[i] == proto)
			return true;
	return false;
}

static void helper_rules(struct writer *w, struct unit_chain *c)
{
	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
		struct buf *r;

		if (helpers[i].helper != w->svc->helper ||
		    !svc_speaks(w->svc, helpers[i].proto) ||
		    (helpers[i].v4_only && w->svc->family == AF_INET6))
			continue;
		w->u->features |= FEATURE_BIT(helpers[i].feature);
		r = chain_rule(c);
		match_proto(r, helpers[i].proto);
		rule_object(r, NFT_OBJECT_CT_HELPER, helpers[i].object);
	}
}

/* ---- */

static void accept_rule(struct writer *w, struct unit_chain *c)
{
	struct buf *r = chain_rule(c);

	if (w->svc->counters)
		count(r, COUNTER_NEW, w->svc);
	rule_verdict(r, NF_ACCEPT, NULL);
}

static void service_chain(struct writer *w)
{
	const struct rs_service *svc = w->svc;
	struct unit_chain *c =
	    unit_chain_add(w->u, CHAIN_SERVICE "%s", svc->name);

	if (!is_long(svc)) {
		service_rule(chain_rule(c), svc, w->u->base, w->u->m);
		return;
	}
	filter_rules(w, c);
	limit_rules(w, c);
	if (svc->log.fresh)
		log_line(chain_rule(c), svc, "new");
	helper_rules(w, c);
	if (svc->mode == RS_LOCAL) {
		accept_rule(w, c);
		return;
	}
	stick_rules(w, c);
	balance_rules(w, c);
}

void chains_add(struct unit *u, const struct rs_service *svc,
		const uint32_t *ids, const struct own_sets *sets)
{
	struct writer w = { u, svc, ids, sets };

	if (rs_is_direct(svc->mode)) {
		direct_chains(&w);
		return;
	}
	service_chain(&w);
	drop_chains(&w);
	serve_chain(&w);
	guard_chains(&w);
	qos_chains(&w);
	room_chains(&w);
	if (svc->mode == RS_SNAT)
		source_rule(
		    chain_rule(unit_chain_add(u, CHAIN_SOURCE "%s", svc->name)),
		    svc);
	if (svc->offload)
		rule_flow_add(chain_rule(unit_chain_add(u, CHAIN_OFFLOAD "%s",
							svc->name)),
			      FLOWTABLE);
}
