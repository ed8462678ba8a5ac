/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's jobs: which there are, and when each is due. */
#ifndef HEALTHCHECK_JOBS_H
#define HEALTHCHECK_JOBS_H

#include <ev.h>

#include "healthcheck/link.h"
#include "healthcheck/specs.h"

struct jobs;

/** jobs_open() - no jobs yet; results go out through @link, which must outlive
 * them, as @lag must. Free with jobs_close(). */
struct jobs *jobs_open(struct ev_loop *loop, struct link *link,
		       struct lag *lag);
void jobs_close(struct jobs *js);

/**
 * jobs_put() - add the job, or replace the one of the same id
 * Same spec and target: only parameters change, the rhythm goes on (sooner if
 * the new interval is shorter). Else it is a new job: first_ms counts.
 * @spec: that of the job's id and type; held while the job uses it
 */
void jobs_put(struct jobs *js, const struct hc_job *conf, struct spec *spec);

/** jobs_stop() - forget the job @id, its probe and its result; unknown: none */
void jobs_stop(struct jobs *js, uint32_t id);

/** jobs_stats() - fill in what this knows */
void jobs_stats(const struct jobs *js, struct hc_stats *stats);

#endif
