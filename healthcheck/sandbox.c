/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober reads what anybody on the network sends, by libraries that are not
 * ours. So it keeps what it needs for that and nothing else: it opens sockets
 * of IPv4 and IPv6, reads files, and has memory that is never both written and
 * run. On the daemon's raw ICMP sockets it cannot write the IP header itself,
 * and so send anything in anybody's name. What is not on the list fails with
 * EPERM: a library that tries has a fallback. What only an intruder tries ends
 * the process.
 *
 * The daemon gave up user and capabilities before; a prober that still has one
 * refuses to run, since that is a mistake of somebody.
 *
 * Must not know checks.
 */
#include "healthcheck/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* After the C library's, whose names they respect. */
#include <linux/icmp.h>

#define CALL(name) SCMP_SYS(name)

static const int allowed[] = {
	/* sockets */
	CALL(connect),
	CALL(bind),
	CALL(getsockname),
	CALL(getpeername),
	CALL(getsockopt),
	CALL(shutdown),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(recvmmsg),
	CALL(sendto),
	CALL(sendmsg),
	CALL(sendmmsg),
	CALL(socketpair),
	/* setsockopt() is below */
	/* descriptors; open() and fcntl() are below */
	CALL(read),
	CALL(readv),
	CALL(pread64),
	CALL(write),
	CALL(writev),
	CALL(lseek),
	CALL(close),
	CALL(fcntl),
	CALL(pipe2),
	CALL(eventfd2),
	CALL(epoll_create1),
	CALL(epoll_ctl),
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(epoll_pwait2),
	CALL(poll),
	CALL(ppoll),
	CALL(select),
	CALL(pselect6),
	CALL(timerfd_create),
	CALL(timerfd_settime),
	/* files that are there */
	CALL(stat),
	CALL(lstat),
	CALL(fstat),
	CALL(newfstatat),
	CALL(statx),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(getcwd),
	CALL(getdents64),
	/* memory; mmap() and mprotect() are below */
	CALL(brk),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	/* time, chance, identity */
	CALL(clock_gettime),
	CALL(clock_getres),
	CALL(gettimeofday),
	CALL(time),
	CALL(nanosleep),
	CALL(clock_nanosleep),
	CALL(getrandom),
	CALL(getpid),
	CALL(gettid),
	CALL(getppid),
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
	CALL(uname),
	CALL(sysinfo),
	CALL(getrusage),
	CALL(getrlimit),
	CALL(sched_getaffinity),
	CALL(sched_yield),
	/* signals and the end */
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack),
	CALL(futex),
	CALL(restart_syscall),
	CALL(exit),
	CALL(exit_group),
#ifdef __SANITIZE_ADDRESS__
	/* the search for leaks at the end stops the process by a debugger of
	 * its own */
	CALL(getdents),
	CALL(ptrace),
	CALL(clone),
	CALL(wait4),
	CALL(prctl),
	CALL(kill),
	CALL(set_robust_list),
	CALL(prlimit64),
	CALL(rseq),
#endif
};

/* Allowed where the masked argument has this value. */
static const struct rule {
	int call;
	unsigned int argument;
	uint64_t mask, value;
} rules[] = {
	{ CALL(socket), 0, ~0u, AF_INET },
	{ CALL(socket), 0, ~0u, AF_INET6 },
	{ CALL(open), 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ CALL(openat), 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ CALL(mmap), 2, PROT_EXEC, 0 },
	{ CALL(mprotect), 2, PROT_EXEC, 0 },
	{ CALL(ioctl), 1, ~0u, FIONBIO },
	{ CALL(ioctl), 1, ~0u, FIONREAD },
	{ CALL(ioctl), 1, ~0u, TCGETS },
	{ CALL(ioctl), 1, ~0u, SIOCGIFINDEX },
	{ CALL(ioctl), 1, ~0u, SIOCGIFNAME },
};

/* Options of sockets; not on the list: IP_HDRINCL, IPV6_HDRINCL. */
#define ANY_OPTION (-1)
static const struct {
	int level, option;
} options[] = {
	{ SOL_SOCKET, ANY_OPTION },
	{ IPPROTO_TCP, ANY_OPTION },
	{ IPPROTO_UDP, ANY_OPTION },
	{ IPPROTO_IP, IP_TOS },
	{ IPPROTO_IP, IP_PKTINFO },
	{ IPPROTO_IP, IP_RECVERR },
	{ IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT },
	{ IPPROTO_IPV6, IPV6_V6ONLY },
	{ IPPROTO_IPV6, IPV6_RECVERR },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO },
	{ IPPROTO_IPV6, IPV6_TCLASS },
	{ IPPROTO_ICMPV6, ICMP6_FILTER },
	{ SOL_RAW, ICMP_FILTER },
};

static const int deadly[] = {
	CALL(execve),
	CALL(execveat),
	CALL(fork),
	CALL(vfork),
	CALL(process_vm_readv),
	CALL(process_vm_writev),
	CALL(bpf),
	CALL(perf_event_open),
	CALL(userfaultfd),
	CALL(io_uring_setup),
	CALL(mount),
	CALL(umount2),
	CALL(move_mount),
	CALL(open_tree),
	CALL(fsopen),
	CALL(fsmount),
	CALL(pivot_root),
	CALL(chroot),
	CALL(unshare),
	CALL(setns),
	CALL(kexec_load),
	CALL(kexec_file_load),
	CALL(init_module),
	CALL(finit_module),
	CALL(delete_module),
	CALL(reboot),
	CALL(swapon),
	CALL(settimeofday),
	CALL(clock_settime),
	CALL(open_by_handle_at),
	CALL(keyctl),
	CALL(add_key),
	CALL(request_key),
	CALL(setuid),
	CALL(setresuid),
	CALL(setgid),
	CALL(setresgid),
	CALL(setgroups),
	CALL(capset),
#ifndef __SANITIZE_ADDRESS__
	CALL(ptrace),
#endif
};

#define N(table) (sizeof(table) / sizeof((table)[0]))

static int calls_add(scmp_filter_ctx ctx, uint32_t action, const int *calls,
		     size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = seccomp_rule_add(ctx, action, calls[i], 0);
	return rc;
}

static int rules_add(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (size_t i = 0; i < N(rules) && rc == 0; i++) {
		const struct scmp_arg_cmp cmp = {
			.arg = rules[i].argument,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = rules[i].mask,
			.datum_b = rules[i].value,
		};

		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rules[i].call,
					    1, &cmp);
	}
	return rc;
}

static int options_add(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (size_t i = 0; i < N(options) && rc == 0; i++) {
		bool any = options[i].option == ANY_OPTION;
		const struct scmp_arg_cmp cmp[] = {
			SCMP_A1(SCMP_CMP_MASKED_EQ, ~0u,
				(scmp_datum_t)options[i].level),
			SCMP_A2(SCMP_CMP_MASKED_EQ, ~0u,
				(scmp_datum_t)options[i].option),
		};

		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
					    CALL(setsockopt), any ? 1 : 2, cmp);
	}
	return rc;
}

/* abort() and raise() are for ourselves. */
static int own_signals_add(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp self =
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());

	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, CALL(tgkill), 1,
				      &self);
}

static int filter_load(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	if (!ctx)
		return -ENOMEM;
	/* a search tree instead of a list: it runs on every system call */
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = calls_add(ctx, SCMP_ACT_ALLOW, allowed, N(allowed));
	if (rc == 0)
		rc = calls_add(ctx, SCMP_ACT_KILL_PROCESS, deadly, N(deadly));
	if (rc == 0)
		rc = rules_add(ctx);
	if (rc == 0)
		rc = options_add(ctx);
	if (rc == 0)
		rc = own_signals_add(ctx);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}

static bool capable(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct caps[2] = { 0 };

	if (syscall(SYS_capget, &head, caps) < 0)
		return true;
	return caps[0].effective || caps[0].permitted || caps[0].inheritable ||
	       caps[1].effective || caps[1].permitted || caps[1].inheritable;
}

int sandbox_enter(bool filter, struct err *err)
{
	int rc;

	if (capable())
		return err_set(err, -EPERM,
			       "this process has capabilities: it must have "
			       "none");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, -errno, "no_new_privs: %s",
			       strerror(errno));
	rc = filter ? filter_load() : 0;
	if (rc < 0)
		return err_set(err, rc, "seccomp: %s", strerror(-rc));
	return 0;
}
