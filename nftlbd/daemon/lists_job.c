/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading large bases: one piece at a time, and the event loop in between, so
 * that results of checks and urgent commits do not wait for more than a piece.
 *
 * Invariant: what a job loads no rule names before it is complete. Does not
 * know whether it is a repair or a reload that waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/committer.h"
#include "daemon/lists_impl.h"
#include "lib/log.h"
#include "lib/manager.h"
#include "lib/xalloc.h"

#define BETWEEN_S 0.005
#define AGAIN_S   1.0

void lists_job_add(struct lists *l, const char *name, unsigned int family,
		   enum list_part part, const struct nets *want)
{
	char set[LIST_SET_NAME_MAX];

	lists_unstale(l, list_set_name(name, part, set), family_of(family));
	*VEC_PUSH(l->jobs, l->njobs, l->capjobs) = (struct list_job){
		.name = xstrdup(name),
		.family = family,
		.part = part,
		.want = want,
	};
}

/* 1: there is more to do. */
static int job_step(struct lists *l, struct list_job *job, struct err *err)
{
	char set[LIST_SET_NAME_MAX];
	int ret;

	if (job->begun)
		return list_build_step(&job->build, l->d->ruleset, err);
	list_set_name(job->name, job->part, set);
	ret = list_build_begin(&job->build, l->d->ruleset, set,
			       family_of(job->family), job->want, err);
	job->begun = ret == 0;
	return ret == 0 ? 1 : ret;
}

static void job_remove_first(struct lists *l)
{
	free(l->jobs[0].name);
	memmove(l->jobs, l->jobs + 1, --l->njobs * sizeof(*l->jobs));
}

/* A repair's: the rules name the other base from the next commit on. */
static void job_switch(struct lists *l, const struct list_job *job)
{
	struct model *m = l->d->model;
	struct list_side *side = &lists_get(l, job->name)->side[job->family];
	const struct conf_list *c;

	lists_stale(l, job->name, side->base, job->family);
	side->base = job->part;
	side->closed = false;
	lists_name(l, m->conf);
	c = lists_conf(m->conf, job->name);
	for (size_t i = 0; i < m->nservices; i++)
		if (lists_used_by(m->services[i].conf, c))
			model_mark_dirty(m, &m->services[i]);
	log_info("list=%s: %zu ranges loaded", job->name, job->want->n);
}

static void job_done(struct lists *l)
{
	if (l->conf) {
		job_remove_first(l);
		if (l->njobs == 0)
			lists_stage_over(l, 0, NULL);
		return;
	}
	job_switch(l, &l->jobs[0]);
	job_remove_first(l);
}

/* The daemon's start may take its time, as long as it goes on. */
int lists_jobs_run(struct lists *l, struct err *err)
{
	int ret = 0;

	while (l->njobs > 0 && ret >= 0) {
		manager_extend(60);
		ret = job_step(l, &l->jobs[0], err);
		l->jobs[0].build.hurry = true;
		if (ret == 0)
			job_done(l);
	}
	return ret < 0 ? ret : 0;
}

static void failed(struct lists *l, int ret, const struct err *err)
{
	lists_jobs_drop(l);
	if (l->conf)
		lists_stage_over(l, ret, err);
	else
		committer_retry(l->d->committer, err);
}

static void work_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct lists *l = w->data;
	struct err err = { "" };
	int ret;

	if (l->njobs == 0)
		return;
	ret = job_step(l, &l->jobs[0], &err);
	if (ret < 0) {
		failed(l, ret, &err);
		return;
	}
	if (ret == 0) {
		bool repair = l->conf == NULL;

		job_done(l);
		if (repair) {
			lists_remember(l);
			committer_batch(l->d->committer);
		}
	}
	lists_jobs_start(l);
}

void lists_jobs_start(struct lists *l)
{
	if (l->njobs == 0 || ev_is_active(&l->work))
		return;
	ev_timer_set(&l->work, BETWEEN_S, 0.);
	ev_timer_start(l->d->loop, &l->work);
}

void lists_jobs_drop(struct lists *l)
{
	ev_timer_stop(l->d->loop, &l->work);
	while (l->njobs > 0) {
		const struct list_job *job = &l->jobs[0];

		lists_stale(l, job->name, job->part, job->family);
		job_remove_first(l);
	}
}

void lists_jobs_init(struct lists *l)
{
	ev_init(&l->work, work_cb);
	l->work.data = l;
}
