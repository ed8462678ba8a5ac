/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From results to changes: a check's health, what it says of itself and of its
 * weight, and what that makes of the backend. Ends with settle_one() where
 * anything came of it; most results change nothing and cost nothing.
 *
 * Invariant: a backend's health differs from what its checks make of it only
 * while a hold-down keeps it from coming up.
 */
#include <stdio.h>

#include "model/combine.h"
#include "model/flap.h"
#include "model/health_fsm.h"
#include "model/load.h"
#include "model/observe.h"
#include "model/ramp.h"
#include "model/settle.h"
#include "model/step.h"
#include "model/timers.h"

#define WORDS_SIZE 96

static const char *check_name(const struct backend *b, size_t i)
{
	return b->conf->checks->list[i]->name;
}

/* " check=NAME" where there are several, " detail=N" where there is one. */
static const char *check_words(const struct backend *b, size_t i,
			       char buf[WORDS_SIZE])
{
	int n = 0;

	buf[0] = '\0';
	if (b->conf->checks->n > 1)
		n = snprintf(buf, WORDS_SIZE, " check=%s", check_name(b, i));
	if (b->checks[i].detail)
		snprintf(buf + n, WORDS_SIZE - (size_t)n, " detail=%d",
			 b->checks[i].detail);
	return buf;
}

/* ---- health */

static void tell_health(const struct service *s, const struct backend *b,
			enum health old, size_t i, const char *why,
			struct changes *out)
{
	const struct check_state *cs = &b->checks[i];
	char words[WORDS_SIZE];

	changes_add(
	    out, "health", s, b, word_text(health_words, (int)old),
	    word_text(health_words, (int)b->health), "%s%s after=%u.%ums%s",
	    word_text(hc_reason_words, cs->reason), check_words(b, i, words),
	    cs->last_us / 1000, cs->last_us / 100 % 10, why);
}

static void health_becomes(const struct service *s, struct backend *b,
			   enum health health, int64_t now_ms)
{
	enum health old = b->health;

	b->health = health;
	if (health != HEALTH_UP)
		ramp_stop(b);
	else
		b->hold_ms = 0;
	if (old == HEALTH_UP && health == HEALTH_DOWN)
		flap_fall(s, b, now_ms);
	if (health != HEALTH_UP)
		b->up_ms = 0;
	if (old == HEALTH_DOWN && health == HEALTH_UP) {
		ramp_start(s, b, now_ms);
		b->up_ms = now_ms;
	}
}

/* Returns whether it changed. */
static bool observe_health(struct model *m, struct service *s,
			   struct backend *b, size_t i,
			   const struct health_step *step, int64_t now_ms,
			   struct changes *out)
{
	enum health old = b->health, health = combine_health(b);
	char held[FLAP_WORDS_SIZE], why[WORDS_SIZE];

	if (health == old)
		return false;
	if (health == HEALTH_UP && flap_held(b, now_ms)) {
		timers_add(m, s, b);
		return false;
	}
	health_becomes(s, b, health, now_ms);
	snprintf(why, sizeof(why), " %s=%u/%u%s",
		 step->health == HEALTH_UP ? "successes" : "fails",
		 step->streak, step->needed, flap_words(b, held));
	tell_health(s, b, old, i, why, out);
	return true;
}

void observe_release(const struct service *s, struct backend *b, int64_t now_ms,
		     struct changes *out)
{
	enum health old = b->health;
	char held[FLAP_WORDS_SIZE];
	size_t i = 0;

	if (b->hold_ms == 0 || flap_held(b, now_ms) || old == HEALTH_UP ||
	    combine_health(b) != HEALTH_UP)
		return;
	while (b->checks[i].health != HEALTH_UP)
		i++;
	flap_words(b, held);
	health_becomes(s, b, HEALTH_UP, now_ms);
	tell_health(s, b, old, i, held, out);
}

/* ---- what it says of itself */

static void tell_said(const struct service *s, struct backend *b,
		      enum admin said, const char *why, struct changes *out)
{
	changes_add(out, "said", s, b, word_text(admin_words, b->said_admin),
		    word_text(admin_words, (int)said), "%s", why);
	b->said_admin = (uint8_t)said;
}

static bool observe_said(const struct service *s, struct backend *b, size_t i,
			 struct changes *out)
{
	enum admin said = combine_admin(b);
	char why[WORDS_SIZE];

	if (said == (enum admin)b->said_admin)
		return false;
	if (said > (enum admin)b->said_admin)
		i = combine_speaker(b, said);
	snprintf(why, sizeof(why), "check=%s", check_name(b, i));
	tell_said(s, b, said, why, out);
	return true;
}

static const char *weight_text(uint32_t weight_100, char buf[16])
{
	int n = snprintf(buf, 16, "%u", weight_100 / 100);

	if (weight_100 % 100)
		snprintf(buf + n, 16 - (size_t)n, ".%02u", weight_100 % 100);
	return buf;
}

/* @old_100: what it was before the check said something */
static bool observe_weight(const struct service *s, const struct backend *b,
			   size_t i, uint32_t old_100, struct changes *out)
{
	uint32_t new_100 = backend_weight_100(s, b);
	char old[16], new[16];

	if (new_100 == old_100)
		return false;
	changes_add(out, "weight", s, b, weight_text(old_100, old),
		    weight_text(new_100, new), "check=%s says %u%s",
		    check_name(b, i), (unsigned int)b->checks[i].weight,
		    b->checks[i].says & HC_SAYS_PERCENT ? "%" : "");
	return true;
}

void step_observe(struct model *m, struct service *s, struct backend *b,
		  size_t i, const struct observation *o, int64_t now_ms,
		  struct changes *out)
{
	struct check_state *cs = &b->checks[i];
	enum health old = (enum health)cs->health;
	struct health_step step = health_step(cs, old, b->conf->checks->list[i],
					      o->reason, o->duration_us);
	bool changed = false;
	uint32_t old_100;

	cs->detail = o->detail;
	cs->health = (uint8_t)step.health;
	if (health_counts(o->reason)) {
		cs->connect_us = o->connect_us;
		cs->tls_us = o->tls_us;
		cs->first_us = o->first_us;
	}
	if (s->load)
		load_response(s, b, i, o, now_ms);
	if (o->says && health_counts(o->reason)) {
		old_100 = backend_weight_100(s, b);
		if (combine_hear(cs, o->says, o->weight)) {
			changed |= observe_said(s, b, i, out);
			changed |= observe_weight(s, b, i, old_100, out);
		}
	}
	if (step.health != old)
		changed |= observe_health(m, s, b, i, &step, now_ms, out);
	if (changed)
		settle_one(m, s, b, now_ms, out);
}

/* ---- a new configuration */

void observe_begin(const struct service *s, struct backend *b, int64_t now_ms,
		   struct changes *out)
{
	static const char why[] = "reload: other checks";
	enum health old = b->health, health = combine_health(b);
	enum admin said = combine_admin(b);

	if (b->fresh)
		out = NULL;
	flap_forgive(s, b, now_ms); /* by the rules that are new */
	if (said != (enum admin)b->said_admin)
		tell_said(s, b, said, why, out);
	if (health == old || (health == HEALTH_UP && flap_held(b, now_ms)))
		return;
	b->health = health;
	b->up_ms = 0;
	ramp_stop(b);
	if (health == HEALTH_UP)
		b->hold_ms = 0;
	changes_add(out, "health", s, b, word_text(health_words, (int)old),
		    word_text(health_words, (int)health), "%s", why);
}
