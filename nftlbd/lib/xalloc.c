/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocation that cannot fail. Out of memory is not handled anywhere else: the
 * rules in the kernel go on without us, and a restart picks them up. This file
 * must not use the log, which may allocate.
 */
#include "lib/xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void xoutofmemory(void)
{
	static const char words[] = "out of memory\n";

	if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
		_exit(127);
	abort();
}

static void *xcheck(void *p)
{
	if (!p)
		xoutofmemory();
	return p;
}

void *xmalloc(size_t size)
{
	return xcheck(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return xcheck(n && size ? calloc(n, size) : calloc(1, 1));
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	if (!n || !size)
		n = size = 1;
	return xcheck(reallocarray(p, n, size));
}

char *xstrdup(const char *s)
{
	return xcheck(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return xcheck(strndup(s, n));
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	return xcheck(vasprintf(&s, fmt, ap) < 0 ? NULL : s);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

char *xjoin(const char *a, const char *b, const char *c)
{
	size_t na = strlen(a), nb = strlen(b), nc = strlen(c) + 1;
	char *s = xmalloc(na + nb + nc);

	memcpy(s, a, na);
	memcpy(s + na, b, nb);
	memcpy(s + na + nb, c, nc);
	return s;
}
