/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that the daemon wants to be run once: hooks. */
#ifndef HEALTHCHECK_RUNS_H
#define HEALTHCHECK_RUNS_H

#include <ev.h>

#include "healthcheck/link.h"
#include "healthcheck/spec.h"

struct runs;

/** runs_open() - none yet; ends are told through @link, which must outlive
 * them. Free with runs_close(). */
struct runs *runs_open(struct ev_loop *loop, struct link *link);
/** runs_close() - kills what still runs */
void runs_close(struct runs *rs);

/**
 * runs_start() - run @spec's command with its environment and time-out
 * @id: for link_ran(), which is called once for each
 * @spec: decoded, not looked at; its contents are taken over, and zeroed
 */
void runs_start(struct runs *rs, uint32_t id, struct hc_spec *spec);

#endif
