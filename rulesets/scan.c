/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HAVE := the kernel. Reads our table of each family: chains, maps, rules,
 * elements, in this order, because each tells what the next belongs to.
 *
 * Whatever is found must not hurt: the table may have been edited by hand, hold
 * expressions we do not know, or be somebody's who likes our name. What belongs
 * to no service becomes a stray and is removed by the next commit.
 */
#include <arpa/inet.h>
#include <errno.h>
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
		s->broken = true; /* writing the table again wakes it */
	return MNL_CB_OK;
}

/* ---- chains */

static const char *after(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) ? NULL : name + len;
}

static struct unit *unit_get(struct scan *s, const char *name)
{
	struct unit *u = have_find(s->have, name, s->family);

	if (!u) {
		u = unit_new(name, s->family);
		have_insert(s->have, u);
	}
	return u;
}

static uint32_t nested_u32(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest)
		if (mnl_attr_get_type(a) == type)
			return scan_u32(a);
	return UINT32_MAX;
}

/* Is the chain hooked where it should be, with policy accept? */
static bool hook_ok(const struct base_chain *c, const struct nlattr **tb)
{
	const struct nlattr *hook = tb[NFTA_CHAIN_HOOK];

	if (!c->type)
		return hook == NULL;
	return hook && nested_u32(hook, NFTA_HOOK_HOOKNUM) == c->hook &&
	       nested_u32(hook, NFTA_HOOK_PRIORITY) == (uint32_t)c->priority &&
	       scan_is_str(tb[NFTA_CHAIN_TYPE], c->type);
}

static int chain_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[ATTRS_MAX];
	struct scan *s = arg;
	const char *name, *svc;
	int base;

	scan_attrs(nlh, tb, ATTRS_MAX);
	if (!scan_is_str(tb[NFTA_CHAIN_TABLE], s->table) ||
	    !(name = scan_str(tb[NFTA_CHAIN_NAME])))
		return MNL_CB_OK;
	base = base_chain_find(name);
	if (base >= 0) {
		s->base_seen |= 1u << base;
		s->t->alien |= !hook_ok(&base_chains[base], tb);
		if (tb[NFTA_CHAIN_POLICY] &&
		    scan_u32(tb[NFTA_CHAIN_POLICY]) != 1)
			s->broken = true;
	} else if ((svc = after(name, CHAIN_SERVICE))) {
		unit_get(s, svc)->has_chain = true;
	} else if ((svc = after(name, CHAIN_SOURCE))) {
		unit_get(s, svc)->has_source = true;
	} else {
		*VEC_PUSH(s->t->stray_chains, s->t->nstray_chains,
			  s->t->capstray_chains) = xstrdup(name);
	}
	return MNL_CB_OK;
}

/* ---- maps */

/* The number of elements that a map is limited to; ours are not. */
static bool has_size(const struct nlattr *desc)
{
	return desc && nested_u32(desc, NFTA_SET_DESC_SIZE) != UINT32_MAX;
}

static bool map_ok(int map, uint8_t family, const struct nlattr **tb)
{
	const struct map_form *f = &map_forms[map];
	uint32_t flags = NFT_SET_MAP;

	if (f->interval)
		flags |= NFT_SET_INTERVAL | NFT_SET_CONCAT;
	return scan_u32(tb[NFTA_SET_FLAGS]) == flags &&
	       !has_size(tb[NFTA_SET_DESC]) &&
	       scan_u32(tb[NFTA_SET_KEY_TYPE]) == map_key_type(f, family) &&
	       scan_u32(tb[NFTA_SET_DATA_TYPE]) == map_data_type(f, family);
}

static int set_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[ATTRS_MAX];
	struct scan *s = arg;
	const char *name;
	int map;

	scan_attrs(nlh, tb, ATTRS_MAX);
	if (!scan_is_str(tb[NFTA_SET_TABLE], s->table) ||
	    !(name = scan_str(tb[NFTA_SET_NAME])))
		return MNL_CB_OK;
	map = map_find(name);
	if (map >= 0) {
		s->maps_seen |= 1u << map;
		s->t->alien |= !map_ok(map, s->family, tb);
	} else if (!(scan_u32(tb[NFTA_SET_FLAGS]) & NFT_SET_ANONYMOUS)) {
		/* anonymous sets go with their rules */
		*VEC_PUSH(s->t->stray_sets, s->t->nstray_sets,
			  s->t->capstray_sets) = xstrdup(name);
	}
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
		s->broken = true;
	buf_free(&want);
}

static void unit_rule(struct buf *rule, unsigned int *n,
		      const struct nlattr *exprs)
{
	buf_clear(rule);
	if ((*n)++ == 0 && exprs)
		buf_append(rule, mnl_attr_get_payload(exprs),
			   mnl_attr_get_payload_len(exprs));
}

static int rule_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[ATTRS_MAX], *exprs;
	struct scan *s = arg;
	const char *chain, *svc;
	struct unit *u;
	int base;

	scan_attrs(nlh, tb, ATTRS_MAX);
	exprs = tb[NFTA_RULE_EXPRESSIONS];
	if (!scan_is_str(tb[NFTA_RULE_TABLE], s->table) ||
	    !(chain = scan_str(tb[NFTA_RULE_CHAIN])))
		return MNL_CB_OK;
	base = base_chain_find(chain);
	if (base >= 0) {
		base_rule(s, base, exprs);
	} else if ((svc = after(chain, CHAIN_SERVICE))) {
		u = unit_get(s, svc);
		unit_rule(&u->rule, &u->nrules, exprs);
	} else if ((svc = after(chain, CHAIN_SOURCE))) {
		u = unit_get(s, svc);
		unit_rule(&u->source, &u->nsource, exprs);
	}
	return MNL_CB_OK;
}

/* Every base chain is there and has all its rules. */
static bool base_complete(const struct scan *s)
{
	struct buf r = { 0 };
	bool ok = !s->broken && s->maps_seen == (1u << MAP_COUNT) - 1;

	for (int i = 0; base_chains[i].name; i++)
		ok = ok && (s->base_seen & 1u << i) &&
		     !base_chains[i].rule(&r, s->base_rules[i], s->family);
	buf_free(&r);
	return ok;
}

/* The slot ranges that the services' rules speak of. */
static void claim_ranges(struct scan *s)
{
	for (size_t i = 0; i < s->have->nunits; i++) {
		struct unit *u = s->have->units[i];
		uint32_t base, m;

		if (u->family != s->family || u->rule.len == 0 ||
		    !rule_slots(u->rule.data, u->rule.len, &base, &m) ||
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

/* ---- one family */

static int dump_structure(struct scan *s, struct nl *nl)
{
	int ret;

	ret = nl_dump(nl, NFT_MSG_GETTABLE, s->family, NULL, 0, NULL, table_cb,
		      s);
	if (ret < 0 || !s->t->there)
		return ret;
	ret = nl_dump(nl, NFT_MSG_GETCHAIN, s->family, NULL, 0, NULL, chain_cb,
		      s);
	if (ret == 0)
		ret = nl_dump(nl, NFT_MSG_GETSET, s->family, s->table,
			      NFTA_SET_TABLE, NULL, set_cb, s);
	if (ret == 0)
		ret = nl_dump(nl, NFT_MSG_GETRULE, s->family, s->table,
			      NFTA_RULE_TABLE, NULL, rule_cb, s);
	return ret;
}

static int scan_family(struct have *h, struct nl *nl, const char *table,
		       unsigned int f, bool thorough)
{
	struct scan s = { .have = h,
			  .t = &h->tab[f],
			  .table = table,
			  .family = family_of(f),
			  .thorough = thorough };
	int ret = dump_structure(&s, nl);

	if (ret < 0 || !s.t->there)
		return ret;
	s.t->intact = base_complete(&s);
	if (!s.t->alien) {
		claim_ranges(&s);
		ret = scan_elems(&s, nl);
	}
	if (s.t->alien) /* it will be deleted: nothing in it is worth keeping */
		have_drop_family(h, f);
	for (size_t i = 0; i < h->nunits; i++)
		if (h->units[i]->family == s.family)
			unit_sort(h->units[i]);
	return ret;
}

int have_scan(struct have *h, struct nl *nl, const char *table, bool thorough)
{
	int ret = 0;

	for (unsigned int f = 0; ret == 0 && f < RS_FAMILIES; f++)
		ret = scan_family(h, nl, table, f, thorough);
	return ret;
}
