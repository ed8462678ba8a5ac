/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules that only some configurations need. */
#ifndef NFTLB_DAEMON_MODULES_H
#define NFTLB_DAEMON_MODULES_H

#include "daemon/want.h"

/**
 * modules_load() - load what the helpers of these services need
 * To be called before they are committed. Waits for modprobe, once for each
 * helper and daemon; a module that cannot be loaded is one warning.
 * @asked: helpers that were seen to, a bit each; zero at first
 */
void modules_load(unsigned int *asked, const struct want_list *w);

#endif
