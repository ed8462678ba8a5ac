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
	{ "active", BACKEND_ACTIVE },     { "standby", BACKEND_STANDBY },
	{ "drain", BACKEND_DRAIN },       { "down", BACKEND_DOWN },
	{ "disabled", BACKEND_DISABLED }, { NULL, 0 },
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

uint32_t backend_weight(const struct backend *b)
{
	return b->weight == WEIGHT_DEFAULT ? b->conf->weight
					   : (uint32_t)b->weight;
}

bool backend_usable(const struct backend *b)
{
	return b->admin == ADMIN_ENABLED && b->said_admin == ADMIN_ENABLED &&
	       b->health == HEALTH_UP;
}

bool service_weights(const struct service *s)
{
	return s->conf->scheduler == RS_WEIGHTED;
}

uint32_t backend_effective_weight(const struct service *s,
				  const struct backend *b)
{
	return b->serving ? backend_weight(b) : 0;
}

enum backend_state backend_state(const struct backend *b)
{
	if (b->admin == ADMIN_DISABLED || b->said_admin == ADMIN_DISABLED)
		return BACKEND_DISABLED;
	if (b->health != HEALTH_UP)
		return BACKEND_DOWN;
	if (b->admin == ADMIN_DRAIN || b->said_admin == ADMIN_DRAIN ||
	    backend_weight(b) == 0)
		return BACKEND_DRAIN;
	return b->serving ? BACKEND_ACTIVE : BACKEND_STANDBY;
}

const struct check_state *backend_check(const struct backend *b)
{
	if (!b->conf->checks)
		return NULL;
	for (size_t i = 0; i < b->conf->checks->n; i++)
		if (b->checks[i].health == HEALTH_DOWN)
			return &b->checks[i];
	return &b->checks[0];
}
