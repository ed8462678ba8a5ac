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
 * (the quorum's hysteresis); settling twice changes nothing. What has never
 * been settled has no past, and makes no changes.
 *
 * Must not know: checks, who said what and why.
 */
#include "model/settle.h"

#include <stdio.h>

#include "model/drain.h"
#include "model/flap.h"
#include "model/ramp.h"
#include "model/timers.h"

struct tally {
	size_t wanted;   /* enabled, of weight > 0 */
	size_t usable;   /* of these, health up */
	size_t nprimary; /* configured */
	size_t primary;  /* usable */
	uint64_t weight; /* of the usable */
	size_t serving;
};

static bool is_wanted(const struct service *s, const struct backend *b)
{
	return backend_admin(b) == ADMIN_ENABLED &&
	       backend_weight_100(s, b) > 0;
}

static bool is_usable(const struct service *s, const struct backend *b)
{
	return b->health == HEALTH_UP && is_wanted(s, b);
}

static void tally_count(struct tally *t, const struct service *s)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		const struct backend *b = &s->backends[i];
		bool usable = is_usable(s, b);

		t->wanted += is_wanted(s, b);
		t->usable += usable;
		t->nprimary += !b->conf->backup;
		t->primary += usable && !b->conf->backup;
		t->weight += usable ? backend_weight(b) : 0;
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

static bool is_panic(const struct service *s, const struct tally *t)
{
	return !s->disabled &&
	       (uint64_t)t->usable * 100 <
		   (uint64_t)t->wanted * s->conf->min_usable_pct;
}

static bool serves(const struct service *s, const struct backend *b)
{
	if (s->disabled)
		return false;
	if (s->panic)
		return is_wanted(s, b);
	return is_usable(s, b) && (!b->conf->backup || s->backups);
}

static void decide(struct service *s, struct tally *t, struct changes *out)
{
	bool panic = is_panic(s, t);

	if (panic != s->panic && !s->fresh)
		changes_add(out, "panic", s, NULL, panic ? "off" : "on",
			    panic ? "on" : "off", "usable=%zu/%zu min=%u%%",
			    t->usable, t->wanted, s->conf->min_usable_pct);
	s->panic = panic;
	s->backups =
	    t->nprimary < s->nbackends && t->primary < s->conf->backup_when;
	s->quorum_lost = quorum_lost(s, t->weight);
	for (size_t i = 0; i < s->nbackends; i++)
		t->serving += serves(s, &s->backends[i]);
}

/* Of RS_WEIGHT_UNIT: hundredths times tenths. */
static uint32_t weight_now(const struct service *s, const struct backend *b)
{
	return b->serving ? backend_weight_100(s, b) * b->ramp : 0;
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
		      const struct tally *t, struct changes *out)
{
	changes_add(out, "state", s, b,
		    word_text(backend_state_words, b->state),
		    word_text(backend_state_words, (int)backend_state(b)),
		    "primaries=%zu/%zu%s%s", t->primary, t->nprimary,
		    s->panic ? " panic" : "", s->disabled ? " disabled" : "");
}

static void settle_backend(struct model *m, struct service *s,
			   struct backend *b, const struct tally *t,
			   struct changes *out)
{
	bool served = b->serving;
	enum backend_state state;
	uint32_t now;

	b->serving = serves(s, b);
	if (b->serving && t->serving == 1)
		ramp_stop(b); /* nobody is there to spare it */
	now = weight_now(s, b);
	if (served != b->serving || now != b->now ||
	    backend_cut(s, b) != (enum cut)b->flows_cut)
		tell(m, s, served && !b->serving, out);
	b->now = now;
	state = backend_state(b);
	if (b->conf->backup && !b->fresh &&
	    ((b->state == BACKEND_ACTIVE && state == BACKEND_STANDBY) ||
	     (b->state == BACKEND_STANDBY && state == BACKEND_ACTIVE)))
		tell_role(s, b, t, out);
	b->state = (uint8_t)state;
	b->fresh = false;
}

static enum service_state state_of(const struct service *s,
				   const struct tally *t)
{
	if (s->disabled)
		return SERVICE_DISABLED;
	if (t->serving == 0 || s->quorum_lost)
		return SERVICE_DOWN;
	/* Backups that wait are no fault, primaries that do not serve are. */
	return t->primary == t->nprimary ? SERVICE_UP : SERVICE_DEGRADED;
}

static void settle_state(struct service *s, const struct tally *t,
			 struct changes *out)
{
	enum service_state old = s->state;
	char quorum[48] = "";

	s->state = state_of(s, t);
	if (s->state == old || s->fresh)
		return;
	if (s->quorum_lost)
		snprintf(quorum, sizeof(quorum), " quorum=%llu/%u lost",
			 (unsigned long long)t->weight, s->conf->quorum);
	changes_add(
	    out, "service", s, NULL, word_text(service_state_words, (int)old),
	    word_text(service_state_words, (int)s->state),
	    "usable=%zu/%zu%s%s%s", t->usable, s->nbackends,
	    s->backups ? " backups" : "", s->panic ? " panic" : "", quorum);
}

void settle(struct model *m, struct service *s, int64_t now_ms,
	    struct changes *out)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < s->nbackends; i++) {
		flap_forgive(s, &s->backends[i], now_ms);
		ramp_update(s, &s->backends[i], now_ms);
		drain_update(s, &s->backends[i], now_ms, out);
	}
	tally_count(&t, s);
	decide(s, &t, out);
	for (size_t i = 0; i < s->nbackends; i++)
		settle_backend(m, s, &s->backends[i], &t, out);
	settle_state(s, &t, out);
	s->fresh = false;
	timers_set(m, s);
}
