/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table of things that hold their own node; it grows with them. */
#ifndef NFTLB_NET_TABLE_H
#define NFTLB_NET_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct node {
	struct node *next;
	uint32_t hash;
};

/* Zero is empty. */
struct table {
	struct node **slots;
	size_t nslots, n;
};

void table_add(struct table *t, struct node *node, uint32_t hash);
void table_remove(struct table *t, struct node *node); /* it is in there */
/** table_find() - the first with this hash; node_same() the next, or NULL */
struct node *table_find(const struct table *t, uint32_t hash);
struct node *node_same(const struct node *node);
void table_free(struct table *t); /* the nodes are others' */

/** table_hash() - of bytes; @seed: of what comes before them, 0 at first */
uint32_t table_hash(const void *data, size_t len, uint32_t seed);

#endif
