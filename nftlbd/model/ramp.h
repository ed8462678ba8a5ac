/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slow start: who comes back gets a tenth of his flows first, then more. */
#ifndef NFTLB_MODEL_RAMP_H
#define NFTLB_MODEL_RAMP_H

#include "model/model.h"

/** ramp_start() - @b was down and is up; nothing where the service has no slow
 * start */
void ramp_start(const struct service *s, struct backend *b, int64_t now_ms);
/** ramp_stop() - all of its weight at once */
void ramp_stop(struct backend *b);
/** ramp_update() - as much of its weight as is due now */
void ramp_update(const struct service *s, struct backend *b, int64_t now_ms);
/** ramp_next_ms() - when the next tenth is due; 0 = it has all */
int64_t ramp_next_ms(const struct service *s, const struct backend *b);

#endif
