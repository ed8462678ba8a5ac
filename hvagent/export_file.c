/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Export to a file, which is the old list or the new one, never a part: it is
 * written beside and renamed. A child writes, so that a disk that hangs has a
 * child that hangs, and no more.
 *
 * Invariant: one child at a time; as long as one that was given up is not gone,
 * there is no other.
 * Must not know: when to export.
 */
#include "hvagent/export_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/xalloc.h"

#define WORDS_MAX 256

struct file {
	struct exporter *x; /* NULL: closed, the child's end is waited for */
	struct ev_loop *loop;
	ev_child child;
	bool running, given_up;
	int words; /* pipe's end: why it failed; -1 = none */
};

/* ---- in the child */

static int write_beside(const char *path, const char *beside,
			const struct buf *text)
{
	int fd, ret;

	if (unlink(beside) < 0 && errno != ENOENT)
		return -errno;
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  0644);
	if (fd < 0)
		return -errno;
	ret = fd_write_all(fd, text->data, text->len);
	if (ret == 0 && fsync(fd) < 0)
		ret = -errno;
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(beside, path) < 0)
		ret = -errno;
	if (ret < 0)
		unlink(beside);
	return ret;
}

__attribute__((noreturn)) static void child_main(const struct exporter *x,
						 int words)
{
	struct export_text t;
	char *beside = xasprintf("%s.new", x->conf.target);
	sigset_t none;
	int ret;

	/* the loop's handlers would tell the parent of our signals */
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(words, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	close_range(3, ~0u, 0);
	export_text_now(x->a, &t);
	ret = write_beside(x->conf.target, beside, &t.text);
	if (ret < 0)
		dprintf(STDOUT_FILENO, "%s: %s", x->conf.target,
			strerror(-ret));
	_exit(ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- in the agent */

static pid_t child_start(const struct exporter *x, int words)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child_main(x, words);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* What it said before it ended; it is gone, so this does not wait. */
static void read_words(struct file *f, char why[WORDS_MAX])
{
	ssize_t n = read(f->words, why, WORDS_MAX - 1);

	why[n > 0 ? n : 0] = '\0';
	close(f->words);
	f->words = -1;
}

static void ended_cb(struct ev_loop *loop, ev_child *w, int revents)
{
	struct file *f = w->data;
	struct exporter *x = f->x;
	char why[WORDS_MAX];

	ev_child_stop(loop, w);
	f->running = false;
	read_words(f, why);
	if (!x) {
		free(f);
		return;
	}
	if (f->given_up)
		return;
	if (w->rstatus == 0)
		export_done(x, 0, "");
	else
		export_done(x, -EIO, why[0] ? why : "the writer was killed");
}

static int file_begin(void *target, struct err *err)
{
	struct file *f = target;
	int ends[2];
	pid_t pid;

	if (f->running)
		return err_set(err, -EBUSY, "%s: the writer still hangs",
			       f->x->conf.target);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set(err, -errno, "pipe: %s", strerror(errno));
	pid = child_start(f->x, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_set(err, -errno, "fork: %s", strerror(errno));
	}
	f->words = ends[0];
	f->running = true;
	f->given_up = false;
	ev_child_init(&f->child, ended_cb, pid, 0);
	f->child.data = f;
	ev_child_start(f->loop, &f->child);
	return 0;
}

static void file_cancel(void *target)
{
	struct file *f = target;

	f->given_up = true;
	if (f->running)
		kill(f->child.pid, SIGKILL);
}

static void *file_open(struct exporter *x, struct err *err)
{
	struct file *f = xcalloc(1, sizeof(*f));

	f->x = x;
	f->loop = x->a->loop;
	f->words = -1;
	return f;
}

static void file_close(void *target)
{
	struct file *f = target;

	f->x = NULL;
	if (!f->running)
		free(f);
}

const struct export_type export_file = {
	HV_EXPORT_FILE, "file", file_open, file_begin, file_cancel, file_close
};
