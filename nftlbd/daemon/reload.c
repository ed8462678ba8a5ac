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
#include "daemon/health.h"
#include "daemon/persist.h"
#include "daemon/want.h"

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
			  struct model **out, struct conf_errors *errors,
			  struct err *err)
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
	return 0;
}

static struct plan *plan_for(struct daemon *d, const struct model *m)
{
	struct want_list w = { 0 };
	struct plan *p;

	want_all(&w, m);
	p = ruleset_plan(d->ruleset, w.list, w.n, true);
	want_free(&w);
	return p;
}

int daemon_diff(struct daemon *d, const char *path, struct plan **plan,
		struct conf_errors *errors, struct err *err)
{
	struct model *candidate;
	int ret = load_candidate(d, path ? path : d->conf_path, &candidate,
				 errors, err);

	if (ret < 0)
		return ret;
	*plan = plan_for(d, candidate);
	model_free(candidate);
	return 0;
}

struct plan *daemon_plan(struct daemon *d)
{
	return plan_for(d, d->model);
}

/* Would the kernel take it, and does it? One repeat, for somebody may have been
 * in our tables since we last looked. */
static int commit_candidate(struct daemon *d, const struct model *candidate,
			    struct err *err)
{
	struct plan *p = plan_for(d, candidate);
	int ret = ruleset_try(d->ruleset, p, err);

	plan_free(p);
	if (ret == 0)
		ret = committer_whole(d, candidate, "reload", err);
	if (ret == 0)
		return 0;
	ret = ruleset_scan(d->ruleset, err);
	return ret < 0 ? ret : committer_whole(d, candidate, "reload", err);
}

static void adopt(struct daemon *d, struct model *candidate)
{
	struct model *old = d->model;

	d->model = candidate;
	d->flushed = false;
	committer_adopted(d);
	log_set_level(candidate->conf->log_level);
	health_sync(d->health);
	persist_save(candidate);
	model_free(old);
}

static int reload(struct daemon *d, struct conf_errors *errors, struct err *err)
{
	struct model *candidate;
	int ret = load_candidate(d, d->conf_path, &candidate, errors, err);

	if (ret < 0)
		return ret;
	ret = commit_candidate(d, candidate, err);
	if (ret < 0) {
		model_free(candidate);
		/* The scan may have shown damage: repair to the old model. */
		committer_retry(d->committer, err);
		return ret;
	}
	adopt(d, candidate);
	return 0;
}

int daemon_reload(struct daemon *d, const struct author *who,
		  struct conf_errors *errors, struct err *err)
{
	int ret = reload(d, errors, err);

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
		     "revision=%llu services=%zu uid=%u",
		     (unsigned long long)d->model->revision,
		     d->model->nservices, (unsigned int)who->uid);
	return 0;
}
