/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lays out tables. Where they have to fit, columns of words give way, the
 * widest first, and numbers never: a number that is cut is another number. What
 * does not fit even so is left out from the right, and the heads end in "…".
 *
 * Invariant: control characters never reach a terminal from a cell.
 */
#include "ctl/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/terminal.h"
#include "lib/xalloc.h"

#define GAP    2  /* blanks between columns */
#define NARROW 10 /* a column of words is not made narrower */
#define HIDDEN SIZE_MAX

static size_t limit; /* columns; 0 = none */

void table_limit(size_t columns)
{
	limit = columns;
}

static const char *const escapes[] = {
	[PLAIN] = "",       [GOOD] = "\033[32m", [WARN] = "\033[33m",
	[BAD] = "\033[31m", [DIM] = "\033[2m",
};

void colour_text(struct buf *out, bool colours, enum colour colour,
		 const char *text)
{
	if (colours && colour != PLAIN)
		buf_printf(out, "%s%s\033[0m", escapes[colour], text);
	else
		buf_append(out, text, strlen(text));
}

void table_begin(struct table *t, const struct column *columns, size_t n)
{
	*t = (struct table){ .columns = columns, .ncolumns = n };
	for (size_t i = 0; i < n; i++)
		table_cell(t, DIM, "%s", columns[i].head);
}

void table_cell(struct table *t, enum colour colour, const char *fmt, ...)
{
	struct cell *c = VEC_PUSH(t->cells, t->n, t->cap);
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&c->text, fmt, ap) < 0)
		c->text = xstrdup("?");
	va_end(ap);
	c->colour = colour;
	text_clean(c->text);
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = 0, w;

	for (size_t i = column; i < t->n; i += t->ncolumns) {
		w = text_width(t->cells[i].text);
		if (w > width)
			width = w;
	}
	return width;
}

/* It is left out, and its head goes. */
static bool column_hide(struct table *t, size_t column)
{
	if (!(t->columns[column].form & OPTIONAL))
		return false;
	for (size_t i = column + t->ncolumns; i < t->n; i += t->ncolumns)
		if (t->cells[i].text[0])
			return false;
	t->cells[column].text[0] = '\0';
	return true;
}

/* Cells after the last one that says something are not padded to. */
static size_t row_end(const struct table *t, size_t row)
{
	size_t end = row + t->ncolumns;

	while (end > row && t->cells[end - 1].text[0] == '\0')
		end--;
	return end;
}

static size_t line_width(const size_t *widths, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		if (widths[i] != HIDDEN)
			total += widths[i] + (total ? GAP : 0);
	return total;
}

/* The widest column of words, the last of several; n: none may give way. */
static size_t widest(const struct table *t, const size_t *widths)
{
	size_t at = t->ncolumns;

	for (size_t i = 0; i < t->ncolumns; i++)
		if (widths[i] != HIDDEN && widths[i] > NARROW &&
		    !(t->columns[i].form & RIGHT) &&
		    (at == t->ncolumns || widths[i] >= widths[at]))
			at = i;
	return at;
}

/* Returns whether columns had to be left out. */
static bool fit(const struct table *t, size_t *widths)
{
	size_t last = t->ncolumns, at;

	while (line_width(widths, t->ncolumns) > limit) {
		at = widest(t, widths);
		if (at == t->ncolumns)
			break;
		widths[at]--;
	}
	while (last > 1 && line_width(widths, t->ncolumns) > limit)
		widths[--last] = HIDDEN;
	return last < t->ncolumns;
}

static void print_cell(struct buf *out, bool colours, const struct cell *c,
		       size_t width)
{
	struct buf text = { 0 };

	text_cut(&text, c->text, width);
	colour_text(out, colours, c->colour, text.data ? text.data : "");
	buf_free(&text);
}

static void print_row(const struct table *t, size_t row, const size_t *widths,
		      struct buf *out, bool colours, bool more)
{
	size_t end = row_end(t, row), line = out->len;

	while (end > row && widths[end - 1 - row] == HIDDEN)
		end--;
	for (size_t i = row; i < end; i++) {
		const struct cell *c = &t->cells[i];
		size_t column = i - row, width = text_width(c->text);
		bool right = t->columns[column].form & RIGHT;
		int pad;

		if (widths[column] == HIDDEN)
			continue;
		pad =
		    width < widths[column] ? (int)(widths[column] - width) : 0;
		if (right)
			buf_printf(out, "%*s", pad, "");
		print_cell(out, colours, c, widths[column]);
		if (i + 1 < end)
			buf_printf(out, "%*s", GAP + (right ? 0 : pad), "");
	}
	if (more && row == 0 && out->len > line &&
	    text_width(out->data + line) + 2 <= limit)
		buf_printf(out, " \xe2\x80\xa6");
	buf_append(out, "\n", 1);
}

void table_end(struct table *t, struct buf *out, bool colours)
{
	size_t *widths = xcalloc(t->ncolumns, sizeof(*widths));
	bool more;

	while (t->n % t->ncolumns)
		table_cell(t, PLAIN, "%s", "");
	for (size_t i = 0; i < t->ncolumns; i++)
		widths[i] = column_hide(t, i) ? HIDDEN : column_width(t, i);
	more = limit && fit(t, widths);
	for (size_t row = 0; row < t->n; row += t->ncolumns)
		print_row(t, row, widths, out, colours, more);
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(widths);
	*t = (struct table){ 0 };
}
