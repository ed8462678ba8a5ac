/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SKELETON: one check, no roles, no timers. To be written. */
#include "model/step.h"

#include <stdio.h>

#include "model/health_fsm.h"

static void settle(struct model *m, struct service *s, struct changes *out)
{
	size_t active = 0;

	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &s->backends[i];
		bool serving = !s->disabled && backend_usable(b);

		if (b->serving != serving) {
			b->serving = serving;
			model_mark_dirty(m, s);
			if (out && !serving)
				out->urgent = true;
			else if (out)
				out->worthwhile = true;
		}
		active += backend_state(b) == BACKEND_ACTIVE;
	}
	s->state = s->disabled              ? SERVICE_DISABLED
		   : active == 0            ? SERVICE_DOWN
		   : active == s->nbackends ? SERVICE_UP
					    : SERVICE_DEGRADED;
}

void step_observe(struct model *m, struct service *s, struct backend *b,
		  size_t i, const struct observation *o, int64_t now_ms,
		  struct changes *out)
{
	struct check_state *cs = &b->checks[i];
	enum health old = b->health;
	struct health_step step = health_step(
	    cs, b->health, b->conf->checks->list[i], o->reason, o->duration_us);
	bool up = step.health == HEALTH_UP;

	cs->health = (uint8_t)step.health;
	if (step.health == old)
		return;
	b->health = step.health;
	changes_add(out, "health", s, b, word_text(health_words, (int)old),
		    word_text(health_words, (int)step.health),
		    "%s after=%u.%ums %s=%u/%u",
		    word_text(hc_reason_words, cs->reason), cs->last_us / 1000,
		    cs->last_us / 100 % 10, up ? "successes" : "fails",
		    step.streak, step.needed);
	settle(m, s, out);
}

bool step_admin(struct model *m, struct service *s, struct backend *b,
		enum admin admin, const char *who, int64_t now_ms,
		struct changes *out)
{
	enum admin old = b->admin;

	if (old == admin)
		return false;
	b->admin = admin;
	model_mark_dirty(m, s);
	changes_add(out, "admin", s, b, word_text(admin_words, (int)old),
		    word_text(admin_words, (int)admin), "%s", who);
	settle(m, s, out);
	return true;
}

static const char *weight_text(int32_t weight, char *buf, size_t size)
{
	if (weight == WEIGHT_DEFAULT)
		snprintf(buf, size, "default");
	else
		snprintf(buf, size, "%d", weight);
	return buf;
}

bool step_weight(struct model *m, struct service *s, struct backend *b,
		 int32_t weight, const char *who, int64_t now_ms,
		 struct changes *out)
{
	char old[16], new[16];

	if (b->weight == weight)
		return false;
	weight_text(b->weight, old, sizeof(old));
	b->weight = weight;
	model_mark_dirty(m, s);
	changes_add(out, "weight", s, b, old,
		    weight_text(weight, new, sizeof(new)), "%s", who);
	settle(m, s, out);
	return true;
}

bool step_disable(struct model *m, struct service *s, bool disabled,
		  const char *who, int64_t now_ms, struct changes *out)
{
	if (s->disabled == disabled)
		return false;
	s->disabled = disabled;
	model_mark_dirty(m, s);
	changes_add(out, "admin", s, NULL, disabled ? "enabled" : "disabled",
		    disabled ? "disabled" : "enabled", "%s", who);
	settle(m, s, out);
	return true;
}

void step_begin(struct model *m, int64_t now_ms, struct changes *out)
{
	for (size_t i = 0; i < m->nservices; i++)
		settle(m, &m->services[i], out);
}

void step_tick(struct model *m, int64_t now_ms, struct changes *out)
{
}
