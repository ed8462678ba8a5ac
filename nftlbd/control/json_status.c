/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon, its events, checks and plans as JSON. Reads only.
 */
#include <ev.h>
#include <stdio.h>

#include "config.h"
#include "control/answer.h"
#include "control/json.h"
#include "daemon/committer.h"
#include "daemon/health.h"
#include "daemon/load.h"
#include "model/path.h"

#define STATES_MAX 8 /* of services, or of backends */

/* How many there are in each state that @words has. */
static json_t *json_states(const struct word *words, const size_t n[STATES_MAX])
{
	json_t *o = json_object();
	size_t total = 0;

	for (const struct word *w = words; w->text; w++)
		total += n[w->value];
	json_object_set_new(o, "total", json_integer((json_int_t)total));
	for (const struct word *w = words; w->text; w++)
		json_object_set_new(o, w->text,
				    json_integer((json_int_t)n[w->value]));
	return o;
}

/* Probes begun less than 1, 2, 4 ... ms late; the last number: all others. */
static json_t *json_lateness(const struct hc_stats *st)
{
	json_t *list = json_array();

	for (size_t i = 0; i < HC_LATENESS_BINS; i++)
		json_array_append_new(
		    list, json_integer((json_int_t)st->lateness[i]));
	return list;
}

static json_t *json_lane(const struct health_lane_info *l)
{
	return json_pack(
	    "{s:o, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:o}",
	    "pid", l->pid ? json_integer(l->pid) : json_null(), "restarts",
	    (int)l->restarts, "results", (json_int_t)l->results, "jobs",
	    (json_int_t)l->jobs, "checks", (json_int_t)l->owners, "probes",
	    (json_int_t)l->stats.probes, "late", (json_int_t)l->late, "ignored",
	    (json_int_t)l->ignored, "local", (json_int_t)l->local, "stalls",
	    (json_int_t)l->stats.stalls, "stalled_ms",
	    (double)l->stats.stalled_us / 1e3, "extended",
	    (json_int_t)l->stats.extended, "lateness",
	    json_lateness(&l->stats));
}

static json_t *json_prober(const struct healthcheck *h)
{
	struct health_info info;
	json_t *o;

	if (!h)
		return json_null();
	health_info(h, &info);
	o = json_lane(&info.lanes[HEALTH_NETWORK]);
	json_object_set_new(o, "scripts",
			    info.lanes[HEALTH_SCRIPTS].wanted
				? json_lane(&info.lanes[HEALTH_SCRIPTS])
				: json_null());
	json_object_set_new(o, "hooks",
			    json_pack("{s:I, s:I, s:I, s:I}", "pending",
				      (json_int_t)info.hooks, "done",
				      (json_int_t)info.hooks_done, "failed",
				      (json_int_t)info.hooks_failed, "dropped",
				      (json_int_t)info.hooks_dropped));
	return o;
}

static json_t *json_commits(const struct daemon *d)
{
	const struct ruleset_stats *st = ruleset_stats(d->ruleset);
	struct committer_delays delays = { 0 };

	if (d->committer)
		committer_delays(d->committer, &delays);
	return json_pack(
	    "{s:I, s:I, s:I, s:o, s:o}", "done", (json_int_t)st->commits,
	    "refused", (json_int_t)st->refused, "scans", (json_int_t)st->scans,
	    "down_p50_ms", delays.n ? json_real(delays.p50_ms) : json_null(),
	    "down_p99_ms", delays.n ? json_real(delays.p99_ms) : json_null());
}

/* How the connections of services that follow them are counted. */
static json_t *json_tracking(const struct daemon *d)
{
	struct track_stats st = { 0 };

	if (!d->load || !load_track_stats(d->load, &st))
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:b}", "entries",
			 (json_int_t)st.entries, "events",
			 (json_int_t)st.events, "lost", (json_int_t)st.lost,
			 "dumps", (json_int_t)st.dumps, "drift",
			 (json_int_t)st.drift, "blind", st.blind);
}

/* null where all services are routed to. */
static json_t *json_paths(const struct model *m)
{
	size_t needed = 0, missing = 0;

	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[i];

		for (size_t k = 0; path_missing(s) && k < s->nbackends; k++) {
			needed++;
			missing += s->backends[k].gap != PATH_FINE;
		}
	}
	return needed ? json_pack("{s:I, s:I}", "needed", (json_int_t)needed,
				  "missing", (json_int_t)missing)
		      : json_null();
}

json_t *json_status(const struct daemon *d)
{
	const struct model *m = d->model;
	size_t services[STATES_MAX] = { 0 }, backends[STATES_MAX] = { 0 };
	char seed[16];

	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[i];

		services[s->state]++;
		for (size_t j = 0; j < s->nbackends; j++)
			backends[backend_state(&s->backends[j])]++;
	}
	snprintf(seed, sizeof(seed), "0x%08x", m->conf->hash_seed);
	return json_pack(
	    "{s:s, s:I, s:I, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
	    " s:b, s:o, s:o}",
	    "version", PACKAGE_VERSION, "uptime_s",
	    (json_int_t)(ev_now(d->loop) - d->started), "revision",
	    (json_int_t)d->revision, "table", m->conf->table, "hash_seed", seed,
	    "flushed", (int)d->flushed, "services",
	    json_states(service_state_words, services), "backends",
	    json_states(backend_state_words, backends), "prober",
	    json_prober(d->health), "commits", json_commits(d), "overflow",
	    json_overflows(d), "tracking", json_tracking(d), "paths",
	    json_paths(m), "last_reload_ok", (int)d->last_reload_ok,
	    "last_error", json_text(d->last_error), "pending", json_pending(d));
}

json_t *json_event(const struct event *e)
{
	return json_pack(
	    "{s:I, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)e->id,
	    "time", json_time(e->time_ms), "kind", e->kind, "service",
	    json_text(e->service), "backend", json_text(e->backend), "old",
	    json_text(e->old_state), "new", json_text(e->new_state), "reason",
	    json_text(e->reason));
}

json_t *json_price(const struct plan_price *p, json_t *flows)
{
	return json_pack(
	    "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:o,"
	    " s:o}",
	    "services_added", (json_int_t)p->services_added, "services_removed",
	    (json_int_t)p->services_removed, "services_changed",
	    (json_int_t)p->services_changed, "elements_added",
	    (json_int_t)p->elements_added, "elements_removed",
	    (json_int_t)p->elements_removed, "rules", (json_int_t)p->rules,
	    "chains", (json_int_t)p->chains, "slots_total",
	    (json_int_t)p->slots_total, "slots_moved",
	    (json_int_t)p->slots_moved, "clients_moved", p->clients_moved,
	    "backends_removed", (json_int_t)p->backends_removed, "flows_ended",
	    flows, "flows_moved",
	    p->untracked ? json_real(p->flows_moved) : json_null());
}
