/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configurations that were in effect, what the files of the present one
 * say, and whether it has to be confirmed.
 */
#ifndef NFTLB_DAEMON_REVISIONS_H
#define NFTLB_DAEMON_REVISIONS_H

#include "config/conf.h"
#include "daemon/daemon.h"
#include "revisions/pending.h"
#include "revisions/store.h"

struct revisions;

/** revisions_open() - what is on disk; changes nothing there. Never NULL; words
 * about what is damaged are logged. */
struct revisions *revisions_open(const char *state_dir);
void revisions_close(struct revisions *r);

/* Each of these takes NULL for @r: nothing is known. */

/** revisions_list() - the oldest first; valid until the next one is accepted */
const struct revision *revisions_list(const struct revisions *r, size_t *n);
/** revisions_read() - see store_read() */
int revisions_read(const struct revisions *r, uint64_t number,
		   struct revision *out, struct err *err);
/** revisions_texts() - what the files say that are in effect, the main one
 * first; valid until the next one is accepted */
const struct conf_file *revisions_texts(const struct revisions *r, size_t *n);
/** revisions_sum() - a number that tells it from others; for ETags */
uint64_t revisions_sum(const struct revisions *r);
/** revisions_before() - number of the one before what is in effect; 0: none */
uint64_t revisions_before(const struct revisions *r);
/** revisions_pending() - what has to be confirmed; NULL: nothing */
const struct pending *revisions_pending(const struct revisions *r);
/** revisions_pending_words() - "revision 7 waits for a confirm, 43 s left"; ""
 * where nothing does */
#define PENDING_WORDS 120
const char *revisions_pending_words(const struct daemon *d,
				    char words[PENDING_WORDS]);

/**
 * revisions_accept() - d->model is in effect: keep what its files say
 * Takes the texts out of its configuration, and sets d->revision; that is 0
 * where the disk refuses: told, and no reason not to serve.
 */
void revisions_accept(struct daemon *d, const struct author *who,
		      enum revision_cause cause);

/** revisions_wait() - from now on something is pending; @p's token is copied
 * Return: 0 or -errno with words: nothing is. */
int revisions_wait(struct revisions *r, const struct pending *p,
		   struct err *err);
/** revisions_waited() - nothing is pending any more; what the disk says to it
 * is logged */
void revisions_waited(struct revisions *r);

/**
 * revisions_keep_edits() - files of @files that say on disk neither what is in
 * effect nor what they are to say are kept in state-dir/revisions, and told
 */
void revisions_keep_edits(struct daemon *d, const struct conf_file *files,
			  size_t n);

int64_t revisions_now_ms(void); /* Unix time */

#endif
