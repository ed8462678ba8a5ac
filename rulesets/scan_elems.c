/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The elements of the maps: a verdict's chain, a counter's name, a comment or a
 * slot's number says whose they are.
 */
#include "rulesets/scan_elems.h"

#include <arpa/inet.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

/* Above this many slots a dump takes longer than asking one by one. */
#define SLOTS_DUMP_MAX 100000u

void scan_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb, size_t n)
{
	const struct nlattr *a;

	memset(tb, 0, n * sizeof(*tb));
	mnl_attr_for_each(a, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(a) < n)
			tb[mnl_attr_get_type(a)] = a;
}

void scan_nested(const struct nlattr *nest, const struct nlattr **tb, size_t n)
{
	const struct nlattr *a;

	memset(tb, 0, n * sizeof(*tb));
	if (!nest)
		return;
	mnl_attr_for_each_nested(a, nest)
		if (mnl_attr_get_type(a) < n)
			tb[mnl_attr_get_type(a)] = a;
}

const char *scan_str(const struct nlattr *a)
{
	size_t len = a ? mnl_attr_get_payload_len(a) : 0;
	const char *s = a ? mnl_attr_get_payload(a) : NULL;

	return len && s[len - 1] == '\0' ? s : NULL;
}

bool scan_is_str(const struct nlattr *a, const char *text)
{
	const char *s = scan_str(a);

	return s && !strcmp(s, text);
}

uint32_t scan_u32(const struct nlattr *a)
{
	if (!a || mnl_attr_get_payload_len(a) < sizeof(uint32_t))
		return 0;
	return ntohl(mnl_attr_get_u32(a));
}

uint32_t scan_nested_u32(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest)
		if (mnl_attr_get_type(a) == type)
			return scan_u32(a);
	return UINT32_MAX;
}

/* The value inside a key or data attribute, if it has @len bytes. */
static const void *value(const struct nlattr *nest, size_t len)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];

	scan_nested(nest, tb, NFTA_DATA_MAX + 1);
	if (!tb[NFTA_DATA_VALUE] ||
	    mnl_attr_get_payload_len(tb[NFTA_DATA_VALUE]) != len)
		return NULL;
	return mnl_attr_get_payload(tb[NFTA_DATA_VALUE]);
}

/* The chain that a verdict leads to, if it does so as this map's do; NULL for
 * accept, drop and the like. */
static const char *verdict_chain(enum rs_map map, const struct nlattr *data)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1], *v[NFTA_VERDICT_MAX + 1];

	scan_nested(data, tb, NFTA_DATA_MAX + 1);
	scan_nested(tb[NFTA_DATA_VERDICT], v, NFTA_VERDICT_MAX + 1);
	if ((int32_t)scan_u32(v[NFTA_VERDICT_CODE]) != map_verdict(map))
		return NULL;
	return scan_str(v[NFTA_VERDICT_CHAIN]);
}

/* The comment in an element's user data, or NULL. */
static const char *comment(const struct nlattr *udata)
{
	const uint8_t *p = udata ? mnl_attr_get_payload(udata) : NULL;
	size_t left = udata ? mnl_attr_get_payload_len(udata) : 0;

	while (left >= 2 && left - 2 >= p[1]) {
		if (p[0] == NFTNL_UDATA_SET_ELEM_COMMENT && p[1] > 0 &&
		    p[1 + p[1]] == '\0')
			return (const char *)p + 2;
		left -= 2u + p[1];
		p += 2u + p[1];
	}
	return NULL;
}

/* The unit that is meant by the name of a chain or counter. */
static struct unit *unit_named(struct scan *s, enum unit_part part,
			       const char *text)
{
	char unit[CHAIN_NAME_MAX];

	return text && unit_of_name(part, text, unit)
		   ? have_find_in(s->have, unit, s->index)
		   : NULL;
}

static struct unit *unit_of_comment(struct scan *s, const char *text)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	char name[CHAIN_NAME_MAX];
	size_t len = slash ? (size_t)(slash - text) : 0;

	if (!slash || len >= sizeof(name))
		return NULL;
	memcpy(name, text, len);
	name[len] = '\0';
	if (map_forms[s->map].alone)
		return scan_unit(s, name);
	return have_find_in(s->have, name, s->index);
}

/* The unit whose slot range @key is in. */
static struct unit *unit_of_slot(struct scan *s, uint32_t key)
{
	size_t lo = 0, hi = s->nranges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		struct unit *u = s->ranges[mid];

		if (key < u->base)
			hi = mid;
		else if (key - u->base >= u->m)
			lo = mid + 1;
		else
			return u;
	}
	return NULL;
}

static void take_slot(struct scan *s, const void *key, const void *data)
{
	uint32_t slot, id;
	struct unit *u;

	memcpy(&slot, key, sizeof(slot));
	memcpy(&id, data, sizeof(id));
	u = unit_of_slot(s, slot);
	/* In HAVE this id says that there is no element. */
	if (u && id != ID_NONE)
		u->ids[slot - u->base] = id;
	else
		*VEC_PUSH(s->t->stray_slots, s->t->nstray_slots,
			  s->t->capstray_slots) = slot;
}

static struct unit *strays(struct scan *s)
{
	if (!s->t->strays)
		s->t->strays = unit_new_in("", s->index);
	return s->t->strays;
}

/* The key of a backend is an id that nobody else may have. */
static bool id_taken(struct scan *s, const void *key)
{
	uint32_t id;

	if (!map_owns_ids((enum rs_map)s->map))
		return true;
	memcpy(&id, key, sizeof(id));
	return alloc_take_id(&s->t->alloc, id);
}

/* Whose is the element, and what is its text? */
static struct unit *owner(struct scan *s, const struct nlattr **tb,
			  const void *key, const char **text)
{
	switch (map_forms[s->map].data) {
	case DATA_VERDICT:
		*text =
		    verdict_chain((enum rs_map)s->map, tb[NFTA_SET_ELEM_DATA]);
		return id_taken(s, key) ? unit_named(s, PART_CHAIN, *text)
					: NULL;
	case DATA_COUNTER:
		*text = scan_str(tb[NFTA_SET_ELEM_OBJREF]);
		return unit_named(s, PART_COUNTER, *text);
	default:
		*text = comment(tb[NFTA_SET_ELEM_USERDATA]);
		return id_taken(s, key) ? unit_of_comment(s, *text) : NULL;
	}
}

/* What nobody understands means no address: another id takes its place. */
static void take_end(struct elem *e, const char *text)
{
	struct addr a;
	uint16_t port;

	if (text && endpoint_parse(text, &a, &port) == 0)
		elem_set_end(e, &a, port);
}

/* An element of any other map. */
static void take_elem(struct scan *s, const struct nlattr **tb, const void *key,
		      const void *key_end, const void *data)
{
	const struct map_form *f = &map_forms[s->map];
	unsigned int key_len = map_key_len(f, s->family);
	const char *text;
	struct unit *u = owner(s, tb, key, &text);
	struct elem *e = unit_add(u ? u : strays(s), (enum rs_map)s->map);

	memcpy(e->key, key, key_len);
	if (key_end)
		memcpy(elem_key_end(e), key_end, key_len);
	if (data)
		memcpy(e->data, data, map_data_len(f, s->family));
	if (s->map == MAP_WAYS)
		take_end(e, comment(tb[NFTA_SET_ELEM_USERDATA]));
	e->text = text ? xstrdup(text) : NULL;
}

static void take(struct scan *s, const struct nlattr *elem)
{
	const struct map_form *f = &map_forms[s->map];
	const struct nlattr *tb[NFTA_SET_ELEM_MAX + 1];
	unsigned int key_len = map_key_len(f, s->family);
	unsigned int data_len = map_data_len(f, s->family);
	const void *key, *key_end = NULL, *data = NULL;

	scan_nested(elem, tb, NFTA_SET_ELEM_MAX + 1);
	key = value(tb[NFTA_SET_ELEM_KEY], key_len);
	if (f->interval)
		key_end = value(tb[NFTA_SET_ELEM_KEY_END], key_len);
	if (data_len > 0)
		data = value(tb[NFTA_SET_ELEM_DATA], data_len);
	/* A catch-all element has no key: nothing of ours, and nothing that
	 * could be removed by its key. */
	if (!key || (f->interval && !key_end) || (data_len > 0 && !data))
		s->t->alien = true;
	else if (s->map == MAP_SLOTS)
		take_slot(s, key, data);
	else
		take_elem(s, tb, key, key_end, data);
}

static int elems_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1], *elem;
	struct scan *s = arg;

	scan_attrs(nlh, tb, NFTA_SET_ELEM_LIST_MAX + 1);
	if (tb[NFTA_SET_ELEM_LIST_ELEMENTS])
		mnl_attr_for_each_nested(elem, tb[NFTA_SET_ELEM_LIST_ELEMENTS])
			take(s, elem);
	return MNL_CB_OK;
}

static int by_base(const void *a, const void *b)
{
	uint32_t x = (*(struct unit *const *)a)->base;
	uint32_t y = (*(struct unit *const *)b)->base;

	return (x > y) - (x < y);
}

static void sort_ranges(struct scan *s)
{
	s->ranges = xcalloc(s->have->nunits + 1, sizeof(*s->ranges));
	for (size_t i = 0; i < s->have->nunits; i++) {
		struct unit *u = s->have->units[i];

		if (u->table == s->index && u->m > 0)
			s->ranges[s->nranges++] = u;
	}
	qsort(s->ranges, s->nranges, sizeof(*s->ranges), by_base);
}

static int dump_map(struct scan *s, struct nl *nl)
{
	return nl_dump(nl, NFT_MSG_GETSETELEM, s->proto, s->table,
		       NFTA_SET_ELEM_LIST_TABLE, map_forms[s->map].name,
		       elems_cb, s);
}

/* Few slots: dump them, which finds strays as well. Many: ask for those that
 * the services' rules speak of. */
static int read_slots(struct scan *s, struct nl *nl)
{
	uint64_t total = 0;
	int ret = 0;

	for (size_t i = 0; i < s->nranges; i++)
		total += s->ranges[i]->m;
	if (s->thorough || total <= SLOTS_DUMP_MAX)
		return dump_map(s, nl);
	for (size_t i = 0; ret == 0 && i < s->nranges; i++)
		ret = nl_get_ids(nl, s->proto, s->table, map_forms[s->map].name,
				 s->ranges[i]->base, s->ranges[i]->m, elems_cb,
				 s);
	return ret;
}

int scan_elems(struct scan *s, struct nl *nl)
{
	int ret = 0;

	sort_ranges(s);
	for (s->map = 0; ret == 0 && s->map < MAP_COUNT; s->map++) {
		if (!(s->t->parts.maps & UINT64_C(1) << s->map) ||
		    map_forms[s->map].filled)
			continue;
		ret = s->map == MAP_SLOTS ? read_slots(s, nl) : dump_map(s, nl);
	}
	free(s->ranges);
	s->ranges = NULL;
	return ret;
}
