/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to export: at once, then at intervals, a little less by chance, so that
 * a thousand hypervisors that started together do not speak together for ever.
 * What fails is tried again, later each time, but no later than the interval.
 * One at a time: it is given up when the next one is due.
 *
 * Must not know: any single type of target.
 */
#include "hvagent/export_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define FIRST_S     0.2
#define RETRY_S     1. /* the first time; twice as long each time */
#define RETRY_MAX_S 60.
#define JITTER      0.1 /* of an interval, at most */

static const struct export_type *const types[] = {
	&export_file,
	&export_http,
	&export_kafka,
};

static const struct export_type *type_of(int kind)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((int)types[i]->kind == kind)
			return types[i];
	return NULL;
}

static double interval_s(const struct exporter *x)
{
	return x->conf.interval_ms / 1e3;
}

double export_limit_s(const struct exporter *x)
{
	double s = interval_s(x);

	if (s > EXPORT_LIMIT_MAX_S)
		return EXPORT_LIMIT_MAX_S;
	return s < EXPORT_LIMIT_MIN_S ? EXPORT_LIMIT_MIN_S : s;
}

/* ---- one after the other */

static double retry_s(const struct exporter *x)
{
	double s = RETRY_S;

	for (uint64_t i = 1; i < x->status.failures && s < RETRY_MAX_S; i++)
		s *= 2;
	s = s < RETRY_MAX_S ? s : RETRY_MAX_S;
	return s < interval_s(x) ? s : interval_s(x);
}

static void schedule(struct exporter *x, double after_s)
{
	ev_timer_stop(x->a->loop, &x->next);
	ev_timer_set(&x->next, after_s, 0.);
	ev_timer_start(x->a->loop, &x->next);
}

static void schedule_next(struct exporter *x)
{
	double chance = (double)random() / ((double)RAND_MAX + 1);

	schedule(x, x->status.failures ? retry_s(x)
				       : interval_s(x) * (1 - JITTER * chance));
}

/* A target that is away for a day is two lines in the log. A URL may hold a
 * password: it is not told. */
static void tell(const struct exporter *x, bool failed_before)
{
	if (x->status.failures == 1)
		log_warning("export=%s failed: %s", x->status.type,
			    x->status.error);
	else if (!x->status.failures && failed_before)
		log_info("export=%s works again", x->status.type);
}

static void ended(struct exporter *x, int ret, const char *why)
{
	bool failed_before = x->status.failures > 0;

	ev_timer_stop(x->a->loop, &x->limit);
	x->status.busy = false;
	if (ret == 0) {
		x->status.good++;
		x->status.failures = 0;
		x->status.error[0] = '\0';
		x->status.ended = ev_time();
		x->status.took_s = x->status.ended - x->status.tried;
	} else {
		x->status.failed++;
		x->status.failures++;
		snprintf(x->status.error, sizeof(x->status.error), "%s", why);
	}
	tell(x, failed_before);
	schedule_next(x);
}

void export_done(struct exporter *x, int ret, const char *why)
{
	if (x->status.busy)
		ended(x, ret, why);
}

static void next_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct exporter *x = w->data;
	struct err err = { "" };
	int ret;

	x->status.busy = true;
	x->status.tried = ev_time();
	x->status.bindings = x->a->bindings.n;
	ev_timer_set(&x->limit, export_limit_s(x), 0.);
	ev_timer_start(loop, &x->limit);
	ret = x->type->begin(x->target, &err);
	if (ret < 0)
		ended(x, ret, err.msg);
}

static void limit_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct exporter *x = w->data;
	char why[64];

	snprintf(why, sizeof(why), "not over after %.1f s", export_limit_s(x));
	x->type->cancel(x->target);
	ended(x, -ETIMEDOUT, why);
}

/* ---- there or not */

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void exporter_free(struct exporter *x)
{
	free(x->conf.target);
	free(x->conf.topic);
	free(x->conf.token_file);
	free(x);
}

int export_open(struct agent *a, struct err *err)
{
	const struct export_type *type = type_of(a->conf->export.type);
	struct exporter *x;

	if (!type)
		return 0;
	x = xcalloc(1, sizeof(*x));
	x->a = a;
	x->type = type;
	x->status.type = type->name;
	x->conf.type = a->conf->export.type;
	x->conf.target = copy(a->conf->export.target);
	x->conf.topic = copy(a->conf->export.topic);
	x->conf.token_file = copy(a->conf->export.token_file);
	x->conf.interval_ms = a->conf->export.interval_ms;
	x->target = type->open(x, err);
	if (!x->target) {
		exporter_free(x);
		return -EINVAL;
	}
	ev_init(&x->next, next_cb);
	ev_init(&x->limit, limit_cb);
	x->next.data = x->limit.data = x;
	a->exporter = x;
	a->exported = &x->status;
	schedule(x, FIRST_S);
	return 0;
}

void export_close(struct agent *a)
{
	struct exporter *x = a->exporter;

	if (!x)
		return;
	ev_timer_stop(a->loop, &x->next);
	ev_timer_stop(a->loop, &x->limit);
	if (x->status.busy)
		x->type->cancel(x->target);
	x->type->close(x->target);
	exporter_free(x);
	a->exporter = NULL;
	a->exported = NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

int export_reload(struct agent *a, struct err *err)
{
	const struct exporter *x = a->exporter;

	if (x && x->conf.type == a->conf->export.type &&
	    x->conf.interval_ms == a->conf->export.interval_ms &&
	    same_text(x->conf.target, a->conf->export.target) &&
	    same_text(x->conf.topic, a->conf->export.topic) &&
	    same_text(x->conf.token_file, a->conf->export.token_file))
		return 0;
	export_close(a);
	return export_open(a, err);
}
