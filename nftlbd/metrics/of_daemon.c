/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics of the daemon, its configuration and its commits. */
#include <math.h>

#include "config.h"
#include "daemon/counters.h"
#include "daemon/load.h"
#include "metrics/families.h"
#include "metrics/healthy.h"

void collect_build_info(struct collect *c)
{
	expo_count_of(&c->e, "version", PACKAGE_VERSION, 1);
}

void collect_start_time(struct collect *c)
{
	expo_real(&c->e, round(c->d->started * 1e3) / 1e3);
}

void collect_healthy(struct collect *c)
{
	expo_count(&c->e, healthy(c->d, NULL));
}

void collect_events(struct collect *c)
{
	expo_count(&c->e, c->d->events.last);
}

/* ---- configuration */

void collect_revision(struct collect *c)
{
	expo_count(&c->e, c->d->revision);
}

void collect_reload_good(struct collect *c)
{
	expo_count(&c->e, c->d->last_reload_ok);
}

void collect_reload_time(struct collect *c)
{
	double at = c->d->observed.reloaded;

	expo_real(&c->e, round((at > 0 ? at : c->d->started) * 1e3) / 1e3);
}

void collect_reloads(struct collect *c)
{
	expo_count_of(&c->e, "result", "ok", c->d->observed.reloads);
	expo_count_of(&c->e, "result", "refused",
		      c->d->observed.reloads_refused);
}

/* ---- the kernel */

void collect_commits(struct collect *c)
{
	const struct ruleset_stats *st = ruleset_stats(c->d->ruleset);

	expo_count_of(&c->e, "result", "ok", st->commits);
	expo_count_of(&c->e, "result", "refused", st->refused);
}

void collect_commit_good(struct collect *c)
{
	expo_count(&c->e, !c->d->observed.refused);
}

void collect_commit_time(struct collect *c)
{
	histogram_show(&c->d->observed.commits, &histogram_commits, &c->e);
}

void collect_failovers(struct collect *c)
{
	histogram_show(&c->d->observed.failovers, &histogram_failovers, &c->e);
}

void collect_slots_moved(struct collect *c)
{
	expo_count(&c->e, c->d->observed.slots_moved);
}

void collect_resyncs(struct collect *c)
{
	for (int i = 0; i < RESYNC_REASONS; i++)
		expo_count_of(&c->e, "reason", word_text(resync_words, i),
			      c->d->observed.resyncs[i]);
}

void collect_flushed(struct collect *c)
{
	expo_count(&c->e, c->d->flushed);
}

void collect_flows_cut(struct collect *c)
{
	if (c->d->flows)
		expo_count(&c->e, flows_cut_total(c->d->flows));
}

void collect_full_sets(struct collect *c)
{
	struct counters_overflow all;

	counters_overflow(c->d->counters, &all);
	expo_count(&c->e, all.full);
}

/* ---- what least-connections counts; nothing where no service does */

static bool tracking(const struct collect *c, struct track_stats *st)
{
	return c->d->load && load_track_stats(c->d->load, st);
}

void collect_tracked(struct collect *c)
{
	struct track_stats st = { 0 };

	if (tracking(c, &st))
		expo_count(&c->e, st.entries);
}

void collect_tracking_events(struct collect *c)
{
	struct track_stats st = { 0 };

	if (tracking(c, &st))
		expo_count(&c->e, st.events);
}

void collect_tracking_lost(struct collect *c)
{
	struct track_stats st = { 0 };

	if (tracking(c, &st))
		expo_count(&c->e, st.lost);
}

void collect_tracking_dumps(struct collect *c)
{
	struct track_stats st = { 0 };

	if (tracking(c, &st))
		expo_count(&c->e, st.dumps);
}
