/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns: a text, a NUL, then what a peer says. Against a matcher that is
 * simple: between two gaps, the first place that fits is as good as any. Fed at
 * once and in two pieces, the answer is the same.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "healthcheck/pattern.h"
#include "healthcheck/text.h"
#include "tests/fuzz/fuzz.h"

#define ANY (-1)
#define GAP (-2)

/* The elements of @text, which has no problem. */
static size_t elements_take(const char *text, int *elements)
{
	struct buf one = { 0 };
	char escape[8];
	size_t n = 0, len;

	while (*text) {
		len = *text != '\\' ? 1 : text[1] == 'x' ? 4 : 2;
		if (*text == '?' || *text == '*') {
			elements[n++] = *text == '?' ? ANY : GAP;
		} else if (len == 2 && strchr("?*", text[1])) {
			elements[n++] = text[1];
		} else {
			memcpy(escape, text, len);
			escape[len] = '\0';
			buf_clear(&one);
			send_bytes(escape, &one);
			elements[n++] = (uint8_t)one.data[0];
		}
		text += len;
	}
	buf_free(&one);
	return n;
}

/* How many of the elements before the next gap fit at @data; *end: no bytes are
 * left for the rest. */
static size_t run_fit(const int *run, size_t n, const uint8_t *data, size_t len,
		      bool *end)
{
	size_t i = 0;

	while (i < n && i < len && (run[i] == ANY || run[i] == data[i]))
		i++;
	*end = i == len;
	return i;
}

static enum pattern_match simple_match(const int *e, size_t n,
				       const uint8_t *data, size_t len)
{
	bool gap = false, end;

	while (n > 0) {
		size_t run = 0;

		if (*e == GAP) {
			gap = true;
			e++;
			n--;
			continue;
		}
		while (run < n && e[run] != GAP)
			run++;
		while (run_fit(e, run, data, len, &end) < run) {
			if (end)
				return PATTERN_MORE;
			if (!gap)
				return PATTERN_NO;
			data++;
			len--;
		}
		e += run;
		n -= run;
		data += run;
		len -= run;
	}
	return PATTERN_MATCHES;
}

static enum pattern_match in_two(const struct pattern *p, const uint8_t *data,
				 size_t len, size_t first)
{
	uint64_t *match = pattern_begin(p);
	enum pattern_match got = pattern_feed(p, match, data, first);

	if (got == PATTERN_MORE)
		got = pattern_feed(p, match, data + first, len - first);
	free(match);
	return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, '\0', size);
	const char *text = (const char *)data;
	static int elements[TEXT_PATTERN_MAX];
	struct pattern *p;
	struct buf out = { 0 };
	enum pattern_match want;
	size_t n;

	if (!nul)
		return 0;
	if (!send_problem(text))
		send_bytes(text, &out);
	buf_free(&out);
	if (pattern_problem(text))
		return 0;
	size -= (size_t)(nul + 1 - data);
	n = elements_take(text, elements);
	want = simple_match(elements, n, nul + 1, size);
	p = pattern_compile(text);
	if (in_two(p, nul + 1, size, 0) != want ||
	    in_two(p, nul + 1, size, size / 2) != want ||
	    in_two(p, nul + 1, size, size) != want)
		abort();
	pattern_free(p);
	return 0;
}
