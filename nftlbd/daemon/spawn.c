/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the daemon's child to a program of less rights: what reads from the
 * network must not be able to do anything else. It keeps descriptors 0..2, the
 * socketpair and those of the plan; and nothing of: other descriptors, groups,
 * capabilities (bounding and ambient sets too), environment, working directory,
 * parent's death.
 *
 * Invariants: everything that can allocate, look up or log happens before the
 * fork; between fork and exec there are only system calls. A step that is not
 * possible because we are not root is no fault (there is nothing to give up);
 * a step that fails although we are ends the child.
 *
 * Must not know what the program does.
 */
#include "daemon/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* After the C library's, whose names they respect. */
#include <linux/capability.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define FIRST_OWN_FD 20 /* nothing below is a source of a dup2() */
#define GROUPS_MAX   64
#define NOBODY       65534

/* All that the child needs, prepared before the fork. */
struct recipe {
	const struct spawn_plan *plan;
	char *name, *role; /* role: NULL = none */
	int exe_fd, sock_fd;
	pid_t parent;
	bool become; /* we are root: change to the ids below */
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int ngroups;
	char *env[3];
};

static bool user_lookup(struct recipe *r, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw || pw->pw_uid == 0)
		return false;
	r->uid = pw->pw_uid;
	r->gid = pw->pw_gid;
	r->ngroups = GROUPS_MAX;
	if (getgrouplist(name, pw->pw_gid, r->groups, &r->ngroups) < 0)
		r->ngroups = 0; /* more than it can need: none */
	return true;
}

static void user_choose(struct recipe *r)
{
	const char *user = r->plan->user;

	r->become = geteuid() == 0;
	if (!r->become || user_lookup(r, user))
		return;
	log_warning("%s: no user \"%s\" that is not root: runs as nobody",
		    r->plan->name, user);
	if (user_lookup(r, "nobody"))
		return;
	r->uid = r->gid = NOBODY;
	r->ngroups = 0;
}

/* How the journal is to be talked to is all of our environment it gets. */
static void env_choose(struct recipe *r)
{
	const char *journal = getenv("JOURNAL_STREAM");

	r->env[0] = xstrdup("PATH=/usr/bin:/bin");
	r->env[1] = journal ? xasprintf("JOURNAL_STREAM=%s", journal) : NULL;
}

/* ---- the child: system calls only ---- */

static _Noreturn void child_fail(const struct recipe *r, const char *words)
{
	ssize_t ignored = write(STDERR_FILENO, r->name, strlen(r->name));

	ignored = write(STDERR_FILENO, words, strlen(words));
	(void)ignored;
	_exit(127);
}

static void child_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL); /* KILL and STOP refuse: fine */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Out of the way of those that are dup2()ed to. */
static int child_aside(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD, FIRST_OWN_FD);
}

static bool child_place(int fd, int at, int flags)
{
	if (fd >= 0)
		return dup3(fd, at, flags) == at;
	close(at);
	return true;
}

static void child_descriptors(const struct recipe *r)
{
	int sock = child_aside(r->sock_fd), exe = child_aside(r->exe_fd);
	int more[SPAWN_FDS_MAX];
	size_t n = r->plan->nfds;
	bool good = sock >= 0 && exe >= 0;

	for (size_t i = 0; i < n; i++)
		more[i] = child_aside(r->plan->fds[i]);
	good = good && child_place(sock, SPAWN_SOCK_FD, 0) &&
	       child_place(exe, SPAWN_EXE_FD, O_CLOEXEC);
	for (size_t i = 0; i < n; i++)
		good = good && child_place(more[i], SPAWN_MORE_FD + (int)i, 0);
	if (!good || close_range(SPAWN_MORE_FD + (unsigned int)n, ~0u, 0) < 0)
		child_fail(r, ": cannot arrange descriptors\n");
}

/* Few: no more than that. Many: best effort. */
static void child_limits(const struct recipe *r)
{
	struct rlimit nofile;

	if (getrlimit(RLIMIT_NOFILE, &nofile) < 0 ||
	    (r->plan->more && nofile.rlim_max >= r->plan->nofile))
		return;
	nofile.rlim_cur = nofile.rlim_max = r->plan->nofile;
	setrlimit(RLIMIT_NOFILE, &nofile);
}

static void child_bounding_set(void)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Needs CAP_SETPCAP; EINVAL ends the list of this kernel. */
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return;
}

static void child_capabilities(const struct recipe *r)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &head, none) < 0)
		child_fail(r, ": cannot drop capabilities\n");
}

/* Raw system calls: the C library's would stop for other threads. */
static void child_user(const struct recipe *r)
{
	if (!r->become)
		return;
	if (syscall(SYS_setgroups, (size_t)r->ngroups, r->groups) < 0 ||
	    syscall(SYS_setresgid, r->gid, r->gid, r->gid) < 0 ||
	    syscall(SYS_setresuid, r->uid, r->uid, r->uid) < 0)
		child_fail(r, ": cannot change the user\n");
}

static _Noreturn void child_run(const struct recipe *r)
{
	char *argv[] = { r->name, r->role, NULL };

	child_signals();
	child_descriptors(r);
	child_limits(r);
	if (chdir("/") < 0)
		child_fail(r, ": cannot change to /\n");
	child_bounding_set();
	child_user(r);
	child_capabilities(r);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* After the change of user, which clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != r->parent)
		_exit(0);
	execve(r->plan->path, argv, r->env);
	if (errno == EACCES)
		syscall(SYS_execveat, SPAWN_EXE_FD, "", argv, r->env,
			AT_EMPTY_PATH);
	child_fail(r, ": cannot execute the program\n");
}

static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

int spawn_program(const struct spawn_plan *plan, pid_t *pid, int *fd,
		  struct err *err)
{
	struct recipe r = { .plan = plan, .exe_fd = -1, .parent = getpid() };
	int pair[2] = { -1, -1 };
	int rc = 0;

	user_choose(&r);
	env_choose(&r);
	r.name = xstrdup(plan->name);
	r.role = plan->role ? xstrdup(plan->role) : NULL;
	r.exe_fd = open(plan->path, O_PATH | O_CLOEXEC);
	if (r.exe_fd < 0) {
		rc =
		    err_set(err, -errno, "%s: %s", plan->path, strerror(errno));
		goto out;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		rc = err_set(err, -errno, "socketpair: %s", strerror(errno));
		goto out;
	}
	r.sock_fd = pair[1];
	*pid = fork();
	if (*pid < 0) {
		rc = err_set(err, -errno, "fork: %s", strerror(errno));
		goto out;
	}
	if (*pid == 0)
		child_run(&r);
	*fd = pair[0];
	pair[0] = -1;
out:
	close_open(pair[0]);
	close_open(pair[1]);
	close_open(r.exe_fd);
	free(r.name);
	free(r.role);
	free(r.env[0]);
	free(r.env[1]);
	return rc;
}

void spawn_wait(pid_t pid, time_t limit_s)
{
	const struct timespec limit = { .tv_sec = limit_s };
	struct pollfd over = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	sigset_t all; /* its SIGCHLD must not end the wait */
	int status;

	sigfillset(&all);
	if (over.fd < 0 || ppoll(&over, 1, &limit, &all) != 1)
		kill(pid, SIGKILL);
	close_open(over.fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}
