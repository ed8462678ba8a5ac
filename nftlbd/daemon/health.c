/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Health checks, the daemon's side: what the model wants probed becomes jobs,
 * results become health. One job per (service, backend).
 *
 * Invariants: the job of a backend is in its check_state, the backend of a job
 * in the table of jobs, and health_sync() makes both agree whenever the model
 * was replaced; between that and health_sync() no result may be handled. No
 * prober, a dead one or a slow one changes nobody's health.
 *
 * Must not know how a prober is started (prober_process.c), what rise and fall
 * mean (model/health_fsm.c), or what the kernel does with health.
 */
#include "daemon/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/committer.h"
#include "daemon/health_jobs.h"
#include "daemon/prober_process.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/health_fsm.h"

#define FIRST_SPREAD_MS   1000 /* of first probes, when nothing is urgent */
#define FIRST_PER_MS      20   /* but no more than this many together */
#define LOCAL_TELL_S      60.0
#define DURATION_MAX_US   3600000000u
#define GOLDEN_RATIO_2_32 2654435769u

enum prober_state { PROBER_STARTING, PROBER_RUNNING, PROBER_GONE };

static const struct word prober_words[] = {
	{ "starting", PROBER_STARTING },
	{ "running", PROBER_RUNNING },
	{ "gone", PROBER_GONE },
	{ NULL, 0 },
};

struct healthcheck {
	struct daemon *d;
	struct prober *prober; /* NULL only while health_open() runs */
	struct health_jobs jobs;
	uint64_t results;
	enum prober_state state;
	uint64_t local;       /* faults of our own since it was last said */
	ev_tstamp local_said; /* 0 = never */
};

/* ---- jobs: from the model to the prober ---- */

static void jobs_flush(struct healthcheck *h)
{
	struct health_packet packet;
	size_t len;

	while ((len = health_jobs_packet(&h->jobs, &packet)) > 0) {
		if (prober_send(h->prober, &packet, len) < 0)
			return; /* writable or ready will call again */
		health_jobs_sent(&h->jobs, &packet);
	}
}

static void job_wanted(const struct conf_backend *c, struct hc_job *want)
{
	*want = (struct hc_job){
		.interval_ms = c->check->interval_ms,
		.timeout_ms = c->check->timeout_ms,
		.jitter_pct = (uint16_t)c->check->jitter_pct,
		.port = c->check_port,
		.type = (uint8_t)c->check->type,
		.family = c->check_addr.family,
	};
	memcpy(want->ip, c->check_addr.ip, sizeof(want->ip));
}

/* Jobs of before that go on. Returns how many backends need a new one. */
static size_t jobs_keep(struct healthcheck *h, struct model *m)
{
	struct hc_job want;
	size_t missing = 0;

	for (size_t s = 0; s < m->nservices; s++) {
		for (size_t i = 0; i < m->services[s].nbackends; i++) {
			struct backend *b = &m->services[s].backends[i];
			bool kept = false;

			if (b->conf->check) {
				job_wanted(b->conf, &want);
				kept = health_jobs_keep(&h->jobs, b->check.job,
							&want, (uint32_t)s,
							(uint32_t)i);
				missing += !kept;
			}
			if (!kept)
				b->check.job = 0;
		}
	}
	return missing;
}

/*
 * When the n-th new job is first probed. Multiples of the golden ratio are
 * spread evenly over the span, however many follow.
 */
static uint32_t first_ms(uint32_t n, uint32_t interval_ms, size_t missing)
{
	uint32_t span_ms = interval_ms;

	if (span_ms > FIRST_SPREAD_MS)
		span_ms = FIRST_SPREAD_MS;
	if (span_ms < missing / FIRST_PER_MS)
		span_ms = (uint32_t)(missing / FIRST_PER_MS);
	return (uint32_t)((uint64_t)(n * GOLDEN_RATIO_2_32) * span_ms >> 32);
}

static void jobs_add(struct healthcheck *h, struct model *m, size_t missing)
{
	struct hc_job want;
	uint32_t n = 0;

	for (size_t s = 0; s < m->nservices && missing; s++) {
		for (size_t i = 0; i < m->services[s].nbackends; i++) {
			struct backend *b = &m->services[s].backends[i];

			if (!b->conf->check || b->check.job)
				continue;
			job_wanted(b->conf, &want);
			want.first_ms =
			    first_ms(n++, want.interval_ms, missing);
			b->check.job = health_jobs_add(
			    &h->jobs, &want, (uint32_t)s, (uint32_t)i,
			    b->health == HEALTH_UNKNOWN);
			if (!b->check.job) {
				log_error(
				    "more than %u checks: the rest is not "
				    "checked",
				    HEALTH_JOBS_MAX);
				return;
			}
		}
	}
}

void health_sync(struct healthcheck *h)
{
	struct model *m = h->d->model;
	size_t missing;

	health_jobs_begin(&h->jobs);
	missing = jobs_keep(h, m);
	health_jobs_sweep(&h->jobs);
	jobs_add(h, m, missing);
	jobs_flush(h);
}

/* ---- results: from the prober to the model ---- */

static void health_change(struct healthcheck *h, struct service *s,
			  struct backend *b, const struct health_step *step)
{
	struct daemon *d = h->d;
	enum health old = b->health;
	bool up = step->health == HEALTH_UP;

	if (!model_set_health(d->model, s, b, step->health))
		return;
	daemon_event(d, "health", s->conf->name, b->conf->name,
		     word_text(health_words, old),
		     word_text(health_words, step->health),
		     "%s after=%u.%ums %s=%u/%u",
		     word_text(hc_reason_words, b->check.reason),
		     b->check.last_us / 1000, b->check.last_us / 100 % 10,
		     up ? "successes" : "fails", step->streak, step->needed);
	if (up)
		committer_batch(d->committer);
	else
		committer_urgent(d->committer);
}

/* A gateway that cannot probe must say so, but not for each probe. */
static void local_fault(struct healthcheck *h)
{
	ev_tstamp now = ev_now(h->d->loop);

	h->local++;
	if (h->local_said > 0 && now < h->local_said + LOCAL_TELL_S)
		return;
	log_warning("prober: descriptors, memory, ports or addresses of this "
		    "machine are missing; probes that count as nothing: %llu",
		    (unsigned long long)h->local);
	h->local = 0;
	h->local_said = now;
}

static void result_take(struct healthcheck *h, const struct hc_result *r)
{
	struct health_job *job = health_jobs_find(&h->jobs, r->id);
	struct health_step step;
	struct service *s;
	struct backend *b;

	h->results++;
	if (!job)
		return; /* it was stopped while this was on its way */
	job->probed = true;
	s = &h->d->model->services[job->service];
	b = &s->backends[job->backend];
	if (r->reason == HC_LOCAL)
		local_fault(h);
	step = health_step(&b->check, b->health, b->conf->check,
			   (enum hc_reason)r->reason, r->duration_us);
	health_change(h, s, b, &step);
}

static const char *result_wrong(const struct healthcheck *h,
				const struct hc_result *r)
{
	if (r->reason >= HC_REASON_MAX)
		return "an unknown reason";
	if (r->duration_us > DURATION_MAX_US)
		return "a duration out of range";
	if (r->pad[0] || r->pad[1] || r->pad[2])
		return "padding that is not zero";
	if (!health_jobs_issued(&h->jobs, r->id))
		return "a job that never was";
	return NULL;
}

static const char *on_results(void *arg, const struct hc_result *results,
			      size_t n)
{
	struct healthcheck *h = arg;
	const char *wrong;

	for (size_t i = 0; i < n; i++) {
		wrong = result_wrong(h, &results[i]);
		if (wrong)
			return wrong;
	}
	for (size_t i = 0; i < n; i++)
		result_take(h, &results[i]);
	return NULL;
}

/* ---- the prober's life ---- */

static void prober_change(struct healthcheck *h, enum prober_state state,
			  const char *why)
{
	const char *old = word_text(prober_words, (int)h->state);

	h->state = state;
	daemon_event(h->d, "prober", NULL, NULL, old,
		     word_text(prober_words, (int)state), "%s", why);
}

static void on_ready(void *arg, unsigned int restarts)
{
	struct healthcheck *h = arg;
	char why[64];

	snprintf(why, sizeof(why), "hello restarts=%u jobs=%zu", restarts,
		 h->jobs.wanted);
	prober_change(h, PROBER_RUNNING, why);
	if (restarts)
		health_jobs_restart(&h->jobs);
	jobs_flush(h);
}

/* Still gone is no change: it is tried again every few seconds. */
static void on_gone(void *arg, const char *why)
{
	struct healthcheck *h = arg;

	if (h->state == PROBER_GONE)
		log_debug("prober: %s", why);
	else
		prober_change(h, PROBER_GONE, why);
}

static void on_writable(void *arg)
{
	jobs_flush(arg);
}

static const char *on_user(void *arg)
{
	const struct healthcheck *h = arg;

	return h->d->model->conf->user;
}

static const struct prober_ops ops = {
	.ready = on_ready,
	.results = on_results,
	.writable = on_writable,
	.gone = on_gone,
	.user = on_user,
};

int health_open(struct healthcheck **out, struct daemon *d, struct err *err)
{
	struct healthcheck *h = xcalloc(1, sizeof(*h));
	const char *path = getenv("NFTLB_PROBER");

	h->d = d;
	h->prober = prober_open(d->loop, path ? path : PROBER_PATH, &ops, h);
	health_sync(h);
	*out = h;
	return 0;
}

void health_close(struct healthcheck *h)
{
	if (!h)
		return;
	prober_close(h->prober);
	health_jobs_free(&h->jobs);
	free(h);
}

void health_info(const struct healthcheck *h, struct health_info *info)
{
	*info = (struct health_info){
		.pid = prober_pid(h->prober),
		.restarts = prober_restarts(h->prober),
		.results = h->results,
		.jobs = h->jobs.wanted,
	};
}
