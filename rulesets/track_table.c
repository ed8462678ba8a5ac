/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of flows: open addressing with linear probing, in 4,096 parts that grow
 * and shrink each by itself: no step takes longer with a million flows than
 * with a thousand (one table would stop the event loop for tens of
 * milliseconds when it doubles).
 *
 * Invariant: between a flow and the place its key asks for there is no empty
 * place; removing closes the gap. Must not know: what a flow is.
 */
#include <stdlib.h>

#include "lib/xalloc.h"
#include "rulesets/track_impl.h"

#define SIZE_MIN 4u

void track_table_init(struct track_table *t)
{
	t->shards = xcalloc(TRACK_SHARDS, sizeof(*t->shards));
	t->n = 0;
}

void track_table_free(struct track_table *t)
{
	for (uint32_t i = 0; t->shards && i < TRACK_SHARDS; i++)
		free(t->shards[i].flows);
	free(t->shards);
	*t = (struct track_table){ 0 };
}

static struct track_shard *shard_of(const struct track_table *t, uint64_t key)
{
	return &t->shards[key >> 52];
}

/* Where @key is, or where it should go. */
static uint32_t place(const struct track_shard *s, uint64_t key)
{
	uint32_t i = (uint32_t)key & (s->size - 1);

	while (s->flows[i].key && s->flows[i].key != key)
		i = (i + 1) & (s->size - 1);
	return i;
}

static void resize(struct track_shard *s, uint32_t size)
{
	struct track_flow *old = s->flows;
	uint32_t n = s->size;

	s->flows = xcalloc(size, sizeof(*s->flows));
	s->size = size;
	for (uint32_t i = 0; i < n; i++)
		if (old[i].key)
			s->flows[place(s, old[i].key)] = old[i];
	free(old);
}

struct track_flow *track_find(const struct track_table *t, uint64_t key)
{
	const struct track_shard *s = shard_of(t, key);
	uint32_t i;

	if (s->size == 0)
		return NULL;
	i = place(s, key);
	return s->flows[i].key ? &s->flows[i] : NULL;
}

struct track_flow *track_add(struct track_table *t, uint64_t key)
{
	struct track_shard *s = shard_of(t, key);
	struct track_flow *f;

	if (4 * (s->n + 1) > 3 * s->size)
		resize(s, s->size ? 2 * s->size : SIZE_MIN);
	f = &s->flows[place(s, key)];
	*f = (struct track_flow){ .key = key };
	s->n++;
	t->n++;
	return f;
}

/* Empty place @gap; what stands behind it and would not be found any more moves
 * up. */
static void close_gap(struct track_shard *s, uint32_t gap)
{
	uint32_t mask = s->size - 1;

	for (uint32_t i = (gap + 1) & mask; s->flows[i].key;
	     i = (i + 1) & mask) {
		uint32_t home = (uint32_t)s->flows[i].key & mask;

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		s->flows[gap] = s->flows[i];
		gap = i;
	}
	s->flows[gap].key = 0;
}

void track_remove(struct track_table *t, struct track_flow *f)
{
	struct track_shard *s = shard_of(t, f->key);

	close_gap(s, (uint32_t)(f - s->flows));
	s->n--;
	t->n--;
	if (s->size > SIZE_MIN && 8 * s->n < s->size)
		resize(s, s->size / 2);
}

void track_walk(struct track_table *t, uint32_t shard, track_stays_fn *stays,
		void *arg)
{
	struct track_shard *s = &t->shards[shard];
	uint32_t i = 0;

	while (i < s->size) {
		if (!s->flows[i].key || stays(arg, &s->flows[i])) {
			i++;
			continue;
		}
		/* another may stand here now; no resizing on the way */
		close_gap(s, i);
		s->n--;
		t->n--;
	}
	while (s->size > SIZE_MIN && 8 * s->n < s->size)
		resize(s, s->size / 2);
}
