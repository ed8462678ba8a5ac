/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fork, give everything up, become another program. */
#ifndef NFTLB_DAEMON_SPAWN_H
#define NFTLB_DAEMON_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "lib/err.h"

#define SPAWN_SOCK_FD 3 /* the child's end of the socketpair */
#define SPAWN_EXE_FD  4 /* the program; closed when it runs */
#define SPAWN_MORE_FD 5 /* the first of the plan's descriptors */
#define SPAWN_FDS_MAX 4

struct spawn_plan {
	const char *name; /* of the program, for itself and in messages */
	/* The program. Where the user may not walk there (a build tree below
	 * /root), it is run through a descriptor that was opened before. */
	const char *path;
	const char *role; /* its argument; NULL = none */
	/* Who it runs as when we are root. Missing, or root itself: nobody,
	 * with a warning, since none at all would be worse. */
	const char *user;
	int fds[SPAWN_FDS_MAX]; /* it gets them from SPAWN_MORE_FD on; -1 =
				 * none. The caller's */
	size_t nfds;
	rlim_t nofile; /* descriptors that it may have */
	bool more;     /* at least, that is; else at most */
};

/**
 * spawn_program() - start it at the other end of a socketpair of packets
 * @pid, @fd: on success; @fd is close-on-exec, the caller's.
 * Return: 0; -errno of the socketpair, of fork, or of finding the program. One
 * that cannot be executed exits with status 127.
 */
int spawn_program(const struct spawn_plan *plan, pid_t *pid, int *fd,
		  struct err *err);

/** spawn_wait() - it is about to end: wait for that, and kill it after
 * @limit_s; the loop does not run any more */
void spawn_wait(pid_t pid, time_t limit_s);

#endif
