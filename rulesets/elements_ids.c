/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements about backends: who may have old clients, whose clients are pinned,
 * who is which member of a group, who takes only so many connections, who takes
 * known flows, where ipip's go.
 */
#include <arpa/inet.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/chains_impl.h"
#include "rulesets/elements.h"

static struct elem *add_for(struct unit *u, enum rs_map map,
			    const struct rs_service *svc,
			    const struct rs_backend *b)
{
	struct elem *e = unit_add(u, map);

	e->text = xjoin(svc->name, "/", b->name);
	return e;
}

/* ---- persistence */

static void add_persistent(struct unit *u, const struct rs_service *svc,
			   const uint32_t *ids)
{
	for (size_t i = 0; i < svc->nbackends; i++) {
		struct elem *e;

		if (!svc->backends[i].sticky)
			continue;
		e = add_for(u, MAP_PERSISTENT, svc, &svc->backends[i]);
		elem_set_id(e, ids[i]);
		memcpy(e->data, &ids[i], sizeof(ids[i]));
	}
}

/* A member as it is found by one port of its service. */
static void add_group_backend(struct unit *u, enum rs_map map,
			      const struct rs_service *svc,
			      const struct rs_backend *b, uint32_t id,
			      const struct target *t, uint16_t port)
{
	struct elem *e = add_for(u, map, svc, b);
	uint32_t member = rs_member(b->name);

	key_target(e->key, t->addr, t->proto, port);
	memcpy(e->key + key_field_at(KEY_MEMBER, 3, svc->family), &member,
	       sizeof(member));
	memcpy(e->data, &id, sizeof(id));
}

/* The map is none of intervals: a range is so many ports. */
static void add_member(struct unit *u, const struct rs_service *svc,
		       const struct rs_backend *b, uint32_t id)
{
	uint32_t member = rs_member(b->name);
	struct elem *e = add_for(u, MAP_MEMBERS, svc, b);
	struct target t;

	elem_set_id(e, id);
	memcpy(e->data, &member, sizeof(member));
	for (size_t i = 0; target_next(svc, i, &t); i++)
		for (uint32_t p = t.ports.lo; p <= t.ports.hi; p++) {
			add_group_backend(u, MAP_GROUP_MEMBERS, svc, b, id, &t,
					  (uint16_t)p);
			if (b->sticky)
				add_group_backend(u, MAP_GROUP_BACKENDS, svc, b,
						  id, &t, (uint16_t)p);
		}
}

/* ---- known flows */

void elements_add_open(struct unit *u, const struct rs_service *svc,
		       const uint32_t *ids)
{
	if (!rs_is_direct(svc->mode) || !svc->direct.cache)
		return;
	for (size_t i = 0; i < svc->nbackends; i++)
		if (has_way(svc, &svc->backends[i]))
			elem_set_id(
			    add_for(u, MAP_OPEN, svc, &svc->backends[i]),
			    ids[i]);
}

void elements_add_hits(struct unit *u, const struct rs_service *svc,
		       const uint32_t *ids)
{
	for (size_t i = 0; svc_has_hits(svc) && i < svc->nbackends; i++) {
		struct elem *e = unit_add(u, MAP_HITS);

		elem_set_id(e, ids[i] | ID_KNOWN);
		e->text = xasprintf(CHAIN_HIT "%s/%s", svc->name,
				    svc->backends[i].name);
	}
}

/* ---- pins */

/* First and last address of a network. */
static void net_bounds(const struct rs_pin *pin, uint8_t *lo, uint8_t *hi)
{
	unsigned int len = addr_len(&pin->from);

	for (unsigned int i = 0; i < len; i++) {
		int bits = (int)pin->prefix - (int)i * 8;
		uint8_t mask = bits >= 8  ? 0xff
			       : bits > 0 ? (uint8_t)(0xff << (8 - bits))
					  : 0;

		lo[i] = pin->from.ip[i] & mask;
		hi[i] = lo[i] | (uint8_t)~mask;
	}
}

static void add_pin(struct unit *u, const struct rs_service *svc,
		    const struct rs_pin *pin, const uint32_t *ids)
{
	unsigned int at = key_field_at(KEY_PIN, 3, svc->family);
	struct target t;

	for (size_t i = 0; target_next(svc, i, &t); i++) {
		struct elem *e =
		    add_for(u, MAP_PINS, svc, &svc->backends[pin->backend]);

		key_target(e->key, t.addr, t.proto, t.ports.lo);
		key_target(elem_key_end(e), t.addr, t.proto, t.ports.hi);
		net_bounds(pin, e->key + at, e->key_end + at);
		memcpy(e->data, &ids[pin->backend], sizeof(*ids));
	}
}

void elements_add_sticky(struct unit *u, const struct rs_service *svc,
			 const uint32_t *ids)
{
	bool group = svc_is_sticky(svc) && svc->stick.group;

	if ((svc_is_sticky(svc) && !group) || svc->npins)
		add_persistent(u, svc, ids);
	for (size_t i = 0; group && i < svc->nbackends; i++)
		add_member(u, svc, &svc->backends[i], ids[i]);
	for (size_t i = 0; i < svc->npins; i++)
		add_pin(u, svc, &svc->pins[i], ids);
}
