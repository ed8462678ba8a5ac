/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process may do once it listens to the network. */
#ifndef NFTLB_LIB_SANDBOX_H
#define NFTLB_LIB_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* A system call that is allowed where the masked argument has this value. */
struct sandbox_rule {
	int call; /* SCMP_SYS(name) */
	unsigned int argument;
	uint64_t mask, value;
};

#define SANDBOX_ANY (-1)

/* An option of sockets that may be set. */
struct sandbox_option {
	int level, option; /* SANDBOX_ANY: all of the level */
};

/* Beside what every process needs: memory without code, time, signals to
 * itself, the end. */
struct sandbox {
	const int *calls;
	size_t ncalls;
	const struct sandbox_rule *rules;
	size_t nrules;
	const struct sandbox_option *options;
	size_t noptions;
};

/**
 * sandbox_close() - give up everything that is not needed; for ever
 * No new privileges. With @own also: only those system calls; others fail with
 * EPERM, and those that only an intruder would make end the process (SIGSYS).
 * Libraries must have been initialised.
 * Return: 0; -EPERM this process has a capability; -errno the kernel refuses.
 */
int sandbox_close(const struct sandbox *own, struct err *err);

#endif
