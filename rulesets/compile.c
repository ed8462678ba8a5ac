/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a service to the elements, rules and slots that make it work.
 *
 * Two rules keep packets from ever meeting half a change: an id means one
 * address and port for as long as it lives (a backend that moves gets another
 * id), and a table that changes its size gets another slot range (the old range
 * is removed after the rule points to the new one).
 */
#include "rulesets/compile.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/base.h"
#include "rulesets/slots.h"

/* Where the keys of a service go, for its service and its source chain. */
struct key_maps {
	enum rs_map exact, ranges, any;
};

static const struct key_maps service_maps = { MAP_SERVICES, MAP_SERVICE_RANGES,
					      MAP_SERVICES_ANY };
static const struct key_maps source_maps = { MAP_SNAT, MAP_SNAT_RANGES,
					     MAP_SNAT_ANY };

static void key_fill(uint8_t *key, const struct addr *a, uint8_t proto,
		     const uint16_t *port)
{
	unsigned int len = addr_len(a);
	uint16_t be;

	memcpy(key, a->ip, len);
	key[len] = proto;
	if (!port)
		return;
	be = htons(*port);
	memcpy(key + len + 4, &be, sizeof(be));
}

static void add_key(struct unit *u, const struct key_maps *maps,
		    const char *chain, const struct addr *a, uint8_t proto,
		    const struct rs_ports *ports)
{
	bool range = ports && ports->lo != ports->hi;
	struct elem *e = unit_add(u, !ports  ? maps->any
				     : range ? maps->ranges
					     : maps->exact);

	key_fill(e->key, a, proto, ports ? &ports->lo : NULL);
	if (range)
		key_fill(e->key_end, a, proto, &ports->hi);
	e->text = xstrdup(chain);
}

static void add_keys(struct unit *u, const struct rs_service *svc,
		     const struct key_maps *maps, const char *prefix)
{
	char chain[CHAIN_NAME_MAX];

	snprintf(chain, sizeof(chain), "%s%s", prefix, svc->name);
	for (size_t a = 0; a < svc->naddrs; a++)
		for (size_t p = 0; p < svc->nprotos; p++) {
			if (svc->nports == 0)
				add_key(u, maps, chain, &svc->addrs[a],
					svc->protos[p], NULL);
			for (size_t i = 0; i < svc->nports; i++)
				add_key(u, maps, chain, &svc->addrs[a],
					svc->protos[p], &svc->ports[i]);
		}
}

static void backend_fill(struct elem *e, const struct rs_service *svc,
			 const struct rs_backend *b)
{
	unsigned int len = addr_len(&b->addr);
	uint16_t port = htons(b->port);

	e->text = xasprintf("%s/%s", svc->name, b->name);
	memcpy(e->data, b->addr.ip, len);
	if (b->port)
		memcpy(e->data + len, &port, sizeof(port));
}

/* HAVE's backends by name, to find ids again. */
struct old_ids {
	const struct elem **sorted;
	size_t n;
};

static int by_backend_name(const void *a, const void *b)
{
	return strcmp(elem_backend_name(*(const struct elem *const *)a),
		      elem_backend_name(*(const struct elem *const *)b));
}

static struct old_ids old_ids_make(const struct unit *have)
{
	struct old_ids old = { NULL, 0 };

	if (!have)
		return old;
	old.sorted = xcalloc(have->nelems, sizeof(*old.sorted));
	for (size_t i = 0; i < have->nelems; i++)
		if (elem_is_backend(&have->elems[i]))
			old.sorted[old.n++] = &have->elems[i];
	qsort(old.sorted, old.n, sizeof(*old.sorted), by_backend_name);
	return old;
}

/* The id that already means this very backend, or a new one. */
static uint32_t id_for(const struct old_ids *old, const struct elem *want,
		       struct alloc *alloc)
{
	const struct elem **hit;

	hit = old->n ? bsearch(&want, old->sorted, old->n, sizeof(*old->sorted),
			       by_backend_name)
		     : NULL;
	if (hit && (*hit)->map == want->map && elem_same(*hit, want))
		return elem_id(*hit);
	return alloc_id(alloc);
}

/* Add all backends, usable or not: `nft list` shows them, and a backend that
 * comes back costs slots only. ids[i] belongs to svc->backends[i]. */
static void add_backends(struct unit *u, const struct rs_service *svc,
			 const struct unit *have, struct alloc *alloc,
			 uint32_t *ids)
{
	struct old_ids old = old_ids_make(have);

	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];
		struct elem *e =
		    unit_add(u, b->port ? MAP_BACKENDS : MAP_BACKENDS_PORTLESS);

		backend_fill(e, svc, b);
		ids[i] = id_for(&old, e, alloc);
		elem_set_id(e, ids[i]);
	}
	free(old.sorted);
}

/* Where probes go that say by their source port whom they are for. */
static void add_probes(struct unit *u, const struct rs_service *svc,
		       const uint32_t *ids)
{
	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];

		for (size_t p = 0; p < svc->nprotos && b->probe_port; p++) {
			struct elem *e = unit_add(u, MAP_PROBES);

			key_fill(e->key, &svc->addrs[0], svc->protos[p],
				 &b->probe_port);
			memcpy(e->data, &ids[i], sizeof(ids[i]));
			e->text = xasprintf("%s/%s", svc->name, b->name);
		}
	}
}

static void fill_slots(struct unit *u, const struct rs_service *svc,
		       const uint32_t *ids)
{
	uint32_t nobody = svc->on_empty == RS_DROP ? ID_DROP : ID_REJECT;
	uint16_t *owner = xcalloc(u->m, sizeof(*owner));

	slots_fill(svc, owner, u->m);
	u->ids = xcalloc(u->m, sizeof(*u->ids));
	for (uint32_t i = 0; i < u->m; i++)
		u->ids[i] = owner[i] == SLOT_NONE ? nobody : ids[owner[i]];
	free(owner);
}

struct unit *compile_unit(const struct rs_service *svc, const struct unit *have,
			  struct alloc *alloc)
{
	struct unit *u = unit_new(svc->name, svc->family);
	uint32_t *ids = xcalloc(svc->nbackends + 1, sizeof(*ids));

	u->features = FEATURE_BIT(FEATURE_NONE);
	u->m = slots_size(svc);
	u->base =
	    have && have->m == u->m ? have->base : alloc_range(alloc, u->m);
	add_keys(u, svc, &service_maps, CHAIN_SERVICE);
	if (svc->mode == RS_SNAT) {
		add_keys(u, svc, &source_maps, CHAIN_SOURCE);
		source_rule(
		    chain_rule(unit_chain_add(u, CHAIN_SOURCE "%s", svc->name)),
		    svc);
	}
	add_backends(u, svc, have, alloc, ids);
	add_probes(u, svc, ids);
	fill_slots(u, svc, ids);
	service_rule(
	    chain_rule(unit_chain_add(u, CHAIN_SERVICE "%s", svc->name)), svc,
	    u->base, u->m);
	unit_sort(u);
	free(ids);
	return u;
}

void unit_release(const struct unit *u, const struct unit *keep,
		  struct alloc *alloc)
{
	if (!keep || keep->base != u->base || keep->m != u->m)
		alloc_put_range(alloc, u->base, u->m);
	for (size_t i = 0; i < u->nelems; i++) {
		const struct elem *e = &u->elems[i];

		if (elem_is_backend(e) &&
		    !(keep && unit_backend(keep, elem_id(e))))
			alloc_put_id(alloc, elem_id(e));
	}
}
