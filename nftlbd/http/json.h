/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small values as JSON, and how JSON is written. */
#ifndef NFTLB_HTTP_JSON_H
#define NFTLB_HTTP_JSON_H

#include <jansson.h>
#include <stdint.h>

/* How it is written: without digits that say nothing, 0.3 not 0.2999... */
#define JSON_FORM (JSON_COMPACT | JSON_REAL_PRECISION(15))

/** json_safe() - a string; what is not UTF-8 in it is escaped */
json_t *json_safe(const char *text);
/** json_text() - the same, or null where @text is NULL or empty */
json_t *json_text(const char *text);
/** json_time() - milliseconds of Unix time as "2026-11-21T12:00:00.000Z" */
json_t *json_time(int64_t unix_ms);
/** json_share() - part / whole, 0 where the whole is 0 */
json_t *json_share(uint64_t part, uint64_t whole);

#endif
