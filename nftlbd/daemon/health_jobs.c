/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of probe jobs. Ids are dense, so result -> backend is an index.
 *
 * Invariants:
 *  - an entry is FREE (on the free list), WANTED (some backend's), or STOPPING
 *    (until the prober was told; only then is the index used again);
 *  - an entry is in the queue at most once, whatever happens to it meanwhile:
 *    what is sent is its state at that moment;
 *  - an index's generation changes when it gets a new owner, so a result that
 *    was on its way belongs to nobody.
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

static uint32_t index_of(uint32_t id)
{
	return id & INDEX_MASK;
}

/* The id that the next owner of this entry gets; generations are never 0. */
static uint32_t id_next(uint32_t id)
{
	uint32_t generation = (id >> HEALTH_JOB_INDEX_BITS) + 1;

	if (generation >> (32 - HEALTH_JOB_INDEX_BITS))
		generation = 1;
	return generation << HEALTH_JOB_INDEX_BITS | index_of(id);
}

static void queue_push(struct health_jobs *t, struct health_job *j)
{
	if (j->queued)
		return;
	j->queued = true;
	*VEC_PUSH(t->queue, t->nqueue, t->capqueue) = index_of(j->conf.id);
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

void health_jobs_begin(struct health_jobs *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->list[i].kept = false;
}

bool health_jobs_keep(struct health_jobs *t, uint32_t id,
		      const struct hc_job *want, uint32_t service,
		      uint32_t backend)
{
	struct health_job *j = health_jobs_find(t, id);
	struct hc_job conf = *want;

	if (!j || j->kept)
		return false;
	j->kept = true;
	j->service = service;
	j->backend = backend;
	conf.id = id;
	conf.first_ms = j->conf.first_ms;
	if (memcmp(&conf, &j->conf, sizeof(conf)) != 0) {
		j->conf = conf;
		queue_push(t, j);
	}
	return true;
}

void health_jobs_sweep(struct health_jobs *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct health_job *j = &t->list[i];

		if (j->state != HEALTH_JOB_WANTED || j->kept)
			continue;
		j->state = HEALTH_JOB_STOPPING;
		t->wanted--;
		queue_push(t, j);
	}
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

uint32_t health_jobs_add(struct health_jobs *t, const struct hc_job *want,
			 uint32_t service, uint32_t backend, bool urgent)
{
	struct health_job *j = entry_new(t);
	uint32_t id;

	if (!j)
		return 0;
	id = id_next(j->conf.id);
	*j = (struct health_job){ .conf = *want,
				  .service = service,
				  .backend = backend,
				  .state = HEALTH_JOB_WANTED,
				  .kept = true,
				  .urgent = urgent };
	j->conf.id = id;
	t->wanted++;
	queue_push(t, j);
	return id;
}

/* Even and the same each time: Fibonacci hashing of the index. */
static uint32_t phase_ms(const struct health_job *j)
{
	uint32_t hash = index_of(j->conf.id) * 2654435769u;

	return (uint32_t)((uint64_t)hash * j->conf.interval_ms >> 32);
}

void health_jobs_restart(struct health_jobs *t)
{
	t->queue_head = t->nqueue = 0;
	t->paced = 0;
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

static bool stopping(const struct health_jobs *t, size_t at)
{
	return t->list[t->queue[at]].state == HEALTH_JOB_STOPPING;
}

size_t health_jobs_packet(const struct health_jobs *t, struct health_packet *p)
{
	bool stop = t->queue_head < t->nqueue && stopping(t, t->queue_head);
	uint32_t n = 0, paced = t->paced;

	for (size_t at = t->queue_head;
	     at < t->nqueue && n < HC_RECORDS_MAX && stopping(t, at) == stop;
	     at++, n++) {
		const struct health_job *j = &t->list[t->queue[at]];

		if (stop) {
			p->of.stops[n].id = j->conf.id;
			continue;
		}
		p->of.jobs[n] = j->conf;
		if (j->urgent)
			p->of.jobs[n].first_ms = paced++ / PACE_PER_MS;
	}
	p->head = (struct hc_header){ .version = HC_VERSION,
				      .type = stop ? HC_MSG_STOP : HC_MSG_JOB,
				      .count = n };
	if (n == 0)
		return 0;
	return sizeof(p->head) +
	       n * (stop ? sizeof(p->of.stops[0]) : sizeof(p->of.jobs[0]));
}

void health_jobs_sent(struct health_jobs *t, const struct health_packet *p)
{
	for (uint32_t n = 0; n < p->head.count; n++) {
		struct health_job *j = &t->list[t->queue[t->queue_head++]];

		t->paced += j->urgent;
		j->queued = j->urgent = false;
		if (j->state == HEALTH_JOB_STOPPING)
			entry_release(t, j);
	}
	if (t->queue_head < t->nqueue)
		return;
	t->queue_head = t->nqueue = 0;
	t->paced = 0;
}

void health_jobs_free(struct health_jobs *t)
{
	free(t->list);
	free(t->free_list);
	free(t->queue);
	memset(t, 0, sizeof(*t));
}
