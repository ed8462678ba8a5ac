/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's words, the beginning of a model, and time. What checks say
 * comes in through observe.c; what follows from all of it is settle.c's.
 */
#include "model/step.h"

#include <stdio.h>

#include "model/observe.h"
#include "model/settle.h"
#include "model/timers.h"

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
	settle_one(m, s, b, now_ms, out);
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
	settle_one(m, s, b, now_ms, out);
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
	settle(m, s, now_ms, out);
	return true;
}

void step_begin(struct model *m, int64_t now_ms, struct changes *out)
{
	for (size_t i = 0; i < m->nservices; i++) {
		struct service *s = &m->services[i];

		for (size_t k = 0; k < s->nbackends; k++)
			observe_begin(s, &s->backends[k], now_ms, out);
		settle(m, s, now_ms, out);
	}
}

void step_stale(struct backend *b)
{
	b->sticky = false;
	b->stale = STALE_KNOWN;
}

void step_unsure(struct model *m, struct service *s, int64_t now_ms)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &s->backends[i];

		if (b->sticky)
			continue;
		b->stale = STALE_WAITING;
		b->stale_ms = now_ms;
		timers_add(m, s, b);
	}
}

void step_purged(struct model *m, struct service *s, uint8_t family, bool done,
		 int64_t now_ms, struct changes *out)
{
	for (size_t i = 0; i < s->nbackends; i++) {
		struct backend *b = &s->backends[i];

		if (b->stale == STALE_PURGED &&
		    conf_family(s->conf, b->conf) == family)
			b->stale = done ? STALE_NOT : STALE_KNOWN;
	}
	settle(m, s, now_ms, out);
}

void step_tick(struct model *m, int64_t now_ms, struct changes *out)
{
	struct service *s;
	size_t at = 0;

	while ((s = timers_due(m, &at, now_ms))) {
		for (size_t i = 0; i < s->nbackends; i++)
			observe_release(s, &s->backends[i], now_ms, out);
		settle(m, s, now_ms, out);
	}
}

int64_t step_next_ms(const struct model *m)
{
	return m->ntimed && m->timed_ms != INT64_MAX ? m->timed_ms : 0;
}
