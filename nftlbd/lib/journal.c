/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JOURNAL_STREAM names the device and inode of the stream that systemd gave us
 * as stderr: a program that was started by us, or with stderr elsewhere, has
 * the variable too, but not the stream.
 */
#include "lib/journal.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define FIELDS_MAX     16

static const char *identifier;

static void add(struct iovec *v, size_t *n, const char *key, const char *value)
{
	char *text = xasprintf("%s=%s", key, value);

	v[(*n)++] = (struct iovec){ text, strlen(text) };
}

static bool take(enum log_level level, const char *line,
		 const struct log_field *fields, size_t nfields)
{
	static const char *const priorities[] = {
		[LOG_LVL_ERROR] = "3",
		[LOG_LVL_WARNING] = "4",
		[LOG_LVL_INFO] = "6",
		[LOG_LVL_DEBUG] = "7",
	};
	struct iovec v[FIELDS_MAX];
	size_t n = 0;
	int ret;

	add(v, &n, "MESSAGE", line);
	add(v, &n, "PRIORITY", priorities[level]);
	add(v, &n, "SYSLOG_IDENTIFIER", identifier);
	for (size_t i = 0; i < nfields && n < FIELDS_MAX; i++)
		if (fields[i].value && fields[i].value[0])
			add(v, &n, fields[i].key, fields[i].value);
	ret = sd_journal_sendv(v, (int)n);
	while (n > 0)
		free(v[--n].iov_base);
	return ret == 0;
}

/* "8:12345" */
static bool is_stream(const char *named)
{
	unsigned long long dev, ino;
	struct stat st;

	return named && sscanf(named, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev &&
	       st.st_ino == ino;
}

bool journal_open(const char *ident)
{
	/* without the socket sending succeeds, and says nothing */
	if (!is_stream(getenv("JOURNAL_STREAM")) ||
	    access(JOURNAL_SOCKET, W_OK) < 0)
		return false;
	identifier = ident;
	log_give(take);
	return true;
}
