/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The specs that jobs share.
 *
 * Invariant: two specs that are not free differ in type or bytes. So the id
 * stays the same over reloads as long as the bytes do, and checks that differ
 * in their name only share one.
 *
 * Pure. When the prober is told what is health_jobs.c's.
 */
#include "daemon/health_specs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define BUCKETS_MIN 16

/* FNV-1a */
static uint64_t hash_of(uint8_t type, const char *data, size_t len)
{
	uint64_t hash = 14695981039346656037u ^ type;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)data[i]) * 1099511628211u;
	return hash;
}

static uint32_t *bucket_of(const struct health_specs *t, uint64_t hash)
{
	return &t->buckets[hash & (t->nbuckets - 1)];
}

static void bucket_push(struct health_specs *t, uint32_t index)
{
	uint32_t *head = bucket_of(t, t->list[index].hash);

	t->list[index].next = *head;
	*head = index + 1;
}

static void buckets_grow(struct health_specs *t)
{
	t->nbuckets = t->nbuckets ? t->nbuckets * 2 : BUCKETS_MIN;
	free(t->buckets);
	t->buckets = xcalloc(t->nbuckets, sizeof(*t->buckets));
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].state != HEALTH_SPEC_FREE)
			bucket_push(t, (uint32_t)i);
}

static struct health_spec *find(const struct health_specs *t, uint8_t type,
				const struct buf *bytes, uint64_t hash)
{
	uint32_t at = t->nbuckets ? *bucket_of(t, hash) : 0;

	for (; at; at = t->list[at - 1].next) {
		struct health_spec *s = &t->list[at - 1];

		if (s->hash == hash && s->type == type &&
		    s->len == bytes->len &&
		    !memcmp(s->data, bytes->data, s->len))
			return s;
	}
	return NULL;
}

static struct health_spec *spec_new(struct health_specs *t, uint8_t type,
				    struct buf *bytes, uint64_t hash)
{
	uint32_t index = (uint32_t)t->n;

	if (t->nfree)
		index = t->free_list[--t->nfree];
	else
		(void)VEC_PUSH(t->list, t->n, t->cap);
	t->list[index] = (struct health_spec){ .data = bytes->data,
					       .len = bytes->len,
					       .hash = hash,
					       .type = type };
	*bytes = (struct buf){ 0 };
	if (t->n > t->nbuckets)
		buckets_grow(t);
	t->list[index].state = HEALTH_SPEC_STOPPING; /* until it is wanted */
	bucket_push(t, index);
	return &t->list[index];
}

uint32_t health_specs_want(struct health_specs *t, uint8_t type,
			   struct buf *bytes)
{
	uint64_t hash = hash_of(type, bytes->data, bytes->len);
	struct health_spec *s = find(t, type, bytes, hash);

	if (!s)
		s = spec_new(t, type, bytes, hash);
	t->wanted += s->state != HEALTH_SPEC_WANTED;
	s->state = HEALTH_SPEC_WANTED;
	s->kept = true;
	return (uint32_t)(s - t->list);
}

void health_specs_release(struct health_specs *t, uint32_t index)
{
	struct health_spec *s = &t->list[index];
	uint32_t *at = bucket_of(t, s->hash);

	while (*at != index + 1)
		at = &t->list[*at - 1].next;
	*at = s->next;
	free(s->data);
	*s = (struct health_spec){ .state = HEALTH_SPEC_FREE };
	*VEC_PUSH(t->free_list, t->nfree, t->capfree) = index;
}

void health_specs_free(struct health_specs *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i].data);
	free(t->list);
	free(t->buckets);
	free(t->free_list);
	memset(t, 0, sizeof(*t));
}
