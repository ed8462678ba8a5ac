/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fork, give everything up, become the prober. */
#ifndef NFTLB_DAEMON_PROBER_SPAWN_H
#define NFTLB_DAEMON_PROBER_SPAWN_H

#include <sys/types.h>

#include "lib/err.h"

/**
 * prober_spawn() - start the prober at the other end of a socketpair
 * @path: the program. Where the user may not walk there (a build tree below
 * /root), it is run through a descriptor that was opened before.
 * @role: its argument; NULL = none: it gets raw ICMP sockets if we may open
 * them
 * @user: who it runs as when we are root. Missing, or root itself: nobody, with
 * a warning, since no checks would be worse.
 * @pid, @fd: on success; @fd is close-on-exec, the caller's.
 * Return: 0; -errno of the socketpair, of fork, or of finding @path. A program
 * that cannot be executed exits with status 127.
 */
int prober_spawn(const char *path, const char *role, const char *user,
		 pid_t *pid, int *fd, struct err *err);

#endif
