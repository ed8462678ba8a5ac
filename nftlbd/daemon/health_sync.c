/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the model to the probers: every check of every backend, and every feed
 * that is asked of it, becomes a claim on a job.
 *
 * Must not know rise and fall, or how the probers live.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/health_impl.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/probe_ports.h"

#define SPEC_NONE UINT32_MAX

struct lane *health_lane(struct healthcheck *h, enum hc_type type)
{
	return &h->lanes[type == HC_SCRIPT ? HEALTH_SCRIPTS : HEALTH_NETWORK];
}

/* Encoded when the first backend needs it, and not for each of them; @id is
 * where that is remembered. Return: SPEC_NONE where it is too long. */
static uint32_t spec_of(struct healthcheck *h, const struct conf_check *c,
			uint32_t *id)
{
	struct buf bytes = { 0 };

	if (*id)
		return *id;
	spec_encode(&c->spec, &bytes);
	if (bytes.len <= HC_BLOB_MAX) {
		*id = health_walk_spec(&health_lane(h, c->type)->jobs,
				       (uint8_t)c->type, &bytes);
	} else {
		log_error("check %s is not done: its texts and certificates "
			  "are %zu bytes, more than %u",
			  c->name, bytes.len, HC_BLOB_MAX);
		*id = SPEC_NONE;
	}
	buf_free(&bytes);
	return *id;
}

static void set_address(struct hc_job *job, const struct addr *a)
{
	job->family = a->family;
	memcpy(job->ip, a->ip, sizeof(job->ip));
}

/* By the way of a client: to the service, from the port that says for whom. In
 * modes that track nothing the rules turn a connection to the backend itself
 * into that (rulesets/base_probes.c). */
static bool target_service(const struct service *s, const struct backend *b,
			   const struct conf_check *check, struct hc_job *job)
{
	const struct conf_service *c = s->conf;

	job->source_port = b->via_port;
	job->port = conf_via_port(c, b->conf, check);
	if (rs_is_direct(c->mode)) {
		set_address(job, &b->conf->addr);
		return job->source_port != 0;
	}
	for (size_t i = 0; i < c->naddrs; i++) {
		if (c->addrs[i].family != b->conf->addr.family)
			continue;
		set_address(job, &c->addrs[i]);
		return job->source_port != 0;
	}
	return false;
}

/* Return: false where it cannot be probed. */
static bool job_wanted(const struct service *s, const struct backend *b,
		       size_t i, struct hc_job *job)
{
	const struct conf_check *check = b->conf->checks->list[i];

	*job = (struct hc_job){
		.interval_ms = check->interval_ms,
		.fast_ms = check->fast_ms,
		.down_ms = check->down_ms,
		.timeout_ms = check->timeout_ms,
		.rise = (uint16_t)check->rise,
		.fall = (uint16_t)check->fall,
		.jitter_pct = (uint16_t)check->jitter_pct,
		.type = (uint8_t)check->type,
	};
	if (check->type == HC_SCRIPT || check->type == HC_FILE)
		strncpy(job->name, b->conf->name, sizeof(job->name) - 1);
	if (check->via == CONF_VIA_SERVICE)
		return target_service(s, b, check, job);
	job->port = conf_probe_port(b->conf, check);
	set_address(job, &b->conf->check_addr);
	return true;
}

/* Where nothing is known of it, or it is new to a running daemon: at once. */
static bool is_urgent(const struct healthcheck *h, const struct backend *b)
{
	return h->started || b->health == HEALTH_UNKNOWN;
}

/* @id: where the spec of @check is remembered */
static void claim(struct healthcheck *h, const struct health_owner *owner,
		  const struct conf_check *check, uint32_t *id,
		  struct hc_job *job)
{
	const struct service *s = &h->d->model->services[owner->service];

	job->spec = spec_of(h, check, id);
	if (job->spec != SPEC_NONE)
		health_walk_want(&health_lane(h, check->type)->jobs, job, owner,
				 is_urgent(h, &s->backends[owner->backend]));
}

static void checks_walk(struct healthcheck *h, size_t service, size_t backend)
{
	const struct model *m = h->d->model;
	const struct service *s = &m->services[service];
	const struct backend *b = &s->backends[backend];
	struct hc_job job;

	for (size_t i = 0; b->conf->checks && i < b->conf->checks->n; i++) {
		const struct conf_check *check = b->conf->checks->list[i];
		const struct health_owner owner = { .service =
							(uint32_t)service,
						    .backend =
							(uint32_t)backend,
						    .check = (uint8_t)i };

		if (job_wanted(s, b, i, &job))
			claim(h, &owner, check,
			      &h->specs[check - m->conf->checks], &job);
	}
}

/* Also of who is drained or down: it comes back. */
static void feeds_walk(struct healthcheck *h, size_t service, size_t backend)
{
	const struct model *m = h->d->model;
	const struct service *s = &m->services[service];
	struct hc_job job;

	for (size_t i = 0; s->load && i < s->conf->nfeeds; i++) {
		const struct conf_feed *feed = s->conf->feeds[i];
		const struct health_owner owner = { .service =
							(uint32_t)service,
						    .backend =
							(uint32_t)backend,
						    .check = (uint8_t)i,
						    .feed = true };

		health_feed_job(s, &s->backends[backend], i, &job);
		claim(h, &owner, &feed->probe,
		      &h->feed_specs[feed - m->conf->feeds], &job);
	}
}

static void model_walk(struct healthcheck *h)
{
	const struct model *m = h->d->model;

	free(h->specs);
	free(h->feed_specs);
	h->specs = xcalloc(m->conf->nchecks, sizeof(*h->specs));
	h->feed_specs = xcalloc(m->conf->nfeeds + 1, sizeof(*h->feed_specs));
	for (size_t s = 0; s < m->nservices; s++)
		for (size_t i = 0; i < m->services[s].nbackends; i++) {
			checks_walk(h, s, i);
			feeds_walk(h, s, i);
		}
}

static bool has_hooks(const struct conf *conf)
{
	bool has = conf->on_change;

	for (size_t i = 0; !has && i < conf->nservices; i++)
		has = conf->services[i].on_change;
	return has;
}

void health_sync(struct healthcheck *h)
{
	const struct model *m = h->d->model;
	size_t refused = 0;

	for (size_t i = 0; i < HEALTH_LANES; i++)
		health_walk_begin(&h->lanes[i].jobs);
	model_walk(h);
	for (size_t i = 0; i < HEALTH_LANES; i++) {
		health_walk_end(&h->lanes[i].jobs);
		refused += h->lanes[i].jobs.refused;
	}
	if (refused)
		log_error("more than %u checks: %zu are not done",
			  HEALTH_JOBS_MAX, refused);
	if (m->no_via_port)
		log_error("%zu backends are not checked via their service: "
			  "the source ports %u to %u are used up",
			  m->no_via_port, PROBE_PORT_MIN, PROBE_PORT_MAX);
	h->started = true;
	lane_want(&h->lanes[HEALTH_NETWORK], true);
	lane_want(&h->lanes[HEALTH_SCRIPTS],
		  h->lanes[HEALTH_SCRIPTS].jobs.wanted > 0 ||
		      has_hooks(m->conf));
	for (size_t i = 0; i < HEALTH_LANES; i++)
		lane_flush(&h->lanes[i]);
}

bool health_probe(const struct healthcheck *h, size_t service, size_t backend,
		  size_t check, struct health_probe *out)
{
	const struct service *s = &h->d->model->services[service];
	const struct backend *b = &s->backends[backend];
	const struct conf_check *c = b->conf->checks->list[check];
	const struct lane *lane = health_lane((struct healthcheck *)h, c->type);
	const struct health_job *j;
	struct hc_job job;

	if (!job_wanted(s, b, check, &job))
		return false;
	job.spec = h->specs[c - h->d->model->conf->checks];
	j = health_jobs_like(&lane->jobs, &job);
	if (!j)
		return false;
	*out = (struct health_probe){ .last_ms = j->last_ms,
				      .results = j->results,
				      .failures = j->failures,
				      .owners = j->nowners,
				      .job = j->conf.id };
	return true;
}
