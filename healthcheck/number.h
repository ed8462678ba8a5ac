/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in texts that strangers write. Pure. */
#ifndef HEALTHCHECK_NUMBER_H
#define HEALTHCHECK_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define NUMBER_LEN_MAX 64

/**
 * number_of() - is this a number, and nothing else?
 * [+-]DIGITS[.DIGITS][e[+-]DIGITS][%]; a percentage is the number before it.
 * Digits before or after the point may be missing, not both.
 * @text: @len bytes, not NUL-terminated
 * @value: finite
 * Return: false: it is none, or one of more than NUMBER_LEN_MAX bytes.
 */
bool number_of(const char *text, size_t len, double *value);

/**
 * number_first_of() - of a line: its first word, if it is a number
 * Words are separated by blanks and tabs; what follows is not looked at, as is
 * what follows the line's end.
 */
bool number_first_of(const char *line, size_t len, double *value);

#endif
