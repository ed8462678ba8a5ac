/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics of the probers, of what probes found in all, and of hooks. */
#include <stdio.h>

#include "daemon/health.h"
#include "metrics/families.h"
#include "model/health_fsm.h"

/* A sample for each prober that there is. */
static void each(struct collect *c,
		 void (*show)(struct expo *e, const struct health_lane_info *l))
{
	struct health_info info;

	if (!c->d->health)
		return;
	health_info(c->d->health, &info);
	for (int i = 0; i < HEALTH_LANES; i++) {
		if (i != HEALTH_NETWORK && !info.lanes[i].wanted)
			continue;
		expo_labels_cut(&c->e, 0);
		expo_label(&c->e, "prober", info.lanes[i].name);
		show(&c->e, &info.lanes[i]);
	}
}

static void put_up(struct expo *e, const struct health_lane_info *l)
{
	expo_count(e, l->pid != 0);
}

static void put_restarts(struct expo *e, const struct health_lane_info *l)
{
	expo_count(e, l->restarts);
}

static void put_jobs(struct expo *e, const struct health_lane_info *l)
{
	expo_count(e, l->jobs);
}

static void put_probes(struct expo *e, const struct health_lane_info *l)
{
	expo_count(e, l->stats.probes);
}

static void put_unjudged(struct expo *e, const struct health_lane_info *l)
{
	expo_count_of(e, "reason", "late", l->late);
	expo_count_of(e, "reason", "local", l->local);
	expo_count_of(e, "reason", "ignored", l->ignored);
}

/* The prober counts those below 1, 2, 4 ... ms. */
static void put_lateness(struct expo *e, const struct health_lane_info *l)
{
	struct expo_le le[HC_LATENESS_BINS];
	char text[HC_LATENESS_BINS][EXPO_LE_MAX];
	uint64_t upto[HC_LATENESS_BINS], n = 0;

	for (unsigned int i = 0; i < HC_LATENESS_BINS; i++) {
		upto[i] = n += l->stats.lateness[i];
		le[i].text = text[i];
		le[i].len = (size_t)snprintf(text[i], sizeof(text[i]), "%.10g",
					     (1u << i) / 1e3);
	}
	expo_histogram(e, le, upto, HC_LATENESS_BINS - 1, NULL);
}

static void put_stalls(struct expo *e, const struct health_lane_info *l)
{
	expo_count(e, l->stats.stalls);
}

static void put_stalled(struct expo *e, const struct health_lane_info *l)
{
	expo_real(e, (double)l->stats.stalled_us / 1e6);
}

void collect_prober_up(struct collect *c)
{
	each(c, put_up);
}

void collect_prober_restarts(struct collect *c)
{
	each(c, put_restarts);
}

void collect_prober_jobs(struct collect *c)
{
	each(c, put_jobs);
}

void collect_probes(struct collect *c)
{
	each(c, put_probes);
}

void collect_probes_unjudged(struct collect *c)
{
	each(c, put_unjudged);
}

void collect_lateness(struct collect *c)
{
	each(c, put_lateness);
}

void collect_stalls(struct collect *c)
{
	each(c, put_stalls);
}

void collect_stalled(struct collect *c)
{
	each(c, put_stalled);
}

void collect_probe_failures(struct collect *c)
{
	for (int i = HC_OK + 1; i < HC_REASON_MAX; i++)
		if (health_counts((enum hc_reason)i))
			expo_count_of(&c->e, "reason",
				      word_text(hc_reason_words, i),
				      c->d->observed.failures[i]);
}

/* ---- hooks */

void collect_hooks(struct collect *c)
{
	struct health_info info;

	if (!c->d->health)
		return;
	health_info(c->d->health, &info);
	expo_count_of(&c->e, "result", "done", info.hooks_done);
	expo_count_of(&c->e, "result", "failed", info.hooks_failed);
	expo_count_of(&c->e, "result", "dropped", info.hooks_dropped);
}

void collect_hooks_pending(struct collect *c)
{
	struct health_info info;

	if (!c->d->health)
		return;
	health_info(c->d->health, &info);
	expo_count(&c->e, info.hooks);
}
