/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths to backends of dsr and ipip: neighbours and tunnels (net/) <-> model.
 * Where no service has such a mode nothing is opened, read or made.
 */
#ifndef NFTLB_DAEMON_PATHS_H
#define NFTLB_DAEMON_PATHS_H

#include "daemon/daemon.h"

struct paths *paths_open(struct daemon *d);
void paths_close(struct paths *p); /* tunnels stay; NULL is fine */

/**
 * paths_look() - fill in what the host knows at the moment: asks nobody, makes
 * nothing; for a model that is not settled yet
 */
void paths_look(struct paths *p, struct model *m);

/**
 * paths_stage() - before @m is settled and committed: what it wants as well as
 * what d->model does is looked for and made, and filled in as far as it is
 * there after a short while. What is not comes with step_path(), later.
 *
 * paths_adopt() - d->model is what the kernel has: only what it wants is kept
 * paths_unstage() - what was staged is not wanted after all
 */
void paths_stage(struct paths *p, struct model *m);
void paths_adopt(struct paths *p);
void paths_unstage(struct paths *p);

#endif
