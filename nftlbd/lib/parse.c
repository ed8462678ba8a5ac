/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict readers for small texts. Independent of the locale: the C library's
 * strtoul() would take signs, spaces and octal, isdigit() the user's alphabet.
 */
#include "lib/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Read digits; -EINVAL without any, -ERANGE above 32 bits (digits skipped). */
static int digits_read(const char **text, int base, uint32_t *out)
{
	const char *p = *text;
	uint64_t n = 0;
	bool over = false;

	for (; digit_value(*p) < base; p++) {
		n = n * (uint64_t)base + (uint64_t)digit_value(*p);
		if (n > UINT32_MAX) {
			over = true;
			n = 0;
		}
	}
	if (p == *text)
		return -EINVAL;
	*text = p;
	*out = (uint32_t)n;
	return over ? -ERANGE : 0;
}

int parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	uint32_t n;
	int ret;

	if (hex)
		text += 2;
	ret = digits_read(&text, hex ? 16 : 10, &n);
	if (*text)
		return -EINVAL;
	if (ret < 0)
		return ret;
	if (n < min || n > max)
		return -ERANGE;
	*out = n;
	return 0;
}

static const struct unit {
	const char *text;
	uint32_t ms;
} units[] = { { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } };

#define NUNITS (sizeof(units) / sizeof(units[0]))

int parse_duration(const char *text, uint32_t *out_ms)
{
	uint32_t n;
	size_t i;
	int ret;

	ret = digits_read(&text, 10, &n);
	if (ret == -EINVAL)
		return ret;
	if (!*text && !ret && !n) {
		*out_ms = 0;
		return 0;
	}
	for (i = 0; i < NUNITS; i++) {
		if (strcmp(text, units[i].text))
			continue;
		if (ret < 0 || n > UINT32_MAX / units[i].ms)
			return -ERANGE;
		*out_ms = n * units[i].ms;
		return 0;
	}
	return -EINVAL;
}

const char *duration_format(uint32_t ms, char buf[DURATION_STRLEN])
{
	size_t i = 0;

	while (ms % units[i].ms)
		i++;
	if (!ms)
		snprintf(buf, DURATION_STRLEN, "0");
	else
		snprintf(buf, DURATION_STRLEN, "%u%s", ms / units[i].ms,
			 units[i].text);
	return buf;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

bool name_valid(const char *text)
{
	size_t i;

	if (!is_alnum(text[0]))
		return false;
	for (i = 1; text[i]; i++) {
		if (i >= 63 || (!is_alnum(text[i]) && !strchr("_.-", text[i])))
			return false;
	}
	return true;
}

/* Length of the UTF-8 sequence at @p, 0 where it is not valid. */
static size_t utf8_sequence(const unsigned char *p, size_t len)
{
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	n = p[0] < 0xc2   ? 0
	    : p[0] < 0xe0 ? 2
	    : p[0] < 0xf0 ? 3
	    : p[0] < 0xf5 ? 4
			  : 0;
	if (!n || n > len)
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	/* overlong forms, surrogates, above U+10FFFF */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

size_t utf8_check(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t at = 0, n;

	while (at < len) {
		n = p[at] < 0x80 ? 1 : utf8_sequence(p + at, len - at);
		if (!n)
			break;
		at += n;
	}
	return at;
}

/* One character, escaped if need be; returns how much of @text it took. */
static size_t quote_one(const unsigned char *p, size_t len, char out[8])
{
	size_t n = utf8_sequence(p, len);

	/* U+0080..U+009F are control characters as well */
	if (!n || *p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0)) {
		if (*p == '\n' || *p == '\t' || *p == '\r')
			snprintf(out, 8, "\\%c",
				 *p == '\n'   ? 'n'
				 : *p == '\t' ? 't'
					      : 'r');
		else
			snprintf(out, 8, "\\x%02x", *p);
		return 1;
	}
	if (*p == '"' || *p == '\\') {
		snprintf(out, 8, "\\%c", *p);
		return 1;
	}
	memcpy(out, p, n);
	out[n] = '\0';
	return n;
}

const char *text_quote(const char *text, size_t len, char *buf, size_t size)
{
	size_t at = 0, used = 0, step, n;
	char one[8];

	buf[used++] = '"';
	while (at < len) {
		step =
		    quote_one((const unsigned char *)text + at, len - at, one);
		n = strlen(one);
		/* keep room for the cut mark, the quote and NUL */
		if (used + n + 5 > size) {
			memcpy(buf + used, "...", 3);
			used += 3;
			break;
		}
		memcpy(buf + used, one, n);
		used += n;
		at += step;
	}
	buf[used++] = '"';
	buf[used] = '\0';
	return buf;
}
