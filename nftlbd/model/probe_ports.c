/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source ports of probes by way of the service: one for each backend that has
 * such a check, the same over reloads, never two backends with one.
 *
 * Conntrack remembers where the probes from a port went, of UDP for as long as
 * they go on. So the port follows from whom it is for, and is the same after a
 * restart (but for collisions), whatever the order in the file.
 *
 * Pure; costs nothing where no check is of that kind.
 */
#include "model/probe_ports.h"

#include <string.h>

#define NPORTS (PROBE_PORT_MAX - PROBE_PORT_MIN + 1)

struct ports {
	bool used[NPORTS];
	size_t nused;
};

static bool has_via(const struct conf *conf)
{
	for (size_t i = 0; i < conf->nchecks; i++)
		if (conf->checks[i].via == CONF_VIA_SERVICE)
			return true;
	return false;
}

static bool needs_port(const struct backend *b)
{
	const struct conf_checks *all = b->conf->checks;

	for (size_t i = 0; all && i < all->n; i++)
		if (all->list[i]->via == CONF_VIA_SERVICE)
			return true;
	return false;
}

static void keep(struct ports *p, struct model *m, struct service *s)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &s->backends[i];

		if (!b->via_port)
			continue;
		if (needs_port(b)) {
			p->used[b->via_port - PROBE_PORT_MIN] = true;
			p->nused++;
		} else {
			b->via_port = 0;
			model_mark_dirty(m, s);
		}
	}
}

static uint64_t hash_add(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 1099511628211u; /* FNV-1a */
	return hash;
}

/* Which port it would like best. */
static size_t first_choice(const struct service *s, const struct backend *b)
{
	const struct conf_backend *c = b->conf;
	uint64_t hash = 14695981039346656037u;

	hash = hash_add(hash, s->conf->name, strlen(s->conf->name) + 1);
	hash = hash_add(hash, c->name, strlen(c->name) + 1);
	hash = hash_add(hash, c->addr.ip, sizeof(c->addr.ip));
	hash = hash_add(hash, &c->port, sizeof(c->port));
	return (hash ^ hash >> 32) % NPORTS;
}

/* There is a free one. */
static uint16_t take(struct ports *p, size_t at)
{
	while (p->used[at])
		at = (at + 1) % NPORTS;
	p->used[at] = true;
	p->nused++;
	return (uint16_t)(PROBE_PORT_MIN + at);
}

static void assign(struct ports *p, struct model *m, struct service *s)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &s->backends[i];

		if (b->via_port || !needs_port(b))
			continue;
		if (p->nused == NPORTS) {
			m->no_via_port++;
			continue;
		}
		b->via_port = take(p, first_choice(s, b));
		model_mark_dirty(m, s);
	}
}

void probe_ports_assign(struct model *m, const struct model *old)
{
	struct ports p = { .nused = 0 };

	if (!has_via(m->conf) && !(old && has_via(old->conf)))
		return;
	for (size_t i = 0; i < m->nservices; i++)
		keep(&p, m, &m->services[i]);
	for (size_t i = 0; i < m->nservices; i++)
		assign(&p, m, &m->services[i]);
}
