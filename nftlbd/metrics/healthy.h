/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is the daemon itself well? Not: are backends. */
#ifndef NFTLB_METRICS_HEALTHY_H
#define NFTLB_METRICS_HEALTHY_H

#include <jansson.h>

#include "daemon/daemon.h"

/** healthy() - does it do its work? @reasons: an array, gets words for each
 * thing that is wrong; may be NULL */
bool healthy(const struct daemon *d, json_t *reasons);

#endif
