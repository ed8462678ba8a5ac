/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See health_rig.h. */
#include "health_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/committer.h"
#include "lib/xalloc.h"
#include "model/step.h"

/* ---- what is right of the model ---- */

void daemon_event(struct daemon *d, const char *kind, const char *service,
		  const char *backend, const char *old_state,
		  const char *new_state, const char *reason_fmt, ...)
{
	struct event e = { 0 };
	va_list ap;

	snprintf(e.kind, sizeof(e.kind), "%s", kind);
	snprintf(e.service, sizeof(e.service), "%s", service ? service : "");
	snprintf(e.backend, sizeof(e.backend), "%s", backend ? backend : "");
	snprintf(e.old_state, sizeof(e.old_state), "%s",
		 old_state ? old_state : "");
	snprintf(e.new_state, sizeof(e.new_state), "%s",
		 new_state ? new_state : "");
	va_start(ap, reason_fmt);
	vsnprintf(e.reason, sizeof(e.reason), reason_fmt, ap);
	va_end(ap);
	e.id = events_add(&d->events, &e);
	health_event(d->health, &e);
}

/* The rig is where the daemon keeps its committer. */
void committer_urgent(struct committer *c, int64_t since_us)
{
	((struct health_rig *)c)->urgent++;
}

void committer_batch(struct committer *c)
{
	((struct health_rig *)c)->batch++;
}

/* The kernel would have it all by now. */
void committer_adopted(struct daemon *d)
{
	for (size_t i = 0; i < d->model->nservices; i++)
		d->model->services[i].dirty = false;
	d->model->ndirty = 0;
}

/* ---- files ---- */

static void file_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char block[65536];
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, block, sizeof(block))) > 0)
		assert_int_equal(write(out, block, (size_t)n), n);
	assert_int_equal(n, 0);
	close(in);
	close(out);
}

static const char *real_prober(void)
{
	const char *path = getenv("REAL_PROBER");

	return path ? path : TEST_PROBER;
}

void health_rig_install(struct health_rig *r, const char *prober)
{
	const char *name = prober ? prober : "prober";
	char *path = xasprintf("%s/%s", r->dir, name);

	if (!prober)
		file_copy(real_prober(), path);
	else if (strcmp(prober, NULL_PROBER) != 0)
		file_copy(BAD_PROBER, path);
	free(path);
}

static struct conf *conf_of(struct health_rig *r, const char *ini)
{
	char *path = xasprintf("%s/conf", r->dir);
	struct conf_errors errors = { 0 };
	struct conf *conf = NULL;
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(ini, f);
	fclose(f);
	if (conf_load(path, &conf, &errors) < 0)
		fail_msg("%s", errors.list[0].text);
	conf_errors_free(&errors);
	free(path);
	return conf;
}

/* ---- the rig ---- */

void health_rig_open(struct health_rig *r, const char *prober, const char *ini)
{
	struct err err;
	char *path;

	memset(r, 0, sizeof(*r));
	strcpy(r->dir, "/tmp/nftlb-health-XXXXXX");
	assert_non_null(mkdtemp(r->dir)); /* mode 0700: others cannot walk in */
	r->d.loop = ev_default_loop(0);
	r->d.model = model_new(conf_of(r, ini), NULL);
	step_begin(r->d.model, daemon_now_ms(), NULL);
	committer_adopted(&r->d);
	r->d.committer = (struct committer *)r;
	health_rig_install(r, prober);
	path = xasprintf("%s/%s", r->dir, prober ? prober : "prober");
	setenv("NFTLB_PROBER", path, 1);
	assert_int_equal(health_open(&r->d.health, &r->d, &err), 0);
	free(path);
}

void health_rig_reload(struct health_rig *r, const char *ini)
{
	struct model *old = r->d.model;
	struct changes changes = { 0 };

	r->d.model = model_new(conf_of(r, ini), old);
	step_begin(r->d.model, daemon_now_ms(), &changes);
	committer_adopted(&r->d);
	health_sync(r->d.health);
	daemon_changes(&r->d, &changes);
	model_free(old);
}

void health_rig_close(struct health_rig *r)
{
	char *remove = xasprintf("rm -r %s", r->dir);

	health_close(r->d.health);
	ev_timer_stop(r->d.loop, &r->d.tick);
	model_free(r->d.model);
	ev_loop_destroy(r->d.loop);
	assert_int_equal(system(remove), 0);
	free(remove);
}

struct health_info health_rig_info(const struct health_rig *r)
{
	struct health_info info;

	health_info(r->d.health, &info);
	return info;
}

struct backend *health_rig_backend(const struct health_rig *r,
				   const char *service, const char *backend)
{
	return service_backend(model_service(r->d.model, service), backend);
}

static bool is(const char *text, const char *wanted)
{
	return !wanted || !strcmp(text, wanted);
}

unsigned int health_rig_events(const struct health_rig *r, const char *kind,
			       const char *old, const char *new,
			       const char *words)
{
	unsigned int n = 0;

	for (uint64_t id = 1; id <= r->d.events.last; id++) {
		const struct event *e = events_get(&r->d.events, id);

		n += e && is(e->kind, kind) && is(e->old_state, old) &&
		     is(e->new_state, new) &&
		     (!words || strstr(e->reason, words));
	}
	return n;
}

static void nothing_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
}

void health_rig_turn(struct health_rig *r)
{
	ev_timer end;

	ev_timer_init(&end, nothing_cb, 0.02, 0);
	ev_timer_start(r->d.loop, &end);
	ev_run(r->d.loop, EVRUN_ONCE);
	ev_timer_stop(r->d.loop, &end);
}
