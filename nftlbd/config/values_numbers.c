/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that are numbers: durations, shares, ports, decimals. Each has one
 * reader and one printer that the reader understands.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "lib/parse.h"

static int range_result(int ret, const char **problem)
{
	if (ret == -ERANGE)
		*problem = "out of range";
	return ret ? -EINVAL : 0;
}

int number_read(const struct conf_key *key, const char *text, void *field,
		const char **problem)
{
	return range_result(parse_number(text, key->min, key->max, field),
			    problem);
}

void number_print(const struct conf_key *key, const void *field,
		  struct buf *out)
{
	uint32_t n = *(const uint32_t *)field;

	buf_printf(out, key->max == UINT32_MAX ? "0x%08x" : "%u", n);
}

int ms_read(const struct conf_key *key, const char *text, void *field,
	    const char **problem)
{
	uint32_t ms;
	int ret = parse_duration(text, &ms);

	if (!ret && (ms < key->min || ms > key->max))
		ret = -ERANGE;
	if (!ret)
		*(uint32_t *)field = ms;
	return range_result(ret, problem);
}

void ms_print(const struct conf_key *key, const void *field, struct buf *out)
{
	char text[DURATION_STRLEN];

	buf_printf(out, "%s", duration_format(*(const uint32_t *)field, text));
}

int percent_read(const struct conf_key *key, const char *text, void *field,
		 const char **problem)
{
	char digits[8];
	size_t n = strlen(text);

	if (n && text[n - 1] == '%')
		n--;
	if (n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, n);
	digits[n] = '\0';
	return number_read(key, digits, field, problem);
}

void percent_print(const struct conf_key *key, const void *field,
		   struct buf *out)
{
	buf_printf(out, "%u%%", *(const uint32_t *)field);
}

int slots_read(const struct conf_key *key, const char *text, void *field,
	       const char **problem)
{
	if (!strcmp(text, "auto")) {
		*(uint32_t *)field = 0;
		return 0;
	}
	return number_read(key, text, field, problem);
}

void slots_print(const struct conf_key *key, const void *field, struct buf *out)
{
	uint32_t n = *(const uint32_t *)field;

	if (n)
		buf_printf(out, "%u", n);
	else
		buf_printf(out, "auto");
}

int need_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem)
{
	if (strcmp(text, "all") && strcmp(text, "any"))
		return number_read(key, text, field, problem);
	*(uint32_t *)field = strcmp(text, "all") ? 1 : 0;
	return 0;
}

void need_print(const struct conf_key *key, const void *field, struct buf *out)
{
	uint32_t n = *(const uint32_t *)field;

	if (n)
		buf_printf(out, "%u", n);
	else
		buf_printf(out, "all");
}

int port_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem)
{
	uint32_t n;
	int ret = parse_number(text, key->min, key->max, &n);

	if (!ret)
		*(uint16_t *)field = (uint16_t)n;
	return range_result(ret, problem);
}

void port_print(const struct conf_key *key, const void *field, struct buf *out)
{
	buf_printf(out, "%u", *(const uint16_t *)field);
}

/* ---- decimals */

/* Where doubles hold every such number apart from its neighbours: what is
 * printed is what was read. */
#define WHOLE_MAX 15
#define PARTS_MAX 9

/* Digits at @text, up to @max of them; 0 where there are none, or too many. */
static size_t digits(const char *text, size_t max)
{
	size_t n = strspn(text, "0123456789");

	return n <= max ? n : 0;
}

/* strtod() would take words, exponents, hexadecimal and blanks. */
int decimal_read(const struct conf_key *key, const char *text, void *field,
		 const char **problem)
{
	const char *p = text + (*text == '-');
	size_t n = digits(p, WHOLE_MAX);

	if (!n)
		return -EINVAL;
	p += n;
	if (*p == '.') {
		n = digits(p + 1, PARTS_MAX);
		if (!n)
			return -EINVAL;
		p += n + 1;
	}
	if (*p)
		return -EINVAL;
	*(double *)field = strtod(text, NULL);
	return 0;
}

void decimal_print(const struct conf_key *key, const void *field,
		   struct buf *out)
{
	double value = *(const double *)field;
	char text[WHOLE_MAX + PARTS_MAX + 8];
	int places = 0;

	do
		snprintf(text, sizeof(text), "%.*f", places, value);
	while (strtod(text, NULL) != value && places++ < PARTS_MAX);
	buf_printf(out, "%s", text);
}

/* ---- parts of WEIGHTS_ONE */

#define PLACES 3 /* of WEIGHTS_ONE */

_Static_assert(WEIGHTS_ONE == 1000, "three places are its parts");

/* "12.5" into tenths, hundredths ... : @places of them. -EINVAL, -ERANGE. */
static int fixed_read(const char *text, size_t places, uint32_t *out,
		      const char **problem)
{
	size_t whole = strspn(text, "0123456789"), parts = 0;
	const char *point = text + whole;
	char number[32];

	if (*point == '.')
		parts = strspn(point + 1, "0123456789");
	if (!whole || (*point && (!parts || point[1 + parts])))
		return -EINVAL;
	if (parts > places) {
		*problem = "too many places";
		return -EINVAL;
	}
	snprintf(number, sizeof(number), "%.*s%.*s%.*s", (int)whole, text,
		 (int)parts, *point ? point + 1 : "", (int)(places - parts),
		 "000");
	return parse_number(number, 0, UINT32_MAX, out);
}

/* "20%" or "0.2"; of shares the sign may be missing. */
static int parts_read(const struct conf_key *key, const char *text, bool share,
		      void *field, const char **problem)
{
	size_t n = strlen(text);
	bool percent = n && text[n - 1] == '%';
	char number[16];
	uint32_t parts;
	int ret;

	n -= percent;
	if (n >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, n);
	number[n] = '\0';
	ret = fixed_read(number, percent || share ? PLACES - 2 : PLACES, &parts,
			 problem);
	if (!ret && (parts < key->min || parts > key->max))
		ret = -ERANGE;
	if (!ret)
		*(uint32_t *)field = parts;
	return range_result(ret, problem);
}

static void parts_print(uint32_t n, uint32_t one, struct buf *out)
{
	char text[16];
	size_t len;

	snprintf(text, sizeof(text), "%u.%0*u", n / one,
		 one == WEIGHTS_ONE ? PLACES : PLACES - 2, n % one);
	for (len = strlen(text); text[len - 1] == '0'; len--)
		;
	len -= text[len - 1] == '.';
	buf_append(out, text, len);
}

int share_read(const struct conf_key *key, const char *text, void *field,
	       const char **problem)
{
	return parts_read(key, text, true, field, problem);
}

void share_print(const struct conf_key *key, const void *field, struct buf *out)
{
	parts_print(*(const uint32_t *)field, WEIGHTS_ONE / 100, out);
	buf_append(out, "%", 1);
}

int factor_read(const struct conf_key *key, const char *text, void *field,
		const char **problem)
{
	return parts_read(key, text, false, field, problem);
}

void factor_print(const struct conf_key *key, const void *field,
		  struct buf *out)
{
	parts_print(*(const uint32_t *)field, WEIGHTS_ONE, out);
}
