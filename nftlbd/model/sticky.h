/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persistence: which backends their own clients may come back to. */
#ifndef NFTLB_MODEL_STICKY_H
#define NFTLB_MODEL_STICKY_H

#include "model/model.h"

/** sticky_wanted() - has the service persistence or pins? */
bool sticky_wanted(const struct service *s);

/** sticky_remembers() - are there entries that lead to its backends? */
bool sticky_remembers(const struct service *s);

/* So long flows that nobody tracks stay those of a backend that is down: the
 * time in which a server is started again. */
#define STICKY_WAIT_MS 10000

/** sticky_update() - set b->sticky from the rest of @b; true: it changed, or
 * its entries may go from now on */
bool sticky_update(const struct service *s, struct backend *b, int64_t now_ms);
/** sticky_next_ms() - when sticky_update() is to be called again; 0 = never */
int64_t sticky_next_ms(const struct backend *b);

/** sticky_committed() - the kernel knows who is sticky; true: there is
 * something to purge */
bool sticky_committed(struct service *s);

/** sticky_purge_begin() - the table of @family is being read, from here on */
void sticky_purge_begin(struct service *s, uint8_t family);

#endif
