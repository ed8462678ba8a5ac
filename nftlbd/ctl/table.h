/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of text: columns as wide as what is in them. */
#ifndef NFTLB_CTL_TABLE_H
#define NFTLB_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

enum colour { PLAIN, GOOD, WARN, BAD, DIM };

enum column_form {
	LEFT = 0,
	RIGHT = 1,   /* numbers */
	OPTIONAL = 2 /* left out where none of its cells says anything */
};

struct column {
	const char *head;
	unsigned int form; /* enum column_form */
};

struct cell {
	char *text;
	enum colour colour;
};

struct table {
	const struct column *columns;
	size_t ncolumns;
	struct cell *cells; /* row by row */
	size_t n, cap;
};

/** table_limit() - tables are at most so wide from now on; 0 = as they come */
void table_limit(size_t columns);

/** table_begin() - @columns must outlive the table */
void table_begin(struct table *t, const struct column *columns, size_t n);
/** table_cell() - the next cell, from left to right */
void table_cell(struct table *t, enum colour colour, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** table_end() - append the table to @out, heads first, and free it
 * No line ends in blanks. */
void table_end(struct table *t, struct buf *out, bool colours);

/** colour_text() - append @text, in colour where @colours */
void colour_text(struct buf *out, bool colours, enum colour colour,
		 const char *text);

#endif
