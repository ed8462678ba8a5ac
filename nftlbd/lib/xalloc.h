/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation that cannot fail: out of memory logs one line and aborts. */
#ifndef NFTLB_LIB_XALLOC_H
#define NFTLB_LIB_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/** xoutofmemory() - what the rest calls; for allocators of other libraries */
void xoutofmemory(void) __attribute__((noreturn));

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size); /* zeroed; checks overflow */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/** xjoin() - the three texts, one after the other; 10 times as fast as by
 * printf, for what there are many of */
char *xjoin(const char *a, const char *b, const char *c);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

/* Append room for one element to a vector; doubles the capacity. */
#define VEC_PUSH(vec, n, cap)                                                  \
	((n) == (cap) ? ((cap) = (cap) ? (cap)*2 : 8,                          \
			 (vec) = xreallocarray((vec), (cap), sizeof(*(vec))))  \
		      : (vec),                                                 \
	 &(vec)[(n)++])

#endif
