/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of session tables: read by a dump, removed and added by key.
 * (The kernel compares only the key of what it is told to remove.)
 *
 * Packets change the same tables meanwhile. So an entry is asked for just
 * before it is removed, and a batch that the kernel refuses because something
 * expired or came in between is asked for and sent again, then in halves.
 *
 * Must not know: whose the data are.
 */
#include "rulesets/sessions.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/ruleset_impl.h"
#include "rulesets/scan_elems.h"

#define TRIES      3
#define ELEM_BYTES 96u /* of a message, at most */

/* ---- reading */

struct reader {
	unsigned int key_len;
	sessions_fn *fn;
	void *arg;
	int error; /* of fn */
};

static const void *value(const struct nlattr *nest, size_t len)
{
	const struct nlattr *a;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(a, nest)
		if (mnl_attr_get_type(a) == NFTA_DATA_VALUE &&
		    mnl_attr_get_payload_len(a) == len)
			return mnl_attr_get_payload(a);
	return NULL;
}

/* Milliseconds; 0 where there are none. */
static uint32_t time_ms(const struct nlattr *a)
{
	uint64_t ms;

	if (!a || mnl_attr_get_payload_len(a) != sizeof(ms))
		return 0;
	memcpy(&ms, mnl_attr_get_payload(a), sizeof(ms));
	ms = be64toh(ms);
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static void take(struct reader *r, const struct nlattr *elem)
{
	const struct nlattr *tb[NFTA_SET_ELEM_MAX + 1] = { NULL }, *a;
	const void *key, *data;
	struct session s = { 0 };

	mnl_attr_for_each_nested(a, elem)
		if (mnl_attr_get_type(a) <= NFTA_SET_ELEM_MAX)
			tb[mnl_attr_get_type(a)] = a;
	key = value(tb[NFTA_SET_ELEM_KEY], r->key_len);
	data = value(tb[NFTA_SET_ELEM_DATA], sizeof(s.data));
	if (!key || !data)
		return;
	memcpy(s.key, key, r->key_len);
	memcpy(&s.data, data, sizeof(s.data));
	if (s.data < ID_FIRST)
		return;
	s.left_ms = time_ms(tb[NFTA_SET_ELEM_EXPIRATION]);
	s.timeout_ms = time_ms(tb[NFTA_SET_ELEM_TIMEOUT]);
	r->error = r->fn(&s, r->arg);
}

static int elems_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1], *elem;
	struct reader *r = arg;

	scan_attrs(nlh, tb, NFTA_SET_ELEM_LIST_MAX + 1);
	if (tb[NFTA_SET_ELEM_LIST_ELEMENTS])
		mnl_attr_for_each_nested(elem, tb[NFTA_SET_ELEM_LIST_ELEMENTS])
			if (r->error == 0)
				take(r, elem);
	if (r->error == 0)
		return MNL_CB_OK;
	errno = -r->error;
	return MNL_CB_ERROR;
}

int sessions_read(const char *table, const struct session_table *t,
		  sessions_fn *fn, void *arg)
{
	struct reader r = { session_key_len(t), fn, arg, 0 };
	unsigned int place = session_place(t);
	char name[RS_TABLE_NAME_MAX];
	struct nl nl;
	int ret = nl_open(&nl, NULL);

	if (ret < 0)
		return ret;
	ret = nl_dump(&nl, NFT_MSG_GETSETELEM, rs_table_proto(place),
		      rs_table_name(place, table, name),
		      NFTA_SET_ELEM_LIST_TABLE, t->set, elems_cb, &r);
	nl_close(&nl);
	return ret;
}

/* ---- asking for some */

/* Answers to a question for keys, in their order; some are missing. */
struct answers {
	struct session *list;
	size_t n, cap;
};

static int answer_cb(const struct session *s, void *arg)
{
	struct answers *a = arg;

	if (a->n < a->cap)
		a->list[a->n++] = *s;
	return 0;
}

static int ask(struct ruleset *rs, const struct session_table *t,
	       const struct session *list, size_t n, struct answers *out)
{
	unsigned int len = session_key_len(t);
	struct reader r = { len, answer_cb, out, 0 };
	unsigned int place = session_place(t);
	char name[RS_TABLE_NAME_MAX];
	uint8_t *keys = xmalloc(n * len);
	int ret;

	out->list = xcalloc(n, sizeof(*out->list));
	out->n = 0;
	out->cap = n;
	for (size_t i = 0; i < n; i++)
		memcpy(keys + i * len, list[i].key, len);
	ret = nl_get_keys(&rs->nl, rs_table_proto(place),
			  rs_table_name(place, rs->table, name), t->set, keys,
			  len, n, elems_cb, &r);
	free(keys);
	return ret;
}

int ruleset_sessions_find(struct ruleset *rs, const struct session_table *t,
			  const uint8_t *key, struct session *out)
{
	struct session wanted = { .data = 0 };
	struct answers found;
	int ret;

	memcpy(wanted.key, key, session_key_len(t));
	ret = ask(rs, t, &wanted, 1, &found);
	if (ret == 0 && found.n == 0)
		ret = -ENOENT;
	if (ret == 0)
		*out = found.list[0];
	free(found.list);
	return ret;
}

/* ---- changing */

static struct nlmsghdr *elems_begin(struct batch *b, struct ruleset *rs,
				    const struct session_table *t,
				    uint16_t type, size_t n)
{
	bool add = type == NFT_MSG_NEWSETELEM;
	unsigned int place = session_place(t);
	char name[RS_TABLE_NAME_MAX];
	struct nlmsghdr *nlh =
	    batch_msg(b, type, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
		      rs_table_proto(place), n * ELEM_BYTES + 512, t->set);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE,
			  rs_table_name(place, rs->table, name));
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, t->set);
	return nlh;
}

static void put_value(struct nlmsghdr *nlh, uint16_t type, const void *data,
		      size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, data);
	mnl_attr_nest_end(nlh, nest);
}

static void put_entry(struct nlmsghdr *nlh, const struct session *s,
		      unsigned int key_len, bool whole)
{
	struct nlattr *e = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);

	put_value(nlh, NFTA_SET_ELEM_KEY, s->key, key_len);
	if (whole) {
		put_value(nlh, NFTA_SET_ELEM_DATA, &s->data, sizeof(s->data));
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_TIMEOUT,
				 htobe64(s->timeout_ms));
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_EXPIRATION,
				 htobe64(s->left_ms));
	}
	mnl_attr_nest_end(nlh, e);
}

/* One transaction, one message: a list of entries is one attribute, and may
 * have 64 KB. */
static int change(struct ruleset *rs, const struct session_table *t,
		  uint16_t type, const struct session *list, size_t n,
		  struct err *err)
{
	unsigned int key_len = session_key_len(t);
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	struct batch b;
	int ret;

	batch_begin(&b, &rs->nl, 0);
	nlh = elems_begin(&b, rs, t, type, n);
	nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < n; i++)
		put_entry(nlh, &list[i], key_len, type == NFT_MSG_NEWSETELEM);
	mnl_attr_nest_end(nlh, nest);
	batch_msg_end(&b);
	ret = ruleset_send(rs, &b, err);
	batch_free(&b);
	return ret;
}

/* Those of @list whose entry is as it was. @list is sorted as asked: the
 * answers come in the same order. */
static size_t keep_same(struct session *list, size_t n, unsigned int key_len,
			const struct answers *now)
{
	size_t kept = 0, at = 0;

	for (size_t i = 0; i < n && at < now->n; i++) {
		if (memcmp(list[i].key, now->list[at].key, key_len) != 0)
			continue;
		if (list[i].data == now->list[at].data)
			list[kept++] = list[i];
		at++;
	}
	return kept;
}

/* Those of @list whose client has no entry. */
static size_t keep_missing(struct session *list, size_t n, unsigned int key_len,
			   const struct answers *now)
{
	size_t kept = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		if (at < now->n &&
		    !memcmp(list[i].key, now->list[at].key, key_len))
			at++;
		else
			list[kept++] = list[i];
	}
	return kept;
}

typedef size_t keep_fn(struct session *list, size_t n, unsigned int key_len,
		       const struct answers *now);

/* Packets were in between, or the clock. */
static bool is_race(int ret)
{
	return ret == -ENOENT || ret == -EEXIST || ret == -EBUSY;
}

/* Returns how many were changed. @list is used up. */
static int change_most(struct ruleset *rs, const struct session_table *t,
		       uint16_t type, struct session *list, size_t n,
		       keep_fn *keep, struct err *err)
{
	int ret = -ENOENT, more;
	struct answers now;

	for (int i = 0; i < TRIES && is_race(ret); i++) {
		ret = ask(rs, t, list, n, &now);
		if (ret == 0)
			n = keep(list, n, session_key_len(t), &now);
		free(now.list);
		if (ret < 0 || n == 0)
			return ret;
		ret = change(rs, t, type, list, n, err);
	}
	if (ret == 0)
		return (int)n;
	if (!is_race(ret) && ret != -ENFILE)
		return ret;
	if (n == 1) /* it goes by itself, or comes */
		return is_race(ret) ? 0 : ret;
	ret = change_most(rs, t, type, list, n / 2, keep, err);
	if (ret < 0)
		return ret;
	more = change_most(rs, t, type, list + n / 2, n - n / 2, keep, err);
	return more < 0 ? more : ret + more;
}

static int change_copy(struct ruleset *rs, const struct session_table *t,
		       uint16_t type, const struct session *list, size_t n,
		       keep_fn *keep, struct err *err)
{
	struct session *copy = xcalloc(n + 1, sizeof(*copy));
	int ret;

	memcpy(copy, list, n * sizeof(*copy));
	ret = n ? change_most(rs, t, type, copy, n, keep, err) : 0;
	free(copy);
	return ret;
}

int ruleset_sessions_forget(struct ruleset *rs, const struct session_table *t,
			    const struct session *list, size_t n,
			    struct err *err)
{
	return change_copy(rs, t, NFT_MSG_DELSETELEM, list, n, keep_same, err);
}

int ruleset_sessions_add(struct ruleset *rs, const struct session_table *t,
			 const struct session *list, size_t n, struct err *err)
{
	return change_copy(rs, t, NFT_MSG_NEWSETELEM, list, n, keep_missing,
			   err);
}

int ruleset_sessions_clear(struct ruleset *rs, const struct session_table *t,
			   struct err *err)
{
	struct batch b;
	int ret;

	batch_begin(&b, &rs->nl, 0);
	elems_begin(&b, rs, t, NFT_MSG_DELSETELEM, 0);
	batch_msg_end(&b);
	ret = ruleset_send(rs, &b, err);
	batch_free(&b);
	return ret;
}
