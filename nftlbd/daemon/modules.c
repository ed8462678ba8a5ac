/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules of helpers. The kernel loads nf_conntrack_ftp by itself when
 * an object of that type is made, but not nf_nat_ftp: without it the addresses
 * inside of the protocol stay as they are, and what is announced goes where
 * nobody listens. So that one is asked for here (it brings the other).
 *
 * modprobe needs a right that the daemon need not have: the systemd unit runs
 * it beforehand. In a namespace, or where the kernel has it all built in, there
 * is nothing to be done; that it failed is said once, and is no fault.
 *
 * Must not know how rules use helpers.
 */
#include "daemon/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"

#define MODPROBE "/sbin/modprobe"

static const struct {
	enum rs_helper helper;
	const char *nat, *conntrack;
} modules[] = {
	{ RS_HELPER_FTP, "nf_nat_ftp", "nf_conntrack_ftp" },
	{ RS_HELPER_TFTP, "nf_nat_tftp", "nf_conntrack_tftp" },
	{ RS_HELPER_SIP, "nf_nat_sip", "nf_conntrack_sip" },
	{ RS_HELPER_PPTP, "nf_nat_pptp", "nf_conntrack_pptp" },
};

static bool module_file(const char *name, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/%s", name, file);
	return access(path, F_OK) == 0;
}

/* A kernel that has the one built in has the other as well: nobody is asked
 * about the NAT part when a kernel is configured. */
static bool module_built_in(const char *conntrack)
{
	return module_file(conntrack, "") &&
	       !module_file(conntrack, "initstate");
}

/* Return: its exit status; 127 where it did not come to that */
static int modprobe(const char *name)
{
	char *argv[] = { MODPROBE, "-q", "--", (char *)name, NULL };
	char *env[] = { NULL };
	posix_spawn_file_actions_t files;
	int status, ret;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&files, fd, "/dev/null",
						 O_RDWR, 0);
	ret = posix_spawn(&pid, MODPROBE, &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	if (ret != 0)
		return 127;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

static void module_load(size_t i)
{
	int status;

	if (module_file(modules[i].nat, ""))
		return;
	status = modprobe(modules[i].nat);
	if (status == 0)
		log_info("module=%s loaded", modules[i].nat);
	else if (!module_built_in(modules[i].conntrack))
		log_warning("module=%s cannot be loaded (" MODPROBE
			    " ended with %d): unless the kernel has it, helper "
			    "%s does not translate addresses",
			    modules[i].nat, status,
			    word_text(rs_helper_words, modules[i].helper));
}

void modules_load(unsigned int *asked, const struct want_list *w)
{
	unsigned int needed = 0;

	for (size_t i = 0; i < w->n; i++)
		needed |= 1u << w->list[i].helper;
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (needed & ~*asked & 1u << modules[i].helper)
			module_load(i);
	*asked |= needed;
}
