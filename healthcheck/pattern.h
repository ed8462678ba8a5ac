/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns, compiled: what `expect` of tcp and udp says (text.h). */
#ifndef HEALTHCHECK_PATTERN_H
#define HEALTHCHECK_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Immutable once compiled: many matches may go on at once. */
struct pattern;

enum pattern_match {
	PATTERN_NO,     /* no further bytes can make it match */
	PATTERN_MORE,   /* not yet */
	PATTERN_MATCHES /* whatever follows */
};

/** pattern_compile() - @text has no pattern_problem(); pattern_free() it */
struct pattern *pattern_compile(const char *text);
void pattern_free(struct pattern *p);

/** pattern_begin() - a match at its first byte: free() it */
uint64_t *pattern_begin(const struct pattern *p);

/**
 * pattern_feed() - do the bytes begin with the pattern?
 * A datagram, or a stream piece by piece: each byte is looked at once. What
 * follows the pattern does not matter.
 * @match: of pattern_begin(); not to be fed again once the answer was not
 * PATTERN_MORE
 * Source: Baeza-Yates and Gonnet, A new approach to text searching, 1992.
 */
enum pattern_match pattern_feed(const struct pattern *p, uint64_t *match,
				const void *data, size_t len);

#endif
