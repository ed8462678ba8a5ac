/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who wants which neighbour or tunnel, and what the model hears of them.
 *
 * A restart finds what it left: the tunnels by their names, the neighbours in
 * the kernel's table or by asking, for a moment. So the first commit gives
 * every backend the slots that it had. Tunnels go when the kernel's rules no
 * longer lead there.
 *
 * Invariants: the index is of d->model, or empty; a path that is lost is heard
 * of in the same turn of the loop.
 * Must not know: rules, and what netlink says.
 */
#include "daemon/paths.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/committer.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "model/path.h"
#include "net/neigh.h"
#include "net/tunnels.h"

#define NEIGHBOURS_MS 1000 /* a lost question is asked again after 1 s */
#define TUNNELS_MS    10000

/* A backend of dsr or stateless, by its address. */
struct user {
	struct addr addr;
	size_t service, backend; /* of d->model */
};

struct paths {
	struct daemon *d;
	struct links *links; /* NULL: nobody needs any of it */
	struct links_listener listener;
	struct neighs *neighs;
	struct tunnels *tunnels;
	struct user *users; /* sorted by address */
	size_t nusers;
};

/* What models want. */
struct wishes {
	struct addr *addrs;
	size_t naddrs, capaddrs;
	struct tunnel_pair *pairs;
	size_t npairs, cappairs;
};

static bool pair_of(const struct model *m, const struct backend *b,
		    struct tunnel_pair *out)
{
	unsigned int index = family_index(b->conf->addr.family);

	out->local = m->conf->tunnel_source[index];
	out->remote = b->conf->addr;
	return out->local.family != 0;
}

static void wish(struct wishes *w, const struct model *m)
{
	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[i];
		enum path_by what = path_by(s);
		struct tunnel_pair pair;

		for (size_t k = 0; what != PATH_BY_ROUTING && k < s->nbackends;
		     k++) {
			const struct backend *b = &s->backends[k];

			if (what == PATH_BY_NEIGHBOUR)
				*VEC_PUSH(w->addrs, w->naddrs, w->capaddrs) =
				    b->conf->addr;
			else if (pair_of(m, b, &pair))
				*VEC_PUSH(w->pairs, w->npairs, w->cappairs) =
				    pair;
		}
	}
}

static void wishes_free(struct wishes *w)
{
	free(w->addrs);
	free(w->pairs);
}

/* ---- what the host has */

static bool neighbour_path(const struct neigh_path *n, struct rs_path *out)
{
	memset(out, 0, sizeof(*out));
	if (n->state != NEIGH_KNOWN)
		return false;
	out->ifindex = n->ifindex;
	memcpy(out->ether_to, n->ether_to, sizeof(out->ether_to));
	memcpy(out->ether_from, n->ether_from, sizeof(out->ether_from));
	return true;
}

/* Nobody looks at sizes on the way from one interface to the other: what a
 * backend's cannot send is left to routing, which tells the client. */
static bool takes_all(const struct paths *p, const struct service *s,
		      const struct rs_path *path)
{
	const struct conf_direct *c = &s->conf->direct;
	const struct link *to = links_by_index(p->links, path->ifindex), *in;

	for (size_t i = 0; s->conf->mode == RS_STATELESS && i < c->ndevices;
	     i++) {
		in = links_by_name(p->links, c->devices[i]);
		if (in && (!to || to->mtu < in->mtu))
			return false;
	}
	return true;
}

/* Return: false: there is none */
static bool path_of(const struct paths *p, const struct model *m,
		    const struct service *s, const struct backend *b,
		    struct rs_path *out)
{
	struct tunnel_pair pair;

	memset(out, 0, sizeof(*out));
	if (path_by(s) == PATH_BY_NEIGHBOUR)
		return neighbour_path(neighs_get(p->neighs, &b->conf->addr),
				      out) &&
		       takes_all(p, s, out);
	if (pair_of(m, b, &pair))
		out->ifindex = tunnels_ifindex(p->tunnels, &pair);
	return out->ifindex != 0;
}

static void fill(const struct paths *p, struct model *m)
{
	struct rs_path path;

	for (size_t i = 0; i < m->nservices; i++) {
		struct service *s = &m->services[i];

		for (size_t k = 0;
		     path_by(s) != PATH_BY_ROUTING && k < s->nbackends; k++) {
			struct backend *b = &s->backends[k];
			bool found = path_of(p, m, s, b, &path);

			path_set(m, s, b, found ? &path : NULL);
		}
	}
}

/* ---- what changes */

static void heard(struct paths *p, size_t service, size_t backend,
		  const char *why, struct changes *out)
{
	struct model *m = p->d->model;
	struct service *s = &m->services[service];
	struct backend *b = &s->backends[backend];
	struct rs_path path;
	bool found = path_of(p, m, s, b, &path);

	step_path(m, s, b, found ? &path : NULL, why, daemon_now_ms(), out);
}

static int user_cmp(const void *pa, const void *pb)
{
	const struct user *a = pa, *b = pb;

	return addr_cmp(&a->addr, &b->addr);
}

/* The first one with this address; as many as there are follow. */
static size_t first_user(const struct paths *p, const struct addr *addr)
{
	size_t lo = 0, hi = p->nusers;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(&p->users[mid].addr, addr) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void neighbour_why(const struct paths *p, const struct neigh_path *n,
			  char why[160])
{
	const struct link *l = links_by_index(p->links, n->ifindex);
	char hop[ADDR_STRLEN];

	snprintf(
	    why, 160,
	    "%s interface=%s next-hop=%s ether=%02x:%02x:%02x:%02x:%02x:%02x",
	    neigh_state_text(n->state), l ? l->name : "none",
	    n->hop.family ? addr_format(&n->hop, hop) : "none", n->ether_to[0],
	    n->ether_to[1], n->ether_to[2], n->ether_to[3], n->ether_to[4],
	    n->ether_to[5]);
}

static void neighbour_changed(void *ctx, const struct addr *addr,
			      const struct neigh_path *n)
{
	struct paths *p = ctx;
	struct changes changes = { 0 };
	char why[160];

	neighbour_why(p, n, why);
	for (size_t i = first_user(p, addr);
	     i < p->nusers && !addr_cmp(&p->users[i].addr, addr); i++)
		heard(p, p->users[i].service, p->users[i].backend, why,
		      &changes);
	daemon_changes(p->d, &changes);
}

static void devices_changed(void *ctx)
{
	struct paths *p = ctx;
	struct changes changes = { 0 };

	for (size_t i = 0; p->users && i < p->d->model->nservices; i++) {
		const struct service *s = &p->d->model->services[i];

		if (path_by(s) != PATH_BY_TUNNEL)
			continue;
		for (size_t k = 0; k < s->nbackends; k++)
			heard(p, i, k, tunnels_why(p->tunnels), &changes);
	}
	daemon_changes(p->d, &changes);
}

/* ---- where clients' packets come in */

static bool is_way_in(const struct model *m, const char *name)
{
	for (size_t i = 0; i < m->nservices; i++) {
		const struct conf_direct *c = &m->services[i].conf->direct;

		for (size_t k = 0; k < c->ndevices; k++)
			if (!strcmp(c->devices[k], name))
				return true;
	}
	return false;
}

/* Which backends may have packets without a look at their size? */
static void sizes_changed(struct paths *p, const char *why)
{
	struct changes changes = { 0 };

	for (size_t i = 0; i < p->nusers; i++)
		if (p->d->model->services[p->users[i].service].conf->mode ==
		    RS_STATELESS)
			heard(p, p->users[i].service, p->users[i].backend, why,
			      &changes);
	daemon_changes(p->d, &changes);
}

/* One that comes gets its chain, that of one that goes is removed. Some kernels
 * do either by themselves: look first. */
static void link_changed(struct links_listener *l, const struct link *old,
			 const struct link *now)
{
	struct paths *p =
	    (void *)((char *)l - offsetof(struct paths, listener));
	struct daemon *d = p->d;
	struct err err = { "" };

	if (d->flushed || !p->users)
		return;
	if (old && now && old->mtu != now->mtu)
		sizes_changed(p, "an interface has another MTU");
	if (old && now && !strcmp(old->name, now->name))
		return;
	if (!(old && is_way_in(d->model, old->name)) &&
	    !(now && is_way_in(d->model, now->name)))
		return;
	sizes_changed(p, "an interface where clients come in");
	if (committer_repair(d->committer, RESYNC_INTERFACE, &err) < 0)
		committer_retry(d->committer, &err);
}

/* ---- the model */

static void index_model(struct paths *p)
{
	const struct model *m = p->d->model;
	size_t cap = 0;

	free(p->users);
	p->nusers = 0;
	p->users = xcalloc(1, sizeof(*p->users)); /* there is an index */
	cap = 1;
	for (size_t i = 0; i < m->nservices; i++) {
		const struct service *s = &m->services[i];

		if (path_by(s) != PATH_BY_NEIGHBOUR)
			continue;
		for (size_t k = 0; k < s->nbackends; k++)
			*VEC_PUSH(p->users, p->nusers, cap) =
			    (struct user){ s->backends[k].conf->addr, i, k };
	}
	qsort(p->users, p->nusers, sizeof(*p->users), user_cmp);
}

static int net_open(struct paths *p, struct err *err)
{
	struct daemon *d = p->d;
	char owner[TUNNELS_OWNER_MAX];
	int ret;

	snprintf(owner, sizeof(owner), "nftlb %s", d->model->conf->table);
	ret = links_open(&p->links, d->loop, err);
	if (ret == 0) {
		p->listener.changed = link_changed;
		links_listen(p->links, &p->listener);
		ret = neighs_open(&p->neighs, d->loop, p->links,
				  neighbour_changed, p, err);
	}
	if (ret == 0)
		ret = tunnels_open(&p->tunnels, d->loop, p->links, owner,
				   devices_changed, p, err);
	return ret;
}

static void net_close(struct paths *p)
{
	tunnels_close(p->tunnels);
	neighs_close(p->neighs);
	links_close(p->links);
	p->tunnels = NULL;
	p->neighs = NULL;
	p->links = NULL;
}

/* Is there anything to do with paths, now or until now? */
static bool is_needed(struct paths *p, const struct wishes *w)
{
	struct err err = { "" };

	if (p->links)
		return true;
	if (!w->naddrs && !w->npairs)
		return false;
	if (net_open(p, &err) == 0)
		return true;
	log_error("paths to backends: %s", err.msg);
	net_close(p);
	return false;
}

static bool want(struct paths *p, const struct model *m,
		 const struct model *other)
{
	struct wishes w = { 0 };
	bool needed;

	wish(&w, m);
	if (other)
		wish(&w, other);
	needed = is_needed(p, &w);
	if (needed) {
		neighs_want(p->neighs, w.addrs, w.naddrs);
		tunnels_want(p->tunnels, w.pairs, w.npairs, NULL, 0);
	}
	wishes_free(&w);
	return needed;
}

void paths_look(struct paths *p, struct model *m)
{
	if (want(p, m, NULL))
		fill(p, m);
}

void paths_stage(struct paths *p, struct model *m)
{
	if (!want(p, m, p->d->model == m ? NULL : p->d->model))
		return;
	tunnels_settle(p->tunnels, TUNNELS_MS);
	neighs_settle(p->neighs, NEIGHBOURS_MS);
	fill(p, m);
}

void paths_adopt(struct paths *p)
{
	if (!p->links)
		return;
	index_model(p);
	want(p, p->d->model, NULL);
	tunnels_sweep(p->tunnels);
}

void paths_unstage(struct paths *p)
{
	if (p->links)
		want(p, p->d->model, NULL);
}

struct paths *paths_open(struct daemon *d)
{
	struct paths *p = xcalloc(1, sizeof(*p));

	p->d = d;
	return p;
}

void paths_close(struct paths *p)
{
	if (!p)
		return;
	net_close(p);
	free(p->users);
	free(p);
}
