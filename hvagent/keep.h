/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API's bindings on disk: a journal with a line per change, synced before
 * anybody is told that the change is made; it lives through kill -9 and power
 * losses. A change costs what it changes, not what there is.
 */
#ifndef HVAGENT_KEEP_H
#define HVAGENT_KEEP_H

#include "hvagent/binding.h"

#define KEEP_FILE "hvagent.bindings" /* in state-dir */

struct keep;

/**
 * keep_open() - read what is kept in the directory @dir, which is made
 * @kept: becomes it; all of BINDING_OF_API
 * A last line that was not finished is no change, and is removed.
 * Return: 0; -EBUSY another process has it open; -EBADMSG the file is damaged
 * (nothing is changed); other -errno; words in @err.
 */
int keep_open(struct keep **out, const char *dir, struct bindings *kept,
	      struct err *err);
void keep_close(struct keep *k); /* NULL is fine */

/** keep_peek() - the same without owning or mending anything: nothing is made,
 * another process may have it open. 0 or -errno. */
int keep_peek(const char *dir, struct bindings *kept, struct err *err);

/**
 * keep_put() - note that @n bindings are put; @only: and all others go
 * keep_remove() - note that one is removed
 * Each is followed by keep_settle(). Return: 0: it is on the disk; -errno,
 * nothing noted.
 */
int keep_put(struct keep *k, const struct binding *list, size_t n, bool only,
	     struct err *err);
int keep_remove(struct keep *k, const char *name, struct err *err);

/**
 * keep_settle() - what was noted has come true (@done), or is taken back
 * @all: as they are now; where the journal has grown long, it is written anew.
 */
void keep_settle(struct keep *k, bool done, const struct bindings *all);

/** keep_rewrite() - keep what in @all is of the API, nothing else; 0 or -errno
 */
int keep_rewrite(struct keep *k, const struct bindings *all, struct err *err);

#endif
