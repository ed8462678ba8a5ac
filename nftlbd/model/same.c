/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reload of a large file usually changes one service: what is the same need
 * not be compiled and compared with the kernel again. Everything that
 * daemon/want.c hands on has to be compared here, but for what settle.c
 * decides: who serves, and with which weight; it marks services dirty itself.
 */
#include "model/same.h"

#include <string.h>

#include "model/full.h"

static bool addrs_same(const struct addr *a, size_t na, const struct addr *b,
		       size_t nb)
{
	if (na != nb)
		return false;
	for (size_t i = 0; i < na; i++)
		if (addr_cmp(&a[i], &b[i]) != 0)
			return false;
	return true;
}

static bool ports_same(const struct conf_service *a,
		       const struct conf_service *b)
{
	if (a->nports != b->nports || a->nprotos != b->nprotos ||
	    memcmp(a->protos, b->protos, a->nprotos) != 0)
		return false;
	for (size_t i = 0; i < a->nports; i++)
		if (a->ports[i].lo != b->ports[i].lo ||
		    a->ports[i].hi != b->ports[i].hi)
			return false;
	return true;
}

static bool conf_same(const struct conf_service *a,
		      const struct conf_service *b)
{
	return a->mode == b->mode && a->scheduler == b->scheduler &&
	       a->hash_key == b->hash_key && a->on_empty == b->on_empty &&
	       a->slots == b->slots &&
	       addr_cmp(&a->source4, &b->source4) == 0 &&
	       addr_cmp(&a->source6, &b->source6) == 0 && ports_same(a, b) &&
	       addrs_same(a->addrs, a->naddrs, b->addrs, b->naddrs);
}

static bool backend_same(const struct backend *a, const struct backend *b)
{
	return a->conf->port == b->conf->port &&
	       addr_cmp(&a->conf->addr, &b->conf->addr) == 0 &&
	       backend_weight(a) == backend_weight(b) &&
	       backend_room(a) == backend_room(b) && a->recount == b->recount &&
	       !strcmp(a->conf->name, b->conf->name);
}

bool service_same(const struct service *new, const struct service *old)
{
	if (new->disabled != old->disabled ||
	    new->nbackends != old->nbackends ||
	    service_fine(new) != service_fine(old) ||
	    !conf_same(new->conf, old->conf))
		return false;
	for (size_t i = 0; i < new->nbackends; i++)
		if (!backend_same(&new->backends[i], &old->backends[i]))
			return false;
	return true;
}
