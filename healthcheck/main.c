/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftlb-prober: runs health checks for nftlbd, which starts it, without any
 * privilege, with one end of a socketpair as descriptor 3. It knows jobs, not
 * services; it has no configuration, opens no file, and ends when the daemon
 * does. Exit status: 0 the daemon closed its end, 1 a fault, 2 not started by
 * the daemon.
 */
#include <curl/curl.h>
#include <ev.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "healthcheck/jobs.h"
#include "healthcheck/link.h"
#include "healthcheck/runs.h"
#include "healthcheck/sandbox.h"
#include "healthcheck/specs.h"
#include "healthcheck/tls.h"
#include "lib/log.h"

/* Timers within a millisecond share a turn of the loop: at ten thousand probes
 * a second this saves most of the wake-ups. Answers are never kept waiting. */
#define TIMER_COLLECT_S 0.001

#define STATS_S 1.0

/* Scripts need a process that may do more: they have one of their own. */
static const struct role {
	const char *name; /* argument; NULL = none */
	bool scripts;
} roles[] = {
	{ NULL, false },
	{ "scripts", true },
};

struct prober {
	const struct role *role;
	struct ev_loop *loop;
	struct lag lag;
	struct ev_timer stats;
	struct link link;
	struct specs *specs;
	struct jobs *jobs;
	struct runs *runs;
};

static int on_spec_type(void *arg, uint32_t id)
{
	struct prober *p = arg;
	const struct spec *s = specs_find(p->specs, id);

	return s ? (int)s->type : -1;
}

static void on_job(void *arg, const struct hc_job *job)
{
	struct prober *p = arg;

	jobs_put(p->jobs, job, specs_find(p->specs, job->spec));
}

static void on_stop(void *arg, uint32_t id)
{
	struct prober *p = arg;

	jobs_stop(p->jobs, id);
}

static const char *on_spec(void *arg, uint32_t id, enum hc_type type,
			   struct hc_spec *of)
{
	struct prober *p = arg;

	if (!check_ops_of(type) || (type == HC_SCRIPT) != p->role->scripts) {
		spec_free(of);
		return "a spec of a type that is not for this prober";
	}
	return specs_put(p->specs, id, type, of);
}

static const char *on_run(void *arg, uint32_t id, struct hc_spec *of)
{
	struct prober *p = arg;

	if (!p->role->scripts) {
		spec_free(of);
		return "a run for a prober that runs nothing";
	}
	runs_start(p->runs, id, of);
	return NULL;
}

static const char *on_spec_stop(void *arg, uint32_t id)
{
	struct prober *p = arg;

	return specs_stop(p->specs, id);
}

static const struct packets_ops ops = {
	on_spec_type, on_job, on_stop, on_spec, on_run, on_spec_stop,
};

static void stats_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct prober *p = w->data;
	struct hc_stats stats;

	jobs_stats(p->jobs, &stats);
	lag_stats(&p->lag, &stats);
	link_stats(&p->link, &stats);
}

static void process_settle(bool scripts)
{
	struct rlimit nofile;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "nftlb-prober");
	/* The unit lets us run before others; what operators write need not. */
	if (scripts && getpriority(PRIO_PROCESS, 0) < 0)
		setpriority(PRIO_PROCESS, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &nofile) == 0) {
		nofile.rlim_cur = nofile.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &nofile) < 0)
			log_warning(
			    "cannot raise the limit of descriptors: %m");
	}
}

static const struct role *role_find(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		const char *name = roles[i].name;

		if (argc == (name ? 2 : 1) && (!name || !strcmp(argv[1], name)))
			return &roles[i];
	}
	return NULL;
}

static int prober_run(struct prober *p)
{
	int rc = link_open(&p->link, p->loop, HC_PROBER_FD, &ops, p);

	if (rc < 0) {
		log_error("descriptor %d: %s; nftlbd starts this program",
			  HC_PROBER_FD, strerror(-rc));
		return 2;
	}
	p->specs = specs_open(p->loop);
	lag_open(&p->lag, p->loop);
	p->jobs = jobs_open(p->loop, &p->link, &p->lag);
	p->runs = runs_open(p->loop, &p->link);
	ev_timer_init(&p->stats, stats_cb, STATS_S, STATS_S);
	p->stats.data = p;
	ev_timer_start(p->loop, &p->stats);
	ev_run(p->loop, 0);
	ev_timer_stop(p->loop, &p->stats);
	runs_close(p->runs);
	jobs_close(p->jobs);
	specs_close(p->specs);
	lag_close(&p->lag);
	link_close(&p->link);
	return p->link.status;
}

/* What they read, load and start at their beginning, the sandbox forbids. */
static void libraries_open(void)
{
	tls_open();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		log_warning("libcurl does not begin: no http checks");
}

static void libraries_close(void)
{
	curl_global_cleanup();
	tls_close();
}

static int prober_start(struct prober *p)
{
	struct err err = { "" };
	int status;

	p->loop = ev_loop_new(EVFLAG_AUTO);
	if (!p->loop) {
		log_error("no event loop: %m");
		return 1;
	}
	ev_set_timeout_collect_interval(p->loop, TIMER_COLLECT_S);
	if (sandbox_enter(!p->role->scripts, &err) < 0) {
		log_error("sandbox: %s", err.msg);
		status = 1;
	} else {
		status = prober_run(p);
	}
	ev_loop_destroy(p->loop);
	return status;
}

int main(int argc, char **argv)
{
	struct prober p = { .role = role_find(argc, argv) };
	int status;

	log_open("nftlb-prober", false);
	if (!p.role) {
		log_error("unknown arguments; nftlbd starts this program");
		return 2;
	}
	process_settle(p.role->scripts);
	libraries_open();
	status = prober_start(&p);
	libraries_close();
	return status;
}
