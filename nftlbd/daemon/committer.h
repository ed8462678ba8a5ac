/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From dirty services to the kernel: collects, plans, commits, retries. Also
 * owns the watch: a foreign change of our tables is scanned and repaired.
 */
#ifndef NFTLB_DAEMON_COMMITTER_H
#define NFTLB_DAEMON_COMMITTER_H

#include "daemon/daemon.h"

int committer_open(struct committer **out, struct daemon *d, struct err *err);
void committer_close(struct committer *c);

/**
 * committer_urgent() - a backend went down: commit before the loop sleeps, at
 * most every 50 ms
 */
void committer_urgent(struct committer *c);
/** committer_batch() - something got better: commit with the next tick */
void committer_batch(struct committer *c);
/** committer_now() - commit now; 0 or -errno (dirty services stay dirty) */
int committer_now(struct committer *c, struct err *err);

#endif
