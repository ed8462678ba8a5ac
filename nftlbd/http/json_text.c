/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small values as JSON. Texts may have come from a file, a peer or the kernel,
 * or been cut in the middle of a character: JSON takes UTF-8 only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/json.h"
#include "lib/parse.h"
#include "lib/xalloc.h"

json_t *json_safe(const char *text)
{
	size_t len = strlen(text), size = 4 * len + 16;
	char *quoted;
	json_t *v;

	if (utf8_check(text, len) == len)
		return json_stringn(text, len);
	quoted = xmalloc(size);
	v = json_string(text_quote(text, len, quoted, size));
	free(quoted);
	return v;
}

json_t *json_text(const char *text)
{
	return text && text[0] ? json_safe(text) : json_null();
}

json_t *json_share(uint64_t part, uint64_t whole)
{
	return json_real(whole ? (double)part / (double)whole : 0.);
}

json_t *json_time(int64_t unix_ms)
{
	time_t s = (time_t)(unix_ms / 1000);
	char day[32], text[48];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(unix_ms % 1000));
	return json_string(text);
}
