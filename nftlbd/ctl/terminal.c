/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal. Widths are those of C.UTF-8 whatever the operator's locale:
 * what we print is UTF-8.
 */
#include "ctl/terminal.h"

#include <limits.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "lib/parse.h"

#define ELLIPSIS "\xe2\x80\xa6"

static enum terminal_when colour_when;

void terminal_colour_when(enum terminal_when when)
{
	colour_when = when;
}

bool terminal_colours(void)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (colour_when != TERMINAL_AUTO)
		return colour_when == TERMINAL_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no && no[0]) && term &&
	       strcmp(term, "dumb") != 0;
}

size_t terminal_width(void)
{
	const char *said = getenv("COLUMNS");
	struct winsize size;
	uint32_t n;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (said && parse_number(said, 1, 10000, &n) == 0)
		return n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return 80;
}

/* ---- characters */

static void locale_once(void)
{
	static bool set;

	if (!set)
		setlocale(LC_CTYPE, "C.UTF-8");
	set = true;
}

/* Length of the escape at @text; 0: there is none. */
static size_t escape_len(const char *text)
{
	size_t n;

	if (text[0] != '\033' || text[1] != '[')
		return 0;
	n = 2 + strspn(text + 2, "0123456789;");
	return text[n] ? n + 1 : n;
}

/* The character at @text: its bytes, and its columns; -1 = none that may be
 * shown. */
static size_t character(const char *text, int *columns)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n;

	locale_once();
	n = mbrtowc(&c, text, strlen(text), &state);
	if (n == 0 || n > MB_LEN_MAX) {
		*columns = -1;
		return 1;
	}
	*columns = wcwidth(c);
	return n;
}

void text_clean(char *text)
{
	while (*text) {
		int columns;
		size_t n = character(text, &columns);

		if (columns < 0)
			memset(text, '?', n);
		text += n;
	}
}

size_t text_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		size_t n = escape_len(text);
		int columns = 0;

		if (!n)
			n = character(text, &columns);
		width += columns > 0 ? (size_t)columns : 0;
		text += n;
	}
	return width;
}

size_t text_cut(struct buf *out, const char *text, size_t width)
{
	size_t room, used = 0, n;
	bool cut = text_width(text) > width, full = false;

	room = cut && width > 0 ? width - 1 : width;
	for (; *text; text += n) {
		int columns = 0;

		n = escape_len(text);
		if (n) { /* the colour's end must not be lost */
			buf_append(out, text, n);
			continue;
		}
		n = character(text, &columns);
		columns = columns > 0 ? columns : 0;
		if (full || used + (size_t)columns > room) {
			if (!full && cut && width > 0)
				buf_append(out, ELLIPSIS, strlen(ELLIPSIS));
			full = true;
			continue;
		}
		used += (size_t)columns;
		buf_append(out, text, n);
	}
	return used + (full && width > 0);
}
