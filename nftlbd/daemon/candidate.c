/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration that is to be: may it, and what would it change? */
#include <errno.h>
#include <string.h>

#include "daemon/api.h"
#include "daemon/forecast.h"
#include "daemon/lists.h"
#include "daemon/members.h"
#include "daemon/offload.h"
#include "daemon/reload.h"
#include "daemon/want.h"
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

int reload_load(struct daemon *d, const char *path, struct conf_source *source,
		struct conf **conf, struct conf_errors *errors, struct err *err)
{
	int ret;

	members_source(d->members, source);
	ret = conf_load_from(path, source, conf, errors);
	if (ret < 0)
		return err_set(err, ret, "%s has %zu errors", path, errors->n);
	ret = check_fixed(d->model->conf, *conf, err);
	if (ret == 0)
		ret = offload_check(d->ruleset, *conf, err);
	if (ret < 0)
		conf_free(*conf);
	return ret;
}

/* ---- what would change */

int daemon_diff(struct daemon *d, const char *path,
		const struct conf_source *from, struct forecast *f,
		struct conf_errors *errors, struct err *err)
{
	struct conf_source source = { 0 };
	struct want_list w = { 0 };
	struct model *candidate;
	struct rs_hooks hooks;
	struct conf *conf;
	struct plan *plan;
	int ret;

	if (from)
		source = *from;
	ret = reload_load(d, path ? path : d->conf_path, &source, &conf, errors,
			  err);
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
	int ret = offload_check(d->ruleset, c, err);

	return ret == 0 ? api_try(c, err) : ret;
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
