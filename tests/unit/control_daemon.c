/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands for the rest of the daemon in the tests of its API: what was said
 * is noted in the rig, and done if it is a matter of the model alone. */
#include "tests/unit/control_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/committer.h"
#include "daemon/forecast.h"
#include "daemon/health.h"
#include "daemon/history.h"
#include "daemon/lists.h"
#include "daemon/load.h"
#include "daemon/sessions.h"
#include "daemon/want.h"
#include "lib/xalloc.h"
#include "model/step.h"

int rig_said(struct daemon *d, struct err *err, const char *fmt, ...)
{
	struct control_rig *rig = (struct control_rig *)d;
	int ret = rig->refuse;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rig->said, sizeof(rig->said), fmt, ap);
	va_end(ap);
	rig->refuse = 0;
	return ret ? err_set(err, ret, "refused by the test") : 0;
}

static struct service *named(struct daemon *d, const char *name,
			     struct err *err)
{
	struct service *s = model_service(d->model, name);

	if (!s)
		err_set(err, -ENOENT, "no service \"%s\"", name);
	return s;
}

int command_backend_admin(struct daemon *d, const struct author *who,
			  const char *service, const char *backend,
			  enum admin admin, struct err *err)
{
	struct service *s = named(d, service, err);
	struct backend *b = s ? service_backend(s, backend) : NULL;

	if (!b)
		return err_set(err, -ENOENT, "no backend \"%s\"", backend);
	step_admin(d->model, s, b, admin, "test", 1, NULL);
	return rig_said(d, err, "uid %u: %s/%s admin %s",
			(unsigned int)who->uid, service, backend,
			word_text(admin_words, (int)admin));
}

int command_backend_weight(struct daemon *d, const struct author *who,
			   const char *service, const char *backend,
			   int32_t weight, struct err *err)
{
	struct service *s = named(d, service, err);
	struct backend *b = s ? service_backend(s, backend) : NULL;

	if (!b)
		return err_set(err, -ENOENT, "no backend \"%s\"", backend);
	step_weight(d->model, s, b, weight, "test", 1, NULL);
	return rig_said(d, err, "%s/%s weight %d", service, backend, weight);
}

int command_sessions_forget(struct daemon *d, const struct author *who,
			    const char *service, const char *client,
			    struct err *err)
{
	if (!named(d, service, err))
		return -ENOENT;
	return rig_said(d, err, "%s sessions of %s forgotten", service,
			client ? client : "all");
}

int command_service_disabled(struct daemon *d, const struct author *who,
			     const char *service, bool disabled,
			     struct err *err)
{
	struct service *s = named(d, service, err);

	if (!s)
		return -ENOENT;
	step_disable(d->model, s, disabled, "test", 1, NULL);
	return rig_said(d, err, "%s disabled %d", service, disabled);
}

int command_sync(struct daemon *d, const struct author *who, struct err *err)
{
	return rig_said(d, err, "sync");
}

int command_flush(struct daemon *d, const struct author *who, struct err *err)
{
	return rig_said(d, err, "flush");
}

int daemon_reload(struct daemon *d, const struct author *who,
		  struct conf_errors *errors, struct err *err)
{
	struct conf *conf = NULL;
	int ret = conf_load(d->conf_path, &conf, errors);

	conf_free(conf);
	return ret < 0 ? ret : rig_said(d, err, "reload");
}

void daemon_reload_wait(struct daemon *d, struct reload_waiter *w)
{
	fail(); /* ours never takes its time */
}

void daemon_reload_leave(struct reload_waiter *w)
{
}

int lists_edit(struct lists *l, const struct author *who, const char *name,
	       const struct list_edit *edit, struct err *err)
{
	return rig_said((struct daemon *)l, err, "%s +%zu -%zu", name,
			edit->nadd, edit->nremove);
}

const struct list_overlay *lists_overlay(const struct lists *l,
					 const char *name, unsigned int family)
{
	return NULL;
}

bool lists_loading(const struct lists *l, const char *name)
{
	return false;
}

bool lists_used_by(const struct conf_service *s, const struct conf_list *list)
{
	return false;
}

int daemon_check(struct daemon *d, const struct conf *c, struct err *err)
{
	return 0;
}

struct plan *daemon_plan(struct daemon *d)
{
	struct want_list w = { 0 };
	struct plan *p;

	((struct control_rig *)d)->nplans++;
	want_all(&w, d->model);
	p = ruleset_plan(d->ruleset, w.list, w.n, true);
	want_free(&w);
	return p;
}

int daemon_diff(struct daemon *d, const char *path,
		const struct conf_source *from, struct forecast *f,
		struct conf_errors *errors, struct err *err)
{
	struct want_list w = { 0 };
	struct conf *conf;
	struct model *m;

	if (conf_load(path ? path : d->conf_path, &conf, errors) < 0)
		return -EINVAL;
	((struct control_rig *)d)->nplans++;
	m = model_new(conf, d->model);
	step_begin(m, 1, NULL);
	want_all(&w, m);
	forecast_make(f, m, ruleset_plan(d->ruleset, w.list, w.n, true), true);
	want_free(&w);
	model_free(m);
	return 0;
}

void committer_delays(const struct committer *c, struct committer_delays *out)
{
	*out = (struct committer_delays){ 0 };
}

bool health_probe(const struct healthcheck *h, size_t service, size_t backend,
		  size_t check, struct health_probe *out)
{
	return false;
}

bool health_feed(const struct healthcheck *h, size_t service, size_t backend,
		 size_t feed, struct health_feed *out)
{
	const struct control_rig *rig = (const struct control_rig *)h;

	*out = rig->feed;
	return rig->feed.last_ms != 0;
}

bool load_count(const struct load *l, const struct service *s,
		const struct backend *b, struct track_count *out)
{
	const struct control_rig *rig = (const struct control_rig *)l;

	out->established = rig->tracked + (uint64_t)(b - s->backends);
	return rig->tracked != 0 && strcmp(s->conf->name, rig->untracked) != 0;
}

bool load_track_stats(const struct load *l, struct track_stats *out)
{
	const struct control_rig *rig = (const struct control_rig *)l;

	*out = (struct track_stats){ .entries = rig->tracked, .lost = 1 };
	return rig->tracked != 0;
}

const struct history *daemon_history_view(struct daemon_history *h,
					  int64_t *began_ms)
{
	return NULL;
}

uint64_t daemon_history_changes(const struct daemon_history *h)
{
	return 0;
}

void health_info(const struct healthcheck *h, struct health_info *info)
{
	*info = (struct health_info){ 0 };
}
