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
#include "rulesets/chains.h"
#include "rulesets/chains_impl.h"
#include "rulesets/elements.h"
#include "rulesets/slots.h"

static enum rs_map backend_map(const struct rs_service *svc,
			       const struct rs_backend *b)
{
	if (rs_is_direct(svc->mode))
		return MAP_WAYS;
	return b->port ? MAP_BACKENDS : MAP_BACKENDS_PORTLESS;
}

static void backend_fill(struct elem *e, const struct rs_service *svc,
			 const struct rs_backend *b)
{
	unsigned int len = addr_len(&b->addr);
	uint16_t port = htons(b->port);

	if (e->map == MAP_WAYS) {
		char chain[CHAIN_NAME_MAX];

		snprintf(chain, sizeof(chain), CHAIN_TO "%s/%s", svc->name,
			 b->name);
		e->text = xstrdup(chain);
		elem_set_end(e, &b->addr, b->port);
		return;
	}
	e->text = xjoin(svc->name, "/", b->name);
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
		struct elem *e = unit_add(u, backend_map(svc, b));

		backend_fill(e, svc, b);
		ids[i] = id_for(&old, e, alloc);
		elem_set_id(e, ids[i]);
	}
	free(old.sorted);
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

/* Slots, backends and what leads to them; a local service has none. */
static void add_pool(struct unit *u, const struct rs_service *svc,
		     const struct unit *have, struct alloc *alloc,
		     uint32_t *ids)
{
	if (svc->mode == RS_LOCAL)
		return;
	u->m = slots_size(svc);
	u->base =
	    have && have->m == u->m ? have->base : alloc_range(alloc, u->m);
	add_backends(u, svc, have, alloc, ids);
	fill_slots(u, svc, ids);
	elements_add_probes(u, svc, ids);
	elements_add_open(u, svc, ids);
	elements_add_hits(u, svc, ids);
	elements_add_sticky(u, svc, ids);
}

/* What is in a map needs the map. */
static void add_features(struct unit *u)
{
	for (size_t i = 0; i < u->nelems; i++)
		u->features |= FEATURE_BIT(map_forms[u->elems[i].map].feature);
	if (!rs_table_is_netdev(u->table))
		return;
	/* of what all have, these tables have a few things */
	u->features &= ~FEATURE_BIT(FEATURE_NONE);
	u->features |= FEATURE_BIT(FEATURE_INGRESS) | FEATURE_BIT(FEATURE_WAYS);
}

struct unit *compile_unit(const struct rs_service *svc, const struct unit *have,
			  const struct unit *have_group, struct alloc *alloc)
{
	struct unit *u = unit_new_in(svc->name, rs_service_table(svc));
	uint32_t *ids = xcalloc(svc->nbackends + 1, sizeof(*ids));
	struct own_sets sets;

	if (!svc->agent.kind && !svc->probes)
		u->features |= FEATURE_BIT(FEATURE_NONE);
	if (svc->agent.kind) {
		elements_add_agent(u, svc);
	} else if (svc->device) {
		device_chain(u, svc);
	} else if (svc->probes) {
		elements_add_probed(u, svc);
	} else if (svc->group) {
		own_add_group(u, svc, have);
	} else {
		add_pool(u, svc, have, alloc, ids);
		elements_add_keys(u, svc);
		elements_add_flows(u, svc, ids);
		own_add(u, svc, have, have_group, &sets);
		chains_add(u, svc, ids, &sets);
	}
	add_features(u);
	unit_sort(u);
	free(ids);
	return u;
}

void unit_release(const struct unit *u, const struct unit *keep,
		  struct alloc *alloc)
{
	if (u->m && (!keep || keep->base != u->base || keep->m != u->m))
		alloc_put_range(alloc, u->base, u->m);
	for (size_t i = 0; i < u->nelems; i++) {
		const struct elem *e = &u->elems[i];

		if (elem_is_backend(e) &&
		    !(keep && unit_backend(keep, elem_id(e))))
			alloc_put_id(alloc, elem_id(e));
	}
}
