/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's commands: find the object, set it, write it down, commit. What
 * was said stands even if the kernel refuses for now: the answer says so, and
 * the committer keeps trying.
 */
#include <errno.h>
#include <stdio.h>

#include "daemon/committer.h"
#include "daemon/counters.h"
#include "daemon/daemon.h"
#include "daemon/lists.h"
#include "daemon/persist.h"
#include "model/step.h"

static int find_service(const struct daemon *d, const char *name,
			struct service **s, struct err *err)
{
	*s = model_service(d->model, name);
	return *s ? 0 : err_set(err, -ENOENT, "no service \"%s\"", name);
}

static int find_backend(const struct daemon *d, const char *service,
			const char *name, struct service **s,
			struct backend **b, struct err *err)
{
	int ret = find_service(d, service, s, err);

	if (ret < 0)
		return ret;
	*b = service_backend(*s, name);
	return *b ? 0
		  : err_set(err, -ENOENT,
			    "service \"%s\" has no backend \"%s\"", service,
			    name);
}

/* Something was said and done: keep it, bring it to the kernel. */
static int settle(struct daemon *d, struct changes *changes, struct err *err)
{
	daemon_changes(d, changes);
	persist_flush(d->persist, d->model);
	return committer_now(d->committer, err);
}

int command_backend_admin(struct daemon *d, const struct author *who,
			  const char *service, const char *backend,
			  enum admin admin, struct err *err)
{
	struct service *s;
	struct backend *b;
	int ret = find_backend(d, service, backend, &s, &b, err);
	struct changes changes = { 0 };
	char words[AUTHOR_MAX];

	if (ret < 0)
		return ret;
	if (!step_admin(d->model, s, b, admin, author_text(who, words),
			daemon_now_ms(), &changes))
		return 0;
	return settle(d, &changes, err);
}

int command_backend_weight(struct daemon *d, const struct author *who,
			   const char *service, const char *backend,
			   int32_t weight, struct err *err)
{
	struct changes changes = { 0 };
	char words[AUTHOR_MAX];
	struct service *s;
	struct backend *b;
	int ret = find_backend(d, service, backend, &s, &b, err);

	if (ret < 0)
		return ret;
	if (weight != WEIGHT_DEFAULT && (weight < 0 || weight > 65535))
		return err_set(err, -ERANGE,
			       "weight %d: 0 to 65535 is allowed, or default",
			       weight);
	if (!step_weight(d->model, s, b, weight, author_text(who, words),
			 daemon_now_ms(), &changes))
		return 0;
	return settle(d, &changes, err);
}

int command_service_disabled(struct daemon *d, const struct author *who,
			     const char *service, bool disabled,
			     struct err *err)
{
	struct changes changes = { 0 };
	char words[AUTHOR_MAX];
	struct service *s;
	int ret = find_service(d, service, &s, err);

	if (ret < 0 ||
	    !step_disable(d->model, s, disabled, author_text(who, words),
			  daemon_now_ms(), &changes))
		return ret;
	return settle(d, &changes, err);
}

int command_sync(struct daemon *d, const struct author *who, struct err *err)
{
	char words[AUTHOR_MAX];
	int ret;

	d->flushed = false;
	ret = committer_repair(d->committer, RESYNC_OPERATOR, err);
	if (ret < 0)
		committer_retry(d->committer, err);
	else
		daemon_event(d, "resync", NULL, NULL, NULL, NULL, "%s",
			     author_text(who, words));
	return ret;
}

int command_flush(struct daemon *d, const struct author *who, struct err *err)
{
	char words[AUTHOR_MAX];
	int ret;

	counters_last(d->counters);
	ret = ruleset_flush(d->ruleset, err);

	if (ret < 0)
		return ret;
	d->flushed = true;
	lists_flushed(d->lists);
	daemon_event(d, "flush", NULL, NULL, NULL, NULL,
		     "%s; the tables stay away until sync, reload or restart",
		     author_text(who, words));
	return 0;
}
