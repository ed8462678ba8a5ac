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

/* Ports of a service key; wider than uint16_t to count past the last one. */
struct span {
	uint32_t lo, hi;
};

/* One port, a range, or all. */
static struct span key_span(const struct elem *key, unsigned int at)
{
	struct span s = { 0, 65535 };

	if (key->map == MAP_SERVICES_ANY)
		return s;
	s.lo = s.hi = port_at(key->key + at);
	if (key->map == MAP_SERVICE_RANGES)
		s.hi = port_at(key->key_end + at);
	return s;
}

static void add_match(struct matches *out, uint8_t family, struct span ports,
		      const struct elem *key, const struct elem *backend)
{
	struct flow_match m = { .port_lo = (uint16_t)ports.lo,
				.port_hi = (uint16_t)ports.hi };
	unsigned int len;

	m.vip = addr_at(key->key, family);
	len = addr_len(&m.vip);
	m.proto = key->key[len];
	m.backend = addr_at(backend->data, family);
	m.backend_port =
	    backend->map == MAP_BACKENDS ? port_at(backend->data + len) : 0;
	*VEC_PUSH(out->list, out->n, out->cap) = m;
}

static bool same_target(const struct elem *a, const struct elem *b)
{
	return a->map == b->map && !memcmp(a->data, b->data, sizeof(a->data));
}

/* The kernel's table of flows knows nothing of what nobody tracks. */
static bool is_tracked(const struct elem *e)
{
	return elem_is_backend(e) && e->map != MAP_WAYS;
}

/* Is the address of @backend still one of the service's backends? */
static bool backend_stays(const struct unit *want, const struct elem *backend)
{
	for (size_t i = 0; want && i < want->nelems; i++)
		if (is_tracked(&want->elems[i]) &&
		    same_target(&want->elems[i], backend))
			return true;
	return false;
}

/* ---- who serves from now on: a service may be renamed, or split */

struct heir {
	const struct unit *unit; /* WANT */
	const struct elem *key;
};

struct heirs {
	struct heir *list; /* sorted by heir_cmp() */
	size_t n, cap;
};

/* By family, address and protocol: what flows of different ports share. */
static int heir_cmp(const void *a, const void *b)
{
	const struct heir *x = a, *y = b;
	struct addr any = { .family = x->unit->family };

	if (x->unit->family != y->unit->family)
		return x->unit->family < y->unit->family ? -1 : 1;
	return memcmp(x->key->key, y->key->key, addr_len(&any) + 1);
}

static struct heirs heirs_make(const struct plan *p)
{
	struct heirs h = { NULL, 0, 0 };

	for (size_t u = 0; u < p->nunits; u++) {
		const struct unit *want = p->units[u].want;

		for (size_t i = 0; want && i < want->nelems; i++)
			if (is_service_key(&want->elems[i]))
				*VEC_PUSH(h.list, h.n, h.cap) =
				    (struct heir){ want, &want->elems[i] };
	}
	if (h.n > 0)
		qsort(h.list, h.n, sizeof(*h.list), heir_cmp);
	return h;
}

/* Those with the address and protocol of @key, a key of @have. */
static struct heirs heirs_of(const struct heirs *all, const struct unit *have,
			     const struct elem *key)
{
	const struct heir wanted = { have, key };
	struct heir *end = all->list + all->n, *from, *to;

	from = all->n ? bsearch(&wanted, all->list, all->n, sizeof(*all->list),
				heir_cmp)
		      : NULL;
	if (!from)
		return (struct heirs){ NULL, 0, 0 };
	for (to = from; to < end && !heir_cmp(to, &wanted); to++)
		;
	while (from > all->list && !heir_cmp(from - 1, &wanted))
		from--;
	return (struct heirs){ from, (size_t)(to - from), 0 };
}

/* The first ports at or after s->lo that none of @heirs leads to @backend any
 * more; false: there are none up to s->hi. @at: where a key's port is. */
static bool next_gone(const struct heirs *heirs, const struct elem *backend,
		      unsigned int at, struct span *s)
{
	uint32_t hi = s->hi;

	for (size_t i = 0; i < heirs->n && s->lo <= hi; i++) {
		const struct heir *h = &heirs->list[i];
		struct span k = key_span(h->key, at);

		if (k.hi < s->lo || k.lo > s->hi ||
		    !backend_stays(h->unit, backend))
			continue;
		if (k.lo <= s->lo) {
			s->lo = k.hi + 1;
			s->hi = hi;
			i = (size_t)-1; /* others may go on from here */
		} else {
			s->hi = k.lo - 1;
		}
	}
	return s->lo <= hi;
}

static void backend_gone(struct matches *out, const struct heirs *heirs,
			 uint8_t family, const struct elem *key,
			 const struct elem *backend)
{
	unsigned int at = map_key_len(&map_forms[MAP_SERVICES], family) - 4;
	struct span all = key_span(key, at), gone = all;

	while (next_gone(heirs, backend, at, &gone)) {
		add_match(out, family, gone, key, backend);
		gone = (struct span){ gone.hi + 1, all.hi };
	}
}

static void key_gone(struct matches *out, const struct unit *have,
		     const struct heirs *all, uint8_t proto,
		     const struct elem *key)
{
	struct addr a = { .family = have->family };
	struct heirs heirs;

	if (key->key[addr_len(&a)] != proto)
		return;
	heirs = heirs_of(all, have, key);
	for (size_t i = 0; i < have->nelems; i++)
		if (is_tracked(&have->elems[i]))
			backend_gone(out, &heirs, have->family, key,
				     &have->elems[i]);
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

static void unit_gone(struct matches *out, const struct plan_unit *pu,
		      const struct heirs *heirs, uint8_t proto)
{
	for (size_t i = 0; i < pu->have->nelems; i++) {
		const struct elem *key = &pu->have->elems[i];

		if (is_service_key(key))
			key_gone(out, pu->have, heirs, proto, key);
	}
}

size_t plan_gone(const struct plan *p, uint8_t proto, struct flow_match **out)
{
	struct matches found = { NULL, 0, 0 };
	struct heirs heirs = heirs_make(p);

	for (size_t u = 0; u < p->nunits; u++) {
		const struct plan_unit *pu = &p->units[u];

		if (pu->have && keys_differ(pu->have, pu->want))
			unit_gone(&found, pu, &heirs, proto);
	}
	free(heirs.list);
	*out = found.list;
	return found.n;
}
