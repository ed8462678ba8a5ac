/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration that is undone unless somebody confirms it in time. It is on
 * disk, so that a daemon that was killed meanwhile still knows of it.
 */
#ifndef NFTLB_REVISIONS_PENDING_H
#define NFTLB_REVISIONS_PENDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"

#define CONFIRM_MIN_MS 1000u     /* 1 s */
#define CONFIRM_MAX_MS 86400000u /* a day */

struct pending {
	uint64_t back_to;    /* number of the revision that comes back */
	int64_t deadline_ms; /* Unix time; 0 = nothing is pending */
	uint32_t confirm_ms; /* what was given, CONFIRM_MIN_MS.._MAX_MS */
	uid_t uid;           /* who applied it */
	char *token;         /* owned; NULL = none */
};

void pending_free(struct pending *p);

/**
 * pending_left_ms() - until it is undone; 0 = it is time
 * @now_ms: Unix time. Never more than was given: a clock that was set back does
 * not keep an unconfirmed configuration.
 */
int64_t pending_left_ms(const struct pending *p, int64_t now_ms);

/** pending_load() - what is on disk
 * Return: 1; 0: nothing is pending; -EBADMSG or -errno: it makes no sense (with
 * words) */
int pending_load(const char *state_dir, struct pending *out, struct err *err);
/** pending_save() - 0 or -errno with words: nothing is pending then */
int pending_save(const char *state_dir, const struct pending *p,
		 struct err *err);
/** pending_remove() - nothing is pending any more; 0 or -errno with words */
int pending_remove(const char *state_dir, struct err *err);

#endif
