/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftlb-api: TLS, HTTP, tokens and limits of the API on TCP, for nftlbd, which
 * starts it, without any privilege, with one end of a socketpair as descriptor
 * 3. What is well-formed and admitted it hands on to the daemon. It has no
 * configuration, opens no file, and ends when the daemon does. Exit status: 0
 * the daemon closed its end, 1 a fault, 2 not started by the daemon.
 */
#include <ev.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "api/sandbox.h"
#include "api/serve.h"
#include "lib/log.h"

#define MEMORY_MAX ((rlim_t)1 << 30)
#define NICE       5 /* after the daemon and the prober */

/* None of these may be raised again: there are no capabilities. */
static void process_settle(void)
{
	static const struct rlimit none = { 0, 0 };
#ifndef __SANITIZE_ADDRESS__
	static const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

	setrlimit(RLIMIT_AS, &memory);
	prctl(PR_SET_DUMPABLE, 0); /* a key is in memory */
#endif
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &none);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "nftlb-api");
	if (getpriority(PRIO_PROCESS, 0) < NICE)
		setpriority(PRIO_PROCESS, 0, NICE);
}

static bool is_our_socket(int fd)
{
	int type = 0, domain = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	       type == SOCK_SEQPACKET && domain == AF_UNIX;
}

static int run(struct ev_loop *loop)
{
	struct err err = { "" };
	struct serve *s;
	int status;

	if (api_sandbox_enter(&err) < 0) {
		log_error("sandbox: %s", err.msg);
		return 1;
	}
	s = serve_open(loop, API_FD);
	ev_run(loop, 0);
	status = s->status;
	serve_close(s);
	return status;
}

int main(int argc, char **argv)
{
	struct ev_loop *loop;
	int status = 1;

	log_open("nftlb-api", false);
	if (argc != 1 || !is_our_socket(API_FD)) {
		log_error("descriptor %d: no socket; nftlbd starts this "
			  "program",
			  API_FD);
		return 2;
	}
	process_settle();
	loop = ev_loop_new(EVFLAG_AUTO);
	if (!loop) {
		log_error("no event loop: %m");
		return 1;
	}
	status = run(loop);
	ev_loop_destroy(loop);
	return status;
}
