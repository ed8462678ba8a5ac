/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sets and counters of a service: what its chains fill and count with.
 *
 * A set of another form gets another name (unit_set_name()), so that chains ask
 * here how theirs are called. Counters of tables that are full are there
 * whenever the table is; the others if the service has counters.
 */
#include <stdio.h>
#include <string.h>

#include "rulesets/chains_impl.h"

static struct set_form sessions_form(const struct rs_stick *s)
{
	static const enum map_key keys[] = {
		[RS_PERSIST_SOURCE] = KEY_ADDR,
		[RS_PERSIST_SOURCE_PORT] = KEY_PORT_ADDR,
		[RS_PERSIST_MAC] = KEY_MAC,
	};

	return (struct set_form){ .key = keys[s->kind],
				  .data = DATA_ID,
				  .expires = true,
				  .size = s->size };
}

/* A source that has been quiet for so long may use its whole burst again, as if
 * it had never been here. */
static struct set_form fresh_form(const struct rs_limits *l)
{
	const struct rs_rate *f = &l->fresh;

	return (struct set_form){ .key = KEY_ADDR,
				  .data = DATA_NONE,
				  .expires = true,
				  .size = l->size,
				  .timeout_s = f->burst / f->rate + 2,
				  .over = *f };
}

static struct set_form connections_form(const struct rs_limits *l)
{
	return (struct set_form){ .key = KEY_ADDR,
				  .data = DATA_NONE,
				  .size = l->size,
				  .connections = l->connections };
}

/* The set's name; @u NULL: it is somebody else's. */
static void add_set(struct unit *u, const struct unit *have, const char *prefix,
		    const char *name, const struct set_form *form,
		    char out[CHAIN_NAME_MAX])
{
	char wanted[CHAIN_NAME_MAX];

	snprintf(wanted, sizeof(wanted), "%s%s", prefix, name);
	unit_set_name(have, wanted, form, out);
	if (u)
		unit_set_add(u, out, form);
}

static void add_sets(struct unit *u, const struct rs_service *svc,
		     const struct unit *have, const struct unit *have_group,
		     struct own_sets *names)
{
	struct set_form form;

	if (svc_is_sticky(svc)) {
		form = sessions_form(&svc->stick);
		if (svc->stick.group)
			add_set(NULL, have_group, SET_GROUP, svc->stick.group,
				&form, names->sessions);
		else
			add_set(u, have, SET_SESSIONS, svc->name, &form,
				names->sessions);
		unit_obj_add(u, COUNTER_FULL_SESSIONS "%s", svc->name);
	}
	if (svc->limits.fresh.rate) {
		form = fresh_form(&svc->limits);
		add_set(u, have, SET_NEW, svc->name, &form, names->fresh);
		unit_obj_add(u, COUNTER_FULL_NEW "%s", svc->name);
	}
	if (svc->limits.connections) {
		form = connections_form(&svc->limits);
		add_set(u, have, SET_CONNECTIONS, svc->name, &form,
			names->connections);
		unit_obj_add(u, COUNTER_FULL_CONNECTIONS "%s", svc->name);
	}
}

static struct set_form flows_form(const struct rs_service *svc)
{
	return (struct set_form){ .key = flow_key(svc),
				  .data = DATA_ID,
				  .expires = true,
				  .size = svc->direct.cache };
}

static void add_flows(struct unit *u, const struct rs_service *svc,
		      const struct unit *have, struct own_sets *names)
{
	struct set_form form = flows_form(svc);

	if (!rs_is_direct(svc->mode) || !svc->direct.cache)
		return;
	add_set(u, have, SET_FLOWS, svc->name, &form, names->flows);
	unit_obj_add(u, COUNTER_FULL_FLOWS "%s", svc->name);
	if (svc->direct.syn_limit)
		unit_obj_add(u, COUNTER_FLOOD "%s", svc->name);
}

static void add_counters(struct unit *u, const struct rs_service *svc)
{
	static const char *const flow[] = { COUNTER_NEW, COUNTER_IN,
					    COUNTER_OUT };

	for (size_t i = 0; i < 3; i++) {
		if (svc->mode == RS_LOCAL)
			unit_obj_add(u, "%s%s", flow[i], svc->name);
		for (size_t b = 0; b < svc->nbackends; b++)
			unit_obj_add(u, "%s%s/%s", flow[i], svc->name,
				     svc->backends[b].name);
	}
	unit_obj_add(u, COUNTER_REFUSED "%s", svc->name);
	unit_obj_add(u, COUNTER_LIMITED "%s", svc->name);
	unit_obj_add(u, COUNTER_DENIED "%s", svc->name);
}

void own_add(struct unit *u, const struct rs_service *svc,
	     const struct unit *have, const struct unit *have_group,
	     struct own_sets *names)
{
	memset(names, 0, sizeof(*names));
	add_sets(u, svc, have, have_group, names);
	add_flows(u, svc, have, names);
	if (svc->counters)
		add_counters(u, svc);
}

void own_add_group(struct unit *u, const struct rs_service *svc,
		   const struct unit *have)
{
	struct set_form form = sessions_form(&svc->stick);
	char name[CHAIN_NAME_MAX];

	/* The unit's name is "/" and the group's. */
	add_set(u, have, SET_GROUP, svc->name + 1, &form, name);
}
