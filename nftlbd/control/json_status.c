/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon, its events, checks and plans as JSON. Reads only.
 */
#include <ev.h>
#include <stdio.h>
#include <time.h>

#include "config.h"
#include "control/json.h"
#include "daemon/health.h"

#define STATES 4 /* of services as of backends */

static json_t *json_states(const struct word *words, const size_t n[STATES])
{
	json_t *o = json_object();
	size_t total = 0;

	for (int i = 0; i < STATES; i++)
		total += n[i];
	json_object_set_new(o, "total", json_integer((json_int_t)total));
	for (int i = 0; i < STATES; i++)
		json_object_set_new(o, word_text(words, i),
				    json_integer((json_int_t)n[i]));
	return o;
}

static json_t *json_prober(const struct healthcheck *h)
{
	struct health_info info;

	if (!h)
		return json_null();
	health_info(h, &info);
	return json_pack("{s:o, s:i, s:I, s:I}", "pid",
			 info.pid ? json_integer(info.pid) : json_null(),
			 "restarts", (int)info.restarts, "results",
			 (json_int_t)info.results, "jobs",
			 (json_int_t)info.jobs);
}

static json_t *json_commits(const struct daemon *d)
{
	const struct ruleset_stats *st = ruleset_stats(d->ruleset);

	return json_pack("{s:I, s:I, s:I}", "done", (json_int_t)st->commits,
			 "refused", (json_int_t)st->refused, "scans",
			 (json_int_t)st->scans);
}

json_t *json_status(const struct daemon *d)
{
	const struct model *m = d->model;
	size_t services[STATES] = { 0 }, backends[STATES] = { 0 };
	char seed[16];

	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[i];

		services[s->state]++;
		for (size_t j = 0; j < s->nbackends; j++)
			backends[backend_state(&s->backends[j])]++;
	}
	snprintf(seed, sizeof(seed), "0x%08x", m->conf->hash_seed);
	return json_pack(
	    "{s:s, s:I, s:I, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:b, s:o}",
	    "version", PACKAGE_VERSION, "uptime_s",
	    (json_int_t)(ev_now(d->loop) - d->started), "revision",
	    (json_int_t)m->revision, "table", m->conf->table, "hash_seed", seed,
	    "flushed", (int)d->flushed, "services",
	    json_states(service_state_words, services), "backends",
	    json_states(backend_state_words, backends), "prober",
	    json_prober(d->health), "commits", json_commits(d),
	    "last_reload_ok", (int)d->last_reload_ok, "last_error",
	    json_text(d->last_error));
}

json_t *json_event(const struct event *e)
{
	time_t s = (time_t)(e->time_ms / 1000);
	char day[32], text[48];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(e->time_ms % 1000));
	return json_pack(
	    "{s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)e->id,
	    "time", text, "kind", e->kind, "service", json_text(e->service),
	    "backend", json_text(e->backend), "old", json_text(e->old_state),
	    "new", json_text(e->new_state), "reason", json_text(e->reason));
}

json_t *json_price(const struct plan_price *p, json_t *flows)
{
	return json_pack(
	    "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:o}",
	    "services_added", (json_int_t)p->services_added, "services_removed",
	    (json_int_t)p->services_removed, "services_changed",
	    (json_int_t)p->services_changed, "elements_added",
	    (json_int_t)p->elements_added, "elements_removed",
	    (json_int_t)p->elements_removed, "rules", (json_int_t)p->rules,
	    "chains", (json_int_t)p->chains, "slots_total",
	    (json_int_t)p->slots_total, "slots_moved",
	    (json_int_t)p->slots_moved, "clients_moved", p->clients_moved,
	    "backends_removed", (json_int_t)p->backends_removed, "flows_ended",
	    flows);
}
