/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drain with a time-out: flows may end by themselves, but not for ever. */
#ifndef NFTLB_MODEL_DRAIN_H
#define NFTLB_MODEL_DRAIN_H

#include "model/changes.h"

/** drain_update() - begin, end or stop @b's drain, as things are now */
void drain_update(const struct service *s, struct backend *b, int64_t now_ms,
		  struct changes *out);
/** drain_next_ms() - when its time is over; 0 = it is not draining, or has no
 * time-out */
int64_t drain_next_ms(const struct service *s, const struct backend *b);

#endif
