/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the terminal, and how wide text is on it. */
#ifndef NFTLB_CTL_TERMINAL_H
#define NFTLB_CTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

enum terminal_when { TERMINAL_AUTO, TERMINAL_ALWAYS, TERMINAL_NEVER };

/** terminal_colour_when() - --color and --no-color; AUTO until it is called */
void terminal_colour_when(enum terminal_when when);
/** terminal_colours() - does stdout show colours, and may it? */
bool terminal_colours(void);
/** terminal_width() - columns of stdout: COLUMNS, or the terminal's own; 0 = no
 * limit, where it is none */
size_t terminal_width(void);

/** text_width() - columns that UTF-8 takes: wide characters are two, combining
 * ones none; escapes that colour_text() makes take none */
size_t text_width(const char *text);
/** text_clean() - in place: '?' for what could move the cursor, and for what is
 * no UTF-8 */
void text_clean(char *text);
/** text_cut() - append @text, cut to @width columns with "…" at its end where
 * it is wider; escapes stay whole. Returns the columns that it took. */
size_t text_cut(struct buf *out, const char *text, size_t width);

#endif
