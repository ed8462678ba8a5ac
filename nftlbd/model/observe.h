/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rest of observe.c: what step.c needs of it beside step_observe(). */
#ifndef NFTLB_MODEL_OBSERVE_H
#define NFTLB_MODEL_OBSERVE_H

#include "model/changes.h"

/** observe_release() - bring @b up if only a hold-down that is over kept
 * it there. To be settled after. */
void observe_release(const struct service *s, struct backend *b, int64_t now_ms,
		     struct changes *out);

/** observe_begin() - its checks may be others than those that its health and
 * word came from. To be settled after. */
void observe_begin(const struct service *s, struct backend *b, int64_t now_ms,
		   struct changes *out);

#endif
