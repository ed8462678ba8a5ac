/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel of fake_kernel.h. It knows the form of the maps, no services. */
#include "tests/unit/fake_kernel.h"

#include <arpa/inet.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define ATTRS 32

/* ---- tables */

static void table_clear(struct fake_table *t)
{
	for (size_t i = 0; i < t->nchains; i++)
		for (size_t r = 0; r < FAKE_RULES; r++)
			buf_free(&t->chains[i].rules[r]);
	free(t->chains);
	t->chains = NULL;
	t->nchains = t->capchains = 0;
	unit_free(t->elems);
	t->elems = unit_new("", t->family);
	memset(t->slots, 0xff, FAKE_SLOTS * sizeof(*t->slots));
	t->there = false;
}

void fake_init(struct fake *k)
{
	memset(k, 0, sizeof(*k));
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		k->tab[f].family = family_of(f);
		k->tab[f].slots = xcalloc(FAKE_SLOTS, sizeof(*k->tab[f].slots));
		table_clear(&k->tab[f]);
	}
}

void fake_free(struct fake *k)
{
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		table_clear(&k->tab[f]);
		unit_free(k->tab[f].elems);
		free(k->tab[f].slots);
	}
}

static void table_copy(struct fake_table *to, const struct fake_table *from)
{
	to->there = from->there;
	for (size_t i = 0; i < from->nchains; i++) {
		const struct fake_chain *c = &from->chains[i];
		struct fake_chain *n =
		    VEC_PUSH(to->chains, to->nchains, to->capchains);

		memset(n, 0, sizeof(*n));
		memcpy(n->name, c->name, sizeof(n->name));
		n->n = c->n;
		for (size_t r = 0; r < c->n; r++)
			buf_append(&n->rules[r], c->rules[r].data,
				   c->rules[r].len);
	}
	for (size_t i = 0; i < from->elems->nelems; i++) {
		const struct elem *e = &from->elems->elems[i];
		struct elem *n = unit_add(to->elems, (enum rs_map)e->map);

		*n = *e;
		n->text = e->text ? xstrdup(e->text) : NULL;
		n->key_end = NULL;
		if (e->key_end)
			memcpy(elem_key_end(n), e->key_end, ELEM_KEY_MAX);
	}
	for (size_t i = 0; i < from->elems->nobjs; i++)
		unit_obj_add(to->elems, "%s", from->elems->objs[i]);
	for (size_t i = 0; i < from->elems->nsets; i++)
		unit_set_add(to->elems, from->elems->sets[i].name,
			     &from->elems->sets[i].form);
	memcpy(to->slots, from->slots, FAKE_SLOTS * sizeof(*to->slots));
}

void fake_copy(struct fake *to, const struct fake *from)
{
	fake_init(to);
	to->counts = from->counts;
	for (unsigned int f = 0; f < RS_FAMILIES; f++)
		table_copy(&to->tab[f], &from->tab[f]);
}

struct fake_chain *fake_chain(const struct fake_table *t, const char *name)
{
	for (size_t i = 0; i < t->nchains; i++)
		if (!strcmp(t->chains[i].name, name))
			return &t->chains[i];
	return NULL;
}

struct elem *fake_elem(const struct fake_table *t, const struct elem *e)
{
	for (size_t i = 0; i < t->elems->nelems; i++)
		if (elem_cmp(&t->elems->elems[i], e) == 0)
			return &t->elems->elems[i];
	return NULL;
}

size_t fake_slot_count(const struct fake_table *t)
{
	size_t n = 0;

	for (uint32_t i = 0; i < FAKE_SLOTS; i++)
		n += t->slots[i] != ID_NONE;
	return n;
}

/* ---- reading messages */

static bool refuse(const char *why, const char *what)
{
	fprintf(stderr, "fake kernel: %s: %s\n", what, why);
	return false;
}

static void attrs_of(const struct nlmsghdr *nlh, const struct nlattr **tb)
{
	const struct nlattr *a;

	memset(tb, 0, ATTRS * sizeof(*tb));
	mnl_attr_for_each(a, nlh, sizeof(struct nfgenmsg))
		tb[mnl_attr_get_type(a)] = a;
}

static void attrs_in(const struct nlattr *nest, const struct nlattr **tb)
{
	const struct nlattr *a;

	memset(tb, 0, ATTRS * sizeof(*tb));
	if (nest)
		mnl_attr_for_each_nested(a, nest)
			tb[mnl_attr_get_type(a)] = a;
}

static const char *str(const struct nlattr *a)
{
	return a ? mnl_attr_get_str(a) : "";
}

static bool is_service_chain(const char *name)
{
	return !strncmp(name, CHAIN_SERVICE, strlen(CHAIN_SERVICE)) ||
	       !strncmp(name, CHAIN_SOURCE, strlen(CHAIN_SOURCE));
}

/* ---- chains and rules */

static bool new_chain(struct fake *k, struct fake_table *t,
		      const struct nlattr **tb)
{
	const char *name = str(tb[NFTA_CHAIN_NAME]);
	struct fake_chain *c;

	if (fake_chain(t, name))
		return true; /* as without NLM_F_EXCL */
	c = VEC_PUSH(t->chains, t->nchains, t->capchains);
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", name);
	k->counts.chains_added += is_service_chain(name);
	return true;
}

static bool del_chain(struct fake *k, struct fake_table *t,
		      const struct nlattr **tb)
{
	const char *name = str(tb[NFTA_CHAIN_NAME]);
	struct fake_chain *c = fake_chain(t, name);

	if (!c)
		return refuse("no such chain", name);
	if (c->n > 0)
		return refuse("chain has rules", name);
	for (size_t i = 0; i < t->elems->nelems; i++) {
		const struct elem *e = &t->elems->elems[i];

		if (map_forms[e->map].data == DATA_VERDICT &&
		    !strcmp(e->text, name))
			return refuse("an element leads to the chain", name);
	}
	*c = t->chains[--t->nchains];
	k->counts.chains_removed++;
	return true;
}

static bool flush_rules(struct fake *k, struct fake_table *t,
			const struct nlattr **tb)
{
	const char *name = str(tb[NFTA_RULE_CHAIN]);
	struct fake_chain *c = fake_chain(t, name);

	if (!c)
		return refuse("no such chain to flush", name);
	while (c->n > 0)
		buf_free(&c->rules[--c->n]);
	k->counts.flushes += is_service_chain(name);
	return true;
}

static bool new_rule(struct fake *k, struct fake_table *t,
		     const struct nlattr **tb)
{
	const char *name = str(tb[NFTA_RULE_CHAIN]);
	const struct nlattr *e = tb[NFTA_RULE_EXPRESSIONS];
	struct fake_chain *c = fake_chain(t, name);

	if (!c)
		return refuse("no such chain for a rule", name);
	if (c->n == FAKE_RULES)
		return refuse("too many rules", name);
	buf_append(&c->rules[c->n++], mnl_attr_get_payload(e),
		   mnl_attr_get_payload_len(e));
	k->counts.service_rules += is_service_chain(name);
	return true;
}

/* ---- sets and objects: lists in any order */

static struct unit_set *fake_set(const struct fake_table *t, const char *name)
{
	for (size_t i = 0; i < t->elems->nsets; i++)
		if (!strcmp(t->elems->sets[i].name, name))
			return &t->elems->sets[i];
	return NULL;
}

static char **fake_obj(const struct fake_table *t, const char *name)
{
	for (size_t i = 0; i < t->elems->nobjs; i++)
		if (!strcmp(t->elems->objs[i], name))
			return &t->elems->objs[i];
	return NULL;
}

static bool new_set(struct fake_table *t, const struct nlattr **tb)
{
	static const struct set_form none;
	const char *name = str(tb[NFTA_SET_NAME]);

	if (!fake_set(t, name))
		unit_set_add(t->elems, name, &none);
	return true;
}

/* What is in it goes with it. */
static bool del_set(struct fake_table *t, const struct nlattr **tb)
{
	const char *name = str(tb[NFTA_SET_NAME]);
	struct unit_set *s = fake_set(t, name);
	int map = map_find(name);

	if (!s)
		return refuse("no such set", name);
	for (size_t i = t->elems->nelems; i-- > 0;)
		if (t->elems->elems[i].map == map) {
			elem_clear(&t->elems->elems[i]);
			t->elems->elems[i] =
			    t->elems->elems[--t->elems->nelems];
		}
	free(s->name);
	*s = t->elems->sets[--t->elems->nsets];
	return true;
}

static bool new_obj(struct fake_table *t, const struct nlattr **tb)
{
	const char *name = str(tb[NFTA_OBJ_NAME]);

	if (!fake_obj(t, name))
		unit_obj_add(t->elems, "%s", name);
	return true;
}

static bool del_obj(struct fake_table *t, const struct nlattr **tb)
{
	const char *name = str(tb[NFTA_OBJ_NAME]);
	char **o = fake_obj(t, name);

	if (!o)
		return refuse("no such object", name);
	for (size_t i = 0; i < t->elems->nelems; i++) {
		const struct elem *e = &t->elems->elems[i];

		if (map_forms[e->map].data == DATA_COUNTER &&
		    !strcmp(e->text, name))
			return refuse("an element uses the object", name);
	}
	free(*o);
	*o = t->elems->objs[--t->elems->nobjs];
	return true;
}

/* ---- elements */

static void copy_value(uint8_t *to, size_t max, const struct nlattr *nest)
{
	const struct nlattr *tb[ATTRS];
	size_t len;

	attrs_in(nest, tb);
	if (!tb[NFTA_DATA_VALUE])
		return;
	len = mnl_attr_get_payload_len(tb[NFTA_DATA_VALUE]);
	memcpy(to, mnl_attr_get_payload(tb[NFTA_DATA_VALUE]),
	       len < max ? len : max);
}

static char *verdict_chain(const struct nlattr *data)
{
	const struct nlattr *tb[ATTRS], *v[ATTRS];

	attrs_in(data, tb);
	attrs_in(tb[NFTA_DATA_VERDICT], v);
	return v[NFTA_VERDICT_CHAIN] ? xstrdup(str(v[NFTA_VERDICT_CHAIN]))
				     : NULL;
}

static struct elem read_elem(int map, const struct nlattr *nest)
{
	struct elem e = { .map = (uint8_t)map };
	const struct nlattr *tb[ATTRS], *udata;

	attrs_in(nest, tb);
	copy_value(e.key, sizeof(e.key), tb[NFTA_SET_ELEM_KEY]);
	if (tb[NFTA_SET_ELEM_KEY_END])
		copy_value(elem_key_end(&e), ELEM_KEY_MAX,
			   tb[NFTA_SET_ELEM_KEY_END]);
	copy_value(e.data, sizeof(e.data), tb[NFTA_SET_ELEM_DATA]);
	udata = tb[NFTA_SET_ELEM_USERDATA];
	if (map_forms[map].data == DATA_VERDICT)
		e.text = verdict_chain(tb[NFTA_SET_ELEM_DATA]);
	else if (map_forms[map].data == DATA_COUNTER)
		e.text = tb[NFTA_SET_ELEM_OBJREF]
			     ? xstrdup(str(tb[NFTA_SET_ELEM_OBJREF]))
			     : NULL;
	else if (udata)
		e.text = xstrdup((const char *)mnl_attr_get_payload(udata) + 2);
	return e;
}

static bool ranges_overlap(const struct elem *a, const struct elem *b,
			   uint8_t family)
{
	enum map_key key = map_forms[a->map].key;

	if (a->map != b->map || !map_forms[a->map].interval)
		return false;
	for (unsigned int i = 0; i < key_fields(key); i++) {
		unsigned int at = key_field_at(key, i, family);
		unsigned int len = key_field_len(key, i, family);

		if (memcmp(a->key + at, b->key_end + at, len) > 0 ||
		    memcmp(b->key + at, a->key_end + at, len) > 0)
			return false;
	}
	return true;
}

static bool add_elem(struct fake_table *t, struct elem *e)
{
	const char *name = map_forms[e->map].name;
	const struct elem *old = fake_elem(t, e);

	if (map_forms[e->map].data == DATA_VERDICT && !fake_chain(t, e->text))
		return refuse("goes to a chain that is not there", name);
	if (map_forms[e->map].data == DATA_COUNTER && !fake_obj(t, e->text))
		return refuse("a counter that is not there", name);
	if (old && !elem_same(old, e))
		return refuse("key is there with another value", name);
	for (size_t i = 0; !old && i < t->elems->nelems; i++)
		if (ranges_overlap(&t->elems->elems[i], e, t->family))
			return refuse("ranges overlap", name);
	if (!old) {
		*unit_add(t->elems, (enum rs_map)e->map) = *e;
		e->text = NULL;
		e->key_end = NULL;
	}
	return true;
}

static bool del_elem(struct fake_table *t, const struct elem *e)
{
	struct elem *old = fake_elem(t, e);

	if (!old)
		return refuse("no such element", map_forms[e->map].name);
	elem_clear(old);
	*old = t->elems->elems[--t->elems->nelems];
	return true;
}

static bool slot_elem(struct fake *k, struct fake_table *t,
		      const struct elem *e, bool add)
{
	uint32_t key = elem_id(e), id;

	memcpy(&id, e->data, sizeof(id));
	if (key >= FAKE_SLOTS)
		return refuse("more slots than this test has", "slots");
	if (add && t->slots[key] != ID_NONE && t->slots[key] != id)
		return refuse("slot is there with another value", "slots");
	if (!add && t->slots[key] == ID_NONE)
		return refuse("no such slot", "slots");
	t->slots[key] = add ? id : ID_NONE;
	*(add ? &k->counts.slots_added : &k->counts.slots_removed) += 1;
	return true;
}

static bool elems(struct fake *k, struct fake_table *t,
		  const struct nlattr **tb, bool add)
{
	int map = map_find(str(tb[NFTA_SET_ELEM_LIST_SET]));
	const struct nlattr *a;
	bool ok = map >= 0;

	if (map >= 0 && !fake_set(t, map_forms[map].name))
		return refuse("no such set for an element",
			      map_forms[map].name);
	mnl_attr_for_each_nested(a, tb[NFTA_SET_ELEM_LIST_ELEMENTS]) {
		struct elem e;

		if (!ok)
			break;
		e = read_elem(map, a);
		if (map == MAP_SLOTS)
			ok = slot_elem(k, t, &e, add);
		else
			ok = add ? add_elem(t, &e) : del_elem(t, &e);
		elem_clear(&e);
		*(add ? &k->counts.elems_added : &k->counts.elems_removed) += 1;
	}
	return ok;
}

/* ---- transactions */

static bool message(struct fake *k, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct fake_table *t = &k->tab[family_index(nfg->nfgen_family)];
	const struct nlattr *tb[ATTRS];
	int type = nlh->nlmsg_type & 0xff;

	attrs_of(nlh, tb);
	if (type == NFT_MSG_NEWTABLE) {
		t->there = true;
		return true;
	}
	if (!t->there)
		return refuse("no such table", "table");
	switch (type) {
	case NFT_MSG_DELTABLE:
		table_clear(t);
		return true;
	case NFT_MSG_NEWSET:
		return new_set(t, tb);
	case NFT_MSG_DELSET:
		return del_set(t, tb);
	case NFT_MSG_NEWOBJ:
		return new_obj(t, tb);
	case NFT_MSG_DELOBJ:
		return del_obj(t, tb);
	case NFT_MSG_NEWCHAIN:
		return new_chain(k, t, tb);
	case NFT_MSG_DELCHAIN:
		return del_chain(k, t, tb);
	case NFT_MSG_NEWRULE:
		return new_rule(k, t, tb);
	case NFT_MSG_DELRULE:
		return flush_rules(k, t, tb);
	case NFT_MSG_NEWSETELEM:
		return elems(k, t, tb, true);
	case NFT_MSG_DELSETELEM:
		return elems(k, t, tb, false);
	default:
		return refuse("unknown message", "batch");
	}
}

bool fake_batch(struct fake *k, const struct batch *b)
{
	const struct nlmsghdr *nlh = (const void *)b->buf.data;
	int left = (int)b->buf.len;
	bool ok = true;

	for (; ok && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES)
			ok = message(k, nlh);
	return ok;
}
