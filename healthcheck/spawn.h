/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that the prober runs: script checks and hooks. */
#ifndef HEALTHCHECK_SPAWN_H
#define HEALTHCHECK_SPAWN_H

#include <ev.h>
#include <stdbool.h>
#include <sys/queue.h>

/* of their environment */
#define SPAWN_PATH "PATH=/usr/sbin:/usr/bin:/sbin:/bin"

/* A program that runs. Its process group is its own. */
struct spawn;

/* It is over; nothing of its process group is left. @status: as wait() */
typedef void spawn_done(void *arg, int status);

/* Programs that were told to end and that nobody waits for. */
LIST_HEAD(spawn_leaving, spawn);

/**
 * spawn_start() - run a program, without a shell
 * stdin is /dev/null, stderr is ours; no other descriptor, ignored or blocked
 * signal is inherited.
 * @loop: any but the default one, whose child watchers take every status
 * @argv: argv[0] is the path; NULL ends it. Not needed afterwards, as @envp.
 * @out: its stdout, stays the caller's; -1: /dev/null
 * @error: where NULL is returned: negative errno
 * Return: what runs, until @done was called or it was abandoned; NULL where
 * it cannot be executed.
 */
struct spawn *spawn_start(struct ev_loop *loop, char *const argv[],
			  char *const envp[], int out, spawn_done *done,
			  void *arg, int *error);

/** spawn_look() - has it ended already, seen or not? @status: as wait() */
bool spawn_look(const struct spawn *s, int *status);

/** spawn_kill() - SIGTERM to its group now, SIGKILL a second later */
void spawn_kill(struct spawn *s);

/**
 * spawn_abandon() - the same, and @done is not called
 * @leaving: where it stays until it is gone
 */
void spawn_abandon(struct spawn *s, struct spawn_leaving *leaving);

/** spawn_forget() - SIGKILL to all that are leaving; the list is empty then */
void spawn_forget(struct spawn_leaving *leaving);

#endif
