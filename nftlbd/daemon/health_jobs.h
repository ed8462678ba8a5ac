/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of probe jobs: which job is whose, and what the prober has yet to
 * be told. Plain data and pure functions: a test can drive it by hand.
 */
#ifndef NFTLB_DAEMON_HEALTH_JOBS_H
#define NFTLB_DAEMON_HEALTH_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "healthcheck/protocol.h"

/* A job id is an index into the table and, above it, a generation that changes
 * with each owner: results of an earlier owner are known as such. */
#define HEALTH_JOB_INDEX_BITS 20
#define HEALTH_JOBS_MAX       (1u << HEALTH_JOB_INDEX_BITS)

enum health_job_state {
	HEALTH_JOB_FREE,
	HEALTH_JOB_WANTED,
	HEALTH_JOB_STOPPING /* the prober has yet to be told */
};

struct health_job {
	struct hc_job conf;        /* conf.id is the job's id */
	uint32_t service, backend; /* indices into the model */
	uint8_t state;
	bool queued; /* the prober has yet to be told */
	bool kept;   /* by the walk that is under way */
	bool urgent; /* nothing is known of it yet: its first probe at once */
	bool probed; /* a result has come */
};

struct health_jobs {
	struct health_job *list;
	size_t n, cap;
	uint32_t *free_list; /* indices */
	size_t nfree, capfree;
	uint32_t *queue; /* indices, from queue_head on */
	size_t queue_head, nqueue, capqueue;
	uint32_t paced; /* urgent jobs told since the queue was last empty */
	size_t wanted;
};

/* A walk over the model: begin, keep or not, sweep, then add what is new. */

/** health_jobs_begin() - nothing is kept yet */
void health_jobs_begin(struct health_jobs *t);
/**
 * health_jobs_keep() - the job @id goes on, for the backend at these indices
 * @want: how it is to be from now on (its id and first_ms are not looked at);
 * where that differs, the prober will be told.
 * Return: false where there is no such job, or somebody else has it.
 */
bool health_jobs_keep(struct health_jobs *t, uint32_t id,
		      const struct hc_job *want, uint32_t service,
		      uint32_t backend);
/** health_jobs_sweep() - stop all jobs that were not kept */
void health_jobs_sweep(struct health_jobs *t);
/**
 * health_jobs_add() - a new job
 * @want: first_ms says when the first probe may be; 0 where @urgent
 * Return: its id, never 0; 0 where the table is full.
 */
uint32_t health_jobs_add(struct health_jobs *t, const struct hc_job *want,
			 uint32_t service, uint32_t backend, bool urgent);

/** health_jobs_find() - the job of @id, or NULL where it is gone by now */
struct health_job *health_jobs_find(const struct health_jobs *t, uint32_t id);
/** health_jobs_issued() - was @id ever given out (as far as one can tell)? */
bool health_jobs_issued(const struct health_jobs *t, uint32_t id);

/**
 * health_jobs_restart() - the prober is new and knows nothing: tell it all
 * Jobs that were probed before go on spread over their interval, the others
 * begin at once.
 */
void health_jobs_restart(struct health_jobs *t);

/* A packet of the protocol, as it goes out. */
struct health_packet {
	struct hc_header head;
	union {
		struct hc_job jobs[HC_RECORDS_MAX];
		struct hc_stop stops[HC_RECORDS_MAX];
	} of;
};

/**
 * health_jobs_packet() - the next packet for the prober
 * Return: its length, 0 when there is nothing to say. The queue has not moved:
 * call health_jobs_sent() when @p has gone.
 */
size_t health_jobs_packet(const struct health_jobs *t, struct health_packet *p);
void health_jobs_sent(struct health_jobs *t, const struct health_packet *p);

void health_jobs_free(struct health_jobs *t);

#endif
