/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics as text. Half a million samples are made at a time: numbers and
 * labels are put together by hand.
 *
 * Must not know: what is measured.
 */
#include "lib/exposition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TOTAL      "_total"
#define DIGITS_MAX 32
/* for punctuation and a number */
#define ROOM (2 * DIGITS_MAX)

static const char *const type_words[] = {
	[EXPO_GAUGE] = "gauge",
	[EXPO_COUNTER] = "counter",
	[EXPO_HISTOGRAM] = "histogram",
};

bool expo_wanted(const char *accept)
{
	return accept && strstr(accept, "application/openmetrics-text");
}

const char *expo_content_type(bool openmetrics)
{
	return openmetrics ? "application/openmetrics-text; version=1.0.0; "
			     "charset=utf-8"
			   : "text/plain; version=0.0.4; charset=utf-8";
}

const char *expo_type_word(enum expo_type type)
{
	return type_words[type];
}

static void text(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

/* In OpenMetrics a counter's family has the name without "_total". */
static size_t family_len(const struct expo *e, enum expo_type type)
{
	size_t len = strlen(e->name), tail = strlen(TOTAL);

	if (e->openmetrics && type == EXPO_COUNTER && len > tail &&
	    !strcmp(e->name + len - tail, TOTAL))
		len -= tail;
	return len;
}

/* Backslash and newline in both forms, quotes where there are some around. */
static void escaped(struct buf *b, const char *s, const char *special)
{
	for (;;) {
		size_t n = strcspn(s, special);

		buf_append(b, s, n);
		if (!s[n])
			return;
		buf_append(b, "\\", 1);
		buf_append(b, s[n] == '\n' ? "n" : s + n, 1);
		s += n + 1;
	}
}

void expo_family(struct expo *e, const char *name, enum expo_type type,
		 const char *help)
{
	size_t len;

	e->name = name;
	e->name_len = strlen(name);
	buf_clear(&e->head);
	text(&e->head, name);
	text(&e->head, "{");
	len = family_len(e, type);
	text(e->out, "# HELP ");
	buf_append(e->out, name, len);
	text(e->out, " ");
	escaped(e->out, help, e->openmetrics ? "\\\n\"" : "\\\n");
	text(e->out, "\n# TYPE ");
	buf_append(e->out, name, len);
	text(e->out, " ");
	text(e->out, type_words[type]);
	text(e->out, "\n");
}

/* ---- labels: behind the family's name, so that a sample begins with one copy
 */

static char *put(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

static char *put_word(char *to, const char *word)
{
	return put(to, word, strlen(word));
}

/* Most samples find room: no call. */
static char *room(struct buf *b, size_t len)
{
	if (b->cap > b->len + len)
		return b->data + b->len;
	return buf_reserve(b, len);
}

static bool labelled(const struct expo *e)
{
	return e->head.len > e->name_len + 1;
}

void expo_label(struct expo *e, const char *key, const char *value)
{
	if (labelled(e))
		buf_append(&e->head, ",", 1);
	text(&e->head, key);
	buf_append(&e->head, "=\"", 2);
	escaped(&e->head, value, "\\\n\"");
	buf_append(&e->head, "\"", 1);
}

void expo_label_text(struct expo *e, const char *key, size_t nkey,
		     const char *word, size_t nword)
{
	char *to = room(&e->head, nkey + nword + 8), *from = to;

	if (labelled(e))
		*to++ = ',';
	to = put(put(to, key, nkey), "=\"", 2);
	to = put(put(to, word, nword), "\"", 2); /* and NUL */
	e->head.len += (size_t)(to - 1 - from);
}

void expo_label_ready(struct expo *e, const char *label, size_t len)
{
	char *to = room(&e->head, len + 2), *from = to;

	if (labelled(e))
		*to++ = ',';
	to = put(to, label, len);
	*to = '\0';
	e->head.len += (size_t)(to - from);
}

size_t expo_labels(const struct expo *e)
{
	return e->head.len;
}

void expo_labels_cut(struct expo *e, size_t mark)
{
	if (mark < e->name_len + 1)
		mark = e->name_len + 1;
	if (mark < e->head.len) {
		e->head.len = mark;
		e->head.data[mark] = '\0';
	}
}

/* ---- samples: one reservation each */

static void end(struct expo *e, char *to)
{
	*to++ = '\n';
	*to = '\0';
	e->out->len = (size_t)(to - e->out->data);
}

/* All of a sample but its value, for which there is room, too. Returns where it
 * goes; end() takes note of where it ended. */
static char *begin(struct expo *e, const char *key, size_t nkey,
		   const char *word, size_t nword)
{
	char *to = room(e->out, e->head.len + nkey + nword + ROOM);

	to = put(to, e->head.data, e->head.len);
	if (nkey) {
		if (labelled(e))
			*to++ = ',';
		to = put(put(to, key, nkey), "=\"", 2);
		to = put(put(to, word, nword), "\"} ", 3);
	} else if (labelled(e)) {
		to = put(to, "} ", 2);
	} else {
		to[-1] = ' ';
	}
	return to;
}

static char *put_digits(char *to, uint64_t value, unsigned int least)
{
	char digits[DIGITS_MAX];
	size_t n = 0;

	if (value < 10 && least < 2) {
		*to = (char)('0' + value);
		return to + 1;
	}
	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0 || n < least);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

/* What is whole needs no printf(): most are. */
static char *put_real(char *to, double value)
{
	if (value >= 0 && value < 1e15 && !signbit(value) &&
	    value == (double)(uint64_t)value)
		return put_digits(to, (uint64_t)value, 1);
	if (isfinite(value))
		return to + snprintf(to, DIGITS_MAX, "%.15g", value);
	return put_word(to, isnan(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf");
}

void expo_count_text(struct expo *e, const char *key, size_t nkey,
		     const char *word, size_t nword, uint64_t value)
{
	end(e, put_digits(begin(e, key, nkey, word, nword), value, 1));
}

void expo_real_of(struct expo *e, const char *key, const char *word,
		  double value)
{
	end(e, put_real(begin(e, key, strlen(key), word, strlen(word)), value));
}

void expo_count(struct expo *e, uint64_t value)
{
	end(e, put_digits(begin(e, NULL, 0, NULL, 0), value, 1));
}

void expo_real(struct expo *e, double value)
{
	end(e, put_real(begin(e, NULL, 0, NULL, 0), value));
}

/* ---- histograms: five samples and more of one form */

/* name SUFFIX {labels; in the braces there is something, or will be. */
static char *begin_part(struct expo *e, char *to, const char *suffix,
			size_t nsuffix)
{
	to = put(put(to, e->name, e->name_len), suffix, nsuffix);
	return put(to, e->head.data + e->name_len, e->head.len - e->name_len);
}

/* The end of it: where there are no labels, no braces. */
static char *end_part(const struct expo *e, char *to)
{
	if (labelled(e))
		*to++ = '}';
	else
		to--;
	*to++ = ' ';
	return to;
}

/* The first line is made, what the others begin with is copied from it. */
static char *put_buckets(struct expo *e, char *to, const struct expo_le *le,
			 const uint64_t *upto, size_t n)
{
	char *first = to;
	size_t len;

	to = begin_part(e, to, "_bucket", 7);
	if (labelled(e))
		*to++ = ',';
	to = put(to, "le=\"", 4);
	len = (size_t)(to - first);
	for (size_t i = 0; i <= n; i++) {
		if (i > 0)
			to = put(to, first, len);
		to =
		    i < n ? put(to, le[i].text, le[i].len) : put(to, "+Inf", 4);
		to = put_digits(put(to, "\"} ", 3), upto[i], 1);
		*to++ = '\n';
	}
	return to;
}

void expo_histogram(struct expo *e, const struct expo_le *le,
		    const uint64_t *upto, size_t n, const uint64_t *sum_us)
{
	size_t line = e->head.len + ROOM + EXPO_LE_MAX;
	char *to = room(e->out, (n + 3) * line);

	to = put_buckets(e, to, le, upto, n);
	to = end_part(e, begin_part(e, to, "_count", 6));
	to = put_digits(to, upto[n], 1);
	if (sum_us) {
		*to++ = '\n';
		to = end_part(e, begin_part(e, to, "_sum", 4));
		to = put_digits(to, *sum_us / 1000000, 1);
		*to++ = '.';
		to = put_digits(to, *sum_us % 1000000, 6);
	}
	end(e, to);
}

void expo_end(struct expo *e)
{
	if (e->openmetrics)
		text(e->out, "# EOF\n");
}

void expo_free(struct expo *e)
{
	buf_free(&e->head);
}
