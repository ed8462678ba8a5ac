/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host is for: a list of items, made by the caller. */
#include <stdlib.h>
#include <string.h>

#include "hostcheck/hostcheck.h"
#include "lib/xalloc.h"

void host_add(struct host *h, const struct host_item *item)
{
	*VEC_PUSH(h->items, h->n, h->cap) = *item;
	h->use |= item->use;
}

void host_add_module(struct host *h, const char *name)
{
	const struct host_item it = { .kind = HOST_MODULE,
				      .use = HOST_PART,
				      .name = name };

	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].kind == HOST_MODULE &&
		    !strcmp(h->items[i].name, name))
			return;
	host_add(h, &it);
}

/* The devices: what they are called does not follow from one another. */
void host_add_tunnel(struct host *h, uint8_t outer, uint8_t inner)
{
	if (outer == AF_INET6)
		host_add_module(h, "ip6_tunnel");
	else
		host_add_module(h, inner == AF_INET6 ? "sit" : "ipip");
}

void host_free(struct host *h)
{
	free(h->items);
	h->items = NULL;
	h->n = h->cap = 0;
}
