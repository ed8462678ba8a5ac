/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the daemon is: for the service manager's status line and its watchdog. */
#ifndef NFTLB_DAEMON_FITNESS_H
#define NFTLB_DAEMON_FITNESS_H

#include "daemon/daemon.h"
#include "lib/manager.h"

/** fitness_line() - "12 services, 40 of 42 backends up", and what is wrong.
 * @daemon: struct daemon, as for fitness_is() */
void fitness_line(void *daemon, char line[MANAGER_STATUS_MAX]);

/** fitness_is() - does what has changed reach the kernel? Not whether the
 * kernel takes it: a refusal is an answer, and a restart would not help. To be
 * asked a few times in a watchdog's period. */
bool fitness_is(void *daemon);

#endif
