/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to send and what to expect: texts with escapes, patterns with wildcards.
 *
 * A pattern is a row of elements, each a byte or "any byte"; before an element
 * there may be a gap (any bytes, a * in the text). Bit i of a match is set when
 * the bytes so far can be read as the first i elements: the next byte moves it
 * on if it fits element i, and leaves it where it is if there is a gap before
 * element i. All ways to read the bytes are followed at once, so there is no
 * backtracking: the cost of a byte is elements / 64 operations, whatever
 * pattern and peer say, and a stream is looked at piece by piece.
 *
 * Invariant: a match that reaches the bit after the last element is over.
 * Must not know sockets.
 */
#include "healthcheck/pattern.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "healthcheck/text.h"
#include "lib/xalloc.h"

#define WORD_BITS 64

enum { ANY_BYTE = 256, GAP, END };

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* The byte that an escape stands for; *@text is after its backslash. -1: none.
 */
static int escape_take(const char **text, const char *plain)
{
	static const char names[] = "rnt0\\", values[] = "\r\n\t\0\\";
	char c = **text;
	const char *at = c ? strchr(names, c) : NULL;
	int high, low;

	if (!c)
		return -1;
	++*text;
	if (at)
		return (unsigned char)values[at - names];
	if (strchr(plain, c))
		return (unsigned char)c;
	if (c != 'x')
		return -1;
	high = hex_value((*text)[0]);
	low = high < 0 ? -1 : hex_value((*text)[1]);
	if (low < 0)
		return -1;
	*text += 2;
	return high * 16 + low;
}

/* The next element of a pattern: a byte, ANY_BYTE, GAP, END; -1: bad escape. */
static int element_take(const char **text)
{
	char c = **text;

	if (!c)
		return END;
	++*text;
	if (c == '\\')
		return escape_take(text, "?*");
	if (c == '?')
		return ANY_BYTE;
	return c == '*' ? GAP : (unsigned char)c;
}

/* ---- what is wrong with them */

const char *send_problem(const char *text)
{
	if (strlen(text) > TEXT_SEND_MAX)
		return "too long";
	while (*text)
		if (*text++ == '\\' && escape_take(&text, "") < 0)
			return "bad escape";
	return NULL;
}

const char *pattern_problem(const char *text)
{
	int element;

	if (!*text)
		return "empty; * stands for any bytes";
	if (strlen(text) > TEXT_PATTERN_MAX)
		return "too long";
	while ((element = element_take(&text)) != END)
		if (element < 0)
			return "bad escape";
	return NULL;
}

void send_bytes(const char *text, struct buf *out)
{
	while (*text) {
		int byte = (unsigned char)*text++;
		uint8_t one;

		if (byte == '\\')
			byte = escape_take(&text, "");
		one = (uint8_t)byte;
		buf_append(out, &one, 1);
	}
}

/* ---- patterns */

struct pattern {
	size_t n;         /* elements; gaps are none */
	size_t words;     /* of a match: n + 1 bits */
	uint64_t *gaps;   /* bit i: a gap before element i, or before the end */
	uint64_t *fits[]; /* of each byte, bit i: it fits element i */
};

static void bit_set(uint64_t *bits, size_t i)
{
	bits[i / WORD_BITS] |= (uint64_t)1 << i % WORD_BITS;
}

static bool bit_get(const uint64_t *bits, size_t i)
{
	return bits[i / WORD_BITS] >> i % WORD_BITS & 1;
}

static void element_add(struct pattern *p, int element)
{
	if (element == GAP) {
		bit_set(p->gaps, p->n);
		return;
	}
	for (int byte = 0; byte < 256; byte++)
		if (element == ANY_BYTE || element == byte)
			bit_set(p->fits[byte], p->n);
	p->n++;
}

struct pattern *pattern_compile(const char *text)
{
	size_t words = strlen(text) / WORD_BITS + 1; /* enough for n + 1 bits */
	struct pattern *p = xcalloc(1, sizeof(*p) + 256 * sizeof(uint64_t *));
	int element;

	p->words = words;
	p->gaps = xcalloc(257 * words, sizeof(uint64_t));
	for (size_t byte = 0; byte < 256; byte++)
		p->fits[byte] = p->gaps + (byte + 1) * words;
	while ((element = element_take(&text)) >= 0 && element != END)
		element_add(p, element);
	return p;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	free(p->gaps);
	free(p);
}

uint64_t *pattern_begin(const struct pattern *p)
{
	uint64_t *match = xcalloc(p->words, sizeof(uint64_t));

	match[0] = 1;
	return match;
}

/* Returns whether any way to read the bytes is left. */
static bool byte_feed(const struct pattern *p, uint64_t *match, uint8_t byte)
{
	const uint64_t *fits = p->fits[byte];
	uint64_t carry = 0, any = 0;

	for (size_t i = 0; i < p->words; i++) {
		uint64_t moved = match[i] & fits[i];

		match[i] = (match[i] & p->gaps[i]) | moved << 1 | carry;
		carry = moved >> (WORD_BITS - 1);
		any |= match[i];
	}
	return any != 0;
}

enum pattern_match pattern_feed(const struct pattern *p, uint64_t *match,
				const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len && !bit_get(match, p->n); i++)
		if (!byte_feed(p, match, bytes[i]))
			return PATTERN_NO;
	return bit_get(match, p->n) ? PATTERN_MATCHES : PATTERN_MORE;
}
