/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several checks of one backend: its health, its own word and its weight are
 * functions of what each of them said last. Nothing is kept here, so that a
 * reload with other checks needs no more than to ask again.
 *
 * Must not know: time, the operator, other backends.
 */
#include "model/combine.h"

#define SAYS_STATE  (HC_SAYS_READY | HC_SAYS_DRAIN | HC_SAYS_MAINT)
#define SAYS_WEIGHT (HC_SAYS_PERCENT | HC_SAYS_WEIGHT)

static size_t nchecks(const struct backend *b)
{
	return b->conf->checks ? b->conf->checks->n : 0;
}

enum health combine_health(const struct backend *b)
{
	size_t n = nchecks(b), up = 0, down = 0;

	if (n == 0)
		return HEALTH_UP;
	for (size_t i = 0; i < n; i++) {
		up += b->checks[i].health == HEALTH_UP;
		down += b->checks[i].health == HEALTH_DOWN;
	}
	if (up >= b->conf->checks->need)
		return HEALTH_UP;
	if (down > n - b->conf->checks->need)
		return HEALTH_DOWN;
	return HEALTH_UNKNOWN;
}

static enum admin check_admin(const struct check_state *cs)
{
	if (cs->says & HC_SAYS_MAINT)
		return ADMIN_DISABLED;
	return cs->says & HC_SAYS_DRAIN ? ADMIN_DRAIN : ADMIN_ENABLED;
}

enum admin combine_admin(const struct backend *b)
{
	enum admin strongest = ADMIN_ENABLED;

	for (size_t i = 0; i < nchecks(b); i++)
		if (check_admin(&b->checks[i]) > strongest)
			strongest = check_admin(&b->checks[i]);
	return strongest;
}

size_t combine_speaker(const struct backend *b, enum admin said)
{
	for (size_t i = 0; i < nchecks(b); i++)
		if (check_admin(&b->checks[i]) == said)
			return i;
	return 0;
}

static uint64_t check_weight(const struct check_state *cs, uint32_t weight)
{
	if (cs->says & HC_SAYS_WEIGHT)
		return (uint64_t)cs->weight * 100;
	return (uint64_t)weight * cs->weight;
}

uint32_t combine_weight(const struct backend *b, uint32_t weight)
{
	uint64_t least = UINT64_MAX;

	if (weight == 0)
		return 0;
	for (size_t i = 0; i < nchecks(b); i++)
		if (b->checks[i].says & SAYS_WEIGHT &&
		    check_weight(&b->checks[i], weight) < least)
			least = check_weight(&b->checks[i], weight);
	if (least == UINT64_MAX)
		least = (uint64_t)weight * 100;
	return least < WEIGHT_MAX_100 ? (uint32_t)least : WEIGHT_MAX_100;
}

bool combine_hear(struct check_state *cs, uint8_t says, uint16_t weight)
{
	uint8_t old_says = cs->says;
	uint16_t old_weight = cs->weight;

	if (says & SAYS_STATE)
		cs->says = (cs->says & ~SAYS_STATE) | (says & SAYS_STATE);
	if (says & SAYS_WEIGHT) {
		cs->says = (cs->says & ~SAYS_WEIGHT) | (says & SAYS_WEIGHT);
		cs->weight = weight;
	}
	return cs->says != old_says || cs->weight != old_weight;
}
