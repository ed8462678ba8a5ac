/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results, from the prober to the model: each is validated, counted, and handed
 * to all checks that share the job. What a feed finds is of no matter for
 * health.
 *
 * Must not know what a result means for health (model/).
 */
#include "daemon/health_impl.h"
#include "lib/log.h"
#include "model/health_fsm.h"
#include "model/load.h"
#include "model/step.h"

#define LOCAL_TELL_S 60.0

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

static void count(struct lane *lane, struct health_job *job,
		  const struct hc_result *r)
{
	switch (r->reason) {
	case HC_OK:
		break;
	case HC_LATE:
		lane->late++;
		break;
	case HC_IGNORED:
		lane->ignored++;
		break;
	case HC_LOCAL:
		lane->local++;
		local_fault(lane->h);
		break;
	default:
		lane->h->d->observed.failures[r->reason % HC_REASON_MAX]++;
		job->failures++;
		break;
	}
	if (r->has_value && r->reason == HC_OK)
		job->value = r->value;
	job->has_value |= r->has_value && r->reason == HC_OK;
	job->reason = r->reason;
	job->detail = r->detail;
	job->probed = true;
	job->results++;
	job->last_ms = (int64_t)(ev_now(lane->h->d->loop) * 1e3);
}

static struct service *service_of(const struct daemon *d,
				  const struct health_owner *at)
{
	return &d->model->services[at->service];
}

static void feed_take(const struct daemon *d, const struct health_owner *at,
		      const struct hc_result *r, int64_t now_ms)
{
	struct service *s = service_of(d, at);
	const struct backend *b = &s->backends[at->backend];

	if (r->reason == HC_OK && r->has_value)
		load_feed(s, b, at->check, r->value, now_ms);
	else
		load_feed_failed(s, b, at->check, (enum hc_reason)r->reason);
}

static void check_take(struct model *m, struct service *s,
		       const struct health_owner *at,
		       const struct observation *o, int64_t now_ms,
		       struct changes *changes)
{
	struct backend *b = &s->backends[at->backend];
	struct check_state *cs = &b->checks[at->check];

	if (health_counts(o->reason)) {
		histogram_add(&cs->took, &histogram_checks, o->duration_us);
		cs->failures += o->reason != HC_OK;
	}
	step_observe(m, s, b, at->check, o, now_ms, changes);
}

static void result_take(struct lane *lane, const struct hc_result *r)
{
	struct health_job *job = health_jobs_find(&lane->jobs, r->id);
	const struct observation o = { (enum hc_reason)r->reason,
				       r->duration_us,
				       r->detail,
				       r->says,
				       r->weight,
				       r->connect_us,
				       r->tls_us,
				       r->first_us };
	struct daemon *d = lane->h->d;
	struct changes changes = { .since_us = (int64_t)r->ended_us };
	int64_t now_ms = daemon_now_ms();

	lane->results++;
	if (!job)
		return; /* it was stopped while this was on its way */
	count(lane, job, r);
	for (uint32_t i = 0; i < job->nowners; i++) {
		const struct health_owner *at =
		    &lane->jobs.owners[job->owners + i];
		struct service *s = service_of(d, at);

		if (at->feed)
			feed_take(d, at, r, now_ms);
		else
			check_take(d->model, s, at, &o, now_ms, &changes);
	}
	daemon_changes(d, &changes);
}

/* ---- who is new to a job that has had results */

static struct check_state *check_of(const struct daemon *d,
				    const struct health_owner *at)
{
	const struct service *s = service_of(d, at);

	return &s->backends[at->backend].checks[at->check];
}

/* What a neighbour has heard last. */
static bool last_heard(const struct lane *lane, const struct health_job *job,
		       struct observation *o)
{
	for (uint32_t i = 0; i < job->nowners; i++) {
		const struct health_owner *at =
		    &lane->jobs.owners[job->owners + i];
		const struct check_state *cs;

		if (at->feed)
			continue;
		cs = check_of(lane->h->d, at);
		if (!cs->decided || !health_counts(cs->reason))
			continue;
		*o = (struct observation){ (enum hc_reason)cs->reason,
					   cs->last_us,
					   cs->detail,
					   cs->says,
					   cs->weight,
					   cs->connect_us,
					   cs->tls_us,
					   cs->first_us };
		return true;
	}
	return false;
}

/* Only while it answers: how old the value is by now nobody would know. */
static void feed_catch_up(const struct lane *lane, const struct health_job *job)
{
	const struct daemon *d = lane->h->d;

	for (uint32_t i = 0; i < job->nowners; i++) {
		const struct health_owner *at =
		    &lane->jobs.owners[job->owners + i];
		struct service *s = service_of(d, at);
		const struct backend *b = &s->backends[at->backend];

		if (at->feed && job->reason == HC_OK &&
		    !load_feed_heard(s, b, at->check))
			load_feed(s, b, at->check, job->value, daemon_now_ms());
	}
}

static void job_catch_up(struct lane *lane, const struct health_job *job)
{
	struct daemon *d = lane->h->d;
	struct changes changes = { 0 };
	struct observation o;

	if (job->has_value)
		feed_catch_up(lane, job);
	if (job->nowners < 2 || !last_heard(lane, job, &o))
		return;
	for (uint32_t i = 0; i < job->nowners; i++) {
		const struct health_owner *at =
		    &lane->jobs.owners[job->owners + i];
		struct service *s = service_of(d, at);

		if (!at->feed && !check_of(d, at)->decided)
			step_observe(d->model, s, &s->backends[at->backend],
				     at->check, &o, daemon_now_ms(), &changes);
	}
	daemon_changes(d, &changes);
}

void health_catch_up(struct healthcheck *h)
{
	for (size_t i = 0; i < HEALTH_LANES; i++) {
		struct lane *lane = &h->lanes[i];

		for (size_t k = 0; k < lane->jobs.n; k++)
			if (lane->jobs.list[k].state == HEALTH_JOB_WANTED)
				job_catch_up(lane, &lane->jobs.list[k]);
	}
}

/* ---- packets */

const char *lane_results(void *arg, const struct hc_result *results, size_t n)
{
	struct lane *lane = arg;

	for (size_t i = 0; i < n; i++)
		if (!health_jobs_issued(&lane->jobs, results[i].id))
			return "a job that never was";
	for (size_t i = 0; i < n; i++)
		result_take(lane, &results[i]);
	return NULL;
}
