/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces, hops and targets: many addresses may be behind one router, many
 * hops behind one interface. A hop lives while a target leads to it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "net/neigh_impl.h"

static uint32_t hash_index(uint32_t ifindex)
{
	return table_hash(&ifindex, sizeof(ifindex), 0);
}

static uint32_t hash_hop(uint32_t ifindex, const struct addr *addr)
{
	return table_hash(addr, sizeof(*addr), hash_index(ifindex));
}

struct port *port_find(const struct neighs *n, uint32_t ifindex)
{
	struct node *node = table_find(&n->ports, hash_index(ifindex));

	while (node && ((struct port *)node)->ifindex != ifindex)
		node = node_same(node);
	return (struct port *)node;
}

static struct port *port_get(struct neighs *n, uint32_t ifindex)
{
	struct port *p = port_find(n, ifindex);

	if (p)
		return p;
	p = xcalloc(1, sizeof(*p));
	p->ifindex = ifindex;
	table_add(&n->ports, &p->by_index, hash_index(ifindex));
	return p;
}

struct hop *hop_find(const struct neighs *n, uint32_t ifindex,
		     const struct addr *addr)
{
	struct node *node = table_find(&n->hops, hash_hop(ifindex, addr));

	for (; node; node = node_same(node)) {
		struct hop *h = (struct hop *)node;

		if (h->port->ifindex == ifindex && !addr_cmp(&h->addr, addr))
			return h;
	}
	return NULL;
}

static struct hop *hop_get(struct neighs *n, uint32_t ifindex,
			   const struct addr *addr)
{
	struct hop *h = hop_find(n, ifindex, addr);

	if (h)
		return h;
	h = xcalloc(1, sizeof(*h));
	h->addr = *addr;
	h->state = NEIGH_ASKING;
	h->port = port_get(n, ifindex);
	h->next = h->port->hops;
	if (h->next)
		h->next->prev = h;
	h->port->hops = h;
	table_add(&n->hops, &h->by_key, hash_hop(ifindex, addr));
	return h;
}

static void port_put(struct neighs *n, struct port *p)
{
	if (p->hops)
		return;
	table_remove(&n->ports, &p->by_index);
	free(p);
}

static void hop_put(struct neighs *n, struct hop *h)
{
	if (h->targets)
		return;
	if (h->prev)
		h->prev->next = h->next;
	else
		h->port->hops = h->next;
	if (h->next)
		h->next->prev = h->prev;
	port_put(n, h->port);
	table_remove(&n->hops, &h->by_key);
	free(h);
}

static void leave(struct neighs *n, struct target *t)
{
	struct hop *h = t->hop;

	if (!h)
		return;
	if (t->prev)
		t->prev->next = t->next;
	else
		h->targets = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->next = t->prev = NULL;
	t->hop = NULL;
	hop_put(n, h);
}

void hop_lead(struct neighs *n, struct target *t, uint32_t ifindex,
	      const struct addr *addr)
{
	struct hop *h = addr ? hop_get(n, ifindex, addr) : NULL;

	t->ifindex = ifindex;
	if (h && t->hop == h)
		return;
	leave(n, t);
	if (!h)
		return;
	t->hop = h;
	t->next = h->targets;
	if (t->next)
		t->next->prev = t;
	h->targets = t;
}

void hops_free(struct neighs *n)
{
	for (size_t i = 0; i < n->n; i++)
		leave(n, n->list[i]);
	table_free(&n->hops);
	table_free(&n->ports);
}
