/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units that have one of each kind: what unit_kinds.h asks for is put into what
 * compile_unit() makes, by way of --wrap.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/xalloc.h"
#include "rulesets/compile.h"
#include "rulesets/rule.h"
#include "tests/unit/unit_kinds.h"

static struct kinds more;

struct kinds *kinds(void)
{
	return &more;
}

static void fill_key(struct elem *e, uint8_t *key, uint8_t family,
		     uint16_t port, uint32_t id)
{
	enum map_key kind = map_forms[e->map].key;
	uint8_t host = family == AF_INET6 ? 0xfd : 10;

	if (kind == KEY_ID) {
		memcpy(key, &id, sizeof(id));
		return;
	}
	for (unsigned int i = 0; i < key_fields(kind); i++) {
		uint8_t *at = key + key_field_at(kind, i, family);
		unsigned int len = key_field_len(kind, i, family);

		memset(at, 0, len);
		at[0] = len >= 4 ? host : 0; /* an address or an id */
		at[len - 1] = len == 1 ? 6 : 1;
		if (len == 2)
			at[1] = (uint8_t)port;
	}
}

static const char *chain_prefix(enum rs_map map)
{
	switch (map) {
	case MAP_MARKS:
	case MAP_MARKS_RANGES:
		return CHAIN_MARK;
	case MAP_PRIORITIES:
	case MAP_PRIORITIES_RANGES:
		return CHAIN_PRIORITY;
	default:
		return CHAIN_GUARD;
	}
}

static void add_elem(struct unit *u, enum rs_map map, uint32_t id)
{
	const struct map_form *f = &map_forms[map];
	struct elem *e = unit_add(u, map);

	fill_key(e, e->key, u->family, 80, id);
	if (f->interval)
		fill_key(e, elem_key_end(e), u->family, 90, id);
	if (f->data == DATA_ID)
		memcpy(e->data, &id, sizeof(id));
	if (f->data == DATA_VERDICT)
		e->text = xasprintf("%s%s/b1", chain_prefix(map), u->name);
	else if (f->data == DATA_COUNTER)
		e->text = xasprintf(COUNTER_IN "%s/b1", u->name);
	else
		e->text = xasprintf("%s/b1", u->name);
}

static void add_elems(struct unit *u)
{
	uint32_t id = ID_REJECT;

	for (size_t i = 0; i < u->nelems && id == ID_REJECT; i++)
		if (elem_is_backend(&u->elems[i]))
			id = elem_id(&u->elems[i]);
	for (int m = 0; m < MAP_COUNT; m++)
		if (map_forms[m].feature != FEATURE_NONE &&
		    !map_forms[m].filled &&
		    !map_owns_ids((enum rs_map)m) && /* this id is taken */
		    more.features & FEATURE_BIT(map_forms[m].feature))
			add_elem(u, (enum rs_map)m, id);
}

static void add_chain(struct unit *u, const char *prefix)
{
	struct unit_chain *c = unit_chain_add(u, "%s%s/b1", prefix, u->name);
	uint8_t proto = 6;
	struct buf *r;

	for (uint8_t i = 0; i < 3; i++) {
		r = chain_rule(c);
		rule_meta_load(r, NFT_META_L4PROTO, REG(0));
		proto = (uint8_t)(proto + i);
		rule_cmp(r, NFT_CMP_EQ, REG(0), &proto, 1);
		rule_verdict(r, NF_ACCEPT, NULL);
	}
}

static void add_sets(struct unit *u)
{
	const struct set_form sessions = { .key = KEY_ADDR,
					   .data = DATA_ID,
					   .expires = true,
					   .size = more.size };
	const struct set_form fresh = { .key = KEY_ADDR_PORT,
					.data = DATA_NONE,
					.expires = true,
					.size = 100,
					.timeout_s = 60,
					.over = { 10, 20 } };
	const struct set_form connections = {
		.key = KEY_MAC, .data = DATA_NONE, .size = 100, .connections = 7
	};
	char name[CHAIN_NAME_MAX];

	snprintf(name, sizeof(name), SET_NEW "%s", u->name);
	unit_set_add(u, name, &fresh);
	snprintf(name, sizeof(name), SET_CONNECTIONS "%s", u->name);
	unit_set_add(u, name, &connections);
	snprintf(name, sizeof(name), SET_SESSIONS "%s", u->name);
	unit_set_add(u, name, &sessions);
}

struct unit *__real_compile_unit(const struct rs_service *svc,
				 const struct unit *have,
				 const struct unit *group, struct alloc *alloc);
struct unit *__wrap_compile_unit(const struct rs_service *svc,
				 const struct unit *have,
				 const struct unit *group, struct alloc *alloc);
struct unit *__wrap_compile_unit(const struct rs_service *svc,
				 const struct unit *have,
				 const struct unit *group, struct alloc *alloc)
{
	struct unit *u = __real_compile_unit(svc, have, group, alloc);

	if (more.features == 0 || strcmp(svc->name, "web") != 0)
		return u;
	u->features |= more.features;
	add_elems(u);
	add_chain(u, CHAIN_GUARD);
	add_chain(u, CHAIN_MARK);
	add_chain(u, CHAIN_PRIORITY);
	add_chain(u, CHAIN_ROOM);
	add_sets(u);
	for (size_t i = 0; i < u->nsets; i++) {
		char name[CHAIN_NAME_MAX];

		unit_set_name(have, u->sets[i].name, &u->sets[i].form, name);
		free(u->sets[i].name);
		u->sets[i].name = xstrdup(name);
	}
	unit_obj_add(u, COUNTER_IN "%s/b1", u->name);
	unit_obj_add(u, COUNTER_NEW "%s", u->name);
	for (int i = 0; i < more.extra; i++)
		unit_obj_add(u, COUNTER_OUT "%s/x%d", u->name, i);
	unit_sort(u);
	return u;
}
