/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements that know a connection by its ends: the service's address and port,
 * the backend's address and port. Every packet of it is found by them, both
 * ways, without a mark. A local service is its own backend.
 *
 * Two backends of one service with the same address and port look the same:
 * the first one has them all.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/chains.h"
#include "rulesets/elements.h"

/* What an end of a connection may be. */
struct end {
	const struct addr *addr;
	struct rs_ports ports;
};

/* The far end of flows to @t; @b NULL: the service itself. */
static struct end far_end(const struct target *t, const struct rs_backend *b)
{
	if (!b)
		return (struct end){ t->addr, t->ports };
	if (!b->port)
		return (struct end){ &b->addr, t->ports };
	return (struct end){ &b->addr, { b->port, b->port } };
}

static void key_flow(uint8_t *key, uint8_t family, const struct target *t,
		     uint16_t port, const struct addr *far, uint16_t far_port)
{
	uint16_t be = htons(far_port);

	key_target(key, t->addr, t->proto, port);
	memcpy(key + key_field_at(KEY_FLOW, 3, family), far->ip, addr_len(far));
	memcpy(key + key_field_at(KEY_FLOW, 4, family), &be, sizeof(be));
}

/* An element in @exact, or in the map of ranges, which comes with it. */
static void add_flow(struct unit *u, enum rs_map exact, enum rs_map ranges,
		     const struct target *t, const struct end *far, char *text)
{
	struct elem *e = unit_add(u, t->exact ? exact : ranges);

	key_flow(e->key, u->family, t, t->ports.lo, far->addr, far->ports.lo);
	if (!t->exact)
		key_flow(elem_key_end(e), u->family, t, t->ports.hi, far->addr,
			 far->ports.hi);
	e->text = text;
}

/* ---- backends with one address */

/* For each backend, those before it that have its address: mostly none. */
struct twins {
	const struct rs_backend *b; /* the service's */
	size_t *order;              /* by address, then by place */
	size_t *first; /* per backend: where its address begins in order */
	size_t n;
};

static int twin_cmp(const void *a, const void *b, void *arg)
{
	const struct twins *t = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int c =
	    memcmp(t->b[x].addr.ip, t->b[y].addr.ip, sizeof(t->b[x].addr.ip));

	return c ? c : (x > y) - (x < y);
}

static struct twins twins_make(const struct rs_service *svc)
{
	struct twins t = { svc->backends, NULL, NULL, svc->nbackends };

	t.order = xcalloc(t.n + 1, sizeof(*t.order));
	t.first = xcalloc(t.n + 1, sizeof(*t.first));
	for (size_t i = 0; i < t.n; i++)
		t.order[i] = i;
	if (t.n)
		qsort_r(t.order, t.n, sizeof(*t.order), twin_cmp, &t);
	for (size_t i = 0; i < t.n; i++) {
		size_t at = t.order[i];
		bool same = i > 0 && !memcmp(t.b[at].addr.ip,
					     t.b[t.order[i - 1]].addr.ip,
					     sizeof(t.b[at].addr.ip));

		t.first[at] = same ? t.first[t.order[i - 1]] : i;
	}
	return t;
}

static void twins_free(struct twins *t)
{
	free(t->order);
	free(t->first);
}

/* Are flows to backend @i those of one before it as well? */
static bool twins_hide(const struct twins *t, const struct target *to, size_t i)
{
	struct end mine = far_end(to, &t->b[i]);

	for (size_t k = t->first[i]; t->order[k] != i; k++) {
		struct end other = far_end(to, &t->b[t->order[k]]);

		if (mine.ports.lo <= other.ports.hi &&
		    other.ports.lo <= mine.ports.hi)
			return true;
	}
	return false;
}

/* ---- what is known of a flow */

/* The chain of a backend's, or of the service's own marks. */
static char *chain_of(const char *prefix, const struct rs_service *svc,
		      const struct rs_backend *b, bool own)
{
	return own ? xasprintf("%s%s/%s", prefix, svc->name, b->name)
		   : xjoin(prefix, svc->name, "");
}

static char *counter_of(const char *prefix, const struct rs_service *svc,
			const struct rs_backend *b)
{
	return chain_of(prefix, svc, b, b != NULL);
}

static void add_target(struct unit *u, const struct rs_service *svc,
		       const struct target *t, const struct rs_backend *b)
{
	const struct rs_qos *q = b ? &b->qos : &svc->qos;
	struct end far = far_end(t, b);

	if (svc->counters) {
		add_flow(u, MAP_COUNT_IN, MAP_COUNT_IN_RANGES, t, &far,
			 counter_of(COUNTER_IN, svc, b));
		add_flow(u, MAP_COUNT_OUT, MAP_COUNT_OUT_RANGES, t, &far,
			 counter_of(COUNTER_OUT, svc, b));
	}
	if (qos_has_marks(q))
		add_flow(u, MAP_MARKS, MAP_MARKS_RANGES, t, &far,
			 chain_of(CHAIN_MARK, svc, b,
				  !qos_marks_same(q, &svc->qos)));
	if (q->priority)
		add_flow(u, MAP_PRIORITIES, MAP_PRIORITIES_RANGES, t, &far,
			 chain_of(CHAIN_PRIORITY, svc, b,
				  q->priority != svc->qos.priority));
}

static void add_new_counters(struct unit *u, const struct rs_service *svc,
			     const uint32_t *ids)
{
	for (size_t i = 0; i < svc->nbackends; i++) {
		struct elem *e = unit_add(u, MAP_COUNT_NEW);

		elem_set_id(e, ids[i]);
		e->text = counter_of(COUNTER_NEW, svc, &svc->backends[i]);
	}
}

static bool knows_flows(const struct rs_service *svc)
{
	bool any =
	    svc->counters || qos_has_marks(&svc->qos) || svc->qos.priority;

	for (size_t i = 0; !any && i < svc->nbackends; i++)
		any = qos_has_marks(&svc->backends[i].qos) ||
		      svc->backends[i].qos.priority;
	return any;
}

void elements_add_flows(struct unit *u, const struct rs_service *svc,
			const uint32_t *ids)
{
	struct twins twins;
	struct target t;

	if (!knows_flows(svc))
		return;
	if (svc->counters)
		add_new_counters(u, svc, ids);
	twins = twins_make(svc);
	for (size_t i = 0; target_next(svc, i, &t); i++) {
		if (svc->mode == RS_LOCAL)
			add_target(u, svc, &t, NULL);
		for (size_t b = 0; b < svc->nbackends; b++)
			if (!twins_hide(&twins, &t, b))
				add_target(u, svc, &t, &svc->backends[b]);
	}
	twins_free(&twins);
}
