/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of probe jobs, driven by hand. */
#ifndef TESTS_UNIT_JOBS_RIG_H
#define TESTS_UNIT_JOBS_RIG_H

#include "daemon/health_jobs.h"

/** rig_want() - tcp to that port, each second, with spec 1 */
struct hc_job rig_want(uint16_t port);
/** rig_claim() - in a walk: check 0 of a backend wants that port probed */
void rig_claim(struct health_jobs *t, uint16_t port, uint32_t service);
/** rig_walk() - a walk in which these ports are wanted; 0 = no more */
void rig_walk(struct health_jobs *t, uint16_t a, uint16_t b);
/** rig_id() - of the job that probes that port, or 0 */
uint32_t rig_id(const struct health_jobs *t, uint16_t port);
/** rig_tell() - the next packet, taken as sent; head.count 0: there is none */
struct health_packet rig_tell(struct health_jobs *t);
void rig_tell_all(struct health_jobs *t);

#endif
