/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of probe jobs: which job is whose, and what the prober has yet to
 * be told. Plain data and pure functions: a test can drive it by hand.
 *
 * A job is a target and a timing. Checks of several backends that come to the
 * same share one job, and each result is for all of its owners.
 */
#ifndef NFTLB_DAEMON_HEALTH_JOBS_H
#define NFTLB_DAEMON_HEALTH_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/health_specs.h"
#include "healthcheck/protocol.h"

/* A job id is an index into the table and, above it, a generation that changes
 * with each new job: results of an earlier one are known as such. */
#define HEALTH_JOB_INDEX_BITS 20
#define HEALTH_JOBS_MAX       (1u << HEALTH_JOB_INDEX_BITS)

enum health_job_state {
	HEALTH_JOB_FREE,
	HEALTH_JOB_WANTED,
	HEALTH_JOB_STOPPING /* the prober has yet to be told */
};

struct health_job {
	struct hc_job conf;         /* conf.id is the job's id */
	uint32_t next;              /* in its bucket, plus 1; of those wanted */
	uint32_t owners, nowners;   /* a piece of the table's owners */
	uint32_t results, failures; /* that came */
	int64_t last_ms;            /* Unix time of the last; 0 = none yet */
	uint8_t state;
	bool queued; /* the prober has yet to be told */
	bool kept;   /* by the walk that is under way */
	bool urgent; /* nothing is known of it yet: its first probe at once */
	bool probed; /* a result has come */
	/* of feeds only: */
	bool has_value;
	uint8_t reason; /* of the last result, with its detail */
	int32_t detail;
	double value; /* with has_value: the last one that was found */
};

/* Check number `check` of a backend, or feed number `check` of its service that
 * is asked of it; indices into the model. */
struct health_owner {
	uint32_t service, backend;
	uint8_t check;
	bool feed;
};

struct health_claim; /* what a walk has found so far */
struct health_late;

struct health_jobs {
	struct health_job *list;
	size_t n, cap;
	uint32_t *buckets; /* of wanted jobs by target; a power of two or 0 */
	size_t nbuckets;
	uint32_t *free_list; /* indices */
	size_t nfree, capfree;
	uint32_t *queue; /* jobs and specs, from queue_head on */
	size_t queue_head, nqueue, capqueue;
	size_t part_offset; /* so much of the spec at the head has gone */
	uint32_t paced; /* urgent jobs told since the queue was last empty */
	bool spoken;    /* something was told */
	size_t wanted;
	struct health_specs specs;
	struct health_owner *owners; /* sorted by job */
	size_t nowners;
	/* only during a walk: */
	struct health_claim *claims;
	size_t nclaims, capclaims;
	struct health_late *late;
	size_t nlate, caplate;
	uint32_t *added; /* indices of new jobs */
	size_t nadded, capadded;
	size_t refused; /* claims of the last walk that found no place */
};

/* ---- a walk over the model (health_walk.c) */

/** health_walk_begin() - nothing is kept yet */
void health_walk_begin(struct health_jobs *t);
/**
 * health_walk_spec() - the spec of a check that is in use
 * @bytes: as for health_specs_want(). Return: its id, for hc_job.spec
 */
uint32_t health_walk_spec(struct health_jobs *t, uint8_t type,
			  struct buf *bytes);
/**
 * health_walk_want() - @owner wants this probed
 * @want: id and first_ms are not looked at
 * @urgent: where the job is new, its first probe is at once
 */
void health_walk_want(struct health_jobs *t, const struct hc_job *want,
		      const struct health_owner *owner, bool urgent);
/**
 * health_walk_end() - jobs and specs that nobody wanted stop
 * A job of before goes on where one of that target is wanted, also with another
 * timing, which the prober is told then.
 */
void health_walk_end(struct health_jobs *t);

/* ---- jobs (health_jobs.c) */

/** health_jobs_find() - the job of @id, or NULL where it is gone by now */
struct health_job *health_jobs_find(const struct health_jobs *t, uint32_t id);
/** health_jobs_like() - the wanted job that does exactly this, or NULL */
struct health_job *health_jobs_like(const struct health_jobs *t,
				    const struct hc_job *want);
/** health_jobs_unkept() - one for the target of @want, whatever its timing,
 * that the walk has not kept so far; or NULL */
struct health_job *health_jobs_unkept(const struct health_jobs *t,
				      const struct hc_job *want);
/** health_jobs_issued() - was @id ever given out (as far as one can tell)? */
bool health_jobs_issued(const struct health_jobs *t, uint32_t id);

/* The walk's steps. health_jobs_add(): NULL where the table is full. */
struct health_job *health_jobs_add(struct health_jobs *t,
				   const struct hc_job *want, bool urgent);
void health_jobs_retime(struct health_jobs *t, struct health_job *j,
			const struct hc_job *want);
void health_jobs_stop(struct health_jobs *t, struct health_job *j);
void health_jobs_tell_spec(struct health_jobs *t, uint32_t index);

/**
 * health_jobs_restart() - the prober is new and knows nothing: tell it all
 * Jobs that were probed before go on spread over their interval, the others
 * begin at once. Does nothing where nothing was told so far.
 */
void health_jobs_restart(struct health_jobs *t);

/* A packet of the protocol, as it goes out. */
struct health_packet {
	struct hc_header head;
	union {
		struct hc_job jobs[HC_RECORDS_MAX];
		struct hc_stop stops[HC_RECORDS_MAX];
		struct {
			struct hc_part head;
			uint8_t data[HC_PART_MAX];
		} part;
	} of;
};

/** health_packet_part() - make the piece at @offset of a blob; its length */
size_t health_packet_part(struct health_packet *p, enum hc_msg_type type,
			  const struct hc_part *of, const void *blob);

/**
 * health_jobs_packet() - the next packet for the prober
 * Return: its length, 0 when there is nothing to say. Call health_jobs_sent()
 * when @p has gone; else the same is made again.
 */
size_t health_jobs_packet(struct health_jobs *t, struct health_packet *p);
void health_jobs_sent(struct health_jobs *t, const struct health_packet *p);

void health_jobs_free(struct health_jobs *t);

#endif
