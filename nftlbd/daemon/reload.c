/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reload: parse and check aside, make the candidate model, plan, ask the kernel
 * whether it would take it, commit, adopt. Until the kernel has taken the plan
 * everything that runs is the old; then everything is the new. Where large
 * lists have to be loaded that is done before, piece by piece, and the reload
 * goes on when they are in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/committer.h"
#include "daemon/daemon.h"
#include "daemon/forecast.h"
#include "daemon/full.h"
#include "daemon/health.h"
#include "daemon/lists.h"
#include "daemon/load.h"
#include "daemon/offload.h"
#include "daemon/paths.h"
#include "daemon/persist.h"
#include "daemon/want.h"
#include "lib/xalloc.h"
#include "model/full.h"
#include "model/step.h"

static const char *script_user(const struct conf *c)
{
	return c->script_user ? c->script_user : c->user;
}

/* What a running daemon cannot change: it is bound to these. */
static int check_fixed(const struct conf *old, const struct conf *new,
		       struct err *err)
{
	const struct {
		const char *key, *was, *is;
	} fixed[] = {
		{ "table", old->table, new->table },
		{ "control-socket", old->control_socket, new->control_socket },
		{ "state-dir", old->state_dir, new->state_dir },
		{ "user", old->user, new->user },
		{ "script-user", script_user(old), script_user(new) },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(fixed[i].was, fixed[i].is) != 0)
			return err_set(err, -EBUSY,
				       "[global] %s: \"%s\" -> \"%s\" needs a "
				       "restart; nothing was changed",
				       fixed[i].key, fixed[i].was, fixed[i].is);
	return 0;
}

static int load(struct daemon *d, const char *path, struct conf **conf,
		struct conf_errors *errors, struct err *err)
{
	int ret = conf_load(path, conf, errors);

	if (ret < 0)
		return err_set(err, ret, "%s has %zu errors", path, errors->n);
	ret = check_fixed(d->model->conf, *conf, err);
	if (ret == 0)
		ret = offload_check(d->ruleset, *conf, err);
	if (ret < 0)
		conf_free(*conf);
	return ret;
}

int daemon_diff(struct daemon *d, const char *path, struct forecast *f,
		struct conf_errors *errors, struct err *err)
{
	struct want_list w = { 0 };
	struct model *candidate;
	struct rs_hooks hooks;
	struct conf *conf;
	struct plan *plan;
	int ret = load(d, path ? path : d->conf_path, &conf, errors, err);

	if (ret < 0)
		return ret;
	lists_name(d->lists, conf);
	candidate = model_new(conf, d->model);
	step_begin(candidate, daemon_now_ms(), NULL);
	want_changes(&w, candidate);
	hooks = offload_hooks(conf);
	plan = ruleset_plan_at(d->ruleset, &hooks, w.list, w.n);
	want_free(&w);
	ret = lists_try(d->lists, conf, plan, err);
	forecast_make(f, candidate, plan, true);
	model_free(candidate);
	if (ret < 0)
		forecast_free(f);
	return ret;
}

int daemon_check(struct daemon *d, const struct conf *c, struct err *err)
{
	return offload_check(d->ruleset, c, err);
}

struct plan *daemon_plan(struct daemon *d)
{
	const struct rs_hooks hooks = offload_hooks(d->model->conf);
	struct want_list w = { 0 };
	struct plan *p;

	ruleset_hooks(d->ruleset, &hooks);
	want_all(&w, d->model);
	p = ruleset_plan(d->ruleset, w.list, w.n, true);
	want_free(&w);
	return p;
}

/* No dry run before: what packets meet is one transaction, and one that the
 * kernel refuses has changed nothing. One repeat with the whole, for somebody
 * may have been in our tables since we last looked. */
static int commit_candidate(struct daemon *d, struct model *candidate,
			    struct err *err)
{
	int ret = committer_whole(d, candidate, COMMIT_DIRTY, "reload", err);

	if (ret == 0)
		return 0;
	model_mark_all_dirty(candidate);
	full_doubt(candidate);
	ret = ruleset_scan(d->ruleset, err);
	if (ret == 0)
		ret = committer_whole(d, candidate, COMMIT_ALL, "reload", err);
	return ret;
}

static void adopt(struct daemon *d, struct model *candidate)
{
	struct model *old = d->model;

	d->model = candidate;
	d->revision++;
	d->flushed = false;
	committer_adopted(d);
	lists_adopt(d->lists);
	paths_adopt(d->paths);
	api_adopt(d->api);
	if (!d->verbose)
		log_set_level(candidate->conf->log_level);
	health_sync(d->health);
	full_sync(d->full);
	if (d->load)
		load_sync(d->load);
	persist_snapshot(d->persist, candidate);
	model_free(old);
}

struct reload {
	struct author who;
	struct conf *conf; /* the candidate's */
	struct reload_waiter *waiter;
	/* Where the time goes: operators of large files want to know. */
	double parse_ms, commit_ms; /* file to candidate; plan and kernel */
};

static double ms_since(ev_tstamp then)
{
	return (ev_time() - then) * 1e3;
}

/* From the candidate's sets being there to the end; takes r->conf. */
static int finish(struct daemon *d, struct reload *r, struct err *err)
{
	ev_tstamp start = ev_time();
	struct changes changes = { 0 };
	struct model *candidate;
	int ret = api_stage(d->api, r->conf, err);

	if (ret < 0) {
		lists_unstage(d->lists);
		conf_free(r->conf);
		return ret;
	}
	candidate = model_new(r->conf, d->model);
	paths_stage(d->paths, candidate);
	step_begin(candidate, daemon_now_ms(), &changes);
	lists_stage_marks(d->lists, candidate);
	if (d->flushed) /* there is nothing that the rest could be left as */
		model_mark_all_dirty(candidate);
	r->parse_ms += ms_since(start);
	start = ev_time();
	ret = commit_candidate(d, candidate, err);
	r->commit_ms = ms_since(start);
	if (ret < 0) {
		changes_free(&changes);
		lists_unstage(d->lists);
		paths_unstage(d->paths);
		api_unstage(d->api);
		model_free(candidate);
		/* The scan may have shown damage: repair to the old model. */
		committer_retry(d->committer, err);
		return ret;
	}
	adopt(d, candidate);
	daemon_changes(d, &changes);
	health_catch_up(d->health);
	return 0;
}

static void report(struct daemon *d, const struct reload *r, int ret,
		   const struct err *err)
{
	d->last_reload_ok = ret == 0;
	if (ret < 0) {
		snprintf(d->last_error, sizeof(d->last_error), "reload: %s",
			 err->msg);
		daemon_event(d, "reload", NULL, NULL, NULL, NULL,
			     "refused, nothing was changed: %s", err->msg);
		return;
	}
	d->last_error[0] = '\0';
	daemon_event(d, "reload", NULL, NULL, NULL, NULL,
		     "revision=%llu services=%zu uid=%u parse=%.1fms "
		     "commit=%.1fms",
		     (unsigned long long)d->revision, d->model->nservices,
		     (unsigned int)r->who.uid, r->parse_ms, r->commit_ms);
}

/* ---- one that had to wait for lists */

static void staged(struct daemon *d, int ret, const struct err *why)
{
	struct reload *r = d->reload;
	struct reload_waiter *w = r->waiter;
	struct err err = { "" };

	d->reload = NULL;
	if (ret == 0) {
		ret = finish(d, r, &err);
	} else {
		err = *why;
		lists_unstage(d->lists);
		conf_free(r->conf);
	}
	report(d, r, ret, &err);
	if (w) {
		w->reload = NULL;
		w->done(w, ret, &err);
	}
	free(r);
}

void daemon_reload_wait(struct daemon *d, struct reload_waiter *w)
{
	d->reload->waiter = w;
	w->reload = d->reload;
}

void daemon_reload_leave(struct reload_waiter *w)
{
	if (w->reload)
		w->reload->waiter = NULL;
	w->reload = NULL;
}

/* ---- */

static int begin(struct daemon *d, struct reload *r, struct conf_errors *errors,
		 struct err *err)
{
	ev_tstamp start = ev_time();
	int ret;

	if (d->reload)
		return err_set(err, -EAGAIN,
			       "a reload is under way that loads large lists");
	ret = load(d, d->conf_path, &r->conf, errors, err);
	if (ret < 0)
		return ret;
	r->parse_ms = ms_since(start);
	ret = lists_stage(d->lists, r->conf, staged, err);
	if (ret < 0)
		conf_free(r->conf);
	return ret == 0 ? finish(d, r, err) : ret;
}

int daemon_reload(struct daemon *d, const struct author *who,
		  struct conf_errors *errors, struct err *err)
{
	struct reload *r = xcalloc(1, sizeof(*r));
	int ret;

	r->who = *who;
	ret = begin(d, r, errors, err);
	for (size_t i = 0; i < errors->n; i++)
		log_error("%s:%u: %s", errors->list[i].file,
			  errors->list[i].line, errors->list[i].text);
	if (ret == 1) {
		d->reload = r;
		return 1;
	}
	report(d, r, ret, err);
	free(r);
	return ret;
}
