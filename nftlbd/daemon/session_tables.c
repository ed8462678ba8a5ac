/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may find his clients in which table. In a service's own table the data
 * are ids, which HAVE knows; in a group's they are numbers made from the names
 * of the members.
 *
 * Invariant: an owner is sticky, and nothing of his is stale in any of the
 * services that share the table; of flows that nobody tracks, he may be away
 * for a while.
 */
#include "daemon/session_tables.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "model/sticky.h"

/* Are there rules of it in tables of type netdev, or in the others? */
static bool is_met(const struct conf_service *c, bool netdev)
{
	if (!rs_is_direct(c->mode))
		return !netdev;
	return netdev ? c->direct.ndevices > 0 : c->mode == RS_STATELESS;
}

size_t session_places(const struct service *s, uint8_t out[RS_TABLES])
{
	const struct conf_service *c = s->conf;
	size_t n = 0;

	for (size_t i = 0; i < c->naddrs; i++) {
		if (i && c->addrs[i].family == c->addrs[i - 1].family)
			continue;
		for (int netdev = 1; netdev >= 0; netdev--)
			if (is_met(c, netdev))
				out[n++] = rs_table(c->addrs[i].family, netdev);
	}
	return n;
}

static bool has_family(const struct service *s, uint8_t family)
{
	for (size_t i = 0; i < s->conf->naddrs; i++)
		if (s->conf->addrs[i].family == family)
			return true;
	return false;
}

/* ---- the services */

static bool uses(const struct service *s, const char *name, bool group,
		 uint8_t family)
{
	const char *has = s->conf->persist_group;

	if (!sticky_remembers(s) || !has_family(s, family))
		return false;
	return group ? has && !strcmp(has, name)
		     : !has && !strcmp(s->conf->name, name);
}

static void find_services(const struct daemon *d, const char *name, bool group,
			  struct session_users *u)
{
	struct model *m = d->model;
	size_t cap = 0;

	if (!group) {
		struct service *s = model_service(m, name);

		if (s && uses(s, name, false, u->family))
			*VEC_PUSH(u->list, u->n, cap) = s;
		return;
	}
	for (size_t i = 0; i < m->nservices; i++)
		if (uses(&m->services[i], name, true, u->family))
			*VEC_PUSH(u->list, u->n, cap) = &m->services[i];
}

/* ---- the owners */

static int by_data(const void *a, const void *b)
{
	uint32_t x = ((const struct session_owner *)a)->data;
	uint32_t y = ((const struct session_owner *)b)->data;

	return (x > y) - (x < y);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct backend *const *)a)->conf->name,
		      (*(const struct backend *const *)b)->conf->name);
}

/* The service's backends, by name. */
static const struct backend **sorted_backends(const struct service *s)
{
	const struct backend **list = xcalloc(s->nbackends + 1, sizeof(*list));

	for (size_t i = 0; i < s->nbackends; i++)
		list[i] = &s->backends[i];
	qsort(list, s->nbackends, sizeof(*list), by_name);
	return list;
}

static const struct backend *find_sorted(const struct backend **list, size_t n,
					 const char *name)
{
	const struct conf_backend conf = { .name = (char *)name };
	const struct backend wanted = { .conf = &conf }, *key = &wanted;
	const struct backend **hit =
	    bsearch(&key, list, n, sizeof(*list), by_name);

	return hit ? *hit : NULL;
}

static void own_ids(const struct daemon *d, struct session_users *u)
{
	const struct service *s = u->list[0];
	const struct backend **list = sorted_backends(s);
	struct session_id *ids = NULL;
	size_t n =
	    ruleset_session_ids(d->ruleset, s->conf->name, u->table, &ids);

	u->owners = xcalloc(n + 1, sizeof(*u->owners));
	for (size_t i = 0; i < n; i++) {
		const struct backend *b =
		    find_sorted(list, s->nbackends, ids[i].backend);

		if (b && (b->sticky || b->stale == STALE_WAITING))
			u->owners[u->nowners++] =
			    (struct session_owner){ ids[i].id, b->conf->name };
	}
	free(ids);
	free(list);
}

/* The services of a group have the same pool: mostly at the same place. */
static const struct backend *member_at(const struct service *s, size_t k,
				       const char *name)
{
	if (k < s->nbackends && !strcmp(s->backends[k].conf->name, name))
		return &s->backends[k];
	return service_backend(s, name);
}

/* A member that is stale in one of the services is nobody's for now. */
static bool stale_somewhere(const struct session_users *u, size_t k,
			    const char *name)
{
	for (size_t i = 0; i < u->n; i++) {
		const struct backend *b = member_at(u->list[i], k, name);

		if (b && b->stale != STALE_NOT)
			return true;
	}
	return false;
}

static void own_members(struct session_users *u)
{
	size_t cap = 0, n = 0;

	for (size_t i = 0; i < u->n; i++)
		for (size_t k = 0; k < u->list[i]->nbackends; k++) {
			const struct backend *b = &u->list[i]->backends[k];
			const char *name = b->conf->name;

			if (b->conf->addr.family == u->family && b->sticky &&
			    !stale_somewhere(u, k, name))
				*VEC_PUSH(u->owners, u->nowners, cap) =
				    (struct session_owner){
					    session_member(name), name
				    };
		}
	if (!u->nowners)
		return;
	qsort(u->owners, u->nowners, sizeof(*u->owners), by_data);
	for (size_t i = 0; i < u->nowners; i++)
		if (!n || u->owners[i].data != u->owners[n - 1].data)
			u->owners[n++] = u->owners[i];
	u->nowners = n;
}

const char *session_owner(const struct session_users *u, uint32_t data)
{
	struct session_owner key = { .data = data };
	const struct session_owner *hit =
	    u->nowners ? bsearch(&key, u->owners, u->nowners,
				 sizeof(*u->owners), by_data)
		       : NULL;

	return hit ? hit->backend : NULL;
}

/* ---- all of it */

bool session_users(const struct daemon *d, const char *name, bool group,
		   unsigned int table, struct session_users *out)
{
	const uint8_t family = rs_table_family(table);
	const struct conf_service *c;

	*out = (struct session_users){ .table = table, .family = family };
	find_services(d, name, group, out);
	if (out->n == 0)
		return false;
	c = out->list[0]->conf;
	out->group = group ? c->persist_group : NULL;
	out->t.family = family;
	out->t.kind = c->persist.kind;
	out->t.prefix = c->persist.prefix[family == AF_INET6];
	out->t.flows = rs_is_direct(c->mode);
	out->t.netdev = rs_table_is_netdev(table);
	out->there =
	    ruleset_session_set(d->ruleset, name, group, table, &out->t);
	if (group) {
		own_members(out);
	} else {
		own_ids(d, out);
		if (out->nowners)
			qsort(out->owners, out->nowners, sizeof(*out->owners),
			      by_data);
	}
	return true;
}

void session_users_free(struct session_users *u)
{
	free(u->list);
	free(u->owners);
	*u = (struct session_users){ 0 };
}
