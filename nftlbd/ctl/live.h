/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that go on: see struct command. */
#ifndef NFTLB_CTL_LIVE_H
#define NFTLB_CTL_LIVE_H

#include "ctl/api.h"
#include "ctl/command.h"

/** live_monitor() - each event as a line (JSON: an object a line) */
int live_monitor(const struct call *c, struct api *api, const char *path);

/** live_top() - the state, again each second; without a terminal: once */
int live_top(const struct call *c, struct api *api, const char *path);

#endif
