/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HAVE := the kernel. Reads our table of each family: chains, sets, objects,
 * rules, elements, in this order, because each tells what the next belongs to.
 *
 * Whatever is found must not hurt: the table may have been edited by hand, hold
 * expressions we do not know, or be somebody's who likes our name. What belongs
 * to no service becomes a stray and is removed by the next commit.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/base.h"
#include "rulesets/have.h"
#include "rulesets/rule.h"
#include "rulesets/scan_elems.h"
#include "rulesets/slots.h"

#define ATTRS_MAX 32

static int table_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[ATTRS_MAX];
	struct scan *s = arg;

	scan_attrs(nlh, tb, ATTRS_MAX);
	if (!scan_is_str(tb[NFTA_TABLE_NAME], s->table))
		return MNL_CB_OK;
	s->t->there = true;
	if (scan_u32(tb[NFTA_TABLE_FLAGS]) & NFT_TABLE_F_DORMANT)
		s->broken = UINT32_MAX; /* writing it again wakes it */
	return MNL_CB_OK;
}

struct unit *scan_unit(struct scan *s, const char *name)
{
	struct unit *u = have_find_in(s->have, name, s->index);

	if (!u) {
		u = unit_new_in(name, s->index);
		have_insert(s->have, u);
	}
	return u;
}

void scan_broken(struct scan *s, enum feature feature)
{
	s->broken |= FEATURE_BIT(feature);
}

/* ---- chains */

/* The chain is there; is it hooked where it should be, with policy accept? What
 * is no hook of this kind cannot be mended: others may lead to it. */
static void base_chain(struct scan *s, int base, const struct nlattr **tb)
{
	const struct base_chain *c = &base_chains[base];
	const struct nlattr *hook = tb[NFTA_CHAIN_HOOK];
	uint32_t priority;

	s->t->parts.chains |= UINT64_C(1) << base;
	if (tb[NFTA_CHAIN_POLICY] && scan_u32(tb[NFTA_CHAIN_POLICY]) != 1)
		scan_broken(s, c->feature);
	if (!c->type) {
		s->t->alien |= hook != NULL;
		return;
	}
	if (!hook || scan_nested_u32(hook, NFTA_HOOK_HOOKNUM) != c->hook ||
	    !scan_is_str(tb[NFTA_CHAIN_TYPE], c->type)) {
		s->t->alien = true;
		return;
	}
	priority = scan_nested_u32(hook, NFTA_HOOK_PRIORITY);
	if (priority != (uint32_t)base_priority(c, &s->have->hooks)) {
		s->t->rehook |= UINT64_C(1) << base;
		scan_broken(s, c->feature);
	}
}

/* A hook on another interface than the name says cannot be mended. */
static void own_chain(struct scan *s, struct unit *u, const char *name,
		      const struct nlattr *hook)
{
	struct unit_chain *c = unit_chain_add(u, "%s", name);
	const char *device = name + strlen(CHAIN_DEVICE);
	const struct nlattr *tb[NFTA_HOOK_MAX + 1];

	if (strncmp(name, CHAIN_DEVICE, strlen(CHAIN_DEVICE)) != 0) {
		s->t->alien |= hook != NULL;
		return;
	}
	scan_nested(hook, tb, NFTA_HOOK_MAX + 1);
	s->t->alien |= !hook || !scan_is_str(tb[NFTA_HOOK_DEV], device) ||
		       scan_u32(tb[NFTA_HOOK_HOOKNUM]) != NF_NETDEV_INGRESS ||
		       scan_u32(tb[NFTA_HOOK_PRIORITY]) != DEVICE_PRIORITY;
	unit_chain_hook(c, device);
}

static int chain_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[ATTRS_MAX];
	struct scan *s = arg;
	char unit[CHAIN_NAME_MAX];
	const char *name;
	int base;

	scan_attrs(nlh, tb, ATTRS_MAX);
	if (!scan_is_str(tb[NFTA_CHAIN_TABLE], s->table) ||
	    !(name = scan_str(tb[NFTA_CHAIN_NAME])))
		return MNL_CB_OK;
	s->nchains++;
	s->uses += scan_u32(tb[NFTA_CHAIN_USE]);
	base = base_chain_find(name);
	if (base >= 0)
		base_chain(s, base, tb);
	else if (unit_of_name(PART_CHAIN, name, unit))
		own_chain(s, scan_unit(s, unit), name, tb[NFTA_CHAIN_HOOK]);
	else
		*VEC_PUSH(s->t->stray_chains, s->t->nstray_chains,
			  s->t->capstray_chains) = xstrdup(name);
	return MNL_CB_OK;
}

/* ---- rules */

static void base_rule(struct scan *s, int base, const struct nlattr *exprs)
{
	struct buf want = { 0 };

	if (!base_chains[base].rule(&want, s->base_rules[base]++, s->family) ||
	    !exprs ||
	    !rule_matches(want.data, want.len, mnl_attr_get_payload(exprs),
			  mnl_attr_get_payload_len(exprs)))
		scan_broken(s, base_chains[base].feature);
	buf_free(&want);
}

/* The chain of some unit, or NULL. The kernel dumps a chain's rules in one
 * stretch. */
static struct unit_chain *unit_chain_of(struct scan *s, const char *name)
{
	char unit[CHAIN_NAME_MAX];

	if (s->chain && !strcmp(s->chain->name, name))
		return s->chain;
	s->chain = unit_of_name(PART_CHAIN, name, unit)
		       ? unit_chain(have_find_in(s->have, unit, s->index), name)
		       : NULL;
	return s->chain;
}

static int rule_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[ATTRS_MAX], *exprs;
	struct unit_chain *c;
	struct scan *s = arg;
	const char *chain;
	struct buf *rule;
	int base;

	scan_attrs(nlh, tb, ATTRS_MAX);
	exprs = tb[NFTA_RULE_EXPRESSIONS];
	if (!scan_is_str(tb[NFTA_RULE_TABLE], s->table) ||
	    !(chain = scan_str(tb[NFTA_RULE_CHAIN])))
		return MNL_CB_OK;
	base = base_chain_find(chain);
	if (base >= 0) {
		base_rule(s, base, exprs);
	} else if ((c = unit_chain_of(s, chain))) {
		rule = chain_rule(c);
		if (exprs)
			buf_append(rule, mnl_attr_get_payload(exprs),
				   mnl_attr_get_payload_len(exprs));
	}
	return MNL_CB_OK;
}

/* ---- rules: all in one dump, or chain by chain */

/*
 * A dump costs the square of the table's rules: for each piece the kernel
 * counts its way along to where it was. (Kernel 6.18: 0.1 us a step, about 80
 * rules in a piece.) Asked for one by one, a chain takes 10 us.
 */
static bool too_many_rules(const struct scan *s)
{
	return (s->uses / 40) * (s->uses / 40) > 30 * s->nchains;
}

static int dump_rules(struct scan *s, struct nl *nl, const char *chain)
{
	return nl_dump(nl, NFT_MSG_GETRULE, s->proto, s->table, NFTA_RULE_TABLE,
		       chain, rule_cb, s);
}

/* Those of strays are of no interest. */
static int read_rules(struct scan *s, struct nl *nl)
{
	int ret = 0;

	if (!too_many_rules(s))
		return dump_rules(s, nl, NULL);
	for (int i = 0; ret == 0 && base_chains[i].name; i++)
		if (s->t->parts.chains & UINT64_C(1) << i)
			ret = dump_rules(s, nl, base_chains[i].name);
	for (size_t i = 0; i < s->have->nunits; i++) {
		const struct unit *u = s->have->units[i];

		if (u->table != s->index)
			continue;
		for (size_t c = 0; ret == 0 && c < u->nchains; c++)
			ret = dump_rules(s, nl, u->chains[c]->name);
	}
	return ret;
}

/* ---- what was found */

/* The features whose parts are all there, the chains with all their rules. */
static uint32_t intact_features(const struct scan *s)
{
	struct buf r = { 0 };
	uint32_t broken = s->broken;

	for (int i = 0; base_chains[i].name; i++)
		if (base_chains[i].rule(&r, s->base_rules[i], s->family))
			broken |= FEATURE_BIT(base_chains[i].feature);
	buf_free(&r);
	for (unsigned int f = 0; f < FEATURES; f++) {
		struct base_parts want =
		    base_parts_of(FEATURE_BIT(f), s->family);

		if (want.maps & ~s->t->parts.maps ||
		    want.chains & ~s->t->parts.chains ||
		    want.objs & ~s->t->parts.objs)
			broken |= FEATURE_BIT(f);
	}
	return ~broken & (FEATURE_BIT(FEATURES) - 1);
}

/* The slot ranges that the services' rules speak of. */
static void claim_ranges(struct scan *s)
{
	for (size_t i = 0; i < s->have->nunits; i++) {
		struct unit *u = s->have->units[i];
		uint32_t base, m;

		if (u->table != s->index || !unit_slots(u, &base, &m) ||
		    m == 0 || m > SLOTS_MAX ||
		    !alloc_take_range(&s->t->alloc, base, m))
			continue;
		u->base = base;
		u->m = m;
		u->ids = xcalloc(m, sizeof(*u->ids));
		for (uint32_t k = 0; k < m; k++)
			u->ids[k] = ID_NONE;
	}
}

/* ---- one table */

static void sort_units(struct scan *s)
{
	for (size_t i = 0; i < s->have->nunits; i++)
		if (s->have->units[i]->table == s->index)
			unit_sort(s->have->units[i]);
}

static int dump_structure(struct scan *s, struct nl *nl)
{
	int ret;

	ret =
	    nl_dump(nl, NFT_MSG_GETTABLE, s->proto, NULL, 0, NULL, table_cb, s);
	if (ret < 0 || !s->t->there)
		return ret;
	ret =
	    nl_dump(nl, NFT_MSG_GETCHAIN, s->proto, NULL, 0, NULL, chain_cb, s);
	sort_units(s); /* their chains, to be found by name */
	if (ret == 0)
		ret = scan_sets(s, nl);
	if (ret == 0)
		ret = scan_objs(s, nl);
	if (ret == 0)
		ret = read_rules(s, nl);
	return ret;
}

static int scan_table(struct have *h, struct nl *nl, const char *base,
		      unsigned int table, bool thorough)
{
	char name[RS_TABLE_NAME_MAX];
	struct scan s = { .have = h,
			  .t = &h->tab[table],
			  .table = rs_table_name(table, base, name),
			  .index = table,
			  .family = rs_table_family(table),
			  .proto = rs_table_proto(table),
			  .thorough = thorough };
	int ret = dump_structure(&s, nl);

	if (ret < 0 || !s.t->there)
		return ret;
	s.t->intact = intact_features(&s);
	if (!s.t->alien) {
		claim_ranges(&s);
		ret = scan_elems(&s, nl);
	}
	if (s.t->alien) /* it will be deleted: nothing in it is worth keeping */
		have_drop_table(h, table);
	sort_units(&s);
	return ret;
}

int have_scan(struct have *h, struct nl *nl, const char *table, bool thorough)
{
	int ret = 0;

	for (unsigned int t = 0; ret == 0 && t < RS_TABLES; t++)
		ret = scan_table(h, nl, table, t, thorough);
	return ret;
}
