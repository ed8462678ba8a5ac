/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fast path: can this kernel, and which of its interfaces are there? */
#ifndef NFTLB_DAEMON_OFFLOAD_H
#define NFTLB_DAEMON_OFFLOAD_H

#include "config/conf.h"
#include "lib/err.h"
#include "rulesets/ruleset.h"

struct daemon;
struct offload;

/**
 * offload_check() - can the kernel do what the services of @c ask for?
 * Return: 0; -errno, with words that name the first service.
 */
int offload_check(struct ruleset *rs, const struct conf *c, struct err *err);

/** offload_hooks() - those of @c, but only the interfaces that exist now */
struct rs_hooks offload_hooks(const struct conf *c);

/** offload_open() - from now on, look out for interfaces that come, go, or are
 * made anew: the kernel takes what is gone out of the table and tells nobody */
struct offload *offload_open(struct daemon *d);
void offload_close(struct offload *o);

#endif
