/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growable buffer of bytes or text. Out of memory ends the process (see
 * xalloc.h): a daemon whose data path outlives it loses nothing by that.
 */
#ifndef NFTLB_LIB_BUF_H
#define NFTLB_LIB_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* NULL when empty; text is always NUL-terminated */
	size_t len; /* bytes used, without the NUL */
	size_t cap;
};

/** buf_reserve() - make room for @extra more bytes; returns where they go */
void *buf_reserve(struct buf *b, size_t extra);
void buf_append(struct buf *b, const void *data, size_t len);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_clear(struct buf *b); /* len = 0, memory is kept */
void buf_free(struct buf *b);  /* all memory back; usable again after */

#endif
