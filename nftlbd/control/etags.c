/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/etags.h"

#include "daemon/revisions.h"

const char *etag_config(const struct daemon *d, char etag[ETAG_STRLEN])
{
	return etag_format(revisions_sum(d->revisions), etag);
}

static uint64_t add_endpoint(uint64_t sum, const struct addr *a, uint16_t port)
{
	char text[ADDR_STRLEN];

	sum = etag_add_text(sum, addr_format(a, text));
	return etag_add(sum, &port, sizeof(port));
}

static uint64_t add_backend(uint64_t sum, const struct backend *b)
{
	const struct conf_backend *c = b->conf;

	sum = etag_add_text(sum, c->name);
	sum = add_endpoint(sum, &c->addr, c->port);
	sum = etag_add(sum, &c->weight, sizeof(c->weight));
	sum = etag_add(sum, &b->weight, sizeof(b->weight));
	return etag_add(sum, &b->admin, sizeof(b->admin));
}

const char *etag_backend(const struct backend *b, char etag[ETAG_STRLEN])
{
	return etag_format(add_backend(ETAG_SEED, b), etag);
}

const char *etag_service(const struct service *s, char etag[ETAG_STRLEN])
{
	uint64_t sum = etag_add_text(ETAG_SEED, s->conf->name);

	sum = etag_add(sum, &s->disabled, sizeof(s->disabled));
	for (size_t i = 0; i < s->nbackends; i++)
		sum = add_backend(sum, &s->backends[i]);
	return etag_format(sum, etag);
}

static uint64_t add_member(uint64_t sum, const struct conf_pool_member *m)
{
	sum = etag_add_text(sum, m->name);
	sum = add_endpoint(sum, &m->addr, m->port);
	sum = etag_add(sum, &m->api, sizeof(m->api));
	return etag_add_text(sum, m->options);
}

const char *etag_member(const struct conf_pool_member *m,
			char etag[ETAG_STRLEN])
{
	return etag_format(add_member(ETAG_SEED, m), etag);
}

const char *etag_pool(const struct conf_pool *p, char etag[ETAG_STRLEN])
{
	uint64_t sum = etag_add_text(ETAG_SEED, p->name);

	sum = etag_add(sum, &p->dynamic, sizeof(p->dynamic));
	for (size_t i = 0; i < p->nmembers; i++)
		sum = add_member(sum, &p->members[i]);
	return etag_format(sum, etag);
}
