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
#include "model/step.h"

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
	const struct conf_check *check = c->checks->list[0];

	*want = (struct hc_job){
		.interval_ms = check->interval_ms,
		.fast_ms = check->interval_ms,
		.down_ms = check->interval_ms,
		.timeout_ms = check->timeout_ms,
		.rise = (uint16_t)check->rise,
		.fall = (uint16_t)check->fall,
		.jitter_pct = (uint16_t)check->jitter_pct,
		.port = conf_probe_port(c, check),
		.type = (uint8_t)check->type,
		.family = c->check_addr.family,
	};
	memcpy(want->ip, c->check_addr.ip, sizeof(want->ip));
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

/* SKELETON: all jobs anew, one for each backend. */
void health_sync(struct healthcheck *h)
{
	struct model *m = h->d->model;
	struct hc_job want;
	uint32_t n = 0;

	health_jobs_begin(&h->jobs);
	health_jobs_sweep(&h->jobs);
	for (size_t s = 0; s < m->nservices; s++) {
		for (size_t i = 0; i < m->services[s].nbackends; i++) {
			struct backend *b = &m->services[s].backends[i];

			if (!b->conf->checks)
				continue;
			job_wanted(b->conf, &want);
			want.first_ms = first_ms(n++, want.interval_ms, 1000);
			health_jobs_add(&h->jobs, &want, (uint32_t)s,
					(uint32_t)i,
					b->health == HEALTH_UNKNOWN);
		}
	}
	jobs_flush(h);
}

/* ---- results: from the prober to the model ---- */

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
	struct observation o = { (enum hc_reason)r->reason, r->duration_us,
				 r->detail, r->says, r->weight };
	struct changes changes = { 0 };
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
	step_observe(h->d->model, s, b, 0, &o, daemon_now_ms(), &changes);
	daemon_changes(h->d, &changes);
}

static const char *result_wrong(const struct healthcheck *h,
				const struct hc_result *r)
{
	if (r->reason >= HC_REASON_MAX)
		return "an unknown reason";
	if (r->duration_us > DURATION_MAX_US)
		return "a duration out of range";
	if (r->says & ~HC_SAYS_ALL)
		return "unknown words";
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
