/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backends that have as many connections as they may have. */
#ifndef NFTLB_MODEL_FULL_H
#define NFTLB_MODEL_FULL_H

#include "model/changes.h"

/**
 * backend_room() - the number that the kernel counts to: max-connections, less
 * by those that it does not know of; 0 = no limit
 */
uint32_t backend_room(const struct backend *b);

/**
 * step_counted() - @b has @n connections
 * @flagged: the kernel had it for full before these were counted, and has let
 * nobody in since
 * Marks the service dirty where the kernel has to count anew; the flag may only
 * be taken down when that has been committed.
 * Return: whether the flag has to be up.
 */
bool step_counted(struct model *m, struct service *s, struct backend *b,
		  uint64_t n, bool flagged, int64_t now_ms,
		  struct changes *out);

/** step_flagged() - the kernel has @b for full, and nobody has counted yet: at
 * start, so that the first commit gives it no slots. No change, no words. */
void step_flagged(struct model *m, struct service *s, struct backend *b,
		  int64_t now_ms);

/** full_doubt() - the kernel has begun to count anew: what it has not seen has
 * to be found out, for all backends with a limit */
void full_doubt(struct model *m);

/** full_carry() - @b goes on where @old was, with another limit or on another
 * server, perhaps */
void full_carry(struct backend *b, const struct backend *old, bool same_server);

#endif
