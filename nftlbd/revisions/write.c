/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "revisions/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/xalloc.h"

int write_beside(const char *path, mode_t mode, const struct write_part *parts,
		 size_t n, struct err *err)
{
	int fd, ret = 0;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = fd_write_all(fd, parts[i].data, parts[i].len);
	if (ret == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		ret = -errno;
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret == 0)
		return 0;
	unlink(path);
	return err_set(err, ret, "%s: %s", path, strerror(-ret));
}

void write_sync_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == path
			? xstrdup("/")
			: xasprintf("%.*s", slash ? (int)(slash - path) : 1,
				    slash ? path : ".");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

int write_replace(const char *path, const struct write_part *parts, size_t n,
		  struct err *err)
{
	char *temporary = xasprintf("%s.new", path);
	int ret = write_beside(temporary, 0600, parts, n, err);

	if (ret == 0 && rename(temporary, path) < 0) {
		ret = err_set(err, -errno, "%s: %s", path, strerror(errno));
		unlink(temporary);
	}
	if (ret == 0)
		write_sync_dir(path);
	free(temporary);
	return ret;
}
