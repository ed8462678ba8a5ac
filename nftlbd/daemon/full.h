/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends with max-connections: hears from the kernel who is full, counts, and
 * lets them in again. Does nothing, and costs nothing, where no service has it.
 */
#ifndef NFTLB_DAEMON_FULL_H
#define NFTLB_DAEMON_FULL_H

#include "daemon/daemon.h"

struct full *full_open(struct daemon *d);
void full_close(struct full *f);

/** full_sync() - d->model is another one, or its backends are doubtful: look at
 * once */
void full_sync(struct full *f);

/**
 * full_restore() - before the first commit, with HAVE read: who is full by the
 * kernel's flags is so until he has been counted
 */
void full_restore(struct daemon *d);

#endif
