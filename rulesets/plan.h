/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PLAN: the ordered difference WANT - HAVE, as plain data. Its first part is
 * one transaction; its second part removes what no packet can reach any more
 * once the first has been accepted, so that no packet sees a half.
 */
#ifndef RULESETS_PLAN_H
#define RULESETS_PLAN_H

#include "rulesets/base.h"
#include "rulesets/ruleset.h"
#include "rulesets/unit.h"

struct have_table;
struct have;

struct slot_op {
	uint32_t key, id;
};

struct slot_ops {
	struct slot_op *list;
	size_t n, cap;
};

struct elem_ops {
	const struct elem **list;
	size_t n, cap;
};

struct chain_op {
	const char *name;               /* of a unit or of HAVE's strays */
	const struct unit_chain *chain; /* what it says; NULL: it goes */
	bool create;
};

struct chain_ops {
	struct chain_op *list;
	size_t n, cap;
};

struct set_op {
	const char *name;
	const struct set_form *form; /* NULL: it goes */
};

struct set_ops {
	struct set_op *list;
	size_t n, cap;
};

struct obj_op {
	const char *name;
	uint32_t type; /* NFT_OBJECT_* */
};

struct obj_ops {
	struct obj_op *list;
	size_t n, cap;
};

/* What happens to one table. */
struct plan_table {
	bool delete_table; /* first: it is not what it should be */
	bool drop_table;   /* second part: nobody needs it */
	uint32_t base;     /* features whose maps, base chains and objects are
			    * written */
	uint64_t rehook;   /* base chains that are made anew for that */
	struct rs_devices off; /* they leave the flowtable */
	uint64_t noted; /* bit per map: it is there, and packets note in it
			 * where flows of a moment ago went */
	uint32_t same_features; /* of units that were not looked at */
	struct obj_ops objs;    /* counters */
	struct set_ops sets;
	struct chain_ops chains;
	struct elem_ops del[MAP_COUNT], add[MAP_COUNT];
	struct slot_ops slot_del, slot_add;
	struct slot_ops slot_strays; /* go: in no service's range */
	struct slot_ops slot_new;    /* of ranges that no rule speaks of yet */
	/* second part */
	struct base_parts late_base; /* of features nobody needs any more */
	struct chain_ops late_chains;
	struct elem_ops late_del[MAP_COUNT];
	struct slot_ops late_slots;
	struct set_ops late_sets;
	struct obj_ops late_objs;
	const struct have_table *strays; /* whose are among the late; NULL:
					  * none are */
};

struct plan_unit {
	struct unit *have; /* NULL: new. Owned by HAVE. */
	struct unit *want; /* NULL: goes. Owned by the plan until it is taken */
	bool changed;      /* packets of it may meet something else */
};

struct plan {
	struct plan_table tab[RS_TABLES];
	struct plan_unit *units;
	size_t nunits, capunits;
	struct have *from; /* whose allocators the new units used */
	struct rs_hooks hooks;
	bool whole; /* made from all services: strays and features are
		     * looked at */
	struct plan_price price;
	double moved_sum; /* of the shares of clients that move, per unit */
	double flows_sum; /* of plan_price.flows_moved, per unit */
	size_t nsame;     /* units that were not even looked at */
};

/**
 * plan_unit_diff() - append what turns @have into @want
 * Either may be NULL (new, gone), not both.
 */
void plan_unit_diff(struct plan *p, struct unit *have, struct unit *want);

/**
 * plan_settle() - when all units are in: move removals that clash with an
 * addition (a key that changes hands, overlapping ranges) to the first part
 */
void plan_settle(struct plan *p);

/** plan_has_first(), plan_has_late() - is there anything in that part? */
bool plan_has_first(const struct plan *p);
bool plan_has_late(const struct plan *p);

/** plan_forgets(), plan_forgets_late() - is what packets have noted of flows a
 * moment ago to be forgotten in that part? */
bool plan_forgets(const struct plan_table *t);
bool plan_forgets_late(const struct plan_table *t);

/** plan_price_unit() - count slots and clients that move
 * Return: is there any difference? */
bool plan_price_unit(struct plan *p, const struct unit *have,
		     const struct unit *want);

/** plan_price_same() - count a unit that stays as it is */
void plan_price_same(struct plan *p, const struct unit *have);

/** plan_price_flows() - when all units are in, of services that track nothing:
 * count those that stay, and their flows that move */
void plan_price_flows(struct plan *p);

#endif
