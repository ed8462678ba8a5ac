/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets and objects of the table that is being read: which of them every table
 * has, which are some service's, which are nobody's. By name first; then their
 * form has to be right.
 */
#include <endian.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/base.h"
#include "rulesets/flowtable.h"
#include "rulesets/scan_elems.h"

#define ATTRS_MAX 32

/* ---- maps and sets */

/* The number of elements that a set is limited to; 0 = it is not. */
static uint32_t set_size(const struct nlattr *desc)
{
	uint32_t size =
	    desc ? scan_nested_u32(desc, NFTA_SET_DESC_SIZE) : UINT32_MAX;

	return size == UINT32_MAX ? 0 : size;
}

static bool map_ok(int map, uint8_t family, const struct nlattr **tb)
{
	const struct map_form *f = &map_forms[map];

	return scan_u32(tb[NFTA_SET_FLAGS]) == map_flags(f) &&
	       set_size(tb[NFTA_SET_DESC]) == f->size &&
	       scan_u32(tb[NFTA_SET_KEY_TYPE]) == map_key_type(f, family) &&
	       scan_u32(tb[NFTA_SET_DATA_TYPE]) == map_data_type(f, family);
}

/* UINT32_MAX: not a number of seconds that we would ask for. */
static uint32_t timeout_s(const struct nlattr *a)
{
	uint64_t ms;

	if (!a)
		return 0;
	if (mnl_attr_get_payload_len(a) < sizeof(ms))
		return UINT32_MAX;
	memcpy(&ms, mnl_attr_get_payload(a), sizeof(ms));
	ms = be64toh(ms);
	return ms % 1000 || ms / 1000 > UINT32_MAX ? UINT32_MAX
						   : (uint32_t)(ms / 1000);
}

static uint32_t u64_small(const struct nlattr *a)
{
	uint64_t be;

	if (!a || mnl_attr_get_payload_len(a) < sizeof(be))
		return 0;
	memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
	return be64toh(be) > UINT32_MAX ? 0 : (uint32_t)be64toh(be);
}

/* What the elements carry; false: nothing that ours would. */
static bool carried(struct set_form *f, const struct nlattr *expr)
{
	const struct nlattr *e[NFTA_EXPR_MAX + 1], *tb[ATTRS_MAX];

	if (!expr)
		return true;
	scan_nested(expr, e, NFTA_EXPR_MAX + 1);
	scan_nested(e[NFTA_EXPR_DATA], tb, ATTRS_MAX);
	if (scan_is_str(e[NFTA_EXPR_NAME], "limit")) {
		f->over.rate = u64_small(tb[NFTA_LIMIT_RATE]);
		f->over.burst = scan_u32(tb[NFTA_LIMIT_BURST]);
		return u64_small(tb[NFTA_LIMIT_UNIT]) == 1 &&
		       scan_u32(tb[NFTA_LIMIT_TYPE]) == NFT_LIMIT_PKTS &&
		       scan_u32(tb[NFTA_LIMIT_FLAGS]) == NFT_LIMIT_F_INV;
	}
	f->connections = scan_u32(tb[NFTA_CONNLIMIT_COUNT]);
	return scan_is_str(e[NFTA_EXPR_NAME], "connlimit") &&
	       scan_u32(tb[NFTA_CONNLIMIT_FLAGS]) == NFT_CONNLIMIT_F_INV;
}

/* What we would not make has a form that nobody asks for: key KEYS. */
static struct set_form form_of(uint8_t family, const struct nlattr **tb)
{
	uint32_t flags = scan_u32(tb[NFTA_SET_FLAGS]);
	uint32_t type = scan_u32(tb[NFTA_SET_KEY_TYPE]), key = 0;
	struct set_form f = {
		.data = flags & NFT_SET_MAP ? DATA_ID : DATA_NONE,
		.expires = flags & NFT_SET_TIMEOUT,
		.size = set_size(tb[NFTA_SET_DESC]),
		.timeout_s = timeout_s(tb[NFTA_SET_TIMEOUT]),
	};

	while (key < KEYS && key_type((enum map_key)key, family) != type)
		key++;
	if (flags != set_flags(&f) || !carried(&f, tb[NFTA_SET_EXPR]) ||
	    scan_u32(tb[NFTA_SET_DATA_TYPE]) != data_type(f.data, family))
		key = KEYS;
	f.key = (enum map_key)key;
	return f;
}

/* A set that no row of form.c speaks of. */
static void other_set(struct scan *s, const char *name,
		      const struct nlattr **tb)
{
	char unit[CHAIN_NAME_MAX];
	struct set_form form;

	if (scan_u32(tb[NFTA_SET_FLAGS]) & NFT_SET_ANONYMOUS)
		return; /* they go with their rules */
	if (!strncmp(name, SET_LIST, strlen(SET_LIST))) {
		*VEC_PUSH(s->t->lists, s->t->nlists, s->t->caplists) =
		    xstrdup(name);
	} else if (unit_of_name(PART_SET, name, unit)) {
		form = form_of(s->family, tb);
		unit_set_add(scan_unit(s, unit), name, &form);
	} else {
		*VEC_PUSH(s->t->stray_sets, s->t->nstray_sets,
			  s->t->capstray_sets) = xstrdup(name);
	}
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
		s->t->parts.maps |= UINT64_C(1) << map;
		s->t->alien |= !map_ok(map, s->family, tb);
	} else {
		other_set(s, name, tb);
	}
	return MNL_CB_OK;
}

int scan_sets(struct scan *s, struct nl *nl)
{
	return nl_dump(nl, NFT_MSG_GETSET, s->proto, s->table, NFTA_SET_TABLE,
		       NULL, set_cb, s);
}

/* ---- objects */

static bool helper_ok(const struct base_obj *o, const struct nlattr *data)
{
	const struct nlattr *tb[ATTRS_MAX];
	const struct nlattr *proto;

	scan_nested(data, tb, ATTRS_MAX);
	proto = tb[NFTA_CT_HELPER_L4PROTO];
	return scan_is_str(tb[NFTA_CT_HELPER_NAME], o->helper) && proto &&
	       mnl_attr_get_payload_len(proto) > 0 &&
	       mnl_attr_get_u8(proto) == o->proto;
}

static int obj_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[ATTRS_MAX];
	char unit[CHAIN_NAME_MAX];
	struct scan *s = arg;
	const char *name;
	uint32_t type;
	int base;

	scan_attrs(nlh, tb, ATTRS_MAX);
	if (!scan_is_str(tb[NFTA_OBJ_TABLE], s->table) ||
	    !(name = scan_str(tb[NFTA_OBJ_NAME])))
		return MNL_CB_OK;
	type = scan_u32(tb[NFTA_OBJ_TYPE]);
	base = base_obj_find(name);
	if (type == NFT_OBJECT_COUNTER &&
	    unit_of_name(PART_COUNTER, name, unit)) {
		unit_obj_add(scan_unit(s, unit), "%s", name);
	} else if (base >= 0 && type == base_obj_type(&base_objs[base]) &&
		   base_obj_exists(&base_objs[base], s->family)) {
		s->t->parts.objs |= UINT64_C(1) << base;
		s->t->alien |= base_objs[base].helper &&
			       !helper_ok(&base_objs[base], tb[NFTA_OBJ_DATA]);
	} else {
		*VEC_PUSH(s->t->stray_objs, s->t->nstray_objs,
			  s->t->capstray_objs) =
		    (struct stray_obj){ xstrdup(name), type };
	}
	return MNL_CB_OK;
}

int scan_objs(struct scan *s, struct nl *nl)
{
	int ret = nl_dump(nl, NFT_MSG_GETOBJ, s->proto, s->table,
			  NFTA_OBJ_TABLE, NULL, obj_cb, s);

	return ret < 0 ? ret : flowtable_scan(s, nl);
}
