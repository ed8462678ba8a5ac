/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events as they happen: server-sent events (HTML standard, section 9.2). */
#ifndef NFTLB_CONTROL_FOLLOW_H
#define NFTLB_CONTROL_FOLLOW_H

#include "control/handlers.h"

/**
 * follow_events() - answer @rq with a stream that ends with the connection
 * @since: events after this id, as far as they are kept; where some are lost an
 * event "lost" says how many
 * @service, @backend: only theirs; NULL = all
 */
void follow_events(struct request *rq, uint64_t since, const char *service,
		   const char *backend);

/** event_matches() - is it one of @service's (and @backend's)? NULL = any */
bool event_matches(const struct event *e, const char *service,
		   const char *backend);

#endif
