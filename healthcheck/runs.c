/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One-shot runs for the daemon's hooks: a queue, first come first served, and
 * at most RUNS_AT_ONCE processes. A run that is over its time limit holds its
 * place until its process has really gone.
 *
 * Invariant: each run is on one of two lists (waiting, running) and ends in one
 * link_ran().
 *
 * Must not know what the programs are for.
 */
#include "healthcheck/runs.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "healthcheck/spawn.h"
#include "lib/xalloc.h"

#define TIMEOUT_MS 30000

struct run {
	TAILQ_ENTRY(run) entry;
	struct runs *runs;
	uint32_t id;
	struct hc_spec spec;
	struct spawn *running;
	struct ev_timer limit;
};

TAILQ_HEAD(run_list, run);

struct runs {
	struct ev_loop *loop;
	struct link *link;
	struct run_list waiting, running;
	size_t nwaiting, nrunning;
	struct spawn_leaving leaving; /* at the end */
};

static void run_free(struct run *r)
{
	spec_free(&r->spec);
	free(r);
}

/* @r is on no list. */
static void run_over(struct run *r, int status)
{
	const struct hc_ran ran = { r->id, status };

	link_ran(r->runs->link, &ran);
	run_free(r);
}

static void runs_next(struct runs *rs);

static void run_done(void *arg, int status)
{
	struct run *r = arg;
	struct runs *rs = r->runs;

	ev_timer_stop(rs->loop, &r->limit);
	TAILQ_REMOVE(&rs->running, r, entry);
	rs->nrunning--;
	run_over(r, status);
	runs_next(rs);
}

static void limit_cb(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct run *r = w->data;

	spawn_kill(r->running);
}

/* Returns negative errno where it did not begin. */
static int run_begin(struct run *r)
{
	static char path[] = SPAWN_PATH;
	const struct spec_list *command = &r->spec.command;
	const struct spec_list *env = &r->spec.env;
	char *argv[SPEC_LIST_MAX + 1] = { 0 }, *envp[SPEC_LIST_MAX + 2] = { 0 };
	uint32_t limit_ms =
	    r->spec.timeout_ms ? r->spec.timeout_ms : TIMEOUT_MS;
	int error = 0;

	if (command->n == 0 || command->list[0][0] != '/')
		return -EINVAL;
	for (size_t i = 0; i < command->n; i++)
		argv[i] = command->list[i];
	envp[0] = path;
	for (size_t i = 0; i < env->n; i++)
		envp[i + 1] = env->list[i];
	r->running =
	    spawn_start(r->runs->loop, argv, envp, -1, run_done, r, &error);
	if (!r->running)
		return error;
	ev_timer_init(&r->limit, limit_cb, limit_ms / 1e3, 0);
	r->limit.data = r;
	ev_timer_start(r->runs->loop, &r->limit);
	return 0;
}

/* Of those that wait, as many as there is room for. */
static void runs_next(struct runs *rs)
{
	while (rs->nrunning < RUNS_AT_ONCE && !TAILQ_EMPTY(&rs->waiting)) {
		struct run *r = TAILQ_FIRST(&rs->waiting);
		int rc;

		TAILQ_REMOVE(&rs->waiting, r, entry);
		rs->nwaiting--;
		rc = run_begin(r);
		if (rc < 0) {
			run_over(r, rc);
			continue;
		}
		TAILQ_INSERT_TAIL(&rs->running, r, entry);
		rs->nrunning++;
	}
}

void runs_start(struct runs *rs, uint32_t id, struct hc_spec *spec)
{
	struct run *r = xcalloc(1, sizeof(*r)), *oldest;

	r->runs = rs;
	r->id = id;
	r->spec = *spec;
	*spec = (struct hc_spec){ 0 };
	TAILQ_INSERT_TAIL(&rs->waiting, r, entry);
	rs->nwaiting++;
	runs_next(rs);
	if (rs->nwaiting <= RUNS_WAITING)
		return;
	oldest = TAILQ_FIRST(&rs->waiting);
	TAILQ_REMOVE(&rs->waiting, oldest, entry);
	rs->nwaiting--;
	run_over(oldest, -EBUSY);
}

struct runs *runs_open(struct ev_loop *loop, struct link *link)
{
	struct runs *rs = xcalloc(1, sizeof(*rs));

	rs->loop = loop;
	rs->link = link;
	TAILQ_INIT(&rs->waiting);
	TAILQ_INIT(&rs->running);
	LIST_INIT(&rs->leaving);
	return rs;
}

void runs_close(struct runs *rs)
{
	struct run *r;

	while ((r = TAILQ_FIRST(&rs->waiting))) {
		TAILQ_REMOVE(&rs->waiting, r, entry);
		run_free(r);
	}
	while ((r = TAILQ_FIRST(&rs->running))) {
		TAILQ_REMOVE(&rs->running, r, entry);
		ev_timer_stop(rs->loop, &r->limit);
		spawn_abandon(r->running, &rs->leaving);
		run_free(r);
	}
	spawn_forget(&rs->leaving);
	free(rs);
}
