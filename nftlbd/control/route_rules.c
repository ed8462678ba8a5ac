/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists, pins and sessions of one client, in the order in which his first
 * packet meets them (rulesets/chains.c).
 *
 * A pin or a session counts only if its backend takes old clients, and is not
 * full.
 */
#include "control/route_rules.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/lists.h"
#include "daemon/session_tables.h"

static bool listed(const struct daemon *d, const struct conf_list *list,
		   const struct addr *a)
{
	unsigned int f = a->family == AF_INET6;
	const struct list_overlay *o = lists_overlay(d->lists, list->name, f);

	return o ? overlay_has(o, &list->nets[f], a)
		 : nets_has(&list->nets[f], a);
}

static bool denied(const struct daemon *d, const struct conf_service *c,
		   const struct addr *a, const char **list, json_t *steps)
{
	const char *does = word_text(rs_on_empty_words, (int)c->filter_action);

	*list = NULL;
	for (size_t i = 0; i < c->ndeny; i++)
		if (listed(d, c->deny[i], a)) {
			*list = c->deny[i]->name;
			route_step(steps, "list", STEP_DECIDES,
				   "the client is on list %s, which the "
				   "service denies: %s",
				   *list, does);
			return true;
		}
	for (size_t i = 0; i < c->nallow; i++)
		if (listed(d, c->allow[i], a)) {
			route_step(steps, "list", STEP_PASSES,
				   "the client is on list %s, which the "
				   "service allows",
				   c->allow[i]->name);
			return false;
		}
	if (c->nallow)
		route_step(steps, "list", STEP_DECIDES,
			   "the client is on none of the lists that the "
			   "service allows: %s",
			   does);
	else if (c->ndeny)
		route_step(steps, "list", STEP_PASSES,
			   "the client is on none of the lists that the "
			   "service denies");
	return c->nallow > 0;
}

/* What they say is of this very second: it is only told that they are there. */
static void tell_limits(const struct conf_service *c, json_t *steps)
{
	if (c->limits.fresh.rate)
		route_step(steps, "limit", STEP_UNKNOWN,
			   "as long as his source opens no more than %u flows "
			   "a second (%u at once)",
			   c->limits.fresh.rate, c->limits.fresh.burst);
	if (c->limits.connections)
		route_step(steps, "limit", STEP_UNKNOWN,
			   "as long as his source has fewer than %u flows",
			   c->limits.connections);
}

/* Would it be sent there? The kernel's word: its table of who is welcome. */
static bool welcome(const struct daemon *d, const struct service *s,
		    const struct backend *b)
{
	struct session_id *ids;
	size_t n =
	    ruleset_session_ids(d->ruleset, s->conf->name,
				rs_table(b->conf->addr.family, false), &ids);
	bool sticky = false;

	for (size_t i = 0; i < n; i++)
		if (!strcmp(ids[i].backend, b->conf->name))
			sticky = ids[i].sticky;
	free(ids);
	return sticky && backend_state(b) != BACKEND_FULL;
}

static bool in_net(const struct addr *a, const struct addr *net, uint8_t prefix)
{
	for (unsigned int i = 0; i < addr_len(a); i++) {
		int bits = (int)prefix - (int)i * 8;
		uint8_t mask = bits >= 8  ? 0xff
			       : bits > 0 ? (uint8_t)(0xff << (8 - bits))
					  : 0;

		if ((a->ip[i] ^ net->ip[i]) & mask)
			return false;
	}
	return true;
}

/* Why somebody with a pin or a session does not get his backend. */
static const char *unwelcome_why(const struct backend *b)
{
	return word_text(backend_state_words, (int)backend_state(b));
}

static const char *pinned(const struct daemon *d, const struct service *s,
			  const struct addr *a, json_t *steps)
{
	for (size_t i = 0; i < s->conf->npins; i++) {
		const struct conf_pin *p = &s->conf->pins[i];
		const struct backend *b = &s->backends[p->backend];

		if (p->from.family != a->family ||
		    !in_net(a, &p->from, p->prefix))
			continue;
		if (welcome(d, s, b)) {
			route_step(steps, "pin", STEP_DECIDES,
				   "the client is pinned to %s", b->conf->name);
			return b->conf->name;
		}
		route_step(steps, "pin", STEP_PASSES,
			   "the client is pinned to %s, which is %s and takes "
			   "no old clients: he goes on like others",
			   b->conf->name, unwelcome_why(b));
		return NULL;
	}
	if (s->conf->npins)
		route_step(steps, "pin", STEP_PASSES, "no pin is for him");
	return NULL;
}

static bool client_key(const struct session_table *t, const struct addr *a,
		       uint16_t port, struct session_match *key)
{
	char text[ENDPOINT_STRLEN];

	if (t->kind == RS_PERSIST_MAC ||
	    (t->kind == RS_PERSIST_SOURCE_PORT && port == 0))
		return false;
	endpoint_format(a, t->kind == RS_PERSIST_SOURCE_PORT ? port : 0, text);
	return session_match(t, text, key, NULL) == 0 &&
	       (key->len == 0 || key->len == session_key_len(t));
}

static void tell_session(json_t *steps, bool asked, bool found,
			 const char *name, const struct backend *b)
{
	if (name)
		route_step(steps, "session", STEP_DECIDES,
			   "his last connection went to %s", name);
	else if (b)
		route_step(steps, "session", STEP_PASSES,
			   "his session leads to %s, which is %s",
			   b->conf->name, unwelcome_why(b));
	else if (found)
		route_step(steps, "session", STEP_PASSES,
			   "his session leads to a backend that takes no old "
			   "clients any more: it is forgotten");
	else if (asked)
		route_step(steps, "session", STEP_PASSES, "he has no session");
	else
		route_step(steps, "session", STEP_UNKNOWN,
			   "whether he has a session cannot be asked by what "
			   "is known of him");
}

/* The member of a group has the same name in each of its services. */
static const char *remembered(const struct daemon *d, const struct service *s,
			      const struct addr *a, uint16_t port,
			      json_t *steps)
{
	const char *group = s->conf->persist_group, *name = NULL;
	struct session_match key;
	struct session_users u;
	const struct backend *b;
	bool asked, found = false;
	struct session e;

	if (s->conf->persist.kind == RS_PERSIST_NONE ||
	    rs_is_direct(s->conf->mode) ||
	    !session_users(d, group ? group : s->conf->name, group != NULL,
			   rs_table(a->family, false), &u))
		return NULL;
	asked = u.there && client_key(&u.t, a, port, &key);
	if (asked)
		found =
		    ruleset_sessions_find(d->ruleset, &u.t, key.key, &e) == 0;
	if (found)
		name = session_owner(&u, e.data);
	b = name ? service_backend(s, name) : NULL;
	name = b && backend_state(b) != BACKEND_FULL ? b->conf->name : NULL;
	session_users_free(&u);
	tell_session(steps, asked, found, name, b);
	return name;
}

/* ---- flows that nobody tracks */

static void put_end(uint8_t *key, unsigned int *at, const struct addr *a,
		    uint32_t port)
{
	uint16_t be = htons((uint16_t)port);

	memcpy(key + *at, a->ip, addr_len(a));
	*at += addr_len(a);
	memcpy(key + *at, &be, sizeof(be));
	*at += 4;
}

/* In one of its tables; NULL: it is not there, or leads nowhere. */
static const struct backend *flow_in(const struct daemon *d,
				     const struct service *s,
				     unsigned int table,
				     const struct route_key *key)
{
	uint8_t bytes[SESSION_KEY_MAX] = { 0 };
	const char *name = NULL;
	struct session_users u;
	unsigned int at = 0;
	struct session e;

	if (!session_users(d, s->conf->name, false, table, &u))
		return NULL;
	put_end(bytes, &at, &key->client, key->client_port);
	if (u.t.key == KEY_TUPLE) {
		put_end(bytes, &at, key->vip, key->vip_port);
		bytes[at] = key->proto;
	}
	if (u.there && ruleset_sessions_find(d->ruleset, &u.t, bytes, &e) == 0)
		name = session_owner(&u, e.data);
	session_users_free(&u);
	return name ? service_backend(s, name) : NULL;
}

const char *route_flow(const struct daemon *d, const struct service *s,
		       const struct route_key *key)
{
	const struct backend *b = NULL;
	uint8_t places[RS_TABLES];
	size_t n = session_places(s, places);

	if (!rs_is_direct(s->conf->mode) || !key->client_port)
		return NULL;
	for (size_t i = 0; i < n && !b; i++)
		if (rs_table_family(places[i]) == key->client.family)
			b = flow_in(d, s, places[i], key);
	return b && b->sticky ? b->conf->name : NULL;
}

/* ---- all of it */

struct route_rules route_rules(const struct daemon *d, const struct service *s,
			       const struct addr *client, uint16_t port,
			       json_t *steps)
{
	struct route_rules r = { ROUTE_SLOT, NULL, NULL };

	if (denied(d, s->conf, client, &r.list, steps)) {
		r.end = ROUTE_DENIED;
		return r;
	}
	tell_limits(s->conf, steps);
	if (s->conf->mode == RS_LOCAL) {
		route_step(steps, "local", STEP_DECIDES,
			   "the gateway itself serves it");
		r.end = ROUTE_LOCAL;
	} else if ((r.backend = pinned(d, s, client, steps))) {
		r.end = ROUTE_PINNED;
	} else if ((r.backend = remembered(d, s, client, port, steps))) {
		r.end = ROUTE_SESSION;
	}
	return r;
}
