/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process may do after sandbox_enter(): each attempt in a child of its
 * own. And that the real prober is such a process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "healthcheck/sandbox.h"
#include "prober_rig.h"

#define FINE     0
#define NO_ENTRY 250 /* sandbox_enter() refused */
#define KILLED   (-SIGSYS)

static void capabilities_drop(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	syscall(SYS_capset, &head, none);
}

/* ---- attempts: 0, or -1 and errno, as system calls say it */

static long try_execve(void)
{
	char *const none[] = { NULL };

	return execve("/bin/true", none, none);
}

static long try_execveat(void)
{
	char *const none[] = { NULL };

	return syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0);
}

#ifndef __SANITIZE_ADDRESS__ /* it needs both */
static long try_fork(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
#endif

static long try_vm_read(void)
{
	return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static long try_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long try_mount(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long try_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static long try_setns(void)
{
	return setns(STDERR_FILENO, 0);
}

static long try_module(void)
{
	return syscall(SYS_init_module, NULL, 0, "");
}

static long try_kexec(void)
{
	return syscall(SYS_kexec_load, 0, 0, NULL, 0);
}

static long try_setuid(void)
{
	return syscall(SYS_setuid, 1);
}

static long try_keyctl(void)
{
	return syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static long try_io_uring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long try_write_file(void)
{
	return open("/tmp/nftlb-sandbox", O_WRONLY | O_CREAT, 0600);
}

static long try_append(void)
{
	return open("/dev/null", O_RDWR);
}

static long try_unlink(void)
{
	return unlink("/tmp/nftlb-sandbox");
}

static long try_chmod(void)
{
	return chmod("/tmp/nftlb-sandbox", 0);
}

static long try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long try_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long try_listen(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? 0 : listen(fd, 1);
}

static long try_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static long try_make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long try_kill(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static long try_steal_input(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "x");
}

/* With an option of sockets, upper bits of its number, which the kernel does
 * not look at, set. */
static long try_option(int family, int level, unsigned long option)
{
	static const int on = 1;
	int fd = socket(family, SOCK_DGRAM, 0);

	return fd < 0 ? 0
		      : syscall(SYS_setsockopt, fd, level, option, &on,
				sizeof(on));
}

static long try_header(void)
{
	return try_option(AF_INET, IPPROTO_IP, IP_HDRINCL);
}

static long try_header_hidden(void)
{
	return try_option(AF_INET, IPPROTO_IP, IP_HDRINCL | 1ul << 32);
}

static long try_header6(void)
{
	return try_option(AF_INET6, IPPROTO_IPV6, IPV6_HDRINCL);
}

static long try_header6_raw(void)
{
	return try_option(AF_INET6, SOL_RAW, IPV6_HDRINCL);
}

static long try_errors(void)
{
	return try_option(AF_INET, IPPROTO_IP, IP_RECVERR) |
	       try_option(AF_INET6, IPPROTO_IPV6, IPV6_RECVERR);
}

/* Things it needs. */

static long try_sockets(void)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	for (int i = 0; i < 4; i++) {
		int fd = socket(families[i / 2],
				types[i % 2] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0 || close(fd) < 0)
			return -1;
	}
	return 0;
}

static long try_read_file(void)
{
	struct stat st;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	char byte;

	if (fd < 0 || read(fd, &byte, 1) != 1 || close(fd) < 0)
		return -1;
	return stat("/etc/passwd", &st);
}

static long try_memory(void)
{
	char *p = malloc(64 << 20);

	if (!p)
		return -1;
	memset(p, 1, 64 << 20);
	free(p);
	return 0;
}

static const struct attempt {
	const char *name;
	long (*call)(void);
	int result; /* FINE, an errno, or KILLED */
} attempts[] = {
	{ "execve", try_execve, KILLED },
	{ "execveat", try_execveat, KILLED },
#ifndef __SANITIZE_ADDRESS__
	{ "ptrace", try_ptrace, KILLED },
	{ "fork", try_fork, EPERM },
#endif
	{ "process_vm_readv", try_vm_read, KILLED },
	{ "bpf", try_bpf, KILLED },
	{ "mount", try_mount, KILLED },
	{ "unshare", try_unshare, KILLED },
	{ "setns", try_setns, KILLED },
	{ "init_module", try_module, KILLED },
	{ "kexec", try_kexec, KILLED },
	{ "setuid", try_setuid, KILLED },
	{ "keyctl", try_keyctl, KILLED },
	{ "io_uring", try_io_uring, KILLED },
	{ "write a file", try_write_file, EPERM },
	{ "open for writing", try_append, EPERM },
	{ "unlink", try_unlink, EPERM },
	{ "chmod", try_chmod, EPERM },
	{ "AF_UNIX", try_unix_socket, EPERM },
	{ "AF_NETLINK", try_netlink, EPERM },
	{ "AF_PACKET", try_packet_socket, EPERM },
	{ "listen", try_listen, EPERM },
	{ "memory to write and run", try_code, EPERM },
	{ "memory to run", try_make_code, EPERM },
	{ "kill another process", try_kill, EPERM },
	{ "TIOCSTI", try_steal_input, EPERM },
	{ "write IP headers", try_header, EPERM },
	{ "write IP headers, hidden", try_header_hidden, EPERM },
	{ "write IPv6 headers", try_header6, EPERM },
	{ "write IPv6 headers, raw", try_header6_raw, EPERM },
	{ "hear ICMP errors", try_errors, FINE },
	{ "sockets of the internet", try_sockets, FINE },
	{ "read a file", try_read_file, FINE },
	{ "memory", try_memory, FINE },
};

/* In a child: errno, FINE, or minus the signal that ended it. */
static int outcome(long (*call)(void), bool sandbox, bool drop)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (drop)
			capabilities_drop();
		if (sandbox && sandbox_enter(true, NULL) < 0)
			_exit(NO_ENTRY);
		_exit(call() < 0 ? errno : FINE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_attempts(void **state)
{
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int got = outcome(attempts[i].call, true, true);

		if (got != attempts[i].result)
			fail_msg("%s: %d, not %d", attempts[i].name, got,
				 attempts[i].result);
	}
}

/* It is the sandbox that refuses, not the machine. */
static void test_without_it(void **state)
{
	assert_int_equal(outcome(try_execve, false, true), FINE);
	assert_int_equal(outcome(try_unix_socket, false, true), FINE);
	assert_int_equal(outcome(try_append, false, true), FINE);
	assert_int_equal(outcome(try_listen, false, true), FINE);
	assert_int_equal(outcome(try_header, false, true), ENOPROTOOPT);
}

static bool capable(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct caps[2] = { 0 };

	syscall(SYS_capget, &head, caps);
	return caps[0].permitted != 0;
}

static void test_no_entry_with_a_capability(void **state)
{
	assert_int_equal(outcome(try_memory, true, false),
			 capable() ? NO_ENTRY : FINE);
}

/* ---- the prober itself */

static unsigned long long status_number(pid_t pid, const char *key, int base)
{
	char path[64], line[256];
	unsigned long long number = ~0ull;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			number = strtoull(line + strlen(key), NULL, base);
	fclose(f);
	return number;
}

static void is_confined(const char *role, unsigned int seccomp)
{
	static const char *const caps[] = { "CapInh:", "CapPrm:", "CapEff:",
					    "CapAmb:" };
	struct rig p;

	rig_open_role(&p, role);
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		assert_int_equal(status_number(p.pid, caps[i], 16), 0);
	assert_int_equal(status_number(p.pid, "NoNewPrivs:", 10), 1);
	assert_int_equal(status_number(p.pid, "Seccomp:", 10), seccomp);
	rig_close(&p);
}

static void test_the_prober_is_confined(void **state)
{
	is_confined(NULL, 2);
}

/* Scripts need what the filter forbids; they have neither privileges nor a
 * parser of what the network sends in their prober. */
static void test_the_prober_of_scripts(void **state)
{
	is_confined("scripts", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_without_it),
		cmocka_unit_test(test_no_entry_with_a_capability),
		cmocka_unit_test(test_the_prober_is_confined),
		cmocka_unit_test(test_the_prober_of_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
