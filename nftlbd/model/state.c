/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What follows from a backend's and a service's parts, and the setters that
 * keep the list of dirty services. Pure: who sets says why elsewhere.
 */
#include "lib/xalloc.h"
#include "model/combine.h"
#include "model/load.h"
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
	{ "full", BACKEND_FULL },
	{ "standby", BACKEND_STANDBY },
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

uint32_t backend_weight(const struct backend *b)
{
	return b->weight == WEIGHT_DEFAULT ? b->conf->weight
					   : (uint32_t)b->weight;
}

uint32_t backend_weight_100(const struct service *s, const struct backend *b)
{
	uint32_t weight = backend_weight(b);
	uint32_t said_100 = combine_weight(b, weight);

	return service_weights(s) || said_100 == 0 ? said_100 : weight * 100;
}

enum admin backend_admin(const struct backend *b)
{
	enum admin said = (enum admin)b->said_admin;

	return said > b->admin ? said : b->admin;
}

bool service_weights(const struct service *s)
{
	return (s->conf->scheduler == RS_WEIGHTED &&
		!rs_is_direct(s->conf->mode)) ||
	       service_dynamic(s);
}

static bool says_weight(const struct conf_checks *c)
{
	for (size_t i = 0; c && i < c->n; i++)
		if (c->list[i]->type == HC_AGENT ||
		    c->list[i]->type == HC_SCRIPT)
			return true;
	return false;
}

bool service_fine(const struct service *s)
{
	if (!service_weights(s))
		return false;
	for (size_t i = 0; i < s->nbackends; i++)
		if (says_weight(s->conf->backends[i].checks))
			return true;
	return s->conf->slow_start_ms > 0 || service_dynamic(s);
}

uint32_t backend_effective_weight(const struct service *s,
				  const struct backend *b)
{
	uint32_t rounded = (b->now + RS_WEIGHT_UNIT / 2) / RS_WEIGHT_UNIT;

	return b->now && !rounded ? 1 : rounded;
}

enum backend_state backend_state(const struct backend *b)
{
	switch (backend_admin(b)) {
	case ADMIN_DISABLED:
		return BACKEND_DISABLED;
	case ADMIN_DRAIN:
		return b->health == HEALTH_UP && b->gap == PATH_FINE
			   ? BACKEND_DRAIN
			   : BACKEND_DOWN;
	case ADMIN_ENABLED:
		break;
	}
	if (b->health != HEALTH_UP || b->gap != PATH_FINE)
		return BACKEND_DOWN;
	if (combine_weight(b, backend_weight(b)) == 0)
		return BACKEND_DRAIN;
	if (b->serving)
		return b->full ? BACKEND_FULL : BACKEND_ACTIVE;
	/* Of the others only those of a disabled service do not serve. */
	return b->conf->backup ? BACKEND_STANDBY : BACKEND_DISABLED;
}

enum cut backend_cut(const struct service *s, const struct backend *b)
{
	bool down = b->health == HEALTH_DOWN;

	if (b->serving)
		return CUT_NONE;
	if (b->drained || (down && s->conf->on_down == CONF_CUT_FLOWS))
		return CUT_ALL;
	if (down || s->disabled || backend_admin(b) == ADMIN_DISABLED)
		return CUT_UDP;
	return CUT_NONE;
}

enum health check_start_health(const struct conf_check *c)
{
	static const enum health of_start[] = {
		[HC_START_UP] = HEALTH_UP,
		[HC_START_DOWN] = HEALTH_DOWN,
		[HC_START_UNKNOWN] = HEALTH_UNKNOWN,
	};

	return of_start[c->start];
}

/* How much it keeps its backend from serving. */
static int check_rank(const struct check_state *cs)
{
	if (cs->health != HEALTH_UP)
		return cs->health == HEALTH_DOWN ? 4 : 3;
	if (cs->says & (HC_SAYS_MAINT | HC_SAYS_DRAIN))
		return cs->says & HC_SAYS_MAINT ? 2 : 1;
	return cs->says & (HC_SAYS_PERCENT | HC_SAYS_WEIGHT) && !cs->weight;
}

const struct check_state *backend_check(const struct backend *b)
{
	const struct check_state *most = NULL;
	size_t n = b->conf->checks ? b->conf->checks->n : 0;

	for (size_t i = 0; i < n; i++)
		if (!most || check_rank(&b->checks[i]) > check_rank(most))
			most = &b->checks[i];
	return most;
}
