/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a service the same as before, as far as the kernel is concerned? */
#ifndef NFTLB_MODEL_SAME_H
#define NFTLB_MODEL_SAME_H

#include "model/model.h"

/**
 * service_same() - would @new be compiled to what @old was compiled to?
 * Compares configurations and the operator's words; probes do not matter, and
 * of changes of who serves settle() takes care.
 */
bool service_same(const struct service *new, const struct service *old);

#endif
