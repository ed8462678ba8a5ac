/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as people and programs write them, and no others: the C library
 * knows some (hexadecimal, "inf", the locale's point) that nobody means here.
 * So the form is looked at first, and the library only has to count.
 */
#include "healthcheck/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t digits(const char *text, size_t len, size_t at)
{
	size_t n = 0;

	while (at + n < len && text[at + n] >= '0' && text[at + n] <= '9')
		n++;
	return n;
}

static bool is_sign(const char *text, size_t len, size_t at)
{
	return at < len && (text[at] == '+' || text[at] == '-');
}

/* How many bytes look like a number; 0 = it does not begin with one. */
static size_t number_len(const char *text, size_t len)
{
	size_t at = is_sign(text, len, 0), n = digits(text, len, at), exponent;

	at += n;
	if (at < len && text[at] == '.') {
		size_t more = digits(text, len, at + 1);

		at += 1 + more;
		n += more;
	}
	if (n == 0)
		return 0;
	if (at < len && (text[at] == 'e' || text[at] == 'E')) {
		exponent = at + 1 + is_sign(text, len, at + 1);
		n = digits(text, len, exponent);
		if (n > 0)
			at = exponent + n;
	}
	return at;
}

bool number_of(const char *text, size_t len, double *value)
{
	char copy[NUMBER_LEN_MAX + 1];
	size_t n = number_len(text, len);
	double found;

	if (n == 0 || n > NUMBER_LEN_MAX ||
	    !(n == len || (n == len - 1 && text[n] == '%')))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	found = strtod(copy, NULL);
	if (!isfinite(found))
		return false;
	*value = found;
	return true;
}

static bool is_one_of(char c, const char *set)
{
	return memchr(set, c, strlen(set)) != NULL;
}

bool number_first_of(const char *line, size_t len, double *value)
{
	size_t begin = 0, end;

	while (begin < len && is_one_of(line[begin], " \t"))
		begin++;
	end = begin;
	while (end < len && !is_one_of(line[end], " \t\r\n"))
		end++;
	return number_of(line + begin, end - begin, value);
}
