/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From plan to netlink messages, in an order in which each thing that another
 * names is there before it: maps, counters, sets, chains, backends, slots,
 * rules, and last the keys that lead packets to them. What takes another's
 * place is in the middle, in one piece; before and after it the batch may be
 * cut.
 *
 * Knows the order. How a thing is written is in encode_form.c and
 * encode_elems.c.
 */
#include "rulesets/encode.h"

#include <linux/netfilter/nf_tables.h>

#include "rulesets/encode_impl.h"

/* ---- the two parts */

/* Elements that nothing leads to yet. Where one takes another's place, the
 * whole map waits for its turn. */
static void encode_elems_ahead(struct enc *e, const struct plan_table *t)
{
	for (int m = 0; m < MAP_COUNT; m++)
		if (!map_forms[m].leads &&
		    (map_owns_ids((enum rs_map)m) || t->del[m].n == 0))
			encode_elems(e, NFT_MSG_NEWSETELEM, (enum rs_map)m,
				     &t->add[m]);
}

static void encode_elems_replaced(struct enc *e, const struct plan_table *t)
{
	for (int m = 0; m < MAP_COUNT; m++)
		if (!map_forms[m].leads && !map_owns_ids((enum rs_map)m) &&
		    t->del[m].n > 0)
			encode_elems(e, NFT_MSG_NEWSETELEM, (enum rs_map)m,
				     &t->add[m]);
}

/* What no packet meets before a key or a rule leads to it. */
static void encode_ahead(struct enc *e, const struct plan_table *t)
{
	const struct chain_ops *chains = &t->chains;

	e->cuts = true;
	for (size_t i = 0; i < t->objs.n; i++)
		encode_counter(e, t->objs.list[i].name);
	for (size_t i = 0; i < t->sets.n; i++)
		encode_set(e, &t->sets.list[i]);
	for (size_t i = 0; i < chains->n; i++)
		if (chains->list[i].create)
			encode_chain(e, chains->list[i].chain);
	encode_slots(e, NFT_MSG_DELSETELEM, &t->slot_strays);
	encode_elems_ahead(e, t);
	encode_slots(e, NFT_MSG_NEWSETELEM, &t->slot_new);
	for (size_t i = 0; i < chains->n; i++)
		if (chains->list[i].create)
			encode_rules(e, chains->list[i].chain);
	e->cuts = false;
}

/* Keys, of the maps where some are replaced or of the others. */
static void encode_keys(struct enc *e, const struct plan_table *t,
			bool replaced)
{
	for (int m = 0; m < MAP_COUNT; m++)
		if (map_forms[m].leads && replaced == (t->del[m].n > 0))
			encode_elems(e, NFT_MSG_NEWSETELEM, (enum rs_map)m,
				     &t->add[m]);
}

/* What packets have noted of flows a moment ago. */
static void encode_forget(struct enc *e, const struct plan_table *t)
{
	for (int m = 0; m < MAP_COUNT; m++)
		if (t->noted & UINT64_C(1) << m)
			encode_empty(e, (enum rs_map)m);
}

static void encode_table_first(struct enc *e, const struct plan_table *t)
{
	encode_base(e, t);
	encode_ahead(e, t);
	for (int m = 0; m < MAP_COUNT; m++)
		encode_elems(e, NFT_MSG_DELSETELEM, (enum rs_map)m, &t->del[m]);
	encode_slots(e, NFT_MSG_DELSETELEM, &t->slot_del);
	encode_slots(e, NFT_MSG_NEWSETELEM, &t->slot_add);
	encode_elems_replaced(e, t);
	for (size_t i = 0; i < t->chains.n; i++) {
		const struct chain_op *op = &t->chains.list[i];

		if (op->create)
			continue;
		encode_rules_flush(e, op->name);
		encode_rules(e, op->chain);
	}
	encode_keys(e, t, true);
	if (plan_forgets(t))
		encode_forget(e, t);
	batch_may_cut(e->b);
	e->cuts = true;
	encode_keys(e, t, false);
}

/* Strangers may lead to each other, as features and services do: rules to sets,
 * counters and chains, maps to counters and chains. */
static void encode_table_late(struct enc *e, const struct plan_table *t)
{
	for (int m = 0; m < MAP_COUNT; m++)
		encode_elems(e, NFT_MSG_DELSETELEM, (enum rs_map)m,
			     &t->late_del[m]);
	encode_slots(e, NFT_MSG_DELSETELEM, &t->late_slots);
	if (plan_forgets_late(t))
		encode_forget(e, t);
	for (size_t i = 0; i < t->late_chains.n; i++)
		encode_rules_flush(e, t->late_chains.list[i].name);
	encode_late_flush(e, t);
	for (size_t i = 0; i < t->late_sets.n; i++)
		encode_delete_set(e, t->late_sets.list[i].name);
	encode_late_sets(e, t);
	for (size_t i = 0; i < t->late_objs.n; i++)
		encode_delete_obj(e, &t->late_objs.list[i]);
	encode_late_objs(e, t);
	for (size_t i = 0; i < t->late_chains.n; i++)
		encode_delete_chain(e, t->late_chains.list[i].name);
	encode_late_chains(e, t);
}

static struct enc enc_for(struct batch *b, const struct plan *p,
			  unsigned int table, const char *name)
{
	return (struct enc){ .b = b,
			     .table = name,
			     .index = table,
			     .family = rs_table_family(table),
			     .proto = rs_table_proto(table),
			     .hooks = &p->hooks };
}

void encode_first(struct batch *b, const struct plan *p, const char *table)
{
	char name[RS_TABLE_NAME_MAX];

	for (unsigned int t = 0; t < RS_TABLES; t++) {
		struct enc e = enc_for(b, p, t, rs_table_name(t, table, name));

		if (p->tab[t].delete_table)
			encode_delete_table(b, table, t);
		encode_table_first(&e, &p->tab[t]);
	}
}

void encode_late(struct batch *b, const struct plan *p, const char *table)
{
	char name[RS_TABLE_NAME_MAX];

	for (unsigned int t = 0; t < RS_TABLES; t++) {
		struct enc e = enc_for(b, p, t, rs_table_name(t, table, name));

		e.cuts = true;
		if (p->tab[t].drop_table)
			encode_delete_table(b, table, t);
		else
			encode_table_late(&e, &p->tab[t]);
	}
}
