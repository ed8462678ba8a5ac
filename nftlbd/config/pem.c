/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of certificates and keys. They are read with the configuration, by the
 * daemon, since the prober has neither the rights nor a file system to do it;
 * what is in them goes to it with the spec of the check. Only regular files are
 * opened, and without blocking.
 */
#include "config/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/doc.h"
#include "lib/xalloc.h"

#define PEM_MAX_MB    1
#define PEM_MAX_BYTES ((size_t)PEM_MAX_MB << 20)
#define PEM_MAX_TEXT  NUMBER_TEXT(PEM_MAX_MB)

const char pem_allowed[] =
    "a regular file in PEM that the daemon may read, up to " PEM_MAX_TEXT
    " MB; keys without a password";

static const char *file_refuse(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_size > (off_t)PEM_MAX_BYTES)
		return "is larger than " PEM_MAX_TEXT " MB";
	return NULL;
}

/* All of the file, of @size bytes when it was opened. 0 or -errno. */
static int file_read(int fd, size_t size, struct spec_bytes *out)
{
	ssize_t n;

	out->data = xmalloc(size + 1);
	do {
		n = read(fd, out->data + out->len, size - out->len);
		if (n > 0)
			out->len += (size_t)n;
	} while (out->len < size && (n > 0 || (n < 0 && errno == EINTR)));
	return n < 0 ? -errno : 0;
}

bool pem_load(const char *path, struct spec_bytes *out, char *problem)
{
	const char *refuse = NULL;
	struct stat st;
	int fd, ret = 0;

	*out = (struct spec_bytes){ 0 };
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		ret = -errno;
	else if (!(refuse = file_refuse(&st)))
		ret = file_read(fd, (size_t)st.st_size, out);
	if (ret < 0)
		refuse = strerror(-ret);
	if (fd >= 0)
		close(fd);
	if (!refuse)
		return true;
	snprintf(problem, PEM_PROBLEM, "%s", refuse);
	free(out->data);
	*out = (struct spec_bytes){ 0 };
	return false;
}
