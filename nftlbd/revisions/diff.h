/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two texts, line by line. Pure. */
#ifndef NFTLB_REVISIONS_DIFF_H
#define NFTLB_REVISIONS_DIFF_H

#include <stddef.h>
#include <stdint.h>

#include "config/conf.h"
#include "lib/buf.h"

#define DIFF_CONTEXT 3 /* lines before and after a change */

struct diff_count {
	size_t added, removed; /* lines */
};

/**
 * diff_text() - one file, appended to @out as a unified diff
 * @a, @b: the old and the new text; NULL = there is no such file
 * @out: NULL: only count. Nothing is appended where nothing differs.
 * The shortest one, up to some 1,500 changed lines; where there are more, it is
 * still right, but may say more than it needs to.
 */
void diff_text(const char *path, const struct conf_file *a,
	       const struct conf_file *b, struct buf *out,
	       struct diff_count *count);

/** diff_files() - the same of all files, by their paths; @count is added to */
void diff_files(const struct conf_file *a, size_t na, const struct conf_file *b,
		size_t nb, struct buf *out, struct diff_count *count);

#endif
