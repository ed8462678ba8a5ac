/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains in a table whose size is a power of two and no less than the number of
 * its things. Must not know what they are: who looks for one compares himself.
 */
#include "net/table.h"

#include <stdlib.h>

#include "lib/xalloc.h"

#define TABLE_FIRST 16

static void put(struct node **slots, size_t nslots, struct node *node)
{
	struct node **at = &slots[node->hash & (nslots - 1)];

	node->next = *at;
	*at = node;
}

static void grow(struct table *t)
{
	size_t nslots = t->nslots ? t->nslots * 2 : TABLE_FIRST;
	struct node **slots = xcalloc(nslots, sizeof(*slots)), *next;

	for (size_t i = 0; i < t->nslots; i++)
		for (struct node *node = t->slots[i]; node; node = next) {
			next = node->next;
			put(slots, nslots, node);
		}
	free(t->slots);
	t->slots = slots;
	t->nslots = nslots;
}

void table_add(struct table *t, struct node *node, uint32_t hash)
{
	if (t->n == t->nslots)
		grow(t);
	node->hash = hash;
	put(t->slots, t->nslots, node);
	t->n++;
}

void table_remove(struct table *t, struct node *node)
{
	struct node **at = &t->slots[node->hash & (t->nslots - 1)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	t->n--;
}

static struct node *with_hash(struct node *node, uint32_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct node *table_find(const struct table *t, uint32_t hash)
{
	if (!t->nslots)
		return NULL;
	return with_hash(t->slots[hash & (t->nslots - 1)], hash);
}

struct node *node_same(const struct node *node)
{
	return with_hash(node->next, node->hash);
}

void table_free(struct table *t)
{
	free(t->slots);
	*t = (struct table){ 0 };
}

/* FNV-1a, with its bits spread once more: the tables look at the low ones. */
uint32_t table_hash(const void *data, size_t len, uint32_t seed)
{
	const unsigned char *p = data;
	uint32_t h = seed ^ 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	h ^= h >> 16;
	h *= 0x85ebca6bu;
	return h ^ h >> 13;
}
