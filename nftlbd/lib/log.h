/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line per state change, key=value words:
 * service=web backend=b2 up -> down reason=timeout after=2000ms fails=3/3
 * Goes to stderr (with <N> priorities when systemd's journal reads it) or to
 * syslog once the daemon has no terminal.
 */
#ifndef NFTLB_LIB_LOG_H
#define NFTLB_LIB_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/words.h"

enum log_level { LOG_LVL_ERROR, LOG_LVL_WARNING, LOG_LVL_INFO, LOG_LVL_DEBUG };

extern const struct word log_level_words[]; /* error warning info debug */

/** log_open() - @ident names the program; @to_syslog: else stderr */
void log_open(const char *ident, bool to_syslog);

/* What a line says, for programs: KEY=value. Only a taker of lines sees it. */
struct log_field {
	const char *key, *value; /* NULL or "" as value: it is left out */
};

/** log_give() - lines go to @take instead of stderr or syslog; one line without
 * control characters each, with its fields. NULL: as before. It returns
 * false for a line that it could not take: that one goes where all went. */
void log_give(bool (*take)(enum log_level level, const char *line,
			   const struct log_field *fields, size_t n));
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/** log_write_fields() - the same, with fields */
void log_write_fields(enum log_level level, const struct log_field *fields,
		      size_t n, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#define log_error(...)   log_write(LOG_LVL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LVL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LVL_INFO, __VA_ARGS__)
#define log_debug(...)                                                         \
	(log_enabled(LOG_LVL_DEBUG) ? log_write(LOG_LVL_DEBUG, __VA_ARGS__)    \
				    : (void)0)

#endif
