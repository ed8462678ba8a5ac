/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a service the same as before, as far as the kernel is concerned? */
#ifndef NFTLB_MODEL_SAME_H
#define NFTLB_MODEL_SAME_H

#include "model/model.h"

/**
 * service_same() - would @new be compiled to what @old was compiled to?
 * Compares the configuration and what follows from state; probes do not matter.
 */
bool service_same(const struct service *new, const struct service *old);

#endif
