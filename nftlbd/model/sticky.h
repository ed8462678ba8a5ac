/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persistence: which backends their own clients may come back to. */
#ifndef NFTLB_MODEL_STICKY_H
#define NFTLB_MODEL_STICKY_H

#include "model/model.h"

/** sticky_wanted() - has the service persistence or pins? */
bool sticky_wanted(const struct service *s);

/** sticky_update() - set b->sticky from the rest of @b; true: it changed */
bool sticky_update(const struct service *s, struct backend *b);

/** sticky_committed() - the kernel knows who is sticky; true: there is
 * something to purge */
bool sticky_committed(struct service *s);

/** sticky_purge_begin() - the table of @family is being read, from here on */
void sticky_purge_begin(struct service *s, uint8_t family);

#endif
