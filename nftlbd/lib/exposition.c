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
#define DIGITS_MAX 24

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
	expo_labels_cut(e, 0);
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

void expo_label(struct expo *e, const char *key, const char *value)
{
	if (e->labels.len)
		buf_append(&e->labels, ",", 1);
	text(&e->labels, key);
	buf_append(&e->labels, "=\"", 2);
	escaped(&e->labels, value, "\\\n\"");
	buf_append(&e->labels, "\"", 1);
}

void expo_labels_cut(struct expo *e, size_t len)
{
	if (len < e->labels.len) {
		e->labels.len = len;
		e->labels.data[len] = '\0';
	}
}

/* All of a sample but its value. */
static void begin(struct expo *e, const char *suffix, const char *key,
		  const char *word)
{
	text(e->out, e->name);
	text(e->out, suffix);
	if (e->labels.len || key)
		buf_append(e->out, "{", 1);
	buf_append(e->out, e->labels.data, e->labels.len);
	if (e->labels.len && key)
		buf_append(e->out, ",", 1);
	if (key) {
		text(e->out, key);
		buf_append(e->out, "=\"", 2);
		text(e->out, word);
		buf_append(e->out, "\"", 1);
	}
	if (e->labels.len || key)
		buf_append(e->out, "} ", 2);
	else
		buf_append(e->out, " ", 1);
}

static void put_count(struct buf *b, uint64_t value)
{
	char digits[DIGITS_MAX];
	size_t at = sizeof(digits);

	digits[--at] = '\n';
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	buf_append(b, digits + at, sizeof(digits) - at);
}

static void put_real(struct buf *b, double value)
{
	if (isfinite(value))
		buf_printf(b, "%.15g\n", value);
	else
		text(b, isnan(value) ? "NaN\n"
			: value < 0  ? "-Inf\n"
				     : "+Inf\n");
}

void expo_count_of(struct expo *e, const char *key, const char *word,
		   uint64_t value)
{
	begin(e, "", key, word);
	put_count(e->out, value);
}

void expo_real_of(struct expo *e, const char *key, const char *word,
		  double value)
{
	begin(e, "", key, word);
	put_real(e->out, value);
}

void expo_count(struct expo *e, uint64_t value)
{
	expo_count_of(e, NULL, NULL, value);
}

void expo_real(struct expo *e, double value)
{
	expo_real_of(e, NULL, NULL, value);
}

void expo_bucket(struct expo *e, const char *le, uint64_t value)
{
	begin(e, "_bucket", "le", le);
	put_count(e->out, value);
}

void expo_sum(struct expo *e, double value)
{
	begin(e, "_sum", NULL, NULL);
	put_real(e->out, value);
}

void expo_sum_count(struct expo *e, uint64_t value)
{
	expo_bucket(e, "+Inf", value);
	begin(e, "_count", NULL, NULL);
	put_count(e->out, value);
}

void expo_end(struct expo *e)
{
	if (e->openmetrics)
		text(e->out, "# EOF\n");
}

void expo_free(struct expo *e)
{
	buf_free(&e->labels);
}
