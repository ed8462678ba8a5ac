/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftlb-prober: runs health checks for nftlbd, which starts it, without any
 * privilege, with one end of a socketpair as descriptor 3. It knows jobs, not
 * services; it has no configuration, opens no file, and ends when the daemon
 * does. Exit status: 0 the daemon closed its end, 1 a fault, 2 not started by
 * the daemon.
 */
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "healthcheck/jobs.h"
#include "healthcheck/link.h"
#include "lib/log.h"

/* Timers within a millisecond share a turn of the loop: at ten thousand probes
 * a second this saves most of the wake-ups. Answers are never kept waiting. */
#define TIMER_COLLECT_S 0.001

static void on_job(void *arg, const struct hc_job *job)
{
	jobs_put(*(struct jobs **)arg, job);
}

static void on_stop(void *arg, uint32_t id)
{
	jobs_stop(*(struct jobs **)arg, id);
}

static const struct link_ops ops = { on_job, on_stop };

static void process_settle(void)
{
	struct rlimit nofile;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "nftlb-prober");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warning("no_new_privs: %m");
	if (getrlimit(RLIMIT_NOFILE, &nofile) == 0) {
		nofile.rlim_cur = nofile.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &nofile) < 0)
			log_warning(
			    "cannot raise the limit of descriptors: %m");
	}
}

int main(int argc, char **argv)
{
	struct ev_loop *loop;
	struct jobs *jobs;
	struct link link;
	int rc;

	log_open("nftlb-prober", false);
	process_settle();
	loop = ev_loop_new(EVFLAG_AUTO);
	if (!loop) {
		log_error("no event loop: %m");
		return 1;
	}
	ev_set_timeout_collect_interval(loop, TIMER_COLLECT_S);
	rc = link_open(&link, loop, HC_PROBER_FD, &ops, &jobs);
	if (rc < 0) {
		log_error("descriptor %d: %s; nftlbd starts this program",
			  HC_PROBER_FD, strerror(-rc));
		ev_loop_destroy(loop);
		return 2;
	}
	jobs = jobs_open(loop, &link);
	ev_run(loop, 0);
	jobs_close(jobs);
	link_close(&link);
	ev_loop_destroy(loop);
	return link.status;
}
