/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading big tables takes longer than the event loop may sleep, so a child
 * does it: it sees the model as it was when it was made, and says only what has
 * to go.
 *
 * Must not know: what becomes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/sessions_impl.h"

struct reading {
	const struct session_job *job;
	const struct session_users *u;
	uint32_t number;
};

bool session_is_meant(const struct session_job *job,
		      const struct session_users *u, const struct session *e,
		      bool *stale)
{
	bool owned = session_owner(u, e->data) != NULL;

	*stale = !owned && !job->from[0];
	if (!owned || job->from[0])
		return *stale || owned;
	for (size_t i = 0; i < job->nasked; i++)
		if (session_matches(&job->asked[i], e->key))
			return true;
	return false;
}

static int report(const struct session *e, void *arg)
{
	const struct reading *r = arg;
	struct session_report out = { r->number, *e };
	bool stale;

	if (!session_is_meant(r->job, r->u, e, &stale))
		return 0;
	return fwrite(&out, sizeof(out), 1, stdout) == 1 ? 0 : -EIO;
}

static int read_table(const struct daemon *d, const struct session_job *job,
		      uint32_t number)
{
	struct session_users u;
	struct reading r = { job, &u, number };
	int ret;

	if (!job->there ||
	    !session_users(d, job->name, job->group, job->table, &u))
		return 0;
	ret = sessions_read(d->model->conf->table, &job->t, report, &r);
	session_users_free(&u);
	return ret == -ENOENT ? 0 : ret;
}

__attribute__((noreturn)) static void child_main(const struct daemon *d,
						 const struct session_job *jobs,
						 size_t n, int out)
{
	sigset_t none;
	int ret = 0;

	/* The loop's handlers would tell the parent of our signals. */
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(out, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	close_range(3, ~0u, 0);
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = read_table(d, &jobs[i], (uint32_t)i);
	if (fflush(stdout) != 0)
		ret = -EIO;
	_exit(ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

pid_t session_child_start(const struct daemon *d,
			  const struct session_job *jobs, size_t n, int *fd)
{
	sigset_t all, old;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child_main(d, jobs, n, ends[1]);
	if (pid < 0)
		pid = -errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return pid;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*fd = ends[0];
	return pid;
}
