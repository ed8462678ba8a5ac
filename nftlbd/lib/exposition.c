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
#define ROOM (DIGITS_MAX + 16)

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

/* ---- samples: one reservation each */

static char *put(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

static char *put_word(char *to, const char *word)
{
	return put(to, word, strlen(word));
}

void expo_label_word(struct expo *e, const char *key, const char *word)
{
	size_t nkey = strlen(key), nword = strlen(word);
	char *to = buf_reserve(&e->labels, nkey + nword + 8), *from = to;

	if (e->labels.len)
		*to++ = ',';
	to = put(put(to, key, nkey), "=\"", 2);
	to = put(put(to, word, nword), "\"", 2); /* and NUL */
	e->labels.len += (size_t)(to - 1 - from);
}

/* All of a sample but its value, for which there is room, too. Returns where it
 * goes; end() takes note of where it ended. */
static char *begin(struct expo *e, const char *suffix, const char *key,
		   const char *word)
{
	size_t more = key ? strlen(key) + strlen(word) : 0;
	char *to = buf_reserve(e->out, e->name_len + strlen(suffix) +
					   e->labels.len + more + ROOM);

	to = put_word(put(to, e->name, e->name_len), suffix);
	if (e->labels.len || key)
		*to++ = '{';
	if (e->labels.len)
		to = put(to, e->labels.data, e->labels.len);
	if (e->labels.len && key)
		*to++ = ',';
	if (key) {
		to = put(put_word(to, key), "=\"", 2);
		*(to = put_word(to, word)) = '"';
		to++;
	}
	if (e->labels.len || key)
		*to++ = '}';
	*to++ = ' ';
	return to;
}

static void end(struct expo *e, char *to)
{
	*to++ = '\n';
	*to = '\0';
	e->out->len = (size_t)(to - e->out->data);
}

static char *put_digits(char *to, uint64_t value, unsigned int least)
{
	char digits[DIGITS_MAX];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0 || n < least);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

static char *put_real(char *to, double value)
{
	if (isfinite(value))
		return to + snprintf(to, DIGITS_MAX, "%.15g", value);
	return put_word(to, isnan(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf");
}

void expo_count_of(struct expo *e, const char *key, const char *word,
		   uint64_t value)
{
	end(e, put_digits(begin(e, "", key, word), value, 1));
}

void expo_real_of(struct expo *e, const char *key, const char *word,
		  double value)
{
	end(e, put_real(begin(e, "", key, word), value));
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
	end(e, put_digits(begin(e, "_bucket", "le", le), value, 1));
}

void expo_sum_us(struct expo *e, uint64_t us)
{
	char *to = put_digits(begin(e, "_sum", NULL, NULL), us / 1000000, 1);

	*to++ = '.';
	end(e, put_digits(to, us % 1000000, 6));
}

void expo_sum_count(struct expo *e, uint64_t value)
{
	expo_bucket(e, "+Inf", value);
	end(e, put_digits(begin(e, "_count", NULL, NULL), value, 1));
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
