/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reload of a large file usually changes one service: what is the same need
 * not be compiled and compared with the kernel again. Everything that
 * daemon/want.c hands on has to be compared here, but for what settle.c
 * decides: who serves, and with which weight; it marks services dirty itself.
 *
 * Lists are compared by name: what is in them is no matter of a service.
 */
#include "model/same.h"

#include <stddef.h>
#include <string.h>

#include "model/load.h"

/* A number, or an array of bytes: no structure, which might have holes. */
struct field {
	size_t offset, size;
};

#define FIELD(type, f)                                                         \
	{                                                                      \
		offsetof(type, f), sizeof(((type *)NULL)->f)                   \
	}
#define SERVICE(f) FIELD(struct conf_service, f)
#define BACKEND(f) FIELD(struct conf_backend, f)

static const struct field service_fields[] = {
	SERVICE(mode),
	SERVICE(hash_key),
	SERVICE(on_empty),
	SERVICE(slots),
	SERVICE(persist.kind),
	SERVICE(persist.prefix),
	SERVICE(persist.timeout_ms),
	SERVICE(persist_size),
	SERVICE(limits.fresh.rate),
	SERVICE(limits.fresh.burst),
	SERVICE(limits.connections),
	SERVICE(limits.rst.rate),
	SERVICE(limits.rst.burst),
	SERVICE(limits.size),
	SERVICE(limits.action),
	SERVICE(limit_prefix),
	SERVICE(strict),
	SERVICE(filter_action),
	SERVICE(qos.packet.value),
	SERVICE(qos.packet.mask),
	SERVICE(qos.conntrack.value),
	SERVICE(qos.conntrack.mask),
	SERVICE(qos.has_dscp),
	SERVICE(qos.dscp),
	SERVICE(qos.priority),
	SERVICE(log.fresh),
	SERVICE(log.drops),
	SERVICE(log.group),
	SERVICE(helper),
	SERVICE(counters),
	SERVICE(direct.cache),
	SERVICE(direct.tcp_timeout_ms),
	SERVICE(direct.udp_timeout_ms),
	SERVICE(direct.syn_limit),
	SERVICE(offload),
};

static const struct field backend_fields[] = {
	BACKEND(port),
	BACKEND(max_connections),
	BACKEND(qos.packet.value),
	BACKEND(qos.packet.mask),
	BACKEND(qos.conntrack.value),
	BACKEND(qos.conntrack.mask),
	BACKEND(qos.has_dscp),
	BACKEND(qos.dscp),
	BACKEND(qos.priority),
};

static bool fields_same(const void *a, const void *b,
			const struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp((const char *)a + fields[i].offset,
			   (const char *)b + fields[i].offset,
			   fields[i].size) != 0)
			return false;
	return true;
}

#define FIELDS_SAME(a, b, fields)                                              \
	fields_same(a, b, fields, sizeof(fields) / sizeof((fields)[0]))

/* NULL is another text than every other. */
static bool texts_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

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

/* Their names are the operator's only. */
static bool pins_same(const struct conf_service *a,
		      const struct conf_service *b)
{
	if (a->npins != b->npins)
		return false;
	for (size_t i = 0; i < a->npins; i++)
		if (addr_cmp(&a->pins[i].from, &b->pins[i].from) != 0 ||
		    a->pins[i].prefix != b->pins[i].prefix ||
		    a->pins[i].backend != b->pins[i].backend)
			return false;
	return true;
}

static bool lists_same(const struct conf_list *const *a, size_t na,
		       const struct conf_list *const *b, size_t nb)
{
	if (na != nb)
		return false;
	for (size_t i = 0; i < na; i++)
		if (strcmp(a[i]->name, b[i]->name) != 0)
			return false;
	return true;
}

static bool devices_same(const struct conf_direct *a,
			 const struct conf_direct *b)
{
	if (a->ndevices != b->ndevices)
		return false;
	for (size_t i = 0; i < a->ndevices; i++)
		if (strcmp(a->devices[i], b->devices[i]) != 0)
			return false;
	return true;
}

static bool conf_same(const struct conf_service *a,
		      const struct conf_service *b)
{
	return FIELDS_SAME(a, b, service_fields) &&
	       texts_same(a->persist_group, b->persist_group) &&
	       texts_same(a->log.prefix, b->log.prefix) &&
	       addr_cmp(&a->source4, &b->source4) == 0 &&
	       addr_cmp(&a->source6, &b->source6) == 0 && ports_same(a, b) &&
	       pins_same(a, b) && devices_same(&a->direct, &b->direct) &&
	       lists_same(a->allow, a->nallow, b->allow, b->nallow) &&
	       lists_same(a->deny, a->ndeny, b->deny, b->ndeny) &&
	       addrs_same(a->addrs, a->naddrs, b->addrs, b->naddrs);
}

static bool backend_same(const struct service *s, const struct backend *a,
			 const struct backend *b)
{
	return FIELDS_SAME(a->conf, b->conf, backend_fields) &&
	       addr_cmp(&a->conf->addr, &b->conf->addr) == 0 &&
	       backend_weight(a) == backend_weight(b) &&
	       backend_home_weight(s, a) == backend_home_weight(s, b) &&
	       !strcmp(a->conf->name, b->conf->name);
}

/* What makes weights follow the load is the daemon's matter only. */
static bool scheduler_same(const struct service *a, const struct service *b)
{
	return a->conf->scheduler == b->conf->scheduler ||
	       (service_dynamic(a) && service_dynamic(b));
}

bool service_same(const struct service *new, const struct service *old)
{
	if (new->disabled != old->disabled ||
	    new->nbackends != old->nbackends ||
	    service_fine(new) != service_fine(old) ||
	    !scheduler_same(new, old) || !conf_same(new->conf, old->conf))
		return false;
	for (size_t i = 0; i < new->nbackends; i++)
		if (!backend_same(new, &new->backends[i], &old->backends[i]))
			return false;
	return true;
}
