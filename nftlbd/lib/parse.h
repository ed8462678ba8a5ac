/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small texts to values. Strict: no sign, no space, nothing left over. Words
 * for people are the caller's, who knows the object and the range.
 */
#ifndef NFTLB_LIB_PARSE_H
#define NFTLB_LIB_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DURATION_STRLEN 16 /* "4294967295ms" and NUL */

/**
 * parse_number() - decimal, or hexadecimal after "0x"
 * Return: 0; -EINVAL not a number; -ERANGE outside @min..@max. @out is
 * untouched then.
 */
int parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *out);

/**
 * parse_duration() - "200ms", "5s", "1m", "1h": number and unit; "0" needs none
 * @out_ms: milliseconds
 * Return: 0; -EINVAL no number or no such unit; -ERANGE above 2^32-1 ms.
 */
int parse_duration(const char *text, uint32_t *out_ms);

/** duration_format() - the shortest text parse_duration() reads as @ms */
const char *duration_format(uint32_t ms, char buf[DURATION_STRLEN]);

/**
 * name_valid() - name of a service, pool, check or backend?
 * [A-Za-z0-9][A-Za-z0-9_.-]{0,62}
 */
bool name_valid(const char *text);

/**
 * text_quote() - @text between double quotes, safe to print on one line
 * Control characters, backslash, quotes and invalid UTF-8 are escaped (\n,
 * \x1b); long text is cut and ends in "...". @len bytes of @text, NULs
 * included. Returns @buf, always NUL-terminated; @size of at least 16.
 */
const char *text_quote(const char *text, size_t len, char *buf, size_t size);

/**
 * utf8_check() - length of the valid UTF-8 at the start of @text
 * Return: @len where all of it is valid (no surrogates, no overlong forms).
 */
size_t utf8_check(const char *text, size_t len);

#endif
