/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of probe jobs. Ids are dense, so result -> owners is an index.
 *
 * Invariants:
 *  - an entry is FREE (on the free list), WANTED (it has owners, and is in the
 *    index by target), or STOPPING (until the prober was told; only then is the
 *    index used again);
 *  - an entry, and a spec, is in the queue at most once, whatever happens to it
 *    meanwhile: what is sent is its state at that moment;
 *  - the queue keeps its order, a new spec is queued before its jobs and the
 *    end of one after those of its jobs: the prober never has a job without
 *    its spec;
 *  - an index's generation changes with each new job, so a result that was on
 *    its way belongs to nobody.
 *
 * First probes: many at once are paced, PACE_PER_MS, so that a start with a
 * hundred thousand backends is a stream of SYNs and not one burst.
 *
 * Pure: no I/O, no clock. Must not know the model or the process.
 */
#include "daemon/health_jobs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define INDEX_MASK  (HEALTH_JOBS_MAX - 1)
#define PACE_PER_MS 20
#define BUCKETS_MIN 64
#define QUEUE_SPEC  (1u << 31) /* in the queue: a spec's index, not a job's */

static uint32_t index_of(uint32_t id)
{
	return id & INDEX_MASK;
}

/* The id that the next job of this entry gets; generations are never 0. */
static uint32_t id_next(uint32_t id)
{
	uint32_t generation = (id >> HEALTH_JOB_INDEX_BITS) + 1;

	if (generation >> (32 - HEALTH_JOB_INDEX_BITS))
		generation = 1;
	return generation << HEALTH_JOB_INDEX_BITS | index_of(id);
}

/* ---- the index of wanted jobs */

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

static uint64_t target_hash(const struct hc_job *j)
{
	uint64_t words[2 + sizeof(j->name) / 8];
	uint64_t hash = mix((uint64_t)j->spec << 32 | (uint64_t)j->port << 16 |
				j->source_port,
			    (uint64_t)j->type << 8 | j->family);
	size_t n = j->name[0] ? sizeof(words) / 8 : 2;

	memcpy(words, j->ip, sizeof(j->ip));
	memcpy(words + 2, j->name, sizeof(j->name));
	for (size_t i = 0; i < n; i++)
		hash = mix(hash, words[i]);
	return hash;
}

static bool same_target(const struct hc_job *a, const struct hc_job *b)
{
	return a->spec == b->spec && a->type == b->type &&
	       a->family == b->family && a->port == b->port &&
	       a->source_port == b->source_port &&
	       !memcmp(a->ip, b->ip, sizeof(a->ip)) &&
	       !strcmp(a->name, b->name);
}

static bool same_timing(const struct hc_job *a, const struct hc_job *b)
{
	return a->interval_ms == b->interval_ms && a->fast_ms == b->fast_ms &&
	       a->down_ms == b->down_ms && a->timeout_ms == b->timeout_ms &&
	       a->rise == b->rise && a->fall == b->fall &&
	       a->jitter_pct == b->jitter_pct;
}

static uint32_t *bucket_of(const struct health_jobs *t, const struct hc_job *j)
{
	return &t->buckets[target_hash(j) & (t->nbuckets - 1)];
}

static void bucket_push(struct health_jobs *t, struct health_job *j)
{
	uint32_t *head = bucket_of(t, &j->conf);

	j->next = *head;
	*head = (uint32_t)(j - t->list) + 1;
}

static void bucket_drop(struct health_jobs *t, struct health_job *j)
{
	uint32_t *at = bucket_of(t, &j->conf);

	while (*at != (uint32_t)(j - t->list) + 1)
		at = &t->list[*at - 1].next;
	*at = j->next;
}

static void buckets_grow(struct health_jobs *t)
{
	t->nbuckets = t->nbuckets ? t->nbuckets * 2 : BUCKETS_MIN;
	free(t->buckets);
	t->buckets = xcalloc(t->nbuckets, sizeof(*t->buckets));
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].state == HEALTH_JOB_WANTED)
			bucket_push(t, &t->list[i]);
}

struct health_job *health_jobs_like(const struct health_jobs *t,
				    const struct hc_job *want)
{
	uint32_t at = t->nbuckets ? *bucket_of(t, want) : 0;

	for (; at; at = t->list[at - 1].next)
		if (same_target(&t->list[at - 1].conf, want) &&
		    same_timing(&t->list[at - 1].conf, want))
			return &t->list[at - 1];
	return NULL;
}

struct health_job *health_jobs_unkept(const struct health_jobs *t,
				      const struct hc_job *want)
{
	uint32_t at = t->nbuckets ? *bucket_of(t, want) : 0;

	for (; at; at = t->list[at - 1].next)
		if (!t->list[at - 1].kept &&
		    same_target(&t->list[at - 1].conf, want))
			return &t->list[at - 1];
	return NULL;
}

/* ---- entries */

static void queue_push(struct health_jobs *t, struct health_job *j)
{
	if (j->queued)
		return;
	j->queued = true;
	*VEC_PUSH(t->queue, t->nqueue, t->capqueue) = index_of(j->conf.id);
}

void health_jobs_tell_spec(struct health_jobs *t, uint32_t index)
{
	if (t->specs.list[index].queued)
		return;
	t->specs.list[index].queued = true;
	*VEC_PUSH(t->queue, t->nqueue, t->capqueue) = QUEUE_SPEC | index;
}

static void entry_release(struct health_jobs *t, struct health_job *j)
{
	j->state = HEALTH_JOB_FREE;
	*VEC_PUSH(t->free_list, t->nfree, t->capfree) = index_of(j->conf.id);
}

struct health_job *health_jobs_find(const struct health_jobs *t, uint32_t id)
{
	struct health_job *j;

	if (index_of(id) >= t->n)
		return NULL;
	j = &t->list[index_of(id)];
	return j->conf.id == id && j->state == HEALTH_JOB_WANTED ? j : NULL;
}

bool health_jobs_issued(const struct health_jobs *t, uint32_t id)
{
	return index_of(id) < t->n && id >> HEALTH_JOB_INDEX_BITS != 0;
}

static struct health_job *entry_new(struct health_jobs *t)
{
	struct health_job *j;

	if (t->nfree)
		return &t->list[t->free_list[--t->nfree]];
	if (t->n == HEALTH_JOBS_MAX)
		return NULL;
	j = VEC_PUSH(t->list, t->n, t->cap);
	memset(j, 0, sizeof(*j));
	j->conf.id = (uint32_t)(t->n - 1);
	return j;
}

struct health_job *health_jobs_add(struct health_jobs *t,
				   const struct hc_job *want, bool urgent)
{
	struct health_job *j = entry_new(t);
	uint32_t id;

	if (!j)
		return NULL;
	id = id_next(j->conf.id);
	*j = (struct health_job){ .conf = *want,
				  .state = HEALTH_JOB_FREE,
				  .kept = true,
				  .urgent = urgent };
	j->conf.id = id;
	if (t->n > t->nbuckets)
		buckets_grow(t);
	j->state = HEALTH_JOB_WANTED;
	bucket_push(t, j);
	t->wanted++;
	queue_push(t, j);
	return j;
}

void health_jobs_retime(struct health_jobs *t, struct health_job *j,
			const struct hc_job *want)
{
	uint32_t id = j->conf.id, first_ms = j->conf.first_ms;

	j->conf = *want;
	j->conf.id = id;
	j->conf.first_ms = first_ms;
	queue_push(t, j);
}

void health_jobs_stop(struct health_jobs *t, struct health_job *j)
{
	bucket_drop(t, j);
	j->state = HEALTH_JOB_STOPPING;
	t->wanted--;
	queue_push(t, j);
}

/* Even and the same each time: Fibonacci hashing of the index. */
static uint32_t phase_ms(const struct health_job *j)
{
	uint32_t hash = index_of(j->conf.id) * 2654435769u;

	return (uint32_t)((uint64_t)hash * j->conf.interval_ms >> 32);
}

void health_jobs_restart(struct health_jobs *t)
{
	if (!t->spoken)
		return;
	t->queue_head = t->nqueue = t->part_offset = 0;
	t->paced = 0;
	for (size_t i = 0; i < t->specs.n; i++) {
		struct health_spec *s = &t->specs.list[i];

		s->queued = s->told = false;
		if (s->state == HEALTH_SPEC_STOPPING)
			health_specs_release(&t->specs, (uint32_t)i);
		else if (s->state == HEALTH_SPEC_WANTED)
			health_jobs_tell_spec(t, (uint32_t)i);
	}
	for (size_t i = 0; i < t->n; i++) {
		struct health_job *j = &t->list[i];

		j->queued = false;
		if (j->state == HEALTH_JOB_STOPPING)
			entry_release(t, j);
		if (j->state != HEALTH_JOB_WANTED)
			continue;
		j->urgent = !j->probed;
		j->conf.first_ms = j->probed ? phase_ms(j) : 0;
		queue_push(t, j);
	}
}

/* ---- packets */

/* What is to be said of the queue's place @at; 0 = nothing any more. */
static uint16_t kind_of(const struct health_jobs *t, size_t at)
{
	uint32_t item = t->queue[at];
	const struct health_spec *s;

	if (!(item & QUEUE_SPEC))
		return t->list[item].state == HEALTH_JOB_STOPPING ? HC_MSG_STOP
								  : HC_MSG_JOB;
	s = &t->specs.list[item & ~QUEUE_SPEC];
	if (!s->told && (s->state == HEALTH_SPEC_WANTED ||
			 (at == t->queue_head && t->part_offset > 0)))
		return HC_MSG_SPEC;
	return s->told && s->state == HEALTH_SPEC_STOPPING ? HC_MSG_SPEC_STOP
							   : 0;
}

static void queue_next(struct health_jobs *t)
{
	if (++t->queue_head < t->nqueue)
		return;
	t->queue_head = t->nqueue = 0;
	t->paced = 0;
}

/* A spec that is over, or wanted again, before the prober heard of it. */
static void queue_skip(struct health_jobs *t)
{
	while (t->queue_head < t->nqueue && kind_of(t, t->queue_head) == 0) {
		uint32_t index = t->queue[t->queue_head] & ~QUEUE_SPEC;

		t->specs.list[index].queued = false;
		if (t->specs.list[index].state == HEALTH_SPEC_STOPPING)
			health_specs_release(&t->specs, index);
		queue_next(t);
	}
}

size_t health_packet_part(struct health_packet *p, enum hc_msg_type type,
			  const struct hc_part *of, const void *blob)
{
	struct hc_part *part = &p->of.part.head;

	p->head = (struct hc_header){ HC_VERSION, (uint16_t)type, 1 };
	*part = *of;
	part->len = part->total - part->offset;
	if (part->len > HC_PART_MAX)
		part->len = HC_PART_MAX;
	memcpy(p->of.part.data, (const char *)blob + part->offset, part->len);
	return sizeof(p->head) + sizeof(*part) + part->len;
}

static size_t packet_spec(const struct health_jobs *t, struct health_packet *p)
{
	uint32_t index = t->queue[t->queue_head] & ~QUEUE_SPEC;
	const struct health_spec *s = &t->specs.list[index];
	struct hc_part part = { .id = index + 1,
				.type = s->type,
				.total = (uint32_t)s->len,
				.offset = (uint32_t)t->part_offset };

	return health_packet_part(p, HC_MSG_SPEC, &part, s->data);
}

static size_t packet_jobs(const struct health_jobs *t, struct health_packet *p)
{
	uint32_t n = 0, paced = t->paced;

	for (size_t at = t->queue_head; at < t->nqueue && n < HC_RECORDS_MAX &&
					kind_of(t, at) == HC_MSG_JOB;
	     at++, n++) {
		const struct health_job *j = &t->list[t->queue[at]];

		p->of.jobs[n] = j->conf;
		if (j->urgent)
			p->of.jobs[n].first_ms = paced++ / PACE_PER_MS;
	}
	p->head = (struct hc_header){ HC_VERSION, HC_MSG_JOB, n };
	return sizeof(p->head) + n * sizeof(p->of.jobs[0]);
}

static size_t packet_stops(const struct health_jobs *t, struct health_packet *p,
			   uint16_t kind)
{
	uint32_t n = 0;

	for (size_t at = t->queue_head;
	     at < t->nqueue && n < HC_RECORDS_MAX && kind_of(t, at) == kind;
	     at++, n++) {
		uint32_t item = t->queue[at];

		p->of.stops[n].id = kind == HC_MSG_STOP
					? t->list[item].conf.id
					: (item & ~QUEUE_SPEC) + 1;
	}
	p->head = (struct hc_header){ HC_VERSION, kind, n };
	return sizeof(p->head) + n * sizeof(p->of.stops[0]);
}

size_t health_jobs_packet(struct health_jobs *t, struct health_packet *p)
{
	uint16_t kind;

	queue_skip(t);
	p->head = (struct hc_header){ 0 };
	if (t->queue_head == t->nqueue)
		return 0;
	kind = kind_of(t, t->queue_head);
	if (kind == HC_MSG_SPEC)
		return packet_spec(t, p);
	if (kind == HC_MSG_JOB)
		return packet_jobs(t, p);
	return packet_stops(t, p, kind);
}

static void sent_part(struct health_jobs *t, const struct hc_part *part)
{
	struct health_spec *s = &t->specs.list[part->id - 1];

	t->part_offset += part->len;
	if (t->part_offset < part->total)
		return;
	t->part_offset = 0;
	s->told = true;
	s->queued = false;
	queue_next(t);
	if (s->state == HEALTH_SPEC_STOPPING) /* meanwhile */
		health_jobs_tell_spec(t, part->id - 1);
}

static void sent_job(struct health_jobs *t, struct health_job *j)
{
	t->paced += j->urgent;
	j->queued = j->urgent = false;
	if (j->state == HEALTH_JOB_STOPPING)
		entry_release(t, j);
}

void health_jobs_sent(struct health_jobs *t, const struct health_packet *p)
{
	t->spoken = true;
	if (p->head.type == HC_MSG_SPEC) {
		sent_part(t, &p->of.part.head);
		return;
	}
	for (uint32_t n = 0; n < p->head.count; n++) {
		uint32_t item = t->queue[t->queue_head];

		if (item & QUEUE_SPEC)
			health_specs_release(&t->specs, item & ~QUEUE_SPEC);
		else
			sent_job(t, &t->list[item]);
		queue_next(t);
	}
}

void health_jobs_free(struct health_jobs *t)
{
	health_specs_free(&t->specs);
	free(t->list);
	free(t->buckets);
	free(t->free_list);
	free(t->queue);
	free(t->owners);
	free(t->claims);
	free(t->late);
	free(t->added);
	memset(t, 0, sizeof(*t));
}
