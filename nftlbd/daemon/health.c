/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Health checks, the daemon's side: two lanes, each a prober with its table of
 * jobs. What the model wants probed becomes jobs (health_sync.c), results
 * become observations (health_results.c), events become runs of hooks.
 *
 * Invariants: owners of jobs are indices into the model, and health_sync() sets
 * them whenever the model was replaced; between that and health_sync() no
 * result may be handled. No prober, a dead one or a slow one changes nobody's
 * health.
 *
 * Must not know how a prober is started (prober_process.c), what rise and fall
 * mean (model/health_fsm.c), or what the kernel does with health.
 */
#include "daemon/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/health_impl.h"
#include "lib/log.h"
#include "lib/xalloc.h"

static const struct word prober_words[] = {
	{ "off", PROBER_OFF },         { "starting", PROBER_STARTING },
	{ "running", PROBER_RUNNING }, { "stuck", PROBER_STUCK },
	{ "gone", PROBER_GONE },       { NULL, 0 },
};

/* ---- to the prober ---- */

static bool is_scripts(const struct lane *lane)
{
	return lane == &lane->h->lanes[HEALTH_SCRIPTS];
}

void lane_flush(struct lane *lane)
{
	struct hooks *hooks = &lane->h->hooks;
	struct health_packet packet;
	size_t len;

	/* writable or ready will call again where it is full, or none */
	while ((len = health_jobs_packet(&lane->jobs, &packet)) > 0) {
		if (prober_send(lane->prober, &packet, len) < 0)
			return;
		health_jobs_sent(&lane->jobs, &packet);
	}
	while (is_scripts(lane) && (len = hooks_packet(hooks, &packet)) > 0) {
		if (prober_send(lane->prober, &packet, len) < 0)
			return;
		hooks_sent(hooks, &packet);
	}
}

/* ---- the probers' lives ---- */

/* No hook for what happens to him who runs the hooks: it could go on for ever.
 */
static void lane_change(struct lane *lane, enum prober_state state,
			const char *why)
{
	const char *old = word_text(prober_words, (int)lane->state);

	lane->state = state;
	lane->h->quiet = is_scripts(lane);
	daemon_event(lane->h->d, "prober", NULL, NULL, old,
		     word_text(prober_words, (int)state), "%s %s", lane->name,
		     why);
	lane->h->quiet = false;
}

void lane_want(struct lane *lane, bool wanted)
{
	if (wanted == (lane->state != PROBER_OFF))
		return;
	if (wanted)
		lane->state = PROBER_STARTING;
	else
		lane_change(lane, PROBER_OFF, "is not needed any more");
	prober_want(lane->prober, wanted);
	if (!wanted)
		hooks_forget(&lane->h->hooks);
}

static void on_ready(void *arg, unsigned int restarts)
{
	struct lane *lane = arg;
	char why[64];

	snprintf(why, sizeof(why), "hello restarts=%u jobs=%zu", restarts,
		 lane->jobs.wanted);
	lane_change(lane, PROBER_RUNNING, why);
	health_jobs_restart(&lane->jobs);
	lane_flush(lane);
}

static void on_stuck(void *arg, const char *why)
{
	lane_change(arg, PROBER_STUCK, why);
}

static void stats_add(struct hc_stats *sum, const struct hc_stats *s)
{
	sum->probes += s->probes;
	sum->stalls += s->stalls;
	sum->stalled_us += s->stalled_us;
	sum->extended += s->extended;
	for (size_t i = 0; i < HC_LATENESS_BINS; i++)
		sum->lateness[i] += s->lateness[i];
}

static void on_stats(void *arg, const struct hc_stats *stats)
{
	struct lane *lane = arg;

	lane->now = *stats;
}

/* Still gone is no change: it is tried again every few seconds. */
static void on_gone(void *arg, const char *why)
{
	struct lane *lane = arg;

	stats_add(&lane->before, &lane->now);
	lane->now = (struct hc_stats){ 0 };
	if (is_scripts(lane))
		hooks_lost(&lane->h->hooks, ev_time());
	if (lane->state == PROBER_GONE)
		log_debug("prober: %s %s", lane->name, why);
	else
		lane_change(lane, PROBER_GONE, why);
}

static void on_writable(void *arg)
{
	lane_flush(arg);
}

static const char *on_user(void *arg)
{
	const struct lane *lane = arg;
	const struct conf *conf = lane->h->d->model->conf;

	return is_scripts(lane) && conf->script_user ? conf->script_user
						     : conf->user;
}

/* ---- hooks ---- */

static void on_ran(void *arg, const struct hc_ran *ran, size_t n)
{
	struct lane *lane = arg;

	for (size_t i = 0; i < n; i++)
		hooks_ran(&lane->h->hooks, &ran[i], ev_time());
	lane_flush(lane);
}

void health_event(struct healthcheck *h, const struct event *e)
{
	const struct service *s;
	const char *script;

	if (!h || h->quiet || !hooks_kind(e->kind))
		return;
	s = e->service[0] ? model_service(h->d->model, e->service) : NULL;
	script = s && s->conf->on_change ? s->conf->on_change
					 : h->d->model->conf->on_change;
	if (!script)
		return;
	hooks_add(&h->hooks, script, e, ev_time());
	lane_flush(&h->lanes[HEALTH_SCRIPTS]);
}

/* ---- interface ---- */

static const struct prober_ops ops = {
	.ready = on_ready,
	.results = lane_results,
	.stats = on_stats,
	.ran = on_ran,
	.writable = on_writable,
	.stuck = on_stuck,
	.gone = on_gone,
	.user = on_user,
};

static const struct {
	const char *name, *role;
} lanes[HEALTH_LANES] = {
	[HEALTH_NETWORK] = { "network", NULL },
	[HEALTH_SCRIPTS] = { "scripts", "scripts" },
};

int health_open(struct healthcheck **out, struct daemon *d, struct err *err)
{
	struct healthcheck *h = xcalloc(1, sizeof(*h));
	const char *path = getenv("NFTLB_PROBER");

	h->d = d;
	for (size_t i = 0; i < HEALTH_LANES; i++) {
		h->lanes[i].h = h;
		h->lanes[i].name = lanes[i].name;
		h->lanes[i].prober =
		    prober_open(d->loop, path ? path : PROBER_PATH,
				lanes[i].role, &ops, &h->lanes[i]);
	}
	health_sync(h);
	*out = h;
	return 0;
}

void health_close(struct healthcheck *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < HEALTH_LANES; i++) {
		prober_close(h->lanes[i].prober);
		health_jobs_free(&h->lanes[i].jobs);
	}
	hooks_free(&h->hooks);
	free(h->specs);
	free(h->feed_specs);
	free(h);
}

static void lane_info(const struct lane *lane, struct health_lane_info *info)
{
	*info = (struct health_lane_info){
		.name = lane->name,
		.wanted = lane->state != PROBER_OFF,
		.pid = prober_pid(lane->prober),
		.restarts = prober_restarts(lane->prober),
		.jobs = lane->jobs.wanted,
		.owners = lane->jobs.nowners,
		.specs = lane->jobs.specs.wanted,
		.results = lane->results,
		.late = lane->late,
		.ignored = lane->ignored,
		.local = lane->local,
		.stats = lane->before,
	};
	stats_add(&info->stats, &lane->now);
}

void health_info(const struct healthcheck *h, struct health_info *info)
{
	*info = (struct health_info){
		.hooks = h->hooks.n,
		.hooks_done = h->hooks.done,
		.hooks_failed = h->hooks.failed,
		.hooks_dropped = h->hooks.dropped,
	};
	for (size_t i = 0; i < HEALTH_LANES; i++) {
		lane_info(&h->lanes[i], &info->lanes[i]);
		info->results += info->lanes[i].results;
		info->jobs += info->lanes[i].jobs;
	}
	info->pid = info->lanes[HEALTH_NETWORK].pid;
	info->restarts = info->lanes[HEALTH_NETWORK].restarts;
}
