/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flowtable: where packets of established flows are forwarded as they come
 * in. It has devices and nothing else; who puts flows into it is a rule's
 * matter (base_offload.c).
 *
 * Devices come and go without a new table, so that flows stay where they are.
 * The kernel takes one out by itself when it is deleted.
 */
#include "rulesets/flowtable.h"

#include <errno.h>
#include <netinet/in.h> /* before the kernel's own */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/base.h"
#include "rulesets/rule.h"
#include "rulesets/ruleset_impl.h"

#define PRIORITY   0u /* among what else hooks where packets come in */
#define ATTRS_MAX  32
#define DEVICES_OF (RS_DEVICES_MAX * (RS_DEVICE_NAME + 8))

/* ---- writing */

static struct nlmsghdr *flowtable_msg(struct enc *e, uint16_t type,
				      uint16_t flags, const char *name)
{
	struct nlmsghdr *nlh = batch_msg(e->b, type, flags, e->proto,
					 NAMES_ROOM + DEVICES_OF, name);

	mnl_attr_put_strz(nlh, NFTA_FLOWTABLE_TABLE, e->table);
	mnl_attr_put_strz(nlh, NFTA_FLOWTABLE_NAME, name);
	return nlh;
}

static void put_hook(struct nlmsghdr *nlh, const struct rs_devices *d)
{
	struct nlattr *hook = mnl_attr_nest_start(nlh, NFTA_FLOWTABLE_HOOK);
	struct nlattr *devs;

	put_u32(nlh, NFTA_FLOWTABLE_HOOK_NUM, NF_NETDEV_INGRESS);
	put_u32(nlh, NFTA_FLOWTABLE_HOOK_PRIORITY, PRIORITY);
	devs = mnl_attr_nest_start(nlh, NFTA_FLOWTABLE_HOOK_DEVS);
	for (uint32_t i = 0; i < d->n; i++)
		mnl_attr_put_strz(nlh, NFTA_DEVICE_NAME, d->name[i]);
	mnl_attr_nest_end(nlh, devs);
	mnl_attr_nest_end(nlh, hook);
}

void flowtable_encode(struct enc *e, const char *name,
		      const struct rs_devices *d)
{
	put_hook(flowtable_msg(e, NFT_MSG_NEWFLOWTABLE, NLM_F_CREATE, name), d);
	enc_end(e);
}

void flowtable_encode_off(struct enc *e, const char *name,
			  const struct rs_devices *d)
{
	put_hook(flowtable_msg(e, NFT_MSG_DELFLOWTABLE, 0, name), d);
	enc_end(e);
}

void flowtable_encode_delete(struct enc *e, const char *name)
{
	flowtable_msg(e, NFT_MSG_DELFLOWTABLE, 0, name);
	enc_end(e);
}

/* ---- reading */

/* False: one that we would not make. */
static bool read_devices(const struct nlattr *devs, struct rs_devices *d)
{
	const struct nlattr *a;

	d->n = 0;
	if (!devs)
		return true;
	mnl_attr_for_each_nested(a, devs) {
		const char *name = scan_str(a);

		if (!name || strlen(name) >= RS_DEVICE_NAME ||
		    d->n == RS_DEVICES_MAX)
			return false;
		memcpy(d->name[d->n++], name, strlen(name) + 1);
	}
	return true;
}

static bool hook_ok(const struct nlattr *hook, struct rs_devices *d)
{
	const struct nlattr *tb[ATTRS_MAX];

	scan_nested(hook, tb, ATTRS_MAX);
	return scan_u32(tb[NFTA_FLOWTABLE_HOOK_NUM]) == NF_NETDEV_INGRESS &&
	       scan_u32(tb[NFTA_FLOWTABLE_HOOK_PRIORITY]) == PRIORITY &&
	       read_devices(tb[NFTA_FLOWTABLE_HOOK_DEVS], d);
}

static void ours(struct scan *s, int base, const struct nlattr **tb)
{
	struct rs_devices *d = &s->t->devices;

	s->t->parts.objs |= UINT64_C(1) << base;
	if (!hook_ok(tb[NFTA_FLOWTABLE_HOOK], d) ||
	    scan_u32(tb[NFTA_FLOWTABLE_FLAGS]) != 0)
		s->t->alien = true;
}

static int flowtable_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[ATTRS_MAX];
	struct scan *s = arg;
	const char *name;
	int base;

	scan_attrs(nlh, tb, ATTRS_MAX);
	if (!scan_is_str(tb[NFTA_FLOWTABLE_TABLE], s->table) ||
	    !(name = scan_str(tb[NFTA_FLOWTABLE_NAME])))
		return MNL_CB_OK;
	base = base_obj_find(name);
	if (base >= 0 && base_obj_type(&base_objs[base]) == OBJ_FLOWTABLE)
		ours(s, base, tb);
	else
		*VEC_PUSH(s->t->stray_objs, s->t->nstray_objs,
			  s->t->capstray_objs) =
		    (struct stray_obj){ xstrdup(name), OBJ_FLOWTABLE };
	return MNL_CB_OK;
}

int flowtable_scan(struct scan *s, struct nl *nl)
{
	return nl_dump(nl, NFT_MSG_GETFLOWTABLE, s->proto, s->table,
		       NFTA_FLOWTABLE_TABLE, NULL, flowtable_cb, s);
}

/* ---- whether the kernel can */

int ruleset_can_offload(struct ruleset *rs, uint8_t family, struct err *err)
{
	struct unit *u = unit_new("probe", family);
	struct rs_devices none = { .n = 0 };
	struct err words = { "" };
	struct batch b;
	struct enc e = { .b = &b,
			 .table = "nftlb_probe",
			 .family = family,
			 .proto = family };
	int ret;

	rule_flow_add(chain_rule(unit_chain_add(u, "probe")), FLOWTABLE);
	batch_begin(&b, &rs->nl, 0);
	encode_table(&e);
	flowtable_encode(&e, FLOWTABLE, &none);
	encode_chain(&e, u->chains[0]);
	encode_rules(&e, u->chains[0]);
	ret = nl_commit(&rs->nl, &b, true, &words);
	batch_free(&b);
	unit_free(u);
	if (ret == -ENOENT || ret == -EOPNOTSUPP)
		return err_set(err, -ENOENT,
			       "this kernel has no flowtables for %s "
			       "(CONFIG_NF_FLOW_TABLE_INET, CONFIG_NFT_FLOW_"
			       "OFFLOAD; modules nf_flow_table_inet, "
			       "nft_flow_offload)",
			       family == AF_INET6 ? "IPv6" : "IPv4");
	if (ret < 0)
		return err_set(err, ret, "cannot try flowtables: %s",
			       words.msg);
	return 0;
}
