/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: one line a call, to stderr or syslog. The only state of a process
 * that is not handed around: where lines go and which are wanted. Set at start
 * and on reload; not for use from several threads at once.
 *
 * Control characters in a line are replaced: what a file or a peer said must
 * not forge a second line.
 */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

const struct word log_level_words[] = {
	{ "error", LOG_LVL_ERROR },
	{ "warning", LOG_LVL_WARNING },
	{ "info", LOG_LVL_INFO },
	{ "debug", LOG_LVL_DEBUG },
	{ NULL, 0 },
};

static struct {
	const char *ident;
	enum log_level level;
	bool to_syslog;
	bool journal; /* stderr is systemd's journal */
	bool (*take)(enum log_level level, const char *line,
		     const struct log_field *fields, size_t n);
} sink = { .level = LOG_LVL_INFO };

static const int priorities[] = {
	[LOG_LVL_ERROR] = LOG_ERR,
	[LOG_LVL_WARNING] = LOG_WARNING,
	[LOG_LVL_INFO] = LOG_INFO,
	[LOG_LVL_DEBUG] = LOG_DEBUG,
};

void log_open(const char *ident, bool to_syslog)
{
	sink.ident = ident;
	sink.to_syslog = to_syslog;
	sink.journal = getenv("JOURNAL_STREAM") != NULL;
	if (to_syslog)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void log_set_level(enum log_level level)
{
	sink.level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= sink.level;
}

void log_give(bool (*take)(enum log_level level, const char *line,
			   const struct log_field *fields, size_t n))
{
	sink.take = take;
}

static void print(enum log_level level, const char *line)
{
	if (sink.to_syslog)
		syslog(priorities[level], "%s", line);
	else if (sink.journal)
		fprintf(stderr, "<%d>%s\n", priorities[level], line);
	else
		fprintf(stderr, "%s: %s\n", sink.ident ? sink.ident : "nftlb",
			line);
}

static void write_line(enum log_level level, const struct log_field *fields,
		       size_t n, const char *fmt, va_list ap)
{
	int saved = errno;
	char line[1024];

	if (!log_enabled(level))
		return;
	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		line[0] = '\0';
	for (char *p = line; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	if (!sink.take || !sink.take(level, line, fields, n))
		print(level, line);
	errno = saved;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(level, NULL, 0, fmt, ap);
	va_end(ap);
}

void log_write_fields(enum log_level level, const struct log_field *fields,
		      size_t n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_line(level, fields, n, fmt, ap);
	va_end(ap);
}
