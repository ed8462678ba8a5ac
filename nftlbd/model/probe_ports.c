/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source ports of probes by way of the service: one for each backend that has
 * such a check, the same over reloads, never two backends with one.
 *
 * Pure; costs nothing where no check is of that kind.
 */
#include "model/probe_ports.h"

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

/* There is a free one. */
static uint16_t next_free(const struct ports *p, uint16_t *next)
{
	uint16_t port;

	do {
		port = *next;
		*next = (uint16_t)(port + 1u);
		if (port == PROBE_PORT_MAX)
			*next = PROBE_PORT_MIN;
	} while (p->used[port - PROBE_PORT_MIN]);
	return port;
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
		b->via_port = next_free(p, &m->next_via_port);
		p->used[b->via_port - PROBE_PORT_MIN] = true;
		p->nused++;
		model_mark_dirty(m, s);
	}
}

void probe_ports_assign(struct model *m, const struct model *old)
{
	struct ports p = { .nused = 0 };

	m->next_via_port = old ? old->next_via_port : PROBE_PORT_MIN;
	if (!has_via(m->conf) && !(old && has_via(old->conf)))
		return;
	for (size_t i = 0; i < m->nservices; i++)
		keep(&p, m, &m->services[i]);
	for (size_t i = 0; i < m->nservices; i++)
		assign(&p, m, &m->services[i]);
}
