/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon that goes into the background by itself: the parent lives until the
 * child serves, so that who started it knows. The child keeps stderr until
 * then, for what went wrong. Knows not what is served.
 */
#include "lib/background.h"

#include <fcntl.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/manager.h"

int background_fork(void)
{
	int pipefd[2];
	char ok;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid > 0) {
		close(pipefd[1]);
		_exit(read(pipefd[0], &ok, 1) == 1 ? 0 : 1);
	}
	setsid();
	close(pipefd[0]);
	return pipefd[1];
}

void background_ready(int fd)
{
	int null;

	manager_ready();
	if (fd < 0)
		return;
	if (write(fd, "", 1) != 1)
		log_warning("cannot tell the parent that we are ready");
	close(fd);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; null >= 0 && i < 3; i++)
		dup2(null, i);
	if (null > 2)
		close(null);
}
