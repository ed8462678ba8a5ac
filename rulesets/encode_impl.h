/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the encoder: what its files share. */
#ifndef RULESETS_ENCODE_IMPL_H
#define RULESETS_ENCODE_IMPL_H

#include <arpa/inet.h>

#include "rulesets/nl.h"
#include "rulesets/plan.h"

/* For the names of a table and of what is in it, and a few numbers. */
#define NAMES_ROOM (2 * CHAIN_NAME_MAX + 128)

/* What all the functions here need. */
struct enc {
	struct batch *b;
	const char *table;  /* its name */
	uint8_t family;     /* of addresses */
	uint8_t proto;      /* NFPROTO_* of the table */
	unsigned int index; /* enum rs_table */
	const struct rs_hooks *hooks;
	bool cuts; /* the batch may be cut after each message */
};

static inline void enc_end(struct enc *e)
{
	batch_msg_end(e->b);
	if (e->cuts)
		batch_may_cut(e->b);
}

static inline void put_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type, htonl(value));
}

/* ---- encode_form.c: tables, sets, chains, rules, objects */

/** encode_base() - the table, and what the features of @t->base have */
void encode_base(struct enc *e, const struct plan_table *t);
/* What @t->late_base has of each kind. */
void encode_late_flush(struct enc *e, const struct plan_table *t); /* rules */
void encode_late_sets(struct enc *e, const struct plan_table *t);
void encode_late_objs(struct enc *e, const struct plan_table *t);
void encode_late_chains(struct enc *e, const struct plan_table *t);

/** encode_chain() - without its rules */
void encode_chain(struct enc *e, const struct unit_chain *c);
/** encode_table() - only that it is there */
void encode_table(struct enc *e);
void encode_delete_chain(struct enc *e, const char *name);
void encode_rules(struct enc *e, const struct unit_chain *c);
void encode_rules_flush(struct enc *e, const char *chain);
void encode_set(struct enc *e, const struct set_op *op);
void encode_delete_set(struct enc *e, const char *name);
/** encode_counter() - starts at zero */
void encode_counter(struct enc *e, const char *name);
void encode_delete_obj(struct enc *e, const struct obj_op *op);

/* ---- encode_typeof.c */

struct nftnl_udata_buf;
/** typeof_recent() - of MAP_RECENT and MAP_TUNNELS, into their user data */
void typeof_recent(struct nftnl_udata_buf *u, uint8_t family,
		   enum map_data data);

/* ---- encode_elems.c; @type: NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM */

void encode_elems(struct enc *e, uint16_t type, enum rs_map map,
		  const struct elem_ops *ops);
/** encode_empty() - the map loses all of its elements */
void encode_empty(struct enc *e, enum rs_map map);
void encode_slots(struct enc *e, uint16_t type, const struct slot_ops *ops);

#endif
