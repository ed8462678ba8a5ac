/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What follows from a backend's and a service's parts, and the setters that
 * keep the list of dirty services. Pure: who sets says why elsewhere.
 */
#include "lib/xalloc.h"
#include "model/model.h"

const struct word admin_words[] = {
	{ "enabled", ADMIN_ENABLED },
	{ "drain", ADMIN_DRAIN },
	{ "disabled", ADMIN_DISABLED },
	{ NULL, 0 },
};

const struct word health_words[] = {
	{ "up", HEALTH_UP },
	{ "down", HEALTH_DOWN },
	{ "unknown", HEALTH_UNKNOWN },
	{ NULL, 0 },
};

const struct word backend_state_words[] = {
	{ "active", BACKEND_ACTIVE },
	{ "drain", BACKEND_DRAIN },
	{ "down", BACKEND_DOWN },
	{ "disabled", BACKEND_DISABLED },
	{ NULL, 0 },
};

const struct word service_state_words[] = {
	{ "up", SERVICE_UP },
	{ "degraded", SERVICE_DEGRADED },
	{ "down", SERVICE_DOWN },
	{ "disabled", SERVICE_DISABLED },
	{ NULL, 0 },
};

void model_mark_dirty(struct model *m, struct service *s)
{
	if (s->dirty)
		return;
	s->dirty = true;
	*VEC_PUSH(m->dirty, m->ndirty, m->capdirty) = (size_t)(s - m->services);
}

bool model_set_health(struct model *m, struct service *s, struct backend *b,
		      enum health health)
{
	bool usable = backend_usable(b);

	if (b->health == health)
		return false;
	b->health = health;
	if (backend_usable(b) != usable)
		model_mark_dirty(m, s);
	return true;
}

bool model_set_admin(struct model *m, struct service *s, struct backend *b,
		     enum admin admin)
{
	if (b->admin == admin)
		return false;
	b->admin = admin;
	model_mark_dirty(m, s);
	return true;
}

bool model_set_weight(struct model *m, struct service *s, struct backend *b,
		      int32_t weight)
{
	if (b->weight == weight)
		return false;
	b->weight = weight;
	model_mark_dirty(m, s);
	return true;
}

bool model_set_disabled(struct model *m, struct service *s, bool disabled)
{
	if (s->disabled == disabled)
		return false;
	s->disabled = disabled;
	model_mark_dirty(m, s);
	return true;
}

uint32_t backend_weight(const struct backend *b)
{
	return b->weight == WEIGHT_DEFAULT ? b->conf->weight
					   : (uint32_t)b->weight;
}

bool backend_usable(const struct backend *b)
{
	return b->admin == ADMIN_ENABLED && b->health == HEALTH_UP;
}

uint32_t backend_effective_weight(const struct backend *b)
{
	return backend_usable(b) ? backend_weight(b) : 0;
}

enum backend_state backend_state(const struct backend *b)
{
	if (b->admin == ADMIN_DISABLED)
		return BACKEND_DISABLED;
	if (b->health != HEALTH_UP)
		return BACKEND_DOWN;
	if (b->admin == ADMIN_DRAIN || backend_weight(b) == 0)
		return BACKEND_DRAIN;
	return BACKEND_ACTIVE;
}

enum service_state service_state(const struct service *s)
{
	size_t active = 0;

	if (s->disabled)
		return SERVICE_DISABLED;
	for (size_t i = 0; i < s->nbackends; i++)
		active += backend_state(&s->backends[i]) == BACKEND_ACTIVE;
	if (active == 0)
		return SERVICE_DOWN;
	return active == s->nbackends ? SERVICE_UP : SERVICE_DEGRADED;
}
