/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the prober may do once it listens to the network. */
#ifndef HEALTHCHECK_SANDBOX_H
#define HEALTHCHECK_SANDBOX_H

#include <stdbool.h>

#include "lib/err.h"

/**
 * sandbox_enter() - give up everything that probing does not need; for ever
 * No new privileges. With @filter also: only the system calls of the table in
 * sandbox.c; others fail with EPERM, and those that only an intruder would make
 * end the process (SIGSYS). Libraries must have been initialised.
 * Return: 0; -EPERM this process has a capability; -errno the kernel refuses.
 */
int sandbox_enter(bool filter, struct err *err);

#endif
