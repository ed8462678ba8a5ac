/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code and words of an error. Words longer than the buffer are cut and end in
 * "..." so that a reader sees that something is missing.
 */
#include "lib/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
	char words[sizeof(e->msg)];
	va_list ap;
	int n;

	if (!e)
		return code;
	/* into a copy first: the arguments may well be e->msg itself */
	va_start(ap, fmt);
	n = vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	if (n < 0)
		words[0] = '\0';
	else if ((size_t)n >= sizeof(words))
		memcpy(words + sizeof(words) - 4, "...", 4);
	memcpy(e->msg, words, sizeof(words));
	return code;
}
