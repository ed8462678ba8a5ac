/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftlbd: from the command line to the running parts, and back down.
 *
 * Order at start: configuration (before anything else can fail), control socket
 * (two daemons must not fight), kernel scan and commit of the difference, then
 * probes. At the end the rules stay: the data path outlives the daemon.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "control/control.h"
#include "daemon/api.h"
#include "daemon/committer.h"
#include "daemon/configure.h"
#include "daemon/counters.h"
#include "daemon/daemon.h"
#include "daemon/fitness.h"
#include "daemon/full.h"
#include "daemon/health.h"
#include "daemon/history.h"
#include "daemon/lists.h"
#include "daemon/load.h"
#include "daemon/offload.h"
#include "daemon/paths.h"
#include "daemon/persist.h"
#include "daemon/sessions.h"
#include "lib/background.h"
#include "lib/journal.h"
#include "lib/log.h"
#include "lib/manager.h"
#include "lib/options.h"
#include "lib/xalloc.h"
#include "metrics/readings.h"
#include "model/step.h"

#define SAVE_DELAY_S 0.5

/* The daemon and what only main cares about. */
struct program {
	struct daemon d;
	struct options o;
	ev_signal hup, term, intr, usr1;
	ev_timer save;
	struct reload_waiter reload;
	struct manager manager;
	int ready_fd; /* tells the waiting parent; -1 = none */
};

static const struct options_program program = {
	.name = "nftlbd",
	.about = "nftables load balancer",
	.path = CONF_DEFAULT_PATH,
	.end = "SIGHUP reloads, SIGTERM stops and leaves the rules, SIGUSR1 "
	       "logs a state dump.\n"
	       "Manuals: nftlbd(8), nftlbd.conf(5), nftlbctl(8)\n",
};

/* ---- signals */

static void reloaded(struct reload_waiter *w, int ret, const struct err *err)
{
	manager_ready();
}

static void reload_cb(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct program *p = w->data;
	struct author who = { .uid = getuid(), .pid = getpid() };
	struct conf_errors errors = { 0 };
	struct err err = { "" };
	int ret;

	manager_reloading();
	ret = daemon_reload(&p->d, &who, &errors, &err);
	conf_errors_free(&errors);
	if (ret == 1) {
		p->reload.done = reloaded;
		daemon_reload_wait(&p->d, &p->reload);
	} else if (!p->reload.reload) { /* none of ours is under way */
		manager_ready();
	}
}

static void stop_cb(struct ev_loop *loop, ev_signal *w, int revents)
{
	manager_stopping();
	ev_break(loop, EVBREAK_ALL);
}

static void dump_service(const struct service *s)
{
	log_info("service=%s state=%s backends=%zu panic=%d backups=%d "
		 "quorum-lost=%d",
		 s->conf->name, word_text(service_state_words, (int)s->state),
		 s->nbackends, s->panic, s->backups, s->quorum_lost);
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct backend *b = &s->backends[i];

		log_info("service=%s backend=%s state=%s admin=%s said=%s "
			 "health=%s weight=%u effective=%u",
			 s->conf->name, b->conf->name,
			 word_text(backend_state_words, (int)backend_state(b)),
			 word_text(admin_words, (int)b->admin),
			 word_text(admin_words, (int)b->said_admin),
			 word_text(health_words, (int)b->health),
			 backend_weight(b), backend_effective_weight(s, b));
	}
}

static void dump_cb(struct ev_loop *loop, ev_signal *w, int revents)
{
	const struct program *p = w->data;
	const struct ruleset_stats *st = ruleset_stats(p->d.ruleset);

	log_info("state dump: revision=%llu services=%zu commits=%llu "
		 "refused=%llu scans=%llu dirty=%zu",
		 (unsigned long long)p->d.revision, p->d.model->nservices,
		 (unsigned long long)st->commits,
		 (unsigned long long)st->refused, (unsigned long long)st->scans,
		 p->d.model->ndirty);
	for (size_t i = 0; i < p->d.model->nservices; i++)
		dump_service(&p->d.model->services[i]);
}

static void on_signal(struct program *p, ev_signal *w, int signum,
		      void (*cb)(struct ev_loop *, ev_signal *, int))
{
	ev_signal_init(w, cb, signum);
	w->data = p;
	ev_signal_start(p->d.loop, w);
}

/* ---- state on disk */

static void save_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct program *p = w->data;

	persist_flush(p->d.persist, p->d.model);
}

static void save_later(struct daemon *d)
{
	struct program *p = (struct program *)d;

	if (!ev_is_active(&p->save)) {
		ev_timer_set(&p->save, SAVE_DELAY_S, 0);
		ev_timer_start(d->loop, &p->save);
	}
}

static int make_state_dir(const char *path, struct err *err)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return err_set(err, -errno, "state-dir %s: %s", path,
		       errno == EEXIST ? "is not a directory"
				       : strerror(errno));
}

/* ---- configuration */

static int load(const char *path, struct conf **conf)
{
	struct conf_errors errors = { 0 };
	struct buf text = { 0 };
	int ret = conf_load(path, conf, &errors);

	if (ret < 0) {
		conf_errors_print(&errors, &text);
		fputs(text.data ? text.data : "", stderr);
		fprintf(stderr, "nftlbd: %zu error%s, nothing was changed\n",
			errors.n, errors.n == 1 ? "" : "s");
	}
	conf_errors_free(&errors);
	buf_free(&text);
	return ret;
}

/* What a start would find; nothing is made. */
static void look_at_paths(struct daemon *d)
{
	struct paths *p;

	d->loop = ev_default_loop(0);
	p = paths_open(d);
	paths_look(p, d->model);
	paths_close(p);
	ev_loop_destroy(d->loop);
	d->loop = NULL;
}

static int dry_run(struct program *p, struct err *err)
{
	struct buf out = { 0 };
	struct plan *plan;
	int ret = ruleset_open(&p->d.ruleset, p->d.model->conf->table, err);

	if (ret == 0)
		ret = offload_check(p->d.ruleset, p->d.model->conf, err);
	if (ret == 0)
		ret = ruleset_scan(p->d.ruleset, err);
	if (ret < 0)
		return ret;
	lists_name(NULL, p->d.model->conf);
	plan = daemon_plan(&p->d);
	if (plan_empty(plan))
		buf_printf(&out, "nothing to do\n");
	plan_print(plan, &out);
	fputs(out.data ? out.data : "", stdout);
	buf_free(&out);
	plan_free(plan);
	ruleset_close(p->d.ruleset);
	return 0;
}

/* ---- up and down */

static void first_commit(struct daemon *d)
{
	struct err err = { "" };

	if (committer_repair(d->committer, RESYNC_START, &err) < 0)
		committer_retry(d->committer, &err);
	paths_adopt(d->paths);
}

static int bring_up(struct program *p, struct err *err)
{
	struct daemon *d = &p->d;
	int ret = make_state_dir(d->model->conf->state_dir, err);

	d->loop = ev_default_loop(0);
	if (ret == 0)
		ret = control_open(&d->control, d, err);
	if (ret == 0)
		configure_start(d);
	if (ret == 0)
		ret = ruleset_open(&d->ruleset, d->model->conf->table, err);
	if (ret == 0)
		ret = offload_check(d->ruleset, d->model->conf, err);
	if (ret == 0)
		ret = flows_open(&d->flows, d->loop, err);
	if (ret == 0)
		ret = committer_open(&d->committer, d, err);
	if (ret == 0)
		ret = counters_open(&d->counters, d, err);
	if (ret == 0)
		ret = api_open(&d->api, d, err);
	if (ret < 0)
		return ret;
	d->sessions = sessions_open(d);
	d->lists = lists_open(d);
	d->persist = persist_open(d->model, persist_load(d->model));
	d->paths = paths_open(d);
	paths_stage(d->paths, d->model);
	step_begin(d->model, daemon_now_ms(), NULL);
	d->offload = offload_open(d);
	first_commit(d);
	d->full = full_open(d);
	d->load = load_open(d);
	d->history = daemon_history_open(d);
	ret = health_open(&d->health, d, err);
	if (ret < 0)
		return ret;
	ev_init(&p->save, save_cb);
	p->save.data = p;
	d->on_event = save_later;
	daemon_ticks(d);
	on_signal(p, &p->hup, SIGHUP, reload_cb);
	on_signal(p, &p->term, SIGTERM, stop_cb);
	on_signal(p, &p->intr, SIGINT, stop_cb);
	on_signal(p, &p->usr1, SIGUSR1, dump_cb);
	return 0;
}

static void bring_down(struct program *p)
{
	struct daemon *d = &p->d;

	if (d->health)
		health_close(d->health);
	d->health = NULL; /* no hooks from here on */
	lists_close(d->lists);
	d->lists = NULL;
	persist_snapshot(d->persist, d->model);
	persist_close(d->persist);
	api_close(d->api);
	control_close(d->control);
	daemon_history_close(d->history);
	d->history = NULL;
	configure_stop(d);
	load_close(d->load);
	d->load = NULL; /* a reading for scrapes may still end */
	full_close(d->full);
	sessions_close(d->sessions);
	paths_close(d->paths);
	d->control = NULL;
	counters_close(d->counters);
	offload_close(d->offload);
	committer_close(d->committer);
	if (d->flows)
		flows_close(d->flows);
	counting_close(d->counting);
	readings_close(d->readings);
	ruleset_close(d->ruleset);
	model_free(d->model);
	if (d->loop)
		ev_loop_destroy(d->loop);
}

static int serve(struct program *p)
{
	struct err err = { "" };
	int ret;

	p->ready_fd = p->o.foreground ? -1 : background_fork();
	log_open("nftlbd", !p->o.foreground);
	if (p->o.foreground)
		journal_open("nftlbd");
	ret = bring_up(p, &err);
	if (ret < 0) {
		log_error("%s", err.msg);
		fprintf(stderr, "nftlbd: %s\n", err.msg);
	} else {
		log_info("nftlbd %s serves %zu services from %s",
			 PACKAGE_VERSION, p->d.model->nservices,
			 p->d.conf_path);
		p->manager = (struct manager){ .fit = fitness_is,
					       .status = fitness_line,
					       .arg = &p->d };
		manager_start(&p->manager, p->d.loop);
		background_ready(p->ready_fd);
		ev_run(p->d.loop, 0);
		manager_stop(&p->manager, p->d.loop);
		log_info("nftlbd stops, the rules stay");
	}
	bring_down(p);
	return ret < 0 ? 1 : 0;
}

/* --test: what can be said without becoming a daemon; frees @conf. */
static int test(const char *path, struct conf *conf)
{
	struct ruleset *rs = NULL;
	struct err err = { "" };
	size_t n = conf->nservices;
	int ret = 0;

	/* who is not root may not ask the kernel */
	if (geteuid() == 0)
		ret = ruleset_open(&rs, conf->table, &err);
	if (rs)
		ret = offload_check(rs, conf, &err);
	if (rs && ret == 0)
		ret = api_try(conf, &err);
	ruleset_close(rs);
	conf_free(conf);
	if (ret < 0) {
		fprintf(stderr, "nftlbd: %s\n", err.msg);
		return 1;
	}
	printf("%s: good, %zu services\n", path, n);
	return 0;
}

int main(int argc, char **argv)
{
	static struct program p;
	struct err err = { "" };
	struct conf *conf;
	int ret = options_parse(&p.o, &program, argc, argv);

	if (ret != 0)
		return ret < 0 ? 2 : 0;
	p.d.conf_path = realpath(p.o.conf_path, NULL);
	if (!p.d.conf_path) /* to be complained of */
		p.d.conf_path = xstrdup(p.o.conf_path);
	if (load(p.o.test ? p.o.conf_path : p.d.conf_path, &conf) < 0)
		return 1;
	if (p.o.test)
		return test(p.o.conf_path, conf);
	p.d.verbose = p.o.verbose;
	log_set_level(p.o.verbose ? LOG_LVL_DEBUG : conf->log_level);
	p.d.model = model_new(configure_first(&p.d, conf), NULL);
	p.d.started = ev_time();
	p.d.last_reload_ok = true;
	signal(SIGPIPE, SIG_IGN);
	if (p.o.dry_run) {
		persist_load(p.d.model);
		look_at_paths(&p.d);
		step_begin(p.d.model, daemon_now_ms(), NULL);
		ret = dry_run(&p, &err);
		if (ret < 0)
			fprintf(stderr, "nftlbd: %s\n", err.msg);
		model_free(p.d.model);
		configure_stop(&p.d);
	} else {
		ret = serve(&p);
	}
	free((char *)p.d.conf_path);
	return ret < 0 ? 1 : ret;
}
