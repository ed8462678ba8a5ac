/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every table has, as far as features want it: chains and ct helpers. */
#ifndef RULESETS_BASE_H
#define RULESETS_BASE_H

#include "lib/buf.h"
#include "rulesets/form.h"
#include "rulesets/types.h"

/* The base chains' priorities are numbers of struct rs_hooks, and a little. */
enum hook_place {
	HOOK_DSTNAT,
	HOOK_SRCNAT,
	HOOK_GUARD,
	HOOK_PACKETS,
	HOOK_EGRESS,
	HOOK_RAW,    /* before conntrack; no number of struct rs_hooks */
	HOOK_PROBES, /* behind conntrack, before NAT; no number either */
	HOOK_FORWARD /* behind the filters of others; no number either */
};

struct base_chain {
	const char *name;
	enum feature feature; /* there while some unit needs it */
	const char *type;     /* NULL: not a base chain */
	uint32_t hook;        /* NF_INET_* */
	enum hook_place place;
	int32_t offset; /* priority: what the place has, and this */
	/* Append rule @i of the chain; false: the chain has no such rule. */
	bool (*rule)(struct buf *r, unsigned int i, uint8_t family);
};

/* Objects: conntrack helpers that rules of services set, and counters; and the
 * flowtable, which is no object to the kernel, but is named and goes like one.
 */
struct base_obj {
	const char *name;
	enum feature feature;
	const char *helper; /* conntrack's name for it; NULL: no helper */
	uint8_t proto;      /* IPPROTO_* */
	bool v4_only;       /* the kernel has none for IPv6 */
};

#define OBJ_FLOWTABLE UINT32_MAX /* among the kernel's NFT_OBJECT_* */

/** base_obj_type() - NFT_OBJECT_*, or OBJ_FLOWTABLE */
uint32_t base_obj_type(const struct base_obj *o);
/** base_obj_exists() - does @family have it? */
bool base_obj_exists(const struct base_obj *o, uint8_t family);

/* Maps, base chains and objects: a bit for each. */
struct base_parts {
	uint64_t maps, chains, objs;
};

/** base_parts_of() - what these features (FEATURE_BIT()s) consist of */
struct base_parts base_parts_of(uint32_t features, uint8_t family);

/** rs_hooks_default - where the chains stand if nobody says otherwise */
extern const struct rs_hooks rs_hooks_default;

/** base_priority() - of a chain that has a type */
int32_t base_priority(const struct base_chain *c, const struct rs_hooks *h);

/** base_objs - name NULL ends it; base_obj_find() - index, or -1 */
extern const struct base_obj base_objs[];
int base_obj_find(const char *name);

/** base_chains - in an order in which they can be created; name NULL ends it */
extern const struct base_chain base_chains[];

/** base_chain_find() - index of the chain named @name, or -1 */
int base_chain_find(const char *name);

/**
 * slot_rule() - the scratch value := one of the slots [base, base + m)
 * @round: 0 for the first slot that a flow is given; source-hash gives others
 * in other rounds, the rest gives any
 */
void slot_rule(struct buf *r, const struct rs_service *svc, uint32_t base,
	       uint32_t m, unsigned int round);

/**
 * service_rule() - the one rule of a service's chain: pick a slot, go on
 * @base, @m: the service's slot range [base, base + m)
 */
void service_rule(struct buf *r, const struct rs_service *svc, uint32_t base,
		  uint32_t m);

/** match_decapsulated() - go on for what came out of the agent's tunnels */
void match_decapsulated(struct buf *r);

/** source_rule() - the one rule of a snat service's source chain */
void source_rule(struct buf *r, const struct rs_service *svc);

#endif
