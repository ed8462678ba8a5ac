/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds as jobs: what they ask is a server's, not a backend's, so that services
 * and ports of one server share a job. Scripts know who they are run for.
 */
#include "daemon/health_feeds.h"

#include <string.h>

#include "daemon/health_impl.h"

void health_feed_job(const struct service *s, const struct backend *b,
		     size_t feed, struct hc_job *job)
{
	const struct conf_feed *f = s->conf->feeds[feed];
	const struct addr *a = &b->conf->check_addr;

	*job = (struct hc_job){
		.interval_ms = f->probe.interval_ms,
		.fast_ms = f->probe.fast_ms,
		.down_ms = f->probe.down_ms,
		.timeout_ms = f->probe.timeout_ms,
		.rise = (uint16_t)f->probe.rise,
		.fall = (uint16_t)f->probe.fall,
		.jitter_pct = (uint16_t)f->probe.jitter_pct,
		.port = conf_feed_port(s->conf, b->conf, f),
		.type = (uint8_t)f->probe.type,
		.family = a->family,
	};
	memcpy(job->ip, a->ip, sizeof(job->ip));
	if (f->probe.type == HC_SCRIPT)
		strncpy(job->name, b->conf->name, sizeof(job->name) - 1);
}

bool health_feed(const struct healthcheck *h, size_t service, size_t backend,
		 size_t feed, struct health_feed *out)
{
	const struct model *m = h->d->model;
	const struct service *s = &m->services[service];
	const struct conf_feed *f = s->conf->feeds[feed];
	const struct lane *lane =
	    health_lane((struct healthcheck *)h, f->probe.type);
	const struct health_job *j;
	struct hc_job job;

	health_feed_job(s, &s->backends[backend], feed, &job);
	job.spec = h->feed_specs[f - m->conf->feeds];
	j = health_jobs_like(&lane->jobs, &job);
	if (!j)
		return false;
	*out = (struct health_feed){ .last_ms = j->last_ms,
				     .value = j->value,
				     .has_value = j->has_value,
				     .reason = j->reason,
				     .detail = j->detail };
	return true;
}
