/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real prober process and the daemon's end of its socketpair. */
#ifndef TESTS_UNIT_PROBER_RIG_H
#define TESTS_UNIT_PROBER_RIG_H

#include <sys/types.h>

#include "healthcheck/protocol.h"
#include "healthcheck/spec.h"
#include "listener.h"

#define NONE     UINT32_MAX /* no job has this id */
#define RIG_SPEC 77         /* a tcp spec that says nothing more */

struct rig {
	pid_t pid;
	int fd, err;                          /* err: its stderr */
	struct hc_result got[HC_RECORDS_MAX]; /* of the last packet */
	size_t ngot, next;
	struct hc_stats stats; /* the last ones */
	unsigned int nstats;   /* how many came */
};

/** rig_spawn() - run $NFTLB_PROBER or TEST_PROBER; @child_fd becomes its
 * descriptor 3, -1 = it has none */
void rig_spawn(struct rig *p, int child_fd);
/** rig_spawn_role() - the same, with an argument; NULL = none */
void rig_spawn_role(struct rig *p, int child_fd, const char *role);
/** rig_start() - run it at the other end of a socketpair; @sndbuf of its end, 0
 * = the system's */
void rig_start(struct rig *p, int sndbuf);
/** rig_hello() - its first packet is a good hello */
void rig_hello(struct rig *p);
/** rig_open() - rig_start(), rig_hello() and RIG_SPEC */
void rig_open(struct rig *p);
/** rig_open_role() - as `nftlb-prober ROLE`, no spec */
void rig_open_role(struct rig *p, const char *role);
/** rig_end() - close our end, wait for it; its exit status */
int rig_end(struct rig *p);
/** rig_close() - rig_end() with status 0 */
void rig_close(struct rig *p);

/** rig_said() - it is over and wrote one line, with @words; closes err */
void rig_said(struct rig *p, const char *words);
/** rig_refused() - it ends by itself with status 1, and one line says @words */
void rig_refused(struct rig *p, const char *words);

/** rig_recv() - the next packet's length, 0 = it closed, -1 = nothing came */
ssize_t rig_recv(struct rig *p, void *packet, size_t size);
/** rig_packet() - take one packet; results of an earlier one are forgotten */
void rig_packet(struct rig *p);
/** rig_next() - the next result, of whatever job */
struct hc_result rig_next(struct rig *p);
/** rig_result() - the next result of job @id; one of job @never is a failure */
struct hc_result rig_result(struct rig *p, uint32_t id, uint32_t never);

/** rig_spec() - send @spec, in parts of @part bytes; 0 = the largest */
void rig_spec(struct rig *p, uint32_t id, enum hc_type type,
	      const struct hc_spec *spec, uint32_t part);
/** rig_part() - a part of a spec or run, of @part->len bytes of @blob */
void rig_part(struct rig *p, uint16_t message, const struct hc_part *part,
	      const char *blob);
void rig_spec_stop(struct rig *p, uint32_t id);

/** rig_job() - a job that probes @l, at once and at one pace, by RIG_SPEC */
struct hc_job rig_job(uint32_t id, const struct listener *l,
		      uint32_t interval_ms, uint32_t timeout_ms);
void rig_jobs(struct rig *p, const struct hc_job *jobs, size_t n);
void rig_stop(struct rig *p, uint32_t id);

#endif
