/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network of a test's own: nothing it does can be seen outside. */
#ifndef TESTS_UNIT_NETNS_H
#define TESTS_UNIT_NETNS_H

/**
 * netns_enter() - leave for a fresh network namespace (and a user namespace
 * where we are not root), with lo up; it ends with the process
 * Return: 0 or -errno.
 */
int netns_enter(void);

/** netns_run() - run a shell command; 0, or its exit status */
int netns_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
