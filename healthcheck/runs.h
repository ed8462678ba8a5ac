/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that the daemon wants to be run once: hooks. */
#ifndef HEALTHCHECK_RUNS_H
#define HEALTHCHECK_RUNS_H

#include <ev.h>

#include "healthcheck/link.h"
#include "healthcheck/spec.h"

#define RUNS_AT_ONCE 32
#define RUNS_WAITING 1000

struct runs;

/** runs_open() - none yet; ends are told through @link, which must outlive
 * them. Free with runs_close(). */
struct runs *runs_open(struct ev_loop *loop, struct link *link);
/** runs_close() - kills what still runs */
void runs_close(struct runs *rs);

/**
 * runs_start() - run @spec's command with its environment and time-out
 * At most RUNS_AT_ONCE run; of those that wait the oldest gives way (-EBUSY)
 * where there are more than RUNS_WAITING. After spec->timeout_ms (0: 30 s) its
 * process group is ended. argv[0] is an absolute path; PATH is set.
 * @id: for link_ran(), which is called once for each
 * @spec: decoded, not looked at; its contents are taken over, and zeroed
 */
void runs_start(struct runs *rs, uint32_t id, struct hc_spec *spec);

#endif
