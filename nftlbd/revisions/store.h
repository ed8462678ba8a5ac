/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configurations that were accepted, each a file in state-dir/revisions,
 * named by its number. A file that cannot be read is told once and skipped; its
 * number is not given again.
 */
#ifndef NFTLB_REVISIONS_STORE_H
#define NFTLB_REVISIONS_STORE_H

#include "revisions/record.h"

#define STORE_DIR "revisions"
#define STORE_BYTES_MAX                                                        \
	((uint64_t)1 << 30) /* of all texts: beyond it fewer                   \
			     * are kept than were asked for */

struct store;

/** store_open() - what is there, without the texts; never NULL. A directory
 * that cannot be read is logged and taken for empty. */
struct store *store_open(const char *state_dir);
void store_close(struct store *s);

/** store_list() - all of them, the oldest first; valid until the next
 * store_add() */
const struct revision *store_list(const struct store *s, size_t *n);
/** store_find() - by number; NULL: it is not kept (any more) */
const struct revision *store_find(const struct store *s, uint64_t number);
/** store_last() - the newest; NULL: none is kept */
const struct revision *store_last(const struct store *s);

/**
 * store_add() - keep what @r says and its texts, unless the newest is the same
 * @r: its number, sum and bytes are set here; all else is copied
 * @kept: how many there may be; the oldest go
 * @spare: this one does not go, whatever its age; 0 = none
 * Return: 1: it is kept; 0: the newest has the same files, @r->number is its;
 * or -errno with words: it is not kept, and its number is given again.
 */
int store_add(struct store *s, struct revision *r, uint32_t kept,
	      uint64_t spare, struct err *err);

/** store_read() - with its texts; the caller frees it
 * Return: 0; -ENOENT; -EBADMSG; other -errno of the disk; with words */
int store_read(const struct store *s, uint64_t number, struct revision *out,
	       struct err *err);

#endif
