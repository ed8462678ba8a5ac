/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which flows does a plan leave without their backend? Read off HAVE, so that
 * it is right after a crash as well: the kernel remembers what we forgot.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/plan.h"

struct matches {
	struct flow_match *list;
	size_t n, cap;
};

static bool is_service_key(const struct elem *e)
{
	return e->map == MAP_SERVICES || e->map == MAP_SERVICE_RANGES ||
	       e->map == MAP_SERVICES_ANY;
}

static struct addr addr_at(const uint8_t *from, uint8_t family)
{
	struct addr a = { .family = family };

	memcpy(a.ip, from, addr_len(&a));
	return a;
}

static uint16_t port_at(const uint8_t *from)
{
	uint16_t be;

	memcpy(&be, from, sizeof(be));
	return ntohs(be);
}

/* The ports of a service key: one, a range, or all. */
static void key_ports(struct flow_match *m, const struct elem *key,
		      unsigned int at)
{
	m->port_lo = 0;
	m->port_hi = 65535;
	if (key->map == MAP_SERVICES_ANY)
		return;
	m->port_lo = m->port_hi = port_at(key->key + at);
	if (key->map == MAP_SERVICE_RANGES)
		m->port_hi = port_at(key->key_end + at);
}

static void add_match(struct matches *out, uint8_t family, uint8_t proto,
		      const struct elem *key, const struct elem *backend)
{
	struct flow_match m = { .proto = proto };
	unsigned int len;

	m.vip = addr_at(key->key, family);
	len = addr_len(&m.vip);
	if (key->key[len] != proto)
		return;
	key_ports(&m, key, len + 4);
	m.backend = addr_at(backend->data, family);
	m.backend_port =
	    backend->map == MAP_BACKENDS ? port_at(backend->data + len) : 0;
	*VEC_PUSH(out->list, out->n, out->cap) = m;
}

static bool same_target(const struct elem *a, const struct elem *b)
{
	return a->map == b->map && !memcmp(a->data, b->data, sizeof(a->data));
}

/* Is the address of @backend still one of the service's backends? */
static bool backend_stays(const struct unit *want, const struct elem *backend)
{
	for (size_t i = 0; want && i < want->nelems; i++)
		if (elem_is_backend(&want->elems[i]) &&
		    same_target(&want->elems[i], backend))
			return true;
	return false;
}

static bool key_stays(const struct unit *want, const struct elem *key)
{
	for (size_t i = 0; want && i < want->nelems; i++)
		if (elem_cmp(&want->elems[i], key) == 0)
			return true;
	return false;
}

static void pair_gone(struct matches *out, const struct plan_unit *pu,
		      uint8_t proto, const struct elem *key, bool key_gone)
{
	const struct unit *have = pu->have;

	for (size_t i = 0; i < have->nelems; i++) {
		const struct elem *b = &have->elems[i];

		if (elem_is_backend(b) &&
		    (key_gone || !backend_stays(pu->want, b)))
			add_match(out, have->family, proto, key, b);
	}
}

static bool keys_differ(const struct unit *have, const struct unit *want)
{
	if (!want || have->nelems != want->nelems)
		return true;
	for (size_t i = 0; i < have->nelems; i++)
		if (elem_cmp(&have->elems[i], &want->elems[i]) ||
		    !elem_same(&have->elems[i], &want->elems[i]))
			return true;
	return false;
}

size_t plan_gone(const struct plan *p, uint8_t proto, struct flow_match **out)
{
	struct matches found = { NULL, 0, 0 };

	for (size_t u = 0; u < p->nunits; u++) {
		const struct plan_unit *pu = &p->units[u];

		if (!pu->have || !keys_differ(pu->have, pu->want))
			continue;
		for (size_t i = 0; i < pu->have->nelems; i++) {
			const struct elem *key = &pu->have->elems[i];

			if (is_service_key(key))
				pair_gone(&found, pu, proto, key,
					  !key_stays(pu->want, key));
		}
	}
	*out = found.list;
	return found.n;
}
