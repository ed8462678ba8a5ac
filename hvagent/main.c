/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hvagent: from the command line to the running agent, and back down.
 *
 * Order at start: configuration, what the API kept (its lock keeps two agents
 * from fighting), kernel, API. At the end the rules and devices stay: flows
 * outlive the agent.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "hvagent/agent.h"
#include "hvagent/api.h"
#include "hvagent/export.h"
#include "lib/background.h"
#include "lib/journal.h"
#include "lib/log.h"
#include "lib/manager.h"
#include "lib/options.h"

struct program {
	struct agent a;
	struct options o;
	ev_signal hup, term, intr;
	struct manager manager;
};

static const struct options_program program = {
	.name = "hvagent",
	.about = "direct return on hypervisors: tunnels from gateways to "
		 "virtual machines",
	.path = HV_CONF_PATH,
	.flush = "remove our tables and devices, and exit",
	.end = "SIGHUP reloads, SIGTERM stops and leaves the rules.\n"
	       "Manuals: hvagent(8), hvagent.conf(5), nftlbctl(8)\n",
};

static void print_errors(const struct conf_errors *errors)
{
	struct buf text = { 0 };

	conf_errors_print(errors, &text);
	fputs(text.data ? text.data : "", stderr);
	fprintf(stderr, "hvagent: %zu error%s, nothing was changed\n",
		errors->n, errors->n == 1 ? "" : "s");
	buf_free(&text);
}

static int load(struct program *p)
{
	struct conf_errors errors = { 0 };
	int ret = hv_conf_read(p->o.conf_path, &p->a.conf, &errors);

	if (ret < 0)
		print_errors(&errors);
	conf_errors_free(&errors);
	return ret;
}

static void set_log_level(const struct program *p)
{
	log_set_level(p->o.verbose ? LOG_LVL_DEBUG
				   : (enum log_level)p->a.conf->log_level);
}

/* ---- signals */

static void reload_cb(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct program *p = w->data;
	struct conf_errors errors = { 0 };
	struct err err = { "" };

	manager_reloading();
	if (agent_reload(&p->a, &errors, &err) < 0) {
		for (size_t i = 0; i < errors.n; i++)
			log_error("%s:%u: %s", errors.list[i].file,
				  errors.list[i].line, errors.list[i].text);
		log_error("reload failed: %s", err.msg);
	} else {
		set_log_level(p);
		log_info("reloaded, %zu bindings", p->a.bindings.n);
		if (export_reload(&p->a, &err) < 0)
			log_error("export: %s", err.msg);
	}
	conf_errors_free(&errors);
	manager_ready();
}

static void stop_cb(struct ev_loop *loop, ev_signal *w, int revents)
{
	manager_stopping();
	ev_break(loop, EVBREAK_ALL);
}

static void on_signal(struct program *p, ev_signal *w, int signum,
		      void (*cb)(struct ev_loop *, ev_signal *, int))
{
	ev_signal_init(w, cb, signum);
	w->data = p;
	ev_signal_start(p->a.loop, w);
}

static void status_line(void *arg, char line[MANAGER_STATUS_MAX])
{
	const struct agent *a = arg;
	const char *error =
	    a->status.error[0] ? a->status.error : a->status.device;

	snprintf(line, MANAGER_STATUS_MAX, "%zu binding%s%.2s%.200s",
		 a->bindings.n, a->bindings.n == 1 ? "" : "s",
		 error[0] ? ": " : "", error);
}

/* ---- what there is to do */

static int once(struct program *p, struct err *err)
{
	struct buf out = { 0 };
	int ret;

	p->a.loop = ev_default_loop(0);
	ret = agent_open(&p->a, err);
	if (ret == 0 && p->o.dry_run) /* what it made counts as well */
		ret = api_peek(&p->a, err);
	if (ret == 0 && p->o.flush)
		ret = agent_flush(&p->a, err);
	else if (ret == 0)
		ret = agent_plan(&p->a, &out, err);
	fputs(out.data ? out.data : "", stdout);
	buf_free(&out);
	if (ret < 0)
		fprintf(stderr, "hvagent: %s\n", err->msg);
	api_close(&p->a);
	agent_close(&p->a);
	ev_loop_destroy(p->a.loop);
	return ret;
}

static int bring_up(struct program *p, struct err *err)
{
	int ret;

	p->a.loop = ev_default_loop(0);
	ret = agent_open(&p->a, err);
	if (ret == 0)
		ret = api_load(&p->a, err);
	if (ret < 0)
		return ret;
	agent_start(&p->a);
	ret = api_open(&p->a, err);
	if (ret == 0)
		ret = export_open(&p->a, err);
	if (ret < 0)
		return ret;
	on_signal(p, &p->hup, SIGHUP, reload_cb);
	on_signal(p, &p->term, SIGTERM, stop_cb);
	on_signal(p, &p->intr, SIGINT, stop_cb);
	return 0;
}

static int serve(struct program *p, struct err *err)
{
	int fd = p->o.foreground ? -1 : background_fork();
	int ret;

	log_open("hvagent", !p->o.foreground);
	if (p->o.foreground)
		journal_open("hvagent");
	ret = bring_up(p, err);
	if (ret < 0) {
		log_error("%s", err->msg);
		fprintf(stderr, "hvagent: %s\n", err->msg);
	} else {
		log_info("hvagent %s holds %zu bindings from %s",
			 PACKAGE_VERSION, p->a.bindings.n, p->a.conf_path);
		p->manager =
		    (struct manager){ .status = status_line, .arg = &p->a };
		manager_start(&p->manager, p->a.loop);
		background_ready(fd);
		ev_run(p->a.loop, 0);
		manager_stop(&p->manager, p->a.loop);
		log_info("hvagent stops, the rules stay");
	}
	export_close(&p->a);
	api_close(&p->a);
	agent_close(&p->a);
	if (p->a.loop)
		ev_loop_destroy(p->a.loop);
	return ret;
}

int main(int argc, char **argv)
{
	static struct program p;
	struct err err = { "" };
	int ret = options_parse(&p.o, &program, argc, argv);

	if (ret != 0)
		return ret < 0 ? 2 : 0;
	if (load(&p) < 0)
		return 1;
	if (p.o.test) {
		printf("%s: good, %zu bindings\n", p.o.conf_path,
		       p.a.conf->bindings.n);
		hv_conf_free(p.a.conf);
		return 0;
	}
	set_log_level(&p);
	p.a.conf_path = realpath(p.o.conf_path, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (p.o.dry_run || p.o.flush)
		ret = once(&p, &err);
	else
		ret = serve(&p, &err);
	free((char *)p.a.conf_path);
	return ret < 0 ? 1 : 0;
}
