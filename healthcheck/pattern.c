/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SKELETON: to be written. */
#include <string.h>

#include "healthcheck/text.h"

const char *send_problem(const char *text)
{
	return NULL;
}

const char *pattern_problem(const char *text)
{
	return NULL;
}

void send_bytes(const char *text, struct buf *out)
{
	buf_append(out, text, strlen(text));
}

enum pattern_match pattern_match(const char *text, const void *data, size_t len)
{
	return PATTERN_NO;
}
