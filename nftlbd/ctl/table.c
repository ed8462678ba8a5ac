/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lays out tables. Pure: who calls knows whether there is a terminal.
 *
 * Invariant: control characters never reach a terminal from a cell.
 */
#include "ctl/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define GAP    2 /* blanks between columns */
#define HIDDEN SIZE_MAX

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
	for (char *p = c->text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

/* Characters, not bytes: continuation bytes take no room. */
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = 0, w;

	for (size_t i = column; i < t->n; i += t->ncolumns) {
		w = width_of(t->cells[i].text);
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

static void print_row(const struct table *t, size_t row, const size_t *widths,
		      struct buf *out, bool colours)
{
	size_t end = row_end(t, row);

	for (size_t i = row; i < end; i++) {
		const struct cell *c = &t->cells[i];
		size_t column = i - row;
		bool right = t->columns[column].form & RIGHT;
		int pad;

		if (widths[column] == HIDDEN)
			continue;
		pad = (int)(widths[column] - width_of(c->text));
		if (right)
			buf_printf(out, "%*s", pad, "");
		colour_text(out, colours, c->colour, c->text);
		if (i + 1 < end)
			buf_printf(out, "%*s", GAP + (right ? 0 : pad), "");
	}
	buf_append(out, "\n", 1);
}

void table_end(struct table *t, struct buf *out, bool colours)
{
	size_t *widths = xcalloc(t->ncolumns, sizeof(*widths));

	while (t->n % t->ncolumns)
		table_cell(t, PLAIN, "%s", "");
	for (size_t i = 0; i < t->ncolumns; i++)
		widths[i] = column_hide(t, i) ? HIDDEN : column_width(t, i);
	for (size_t row = 0; row < t->n; row += t->ncolumns)
		print_row(t, row, widths, out, colours);
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(widths);
	*t = (struct table){ 0 };
}
