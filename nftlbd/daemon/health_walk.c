/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After a reload: which jobs go on, which are new, which are over, and whose
 * they are.
 *
 * A claim first finds the job that does exactly what it wants. What finds none
 * is late: only when all have had their exact one it may take over a job of its
 * target and change its timing, so that the order of claims does not matter.
 *
 * Pure, linear in the number of claims. Must not know the model.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/health_jobs.h"
#include "lib/xalloc.h"

#define FIRST_SPREAD_MS   1000 /* of first probes, when nothing is urgent */
#define FIRST_PER_MS      20   /* but no more than this many together */
#define GOLDEN_RATIO_2_32 2654435769u

struct health_claim {
	struct health_owner owner;
	uint32_t job; /* index */
};

/* A claim that waits for the others. */
struct health_late {
	struct hc_job want;
	struct health_owner owner;
	bool urgent;
};

void health_walk_begin(struct health_jobs *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->list[i].kept = false;
	for (size_t i = 0; i < t->specs.n; i++)
		t->specs.list[i].kept = false;
	t->nclaims = t->nlate = t->nadded = t->refused = 0;
}

uint32_t health_walk_spec(struct health_jobs *t, uint8_t type,
			  struct buf *bytes)
{
	uint32_t index = health_specs_want(&t->specs, type, bytes);

	if (!t->specs.list[index].told)
		health_jobs_tell_spec(t, index);
	return index + 1;
}

static void claim(struct health_jobs *t, struct health_job *j,
		  const struct health_owner *owner)
{
	j->kept = true;
	*VEC_PUSH(t->claims, t->nclaims, t->capclaims) =
	    (struct health_claim){ *owner, (uint32_t)(j - t->list) };
}

static void claim_new(struct health_jobs *t, const struct hc_job *want,
		      const struct health_owner *owner, bool urgent)
{
	struct health_job *j = health_jobs_add(t, want, urgent);

	if (!j) {
		t->refused++;
		return;
	}
	*VEC_PUSH(t->added, t->nadded, t->capadded) = (uint32_t)(j - t->list);
	claim(t, j, owner);
}

void health_walk_want(struct health_jobs *t, const struct hc_job *want,
		      const struct health_owner *owner, bool urgent)
{
	struct health_job *j = health_jobs_like(t, want);

	if (j)
		claim(t, j, owner);
	else if (health_jobs_unkept(t, want))
		*VEC_PUSH(t->late, t->nlate, t->caplate) =
		    (struct health_late){ *want, *owner, urgent };
	else
		claim_new(t, want, owner, urgent);
}

static void late_settle(struct health_jobs *t, const struct health_late *late)
{
	struct health_job *j = health_jobs_like(t, &late->want);

	if (!j) {
		j = health_jobs_unkept(t, &late->want);
		if (j)
			health_jobs_retime(t, j, &late->want);
	}
	if (j)
		claim(t, j, &late->owner);
	else
		claim_new(t, &late->want, &late->owner, late->urgent);
}

static void sweep(struct health_jobs *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].state == HEALTH_JOB_WANTED && !t->list[i].kept)
			health_jobs_stop(t, &t->list[i]);
	for (size_t i = 0; i < t->specs.n; i++) {
		struct health_spec *s = &t->specs.list[i];

		if (s->state != HEALTH_SPEC_WANTED || s->kept)
			continue;
		s->state = HEALTH_SPEC_STOPPING;
		t->specs.wanted--;
		health_jobs_tell_spec(t, (uint32_t)i);
	}
}

/*
 * When new jobs are first probed. Multiples of the golden ratio are spread
 * evenly over the span, however many follow.
 */
static void spread(struct health_jobs *t)
{
	for (size_t n = 0; n < t->nadded; n++) {
		struct hc_job *j = &t->list[t->added[n]].conf;
		uint32_t part = (uint32_t)n * GOLDEN_RATIO_2_32;
		uint32_t span_ms = j->interval_ms;

		if (span_ms > FIRST_SPREAD_MS)
			span_ms = FIRST_SPREAD_MS;
		if (span_ms < t->nadded / FIRST_PER_MS)
			span_ms = (uint32_t)(t->nadded / FIRST_PER_MS);
		j->first_ms = (uint32_t)((uint64_t)part * span_ms >> 32);
	}
}

/* Sort the claims by job: count, add up, place. */
static void owners_place(struct health_jobs *t)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < t->n; i++)
		t->list[i].nowners = 0;
	for (size_t i = 0; i < t->nclaims; i++)
		t->list[t->claims[i].job].nowners++;
	for (size_t i = 0; i < t->n; i++) {
		t->list[i].owners = sum;
		sum += t->list[i].nowners;
		t->list[i].nowners = 0;
	}
	free(t->owners);
	t->nowners = sum;
	t->owners = xcalloc(sum, sizeof(*t->owners));
	for (size_t i = 0; i < t->nclaims; i++) {
		struct health_job *j = &t->list[t->claims[i].job];

		t->owners[j->owners + j->nowners++] = t->claims[i].owner;
	}
}

void health_walk_end(struct health_jobs *t)
{
	for (size_t i = 0; i < t->nlate; i++)
		late_settle(t, &t->late[i]);
	sweep(t);
	spread(t);
	owners_place(t);
	free(t->claims);
	free(t->late);
	free(t->added);
	t->claims = NULL;
	t->late = NULL;
	t->added = NULL;
	t->nclaims = t->capclaims = t->nlate = t->caplate = 0;
	t->nadded = t->capadded = 0;
}
