/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of full backends. Packets add to it and time takes from it, so a flag
 * may come or go between any two of our messages: what is there already, or
 * gone already, is no error.
 *
 * Must not know: which backends have a limit, and when a flag may go.
 */
#include "rulesets/full.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/ruleset_impl.h"
#include "rulesets/scan_elems.h"

#define SET   "backends-full"
#define TRIES 3 /* a flag may come or go meanwhile */

/* ---- reading */

struct reader {
	struct full_flag *list;
	size_t n, cap;
	uint8_t family;
};

static bool read_id(const struct nlattr *key, uint32_t *id)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, key)
		if (mnl_attr_get_type(a) == NFTA_DATA_VALUE &&
		    mnl_attr_get_payload_len(a) == sizeof(*id)) {
			memcpy(id, mnl_attr_get_payload(a), sizeof(*id));
			return true;
		}
	return false;
}

/* Milliseconds; UINT32_MAX where it says none. */
static uint32_t read_left(const struct nlattr *a)
{
	uint64_t ms;

	if (mnl_attr_get_payload_len(a) != sizeof(ms))
		return UINT32_MAX;
	memcpy(&ms, mnl_attr_get_payload(a), sizeof(ms));
	ms = be64toh(ms);
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static void take(struct reader *r, const struct nlattr *elem)
{
	struct full_flag flag = { r->family, 0, UINT32_MAX };
	const struct nlattr *a;
	bool there = false;

	mnl_attr_for_each_nested(a, elem) {
		if (mnl_attr_get_type(a) == NFTA_SET_ELEM_KEY)
			there = read_id(a, &flag.id);
		if (mnl_attr_get_type(a) == NFTA_SET_ELEM_EXPIRATION)
			flag.left_ms = read_left(a);
	}
	if (there)
		*VEC_PUSH(r->list, r->n, r->cap) = flag;
}

static int elems_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1], *elem;

	scan_attrs(nlh, tb, NFTA_SET_ELEM_LIST_MAX + 1);
	if (tb[NFTA_SET_ELEM_LIST_ELEMENTS])
		mnl_attr_for_each_nested(elem, tb[NFTA_SET_ELEM_LIST_ELEMENTS])
			take(arg, elem);
	return MNL_CB_OK;
}

static int flag_cmp(const void *a, const void *b)
{
	const struct full_flag *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int read_family(struct ruleset *rs, struct reader *r)
{
	size_t before = r->n;
	int ret = -EINTR;

	for (int i = 0; i < TRIES && ret == -EINTR; i++) {
		r->n = before;
		ret = nl_dump(&rs->nl, NFT_MSG_GETSETELEM, r->family, rs->table,
			      NFTA_SET_ELEM_LIST_TABLE, SET, elems_cb, r);
	}
	return ret == -ENOENT || ret == -EINTR ? 0 : ret;
}

int full_read(struct ruleset *rs, struct full_flag **list, size_t *n,
	      struct err *err)
{
	struct reader r = { NULL, 0, 0, 0 };
	int ret = 0;

	*list = NULL;
	*n = 0;
	for (unsigned int f = 0; f < RS_FAMILIES && ret == 0; f++) {
		r.family = family_of(f);
		ret = read_family(rs, &r);
	}
	if (ret < 0) {
		free(r.list);
		return err_set(err, ret, "cannot read set " SET ": %s",
			       strerror(-ret));
	}
	if (r.n > 0)
		qsort(r.list, r.n, sizeof(*r.list), flag_cmp);
	*list = r.list;
	*n = r.n;
	return 0;
}

const struct full_flag *full_find(const struct full_flag *list, size_t n,
				  uint8_t family, uint32_t id)
{
	const struct full_flag wanted = { family, id, 0 };

	return n ? bsearch(&wanted, list, n, sizeof(*list), flag_cmp) : NULL;
}

/* ---- changing */

/* @for_ms: 0 = none is said, as for those that go */
static void put_flag(struct batch *b, const char *table, uint16_t type,
		     uint8_t family, uint32_t id, uint32_t for_ms)
{
	bool add = type == NFT_MSG_NEWSETELEM;
	struct nlmsghdr *nlh =
	    batch_msg(b, type, add ? NLM_F_CREATE : 0, family, 512, SET);
	struct nlattr *list, *elem, *key;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, SET);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	key = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, sizeof(id), &id);
	mnl_attr_nest_end(nlh, key);
	if (for_ms)
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_TIMEOUT, htobe64(for_ms));
	mnl_attr_nest_end(nlh, elem);
	mnl_attr_nest_end(nlh, list);
	batch_msg_end(b);
}

/* Add one, or take it away, or both, as one transaction. */
static int change(struct ruleset *rs, uint8_t family, uint32_t id, bool away,
		  uint32_t for_ms, struct err *err)
{
	struct batch b;
	int ret;

	batch_begin(&b, &rs->nl, 0);
	/* so that there is something to take away */
	if (away && for_ms)
		put_flag(&b, rs->table, NFT_MSG_NEWSETELEM, family, id, for_ms);
	if (away)
		put_flag(&b, rs->table, NFT_MSG_DELSETELEM, family, id, 0);
	if (for_ms)
		put_flag(&b, rs->table, NFT_MSG_NEWSETELEM, family, id, for_ms);
	ret = ruleset_send(rs, &b, err);
	batch_free(&b);
	return ret;
}

/* An element that has timed out, but is not collected yet, can be in the way:
 * then it soon is not. */
int full_raise(struct ruleset *rs, uint8_t family, uint32_t id, uint32_t for_ms,
	       struct err *err)
{
	int ret = -EEXIST;

	for (int i = 0;
	     i < TRIES && (ret == -EEXIST || ret == -EBUSY || ret == -ENOENT);
	     i++)
		ret = change(rs, family, id, true, for_ms, err);
	return ret;
}

int full_clear(struct ruleset *rs, uint8_t family, uint32_t id, struct err *err)
{
	int ret = change(rs, family, id, true, 0, err);

	return ret == -ENOENT ? 0 : ret;
}

uint32_t full_id(const struct ruleset *rs, const char *service, uint8_t family,
		 const char *backend)
{
	const struct unit *u = have_find(&rs->have, service, family);

	for (size_t i = 0; u && i < u->nelems; i++)
		if (elem_is_backend(&u->elems[i]) &&
		    !strcmp(elem_backend_name(&u->elems[i]), backend))
			return elem_id(&u->elems[i]);
	return 0;
}
