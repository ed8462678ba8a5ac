/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's commands: find the object, set it, write it down, commit. What
 * was said stands even if the kernel refuses for now: the answer says so, and
 * the committer keeps trying.
 */
#include <errno.h>
#include <stdio.h>

#include "daemon/committer.h"
#include "daemon/daemon.h"
#include "daemon/persist.h"

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
static int settle(struct daemon *d, struct err *err)
{
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
	enum admin old;

	if (ret < 0)
		return ret;
	old = b->admin;
	if (!model_set_admin(d->model, s, b, admin))
		return 0;
	daemon_event(d, "admin", service, backend, word_text(admin_words, old),
		     word_text(admin_words, admin), "operator uid=%u",
		     (unsigned int)who->uid);
	return settle(d, err);
}

static const char *weight_text(int32_t weight, char *buf, size_t size)
{
	if (weight == WEIGHT_DEFAULT)
		snprintf(buf, size, "default");
	else
		snprintf(buf, size, "%d", weight);
	return buf;
}

int command_backend_weight(struct daemon *d, const struct author *who,
			   const char *service, const char *backend,
			   int32_t weight, struct err *err)
{
	char old[16], new[16];
	struct service *s;
	struct backend *b;
	int ret = find_backend(d, service, backend, &s, &b, err);

	if (ret < 0)
		return ret;
	if (weight != WEIGHT_DEFAULT && (weight < 0 || weight > 65535))
		return err_set(err, -ERANGE,
			       "weight %d: 0 to 65535 is allowed, or default",
			       weight);
	weight_text(b->weight, old, sizeof(old));
	if (!model_set_weight(d->model, s, b, weight))
		return 0;
	daemon_event(d, "weight", service, backend, old,
		     weight_text(weight, new, sizeof(new)), "operator uid=%u",
		     (unsigned int)who->uid);
	return settle(d, err);
}

int command_service_disabled(struct daemon *d, const struct author *who,
			     const char *service, bool disabled,
			     struct err *err)
{
	struct service *s;
	int ret = find_service(d, service, &s, err);

	if (ret < 0 || !model_set_disabled(d->model, s, disabled))
		return ret;
	daemon_event(d, "admin", service, NULL,
		     disabled ? "enabled" : "disabled",
		     disabled ? "disabled" : "enabled", "operator uid=%u",
		     (unsigned int)who->uid);
	return settle(d, err);
}

int command_sync(struct daemon *d, const struct author *who, struct err *err)
{
	int ret;

	d->flushed = false;
	ret = committer_repair(d->committer, "sync", err);
	if (ret < 0)
		committer_retry(d->committer, err);
	else
		daemon_event(d, "resync", NULL, NULL, NULL, NULL,
			     "operator uid=%u", (unsigned int)who->uid);
	return ret;
}

int command_flush(struct daemon *d, const struct author *who, struct err *err)
{
	int ret = ruleset_flush(d->ruleset, err);

	if (ret < 0)
		return ret;
	d->flushed = true;
	daemon_event(d, "flush", NULL, NULL, NULL, NULL,
		     "operator uid=%u; the tables stay away until sync, reload "
		     "or restart",
		     (unsigned int)who->uid);
	return 0;
}
