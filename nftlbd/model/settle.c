/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Roles. Primaries serve while they are usable and weigh something; backups too
 * while fewer than backup_when primaries do. Where fewer than min_usable_pct of
 * those that are wanted are well, health is not looked at: a full load on the
 * few would take these down too, and a fault of the checks is likelier.
 *
 * The quorum decides on the service's state only: clients that are sent away
 * are no better off, who announces the address wants to know.
 *
 * Invariants: a function of the parts and of the service's own last decision
 * (the quorum's hysteresis); settling twice changes nothing. The tally is the
 * sum of what its backends were counted as. What has never been settled has no
 * past, and makes no changes.
 *
 * Must not know: checks, who said what and why.
 */
#include "model/settle.h"

#include <stdio.h>

#include "model/drain.h"
#include "model/flap.h"
#include "model/load.h"
#include "model/ramp.h"
#include "model/sticky.h"
#include "model/timers.h"

static bool is_wanted(const struct service *s, const struct backend *b)
{
	return backend_admin(b) == ADMIN_ENABLED &&
	       backend_weight_100(s, b) > 0;
}

static void count(struct tally *t, const struct service *s, struct backend *b)
{
	b->wanted = is_wanted(s, b);
	b->usable = b->wanted && b->health == HEALTH_UP && b->gap == PATH_FINE;
	b->counted = b->usable ? backend_weight(b) : 0;
	t->wanted += b->wanted;
	t->usable += b->usable;
	t->primary += b->usable && !b->conf->backup;
	t->weight += b->counted;
}

static void uncount(struct tally *t, const struct backend *b)
{
	t->wanted -= b->wanted;
	t->usable -= b->usable;
	t->primary -= b->usable && !b->conf->backup;
	t->weight -= b->counted;
}

static void count_all(struct service *s)
{
	s->tally = (struct tally){ 0 };
	s->tallied = true;
	for (size_t i = 0; i < s->nbackends; i++) {
		s->tally.nprimary += !s->backends[i].conf->backup;
		count(&s->tally, s, &s->backends[i]);
	}
}

static bool quorum_lost(const struct service *s, uint64_t weight)
{
	uint64_t quorum = s->conf->quorum, gap = s->conf->quorum_hysteresis;

	if (quorum == 0)
		return false;
	if (s->fresh)
		return weight < quorum;
	if (s->quorum_lost)
		return weight < quorum + gap;
	return weight + gap < quorum;
}

static bool is_panic(const struct service *s)
{
	return !s->disabled &&
	       (uint64_t)s->tally.usable * 100 <
		   (uint64_t)s->tally.wanted * s->conf->min_usable_pct;
}

static bool needs_backups(const struct service *s)
{
	return s->tally.nprimary < s->nbackends &&
	       s->tally.primary < s->conf->backup_when;
}

static bool serves(const struct service *s, const struct backend *b)
{
	if (s->disabled)
		return false;
	if (s->panic)
		return b->wanted && b->gap == PATH_FINE;
	return b->usable && (!b->conf->backup || s->backups);
}

/* Who serves, as far as that is one decision for all of them. */
static void decide(struct service *s, struct changes *out)
{
	bool panic = is_panic(s);

	if (panic != s->panic && !s->fresh)
		changes_add(out, "panic", s, NULL, panic ? "off" : "on",
			    panic ? "on" : "off", "usable=%zu/%zu min=%u%%",
			    s->tally.usable, s->tally.wanted,
			    s->conf->min_usable_pct);
	s->panic = panic;
	s->backups = needs_backups(s);
	for (size_t i = 0; i < s->nbackends; i++)
		s->tally.serving += serves(s, &s->backends[i]);
}

/* Of RS_WEIGHT_UNIT: hundredths times tenths, times what the load makes of it.
 * Who serves weighs something. */
static uint32_t weight_now(const struct service *s, const struct backend *b)
{
	uint64_t full, now;

	if (!b->serving || b->full)
		return 0;
	full = (uint64_t)backend_weight_100(s, b) * b->ramp;
	now = full * backend_dynamic(s, b) / WEIGHTS_ONE;
	return full && !now ? 1 : (uint32_t)now;
}

/* The kernel should hear of it: at once where somebody no longer serves. */
static void tell(struct model *m, struct service *s, bool urgent,
		 struct changes *out)
{
	model_mark_dirty(m, s);
	if (out && urgent)
		out->urgent = true;
	else if (out)
		out->worthwhile = true;
}

static void tell_role(const struct service *s, const struct backend *b,
		      struct changes *out)
{
	changes_add(
	    out, "state", s, b, word_text(backend_state_words, b->state),
	    word_text(backend_state_words, (int)backend_state(b)),
	    "primaries=%zu/%zu%s%s", s->tally.primary, s->tally.nprimary,
	    s->panic ? " panic" : "", s->disabled ? " disabled" : "");
}

/* It serves, or would if it were not full. */
static bool is_in(enum backend_state state)
{
	return state == BACKEND_ACTIVE || state == BACKEND_FULL;
}

static void settle_backend(struct model *m, struct service *s,
			   struct backend *b, int64_t now_ms,
			   struct changes *out)
{
	bool served = b->serving, was_sticky = b->sticky;
	enum backend_state state;
	uint32_t now;

	b->serving = serves(s, b);
	if (b->serving && s->tally.serving == 1)
		ramp_stop(b); /* nobody is there to spare it */
	now = weight_now(s, b);
	if (served != b->serving || now != b->now ||
	    backend_cut(s, b) != (enum cut)b->flows_cut)
		tell(m, s, b->now && !now, out);
	if (sticky_update(s, b, now_ms))
		tell(m, s, was_sticky, out);
	b->now = now;
	state = backend_state(b);
	if (b->conf->backup && !b->fresh &&
	    ((is_in(b->state) && state == BACKEND_STANDBY) ||
	     (b->state == BACKEND_STANDBY && is_in(state))))
		tell_role(s, b, out);
	b->state = (uint8_t)state;
	b->fresh = false;
}

static enum service_state state_of(const struct service *s)
{
	if (s->disabled)
		return SERVICE_DISABLED;
	if (s->tally.serving == 0 || s->quorum_lost)
		return SERVICE_DOWN;
	/* Backups that wait are no fault, primaries that do not serve are. */
	return s->tally.primary == s->tally.nprimary ? SERVICE_UP
						     : SERVICE_DEGRADED;
}

static void settle_state(struct service *s, struct changes *out)
{
	enum service_state old = s->state;
	char quorum[48] = "";

	s->quorum_lost = quorum_lost(s, s->tally.weight);
	s->state = state_of(s);
	if (s->state == old || s->fresh)
		return;
	if (s->quorum_lost)
		snprintf(quorum, sizeof(quorum), " quorum=%llu/%u lost",
			 (unsigned long long)s->tally.weight, s->conf->quorum);
	changes_add(
	    out, "service", s, NULL, word_text(service_state_words, (int)old),
	    word_text(service_state_words, (int)s->state),
	    "usable=%zu/%zu%s%s%s", s->tally.usable, s->nbackends,
	    s->backups ? " backups" : "", s->panic ? " panic" : "", quorum);
}

static void update(const struct service *s, struct backend *b, int64_t now_ms,
		   struct changes *out)
{
	flap_forgive(s, b, now_ms);
	ramp_update(s, b, now_ms);
	drain_update(s, b, now_ms, out);
}

void settle(struct model *m, struct service *s, int64_t now_ms,
	    struct changes *out)
{
	for (size_t i = 0; i < s->nbackends; i++)
		update(s, &s->backends[i], now_ms, out);
	count_all(s);
	decide(s, out);
	for (size_t i = 0; i < s->nbackends; i++)
		settle_backend(m, s, &s->backends[i], now_ms, out);
	settle_state(s, out);
	s->fresh = false;
	timers_set(m, s);
}

/* Does what happened to one backend touch others? A decision for all may be
 * another one, or somebody may be left alone. */
static bool touches_others(const struct service *s)
{
	return !s->tallied || s->fresh || is_panic(s) != s->panic ||
	       needs_backups(s) != s->backups || s->tally.serving == 1;
}

void settle_one(struct model *m, struct service *s, struct backend *b,
		int64_t now_ms, struct changes *out)
{
	uncount(&s->tally, b);
	s->tally.serving -= b->serving;
	count(&s->tally, s, b);
	s->tally.serving += serves(s, b);
	if (touches_others(s)) {
		settle(m, s, now_ms, out);
		return;
	}
	update(s, b, now_ms, out);
	settle_backend(m, s, b, now_ms, out);
	settle_state(s, out);
	timers_add(m, s, b);
}
