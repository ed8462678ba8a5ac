/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reload: parse and check aside, make the candidate model, plan, ask the kernel
 * whether it would take it, commit, adopt. Until the kernel has taken the plan
 * everything that runs is the old; then everything is the new.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/committer.h"
#include "daemon/daemon.h"
#include "daemon/full.h"
#include "daemon/health.h"
#include "daemon/persist.h"
#include "daemon/want.h"
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

static int load_candidate(struct daemon *d, const char *path,
			  struct model **out, struct changes *changes,
			  struct conf_errors *errors, struct err *err)
{
	struct conf *conf;
	int ret = conf_load(path, &conf, errors);

	if (ret < 0)
		return err_set(err, ret, "%s has %zu errors", path, errors->n);
	ret = check_fixed(d->model->conf, conf, err);
	if (ret < 0) {
		conf_free(conf);
		return ret;
	}
	*out = model_new(conf, d->model);
	step_begin(*out, daemon_now_ms(), changes);
	return 0;
}

int daemon_diff(struct daemon *d, const char *path, struct plan **plan,
		struct conf_errors *errors, struct err *err)
{
	struct want_list w = { 0 };
	struct model *candidate;
	int ret = load_candidate(d, path ? path : d->conf_path, &candidate,
				 NULL, errors, err);

	if (ret < 0)
		return ret;
	want_changes(&w, candidate);
	*plan = ruleset_plan(d->ruleset, w.list, w.n, true);
	want_free(&w);
	model_free(candidate);
	ret = ruleset_try(d->ruleset, *plan, err);
	if (ret < 0)
		plan_free(*plan);
	return ret;
}

struct plan *daemon_plan(struct daemon *d)
{
	struct want_list w = { 0 };
	struct plan *p;

	ruleset_hooks(d->ruleset, &d->model->conf->hooks);
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
	d->flushed = false;
	committer_adopted(d);
	if (!d->verbose)
		log_set_level(candidate->conf->log_level);
	health_sync(d->health);
	full_sync(d->full);
	persist_snapshot(d->persist, candidate);
	model_free(old);
}

/* Where the time of a reload goes: operators of large files want to know. */
struct reload_time {
	double parse_ms, commit_ms; /* file to candidate; plan and kernel */
};

static double ms_since(ev_tstamp then)
{
	return (ev_time() - then) * 1e3;
}

static int reload(struct daemon *d, struct reload_time *took,
		  struct conf_errors *errors, struct err *err)
{
	ev_tstamp start = ev_time();
	struct changes changes = { 0 };
	struct model *candidate;
	int ret =
	    load_candidate(d, d->conf_path, &candidate, &changes, errors, err);

	if (ret < 0)
		return ret;
	took->parse_ms = ms_since(start);
	start = ev_time();
	if (d->flushed) /* there is nothing that the rest could be left as */
		model_mark_all_dirty(candidate);
	ret = commit_candidate(d, candidate, err);
	took->commit_ms = ms_since(start);
	if (ret < 0) {
		changes_free(&changes);
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

int daemon_reload(struct daemon *d, const struct author *who,
		  struct conf_errors *errors, struct err *err)
{
	struct reload_time took = { 0, 0 };
	int ret = reload(d, &took, errors, err);

	d->last_reload_ok = ret == 0;
	for (size_t i = 0; i < errors->n; i++)
		log_error("%s:%u: %s", errors->list[i].file,
			  errors->list[i].line, errors->list[i].text);
	if (ret < 0) {
		snprintf(d->last_error, sizeof(d->last_error), "reload: %s",
			 err->msg);
		daemon_event(d, "reload", NULL, NULL, NULL, NULL,
			     "refused, nothing was changed: %s", err->msg);
		return ret;
	}
	d->last_error[0] = '\0';
	daemon_event(d, "reload", NULL, NULL, NULL, NULL,
		     "revision=%llu services=%zu uid=%u parse=%.1fms "
		     "commit=%.1fms",
		     (unsigned long long)d->model->revision,
		     d->model->nservices, (unsigned int)who->uid, took.parse_ms,
		     took.commit_ms);
	return 0;
}
