/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements that are found by what a packet is sent to: keys of services, of
 * their source and guard chains, and those of probes.
 */
#include "rulesets/elements.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/chains.h"

/* Where the keys of a service go, for each chain that is found by them. */
struct key_maps {
	enum rs_map exact, ranges, any;
};

static const struct key_maps service_maps = { MAP_SERVICES, MAP_SERVICE_RANGES,
					      MAP_SERVICES_ANY };
static const struct key_maps source_maps = { MAP_SNAT, MAP_SNAT_RANGES,
					     MAP_SNAT_ANY };
static const struct key_maps offload_maps = { MAP_OFFLOAD, MAP_OFFLOAD_RANGES,
					      MAP_OFFLOAD_ANY };
static const struct key_maps stateless_maps = { MAP_STATELESS,
						MAP_STATELESS_RANGES,
						MAP_STATELESS_ANY };
static const struct key_maps guard_maps = { MAP_GUARDS, MAP_GUARD_RANGES,
					    MAP_GUARDS_ANY };

static const struct key_maps error_maps = { MAP_ERRORS, MAP_ERROR_RANGES,
					    MAP_ERRORS_ANY };

void key_target(uint8_t *key, const struct addr *a, uint8_t proto,
		uint16_t port)
{
	unsigned int len = addr_len(a);
	uint16_t be = htons(port);

	memcpy(key, a->ip, len);
	key[len] = proto;
	memcpy(key + len + 4, &be, sizeof(be));
}

bool target_next(const struct rs_service *svc, size_t i, struct target *t)
{
	size_t nports = svc->nports ? svc->nports : 1;
	size_t port = i % nports, rest = i / nports;

	if (rest / svc->nprotos >= svc->naddrs)
		return false;
	t->addr = &svc->addrs[rest / svc->nprotos];
	t->proto = svc->protos[rest % svc->nprotos];
	t->ports =
	    svc->nports ? svc->ports[port] : (struct rs_ports){ 0, UINT16_MAX };
	t->exact = t->ports.lo == t->ports.hi;
	return true;
}

static void add_keys(struct unit *u, const struct rs_service *svc,
		     const struct key_maps *maps, const char *prefix)
{
	char chain[CHAIN_NAME_MAX];
	struct target t;

	snprintf(chain, sizeof(chain), "%s%s", prefix, svc->name);
	for (size_t i = 0; target_next(svc, i, &t); i++) {
		bool any = svc->nports == 0;
		struct elem *e = unit_add(u, any       ? maps->any
					     : t.exact ? maps->exact
						       : maps->ranges);

		key_target(e->key, t.addr, t.proto, any ? 0 : t.ports.lo);
		if (!any && !t.exact)
			key_target(elem_key_end(e), t.addr, t.proto,
				   t.ports.hi);
		e->text = xstrdup(chain);
	}
}

/* Where a backend's answers come from. */
static void add_origin(struct unit *u, const struct rs_service *svc,
		       const struct addr *a, uint8_t proto,
		       const struct rs_ports *ports)
{
	enum rs_map map = !ports                   ? MAP_ORIGINS_ANY
			  : ports->lo == ports->hi ? MAP_ORIGINS
						   : MAP_ORIGIN_RANGES;
	struct elem *e = unit_add(u, map);

	key_target(e->key, a, proto, ports ? ports->lo : 0);
	if (map == MAP_ORIGIN_RANGES)
		key_target(elem_key_end(e), a, proto, ports->hi);
	e->text = xjoin(CHAIN_ANSWERS, svc->name, "");
}

static void add_backend_origins(struct unit *u, const struct rs_service *svc,
				const struct rs_backend *b, uint8_t proto)
{
	const struct rs_ports own = { b->port, b->port };

	if (b->port)
		add_origin(u, svc, &b->addr, proto, &own);
	else if (!svc->nports)
		add_origin(u, svc, &b->addr, proto, NULL);
	for (size_t i = 0; !b->port && i < svc->nports; i++)
		add_origin(u, svc, &b->addr, proto, &svc->ports[i]);
}

static void add_stateless(struct unit *u, const struct rs_service *svc)
{
	bool single = svc->nports > 0;

	add_keys(u, svc, &stateless_maps, CHAIN_STATELESS);
	for (size_t i = 0; i < svc->nbackends; i++)
		for (size_t p = 0; p < svc->nprotos; p++)
			add_backend_origins(u, svc, &svc->backends[i],
					    svc->protos[p]);
	for (size_t i = 0; i < svc->nports; i++)
		single &= svc->ports[i].lo == svc->ports[i].hi;
	if (!single)
		u->features |= FEATURE_BIT(FEATURE_STATELESS_RANGES);
}

void elements_add_keys(struct unit *u, const struct rs_service *svc)
{
	if (svc->mode == RS_STATELESS && !svc->ahead)
		add_stateless(u, svc);
	else
		add_keys(u, svc, &service_maps, CHAIN_SERVICE);
	if (rs_is_direct(svc->mode))
		add_keys(u, svc, &error_maps, CHAIN_ERROR);
	if (svc->mode == RS_SNAT)
		add_keys(u, svc, &source_maps, CHAIN_SOURCE);
	if (svc_has_guard(svc))
		add_keys(u, svc, &guard_maps, CHAIN_GUARD);
	if (svc->offload)
		add_keys(u, svc, &offload_maps, CHAIN_OFFLOAD);
}

void elements_add_probes(struct unit *u, const struct rs_service *svc,
			 const uint32_t *ids)
{
	for (size_t i = 0; i < svc->nbackends; i++) {
		const struct rs_backend *b = &svc->backends[i];

		for (size_t p = 0; p < svc->nprotos && b->probe_port; p++) {
			struct elem *e;

			if (rs_is_direct(svc->mode)) {
				elements_add_probe_ways(u, svc, b,
							svc->protos[p]);
				continue;
			}
			e = unit_add(u, MAP_PROBES);
			key_target(e->key, &svc->addrs[0], svc->protos[p],
				   b->probe_port);
			memcpy(e->data, &ids[i], sizeof(ids[i]));
			e->text = xjoin(svc->name, "/", b->name);
		}
	}
}
