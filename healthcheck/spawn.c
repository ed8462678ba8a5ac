/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs and their ends. A program is the leader of a process group; when the
 * leader ends, whatever is left of its group is killed, and only then is the
 * leader reaped: until then nobody else can have its number, so a signal never
 * hits a stranger.
 *
 * The end is seen through a pidfd: no SIGCHLD, no watcher that reaps the
 * children of others, any loop will do. vfork() and not fork(): nothing is
 * copied, and the child's errno of execve() is simply there. Between the two
 * there are only system calls. The loop waits for execve() meanwhile.
 *
 * Invariant: each spawn has exactly one end, spawn_ended(), which frees it.
 *
 * Must not know checks, hooks or what an exit status means.
 */
#include "healthcheck/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/xalloc.h"

#define GRACE_S 1.0 /* between SIGTERM and SIGKILL */
#define DIES_MS 100 /* of SIGKILL */

struct spawn {
	struct ev_loop *loop;
	pid_t pid; /* and process group; not reaped yet */
	struct ev_io ended;
	struct ev_timer grace;
	spawn_done *done; /* NULL: on a list of those leaving, or forgotten */
	void *arg;
	LIST_ENTRY(spawn) entry;
	struct spawn_leaving *leaving; /* the list it is on */
};

static void spawn_ended(struct spawn *s)
{
	spawn_done *done = s->done;
	void *arg = s->arg;
	int status = 0;

	kill(-s->pid, SIGKILL);
	while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		;
	ev_io_stop(s->loop, &s->ended);
	ev_timer_stop(s->loop, &s->grace);
	close(s->ended.fd);
	if (s->leaving)
		LIST_REMOVE(s, entry);
	free(s);
	if (done)
		done(arg, status);
}

static void ended_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	spawn_ended(w->data);
}

static void grace_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	const struct spawn *s = w->data;

	kill(-s->pid, SIGKILL);
}

/* ---- the child: system calls only, in our memory ---- */

static _Noreturn void child_run(pid_t parent, char *const argv[],
				char *const envp[], int null, int out,
				volatile int *error)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	setpgid(0, 0);
	/* The prober's own end, however sudden, is theirs. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(127);
	/* Handlers go by themselves, what is ignored would stay. */
	for (int sig = 1; sig < SIGRTMIN; sig++)
		sigaction(sig, &dfl, NULL);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0u, 0) < 0) {
		*error = -errno;
		_exit(127);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(argv[0], argv, envp);
	*error = -errno;
	_exit(127);
}

/* Returns its pid, or -errno. No handler of ours may run in the child. */
static pid_t child_start(char *const argv[], char *const envp[], int null,
			 int out)
{
	pid_t parent = getpid(), pid;
	volatile int error = 0;
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (pid == 0)
		child_run(parent, argv, envp, null, out, &error);
	if (pid < 0)
		error = -errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return error;
}

static int pidfd_of(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

struct spawn *spawn_start(struct ev_loop *loop, char *const argv[],
			  char *const envp[], int out, spawn_done *done,
			  void *arg, int *error)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct spawn *s;
	pid_t pid;
	int fd;

	if (null < 0) {
		*error = -errno;
		return NULL;
	}
	pid = child_start(argv, envp, null, out < 0 ? null : out);
	close(null);
	if (pid < 0) {
		*error = pid;
		return NULL;
	}
	fd = pidfd_of(pid);
	if (fd < 0) {
		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
		*error = fd;
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->loop = loop;
	s->pid = pid;
	s->done = done;
	s->arg = arg;
	ev_io_init(&s->ended, ended_cb, fd, EV_READ);
	ev_timer_init(&s->grace, grace_cb, GRACE_S, 0);
	s->ended.data = s->grace.data = s;
	ev_io_start(loop, &s->ended);
	return s;
}

bool spawn_look(const struct spawn *s, int *status)
{
	siginfo_t info = { 0 };

	/* It stays a zombie: ended_cb() has not seen it yet. */
	if (waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) <
		0 ||
	    info.si_pid == 0)
		return false;
	*status = info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0)
					     : W_EXITCODE(0, info.si_status);
	return true;
}

void spawn_kill(struct spawn *s)
{
	kill(-s->pid, SIGTERM);
	ev_timer_start(s->loop, &s->grace);
}

void spawn_abandon(struct spawn *s, struct spawn_leaving *leaving)
{
	s->done = NULL;
	s->leaving = leaving;
	LIST_INSERT_HEAD(leaving, s, entry);
	spawn_kill(s);
}

/* Before the loop may go. A process that does not even die of SIGKILL (it waits
 * for a disk) must not hold us up. */
void spawn_forget(struct spawn_leaving *leaving)
{
	struct spawn *s;

	while ((s = LIST_FIRST(leaving))) {
		struct pollfd gone = { .fd = s->ended.fd, .events = POLLIN };

		LIST_REMOVE(s, entry);
		s->leaving = NULL;
		kill(-s->pid, SIGKILL);
		if (poll(&gone, 1, DIES_MS) > 0)
			spawn_ended(s);
	}
}
