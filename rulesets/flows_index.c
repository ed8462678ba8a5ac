/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which jobs does a conntrack entry concern? A hash table over what a match and
 * an entry must have in common: backend, service address, protocol. Ten
 * thousand jobs cost an entry no more than one does.
 *
 * Invariant: a want is returned only if every field of its match fits.
 * Must not know: netlink, and what is done about an entry.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/flows_impl.h"
#include "rulesets/route.h"

static uint32_t key_hash(const struct addr *backend, const struct addr *vip,
			 uint8_t proto)
{
	uint32_t h = rs_jhash(backend->ip, addr_len(backend), proto);

	return rs_jhash(vip->ip, addr_len(vip), h);
}

void flow_index_build(struct flow_index *ix, struct flow_want *wants, size_t n)
{
	size_t size = 16;

	while (size < 2 * n)
		size *= 2;
	ix->wants = wants;
	ix->mask = (uint32_t)(size - 1);
	ix->heads = xcalloc(size, sizeof(*ix->heads));
	/* from the last to the first, so that chains are in order */
	for (size_t i = n; i > 0; i--) {
		const struct flow_match *m = &wants[i - 1].match;
		size_t *head =
		    &ix->heads[key_hash(&m->backend, &m->vip, m->proto) &
			       ix->mask];

		wants[i - 1].next = *head;
		*head = i;
	}
}

void flow_index_free(struct flow_index *ix)
{
	free(ix->heads);
	*ix = (struct flow_index){ 0 };
}

static bool fits(const struct flow_match *m, const struct flow_entry *e)
{
	uint16_t port = m->backend_port ? m->backend_port : e->vip_port;

	return m->proto == e->proto && m->port_lo <= e->vip_port &&
	       e->vip_port <= m->port_hi && e->backend_port == port &&
	       addr_cmp(&m->backend, &e->backend) == 0 &&
	       addr_cmp(&m->vip, &e->vip) == 0;
}

static const struct flow_want *chain_find(const struct flow_index *ix,
					  size_t at, const struct flow_entry *e)
{
	for (; at; at = ix->wants[at - 1].next)
		if (fits(&ix->wants[at - 1].match, e))
			return &ix->wants[at - 1];
	return NULL;
}

const struct flow_want *flow_index_first(const struct flow_index *ix,
					 const struct flow_entry *e)
{
	uint32_t h = key_hash(&e->backend, &e->vip, e->proto);

	return chain_find(ix, ix->heads[h & ix->mask], e);
}

const struct flow_want *flow_index_next(const struct flow_index *ix,
					const struct flow_want *w,
					const struct flow_entry *e)
{
	return chain_find(ix, w->next, e);
}

struct flow_filter flow_index_filter(const struct flow_want *wants, size_t n)
{
	const struct flow_match *first = &wants[0].match;
	struct flow_filter filter = {
		.family = first->backend.family,
		.backend = first->backend,
		.proto = first->proto,
	};

	for (size_t i = 1; i < n; i++) {
		const struct flow_match *m = &wants[i].match;

		if (m->backend.family != filter.family)
			return (struct flow_filter){ 0 };
		if (addr_cmp(&m->backend, &first->backend) != 0)
			filter.backend.family = 0;
		if (m->proto != first->proto)
			filter.proto = 0;
	}
	/* kernels (at least up to 6.18) take an IPv6 address filter the wrong
	 * way round: they give all entries but those asked for */
	if (filter.family == AF_INET6)
		filter.backend.family = 0;
	return filter;
}
