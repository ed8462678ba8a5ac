/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that read what anybody on the network sends, by libraries that are
 * not ours, keep what they need for that and nothing else. What is on no list
 * fails with EPERM: a library that tries has a fallback. What only an intruder
 * tries ends the process. Memory is never both written and run.
 *
 * The daemon gave up user and capabilities before; a process that still has one
 * refuses to run, since that is a mistake of somebody.
 *
 * Must not know what the process does.
 */
#include "lib/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name) SCMP_SYS(name)

/* What every process needs. */
static const int base[] = {
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

static const struct sandbox_rule base_rules[] = {
	{ CALL(mmap), 2, PROT_EXEC, 0 },
	{ CALL(mprotect), 2, PROT_EXEC, 0 },
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

static int rules_add(scmp_filter_ctx ctx, const struct sandbox_rule *rules,
		     size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
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

static int options_add(scmp_filter_ctx ctx,
		       const struct sandbox_option *options, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		bool any = options[i].option == SANDBOX_ANY;
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

static int filter_load(const struct sandbox *own)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	if (!ctx)
		return -ENOMEM;
	/* a search tree instead of a list: it runs on every system call */
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = calls_add(ctx, SCMP_ACT_ALLOW, base, N(base));
	if (rc == 0)
		rc = calls_add(ctx, SCMP_ACT_ALLOW, own->calls, own->ncalls);
	if (rc == 0)
		rc = calls_add(ctx, SCMP_ACT_KILL_PROCESS, deadly, N(deadly));
	if (rc == 0)
		rc = rules_add(ctx, base_rules, N(base_rules));
	if (rc == 0)
		rc = rules_add(ctx, own->rules, own->nrules);
	if (rc == 0)
		rc = options_add(ctx, own->options, own->noptions);
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

int sandbox_close(const struct sandbox *own, struct err *err)
{
	int rc;

	if (capable())
		return err_set(err, -EPERM,
			       "this process has capabilities: it must have "
			       "none");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, -errno, "no_new_privs: %s",
			       strerror(errno));
	rc = own ? filter_load(own) : 0;
	if (rc < 0)
		return err_set(err, rc, "seccomp: %s", strerror(-rc));
	return 0;
}
