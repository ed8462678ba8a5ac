/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From dirty services to the kernel: collects, plans, commits, retries. Also
 * owns the watch: a foreign change of our tables is scanned and repaired.
 */
#ifndef NFTLB_DAEMON_COMMITTER_H
#define NFTLB_DAEMON_COMMITTER_H

#include "daemon/daemon.h"

/** committer_open() - watch our tables and wait for work; 0 */
int committer_open(struct committer **out, struct daemon *d, struct err *err);
void committer_close(struct committer *c);

/**
 * committer_urgent() - a backend went down: commit before the loop sleeps, but
 * after a pause as long as the last commit took (2..50 ms)
 * @since_us: when the failure was measured (CLOCK_MONOTONIC), 0 = not known;
 * what passes until the commit is over goes into committer_delays()
 */
void committer_urgent(struct committer *c, int64_t since_us);

/* From the probe that took a backend down to the end of the commit: the last
 * ones that were measured. */
struct committer_delays {
	size_t n; /* 0: nothing is known */
	double p50_ms, p99_ms, worst_ms;
};
void committer_delays(const struct committer *c, struct committer_delays *out);
/** committer_batch() - something got better: commit with the next tick */
void committer_batch(struct committer *c);
/** committer_now() - commit now; 0 or -errno (dirty services stay dirty) */
int committer_now(struct committer *c, struct err *err);
/**
 * committer_repair() - scan the kernel, commit the whole difference, now
 * Return: 0 or -errno with words; the caller may
 * hand them to committer_retry().
 */
int committer_repair(struct committer *c, enum resync why, struct err *err);
/** committer_retry() - @err came of a commit: log it, try again with back-off
 */
void committer_retry(struct committer *c, const struct err *err);

/** committer_forgot() - is there something to commit, and nobody going to? That
 * must not be */
bool committer_forgot(const struct committer *c);

/**
 * committer_whole() - make the kernel hold the services of @m and no others
 * @m: need not be d->model yet
 * @scope: COMMIT_DIRTY trusts that what is not dirty is there as it should be
 * Return: 0 or -errno with words; nothing has changed for packets then.
 *
 * committer_adopted() - d->model is what the kernel has: nothing is dirty
 */
enum commit_scope { COMMIT_ALL, COMMIT_DIRTY };
int committer_whole(struct daemon *d, const struct model *m,
		    enum commit_scope scope, const char *why, struct err *err);
void committer_adopted(struct daemon *d);

#endif
