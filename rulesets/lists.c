/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists in the kernel: what is there, and how it is changed. Sets are never
 * read back: a dump costs the square of their size, and writing a small one
 * anew is one transaction that packets do not notice.
 *
 * Does not know which lists there should be, nor what is on them.
 */
#include "rulesets/lists.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/encode.h"
#include "rulesets/lists_msg.h"
#include "rulesets/ruleset_impl.h"

/* The kernel's time for a piece: 5 us for each range, and what the set has by
 * then once more. */
#define PIECE_RANGES 6144u
#define PIECE_HURRY  65536u

static const char *const part_suffix[LIST_PARTS] = {
	[LIST_BASE] = "",
	[LIST_BASE2] = "/2",
	[LIST_ADDED] = "/added",
	[LIST_REMOVED] = "/removed",
};

const char *list_set_name(const char *name, enum list_part part,
			  char out[LIST_SET_NAME_MAX])
{
	snprintf(out, LIST_SET_NAME_MAX, LIST_PREFIX "%.*s%s", RS_NAME_MAX,
		 name, part_suffix[part]);
	return out;
}

const char *list_set_part(const char *base, enum list_part part,
			  char out[LIST_SET_NAME_MAX])
{
	/* Names of lists have no slash. */
	snprintf(out, LIST_SET_NAME_MAX, "%.*s%s", (int)strcspn(base, "/"),
		 base, part_suffix[part]);
	return out;
}

/* ---- scan */

struct finding {
	struct list_finds *finds;
	const char *table;
	uint8_t family;
};

static uint32_t attr_u32(const struct nlattr *a)
{
	return a && mnl_attr_get_payload_len(a) == 4
		   ? ntohl(mnl_attr_get_u32(a))
		   : 0;
}

static bool attr_is(const struct nlattr *a, const char *text)
{
	return a && mnl_attr_get_payload_len(a) == strlen(text) + 1 &&
	       !memcmp(mnl_attr_get_payload(a), text, strlen(text) + 1);
}

static int found_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NFTA_SET_MAX + 1] = { NULL }, *a;
	const struct finding *f = arg;
	const char *name;
	uint64_t handle = 0;

	mnl_attr_for_each(a, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(a) <= NFTA_SET_MAX)
			tb[mnl_attr_get_type(a)] = a;
	if (!tb[NFTA_SET_NAME] || !attr_is(tb[NFTA_SET_TABLE], f->table))
		return MNL_CB_OK;
	name = mnl_attr_get_str(tb[NFTA_SET_NAME]);
	if (strncmp(name, LIST_PREFIX, strlen(LIST_PREFIX)) != 0)
		return MNL_CB_OK;
	if (tb[NFTA_SET_HANDLE] &&
	    mnl_attr_get_payload_len(tb[NFTA_SET_HANDLE]) == sizeof(handle))
		handle = mnl_attr_get_u64(tb[NFTA_SET_HANDLE]);
	*VEC_PUSH(f->finds->list, f->finds->n, f->finds->cap) =
	    (struct list_found){
		    .name = xstrdup(name),
		    .family = f->family,
		    .good = attr_u32(tb[NFTA_SET_FLAGS]) == NFT_SET_INTERVAL &&
			    attr_u32(tb[NFTA_SET_KEY_TYPE]) ==
				list_key_type(f->family) &&
			    !tb[NFTA_SET_TIMEOUT] && !tb[NFTA_SET_EXPR],
		    .handle = handle,
	    };
	return MNL_CB_OK;
}

void list_finds_free(struct list_finds *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->list[i].name);
	free(f->list);
	memset(f, 0, sizeof(*f));
}

int lists_scan(struct ruleset *rs, struct list_finds *out, struct err *err)
{
	int ret = -EINTR;

	for (int tries = 0; tries < 50 && ret == -EINTR; tries++) {
		list_finds_free(out);
		ret = 0;
		for (unsigned int i = 0; i < RS_FAMILIES && ret == 0; i++) {
			struct finding f = { out, rs->table, family_of(i) };

			ret = nl_dump(&rs->nl, NFT_MSG_GETSET, f.family,
				      rs->table, NFTA_SET_TABLE, NULL, found_cb,
				      &f);
			ret = ret == -ENOENT ? 0 : ret; /* no table */
		}
	}
	return ret < 0 ? err_set(err, ret, "cannot read the names of sets: %s",
				 strerror(-ret))
		       : 0;
}

const struct list_found *list_find(const struct list_finds *f, const char *name,
				   uint8_t family)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].family == family &&
		    !strcmp(f->list[i].name, name))
			return &f->list[i];
	return NULL;
}

/* ---- transactions */

static struct list_set set_of(const struct ruleset *rs, const char *name,
			      uint8_t family)
{
	return (struct list_set){ rs->table, name, family };
}

static int send_batch(struct ruleset *rs, struct batch *b, struct err *err)
{
	int ret = ruleset_send(rs, b, err);

	batch_free(b);
	return ret;
}

int lists_fill(struct ruleset *rs, const char *name, uint8_t family,
	       const struct nets *want, struct err *err)
{
	struct list_set set = set_of(rs, name, family);
	struct batch b;

	batch_begin(&b, &rs->nl, 0);
	lists_put_set(&b, &set);
	lists_put_empty(&b, &set);
	if (want)
		lists_put_ranges(&b, &set, NFT_MSG_NEWSETELEM, want->list,
				 want->n);
	return send_batch(rs, &b, err);
}

int lists_change(struct ruleset *rs, const struct list_change *list, size_t n,
		 struct err *err)
{
	struct batch b;

	batch_begin(&b, &rs->nl, 0);
	for (size_t i = 0; i < n; i++) {
		const struct list_change *c = &list[i];
		struct list_set set = set_of(rs, c->name, c->family);

		lists_put_ranges(&b, &set, NFT_MSG_DELSETELEM, c->del.list,
				 c->del.n);
		lists_put_ranges(&b, &set, NFT_MSG_NEWSETELEM, c->add.list,
				 c->add.n);
	}
	return send_batch(rs, &b, err);
}

int lists_delete(struct ruleset *rs, const char *name, uint8_t family,
		 struct err *err)
{
	struct list_set set = set_of(rs, name, family);
	struct batch b;
	int ret;

	batch_begin(&b, &rs->nl, 0);
	lists_put_delete(&b, &set);
	ret = send_batch(rs, &b, err);
	return ret == -ENOENT ? 0 : ret;
}

int lists_try_plan(struct ruleset *rs, const struct list_finds *missing,
		   const struct plan *p, struct err *err)
{
	struct batch b;
	int ret;

	batch_begin(&b, &rs->nl, 0);
	for (size_t i = 0; i < missing->n; i++) {
		struct list_set set =
		    set_of(rs, missing->list[i].name, missing->list[i].family);

		lists_put_set(&b, &set);
	}
	encode_first(&b, p, rs->table);
	ret = nl_commit(&rs->nl, &b, true, err);
	batch_free(&b);
	return ret;
}

bool ruleset_lists_touched(struct ruleset *rs)
{
	bool touched = rs->watch.lists;

	rs->watch.lists = false;
	return touched;
}

/* ---- builds */

int list_build_begin(struct list_build *b, struct ruleset *rs, const char *name,
		     uint8_t family, const struct nets *want, struct err *err)
{
	*b = (struct list_build){ .family = family, .want = want };
	snprintf(b->name, sizeof(b->name), "%s", name);
	return lists_fill(rs, b->name, family, NULL, err);
}

int list_build_step(struct list_build *b, struct ruleset *rs, struct err *err)
{
	struct list_set set = set_of(rs, b->name, b->family);
	size_t most = b->hurry ? PIECE_HURRY : PIECE_RANGES;
	size_t n = b->want->n - b->done;
	struct batch batch;
	int ret;

	if (n == 0)
		return 0;
	if (n > most)
		n = most;
	batch_begin(&batch, &rs->nl, 0);
	lists_put_ranges(&batch, &set, NFT_MSG_NEWSETELEM,
			 b->want->list + b->done, n);
	ret = send_batch(rs, &batch, err);
	if (ret < 0)
		return ret;
	b->done += n;
	return b->done < b->want->n;
}
