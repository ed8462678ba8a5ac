/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of one service: its chains, and the sets and counters that these
 * speak of. Pure.
 */
#ifndef RULESETS_CHAINS_H
#define RULESETS_CHAINS_H

#include "rulesets/types.h"
#include "rulesets/unit.h"

/* Names of the sets that a service's rules fill; empty where it has none. */
struct own_sets {
	char sessions[CHAIN_NAME_MAX]; /* its own, or its group's */
	char fresh[CHAIN_NAME_MAX];
	char connections[CHAIN_NAME_MAX];
	char flows[CHAIN_NAME_MAX]; /* of direct modes */
};

/**
 * own_add() - sets and counters of @svc, into @u
 * @have, @have_group: the units of the service and of its persist-group as the
 * kernel has them, or NULL: names depend on what is taken.
 * @names: filled
 */
void own_add(struct unit *u, const struct rs_service *svc,
	     const struct unit *have, const struct unit *have_group,
	     struct own_sets *names);

/** group_unit() - all of a unit that is a persist-group: its set */
void own_add_group(struct unit *u, const struct rs_service *svc,
		   const struct unit *have);

/**
 * chains_add() - all chains of @svc, into @u, whose slot range is set; and the
 * features that they need
 * @ids: of the service's backends
 */
void chains_add(struct unit *u, const struct rs_service *svc,
		const uint32_t *ids, const struct own_sets *sets);

/* ---- what a service asks for, for those who write elements */

bool svc_is_sticky(const struct rs_service *svc);
bool svc_has_room(const struct rs_service *svc); /* max-connections */
bool svc_has_guard(const struct rs_service *svc);
bool svc_has_hits(const struct rs_service *svc); /* chains_direct.c */

/** qos_has_marks(), qos_marks_same() - marks and DSCP; without the tc class */
bool qos_has_marks(const struct rs_qos *q);
bool qos_marks_same(const struct rs_qos *a, const struct rs_qos *b);

#endif
