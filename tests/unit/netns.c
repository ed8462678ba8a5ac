/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel tests without touching the machine: each test program runs in a
 * network namespace that nobody else has.
 */
#include "tests/unit/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int become_root(void)
{
	char map[64];
	int ret;

	snprintf(map, sizeof(map), "0 %u 1", getuid());
	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	ret = write_file("/proc/self/setgroups", "deny");
	return ret ? ret : write_file("/proc/self/uid_map", map);
}

int netns_enter(void)
{
	int ret = geteuid() == 0 ? 0 : become_root();

	if (ret)
		return ret;
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	return netns_run("ip link set lo up") ? -EIO : 0;
}

int netns_run(const char *fmt, ...)
{
	char command[4096];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
