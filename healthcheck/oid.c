/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Object identifiers as numbers: ".1.3.6.1" or "1.3.6.1". Names need MIB files,
 * which a gateway does not have.
 *
 * Invariant: what has no problem can be encoded in BER (X.690, 8.19): at least
 * two numbers, the first 0..2, the second below 40 unless the first is 2, each
 * of 32 bits (RFC 2578, 3.5), at most 128 of them. Pure.
 */
#include <ctype.h>
#include <string.h>

#include "healthcheck/text.h"

#define SUBID_MAX 4294967295ul

/* One number; moves @at behind it. */
static const char *number_take(const char **at, unsigned long *number)
{
	const char *p = *at;
	unsigned long n = 0;

	if (!isdigit((unsigned char)*p))
		return "an OID is numbers with dots between them";
	if (*p == '0' && isdigit((unsigned char)p[1]))
		return "a number with a leading zero";
	for (; isdigit((unsigned char)*p); p++) {
		n = n * 10 + (unsigned long)(*p - '0');
		if (n > SUBID_MAX)
			return "a number above 4294967295";
	}
	*number = n;
	*at = p;
	return NULL;
}

static const char *oid_parse(const char *text, unsigned long *out, size_t *n)
{
	const char *wrong;

	*n = 0;
	if (*text == '.')
		text++;
	for (;;) {
		if (*n == OID_MAX)
			return "more than 128 numbers";
		wrong = number_take(&text, &out[*n]);
		if (wrong)
			return wrong;
		++*n;
		if (*text == '\0')
			break;
		if (*text++ != '.')
			return "an OID is numbers with dots between them";
	}
	if (*n < 2)
		return "an OID has at least two numbers";
	if (out[0] > 2)
		return "an OID begins with 0, 1 or 2";
	if (out[0] < 2 && out[1] > 39)
		return "the second number is above 39";
	return NULL;
}

const char *oid_problem(const char *text)
{
	unsigned long numbers[OID_MAX];
	size_t n;

	return oid_parse(text, numbers, &n);
}

size_t oid_numbers(const char *text, unsigned long out[OID_MAX])
{
	size_t n;

	return oid_parse(text, out, &n) ? 0 : n;
}
