/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions that remember: sets that packets fill, limits, counters, helpers,
 * and the log. Only attributes that the kernel dumps again are sent, or a scan
 * would never find the rule.
 */
#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>

#include "rulesets/rule.h"
#include "rulesets/rule_attr.h"

static void put_limit(struct buf *r, const struct rs_rate *rate, bool over)
{
	attr_u64(r, NFTA_LIMIT_RATE, rate->rate);
	attr_u64(r, NFTA_LIMIT_UNIT, 1);
	attr_u32(r, NFTA_LIMIT_BURST, rate->burst);
	attr_u32(r, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
	attr_u32(r, NFTA_LIMIT_FLAGS, over ? NFT_LIMIT_F_INV : 0);
}

void rule_limit(struct buf *r, const struct rs_rate *rate, bool over)
{
	struct expr e = expr_begin(r, "limit");

	put_limit(r, rate, over);
	expr_end(r, e);
}

static void put_connections(struct buf *r, uint32_t n)
{
	attr_u32(r, NFTA_CONNLIMIT_COUNT, n);
	attr_u32(r, NFTA_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
}

void rule_connections(struct buf *r, uint32_t n)
{
	struct expr e = expr_begin(r, "connlimit");

	put_connections(r, n);
	expr_end(r, e);
}

void rule_carried(struct buf *r, uint16_t type, const struct rs_rate *over,
		  uint32_t connections)
{
	struct expr e;

	if (over->rate) {
		e = expr_begin_as(r, type, "limit");
		put_limit(r, over, true);
		expr_end(r, e);
	} else if (connections) {
		e = expr_begin_as(r, type, "connlimit");
		put_connections(r, connections);
		expr_end(r, e);
	}
}

void rule_dynset(struct buf *r, const struct rule_dynset *d)
{
	struct expr e = expr_begin(r, "dynset");

	attr_u32(r, NFTA_DYNSET_OP, d->op);
	attr_u32(r, NFTA_DYNSET_SREG_KEY, d->key);
	if (d->data != NO_REG)
		attr_u32(r, NFTA_DYNSET_SREG_DATA, d->data);
	if (d->timeout_ms)
		attr_u64(r, NFTA_DYNSET_TIMEOUT, d->timeout_ms);
	attr_str(r, NFTA_DYNSET_SET_NAME, d->set);
	if (d->connections) {
		struct expr c = expr_begin_as(r, NFTA_DYNSET_EXPR, "connlimit");

		put_connections(r, d->connections);
		expr_end(r, c);
	}
	expr_end(r, e);
}

void rule_log(struct buf *r, const char *prefix, int32_t group)
{
	struct expr e = expr_begin(r, "log");
	uint16_t be = htons((uint16_t)group);

	attr_str(r, NFTA_LOG_PREFIX, prefix);
	if (group >= 0)
		attr_put(r, NFTA_LOG_GROUP, &be, sizeof(be));
	expr_end(r, e);
}

void rule_object(struct buf *r, uint32_t type, const char *name)
{
	struct expr e = expr_begin(r, "objref");

	attr_u32(r, NFTA_OBJREF_IMM_TYPE, type);
	attr_str(r, NFTA_OBJREF_IMM_NAME, name);
	expr_end(r, e);
}

void rule_object_map(struct buf *r, uint32_t sreg, const char *map)
{
	struct expr e = expr_begin(r, "objref");

	attr_u32(r, NFTA_OBJREF_SET_SREG, sreg);
	attr_str(r, NFTA_OBJREF_SET_NAME, map);
	expr_end(r, e);
}
