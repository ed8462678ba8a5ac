/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths to addresses: routes say which hop (neigh_route.c), the kernel's
 * neighbour table its ether address (neigh_ask.c), links whether the interface
 * is there. What follows from the three is told when it changes.
 *
 * Invariants: a path that is told as known has an ether address that is not
 * zero, and an interface that runs. A path that was good stays what it is while
 * a new hop is asked for, or the kernel has forgotten the old one and asks
 * anew: only an answer, its failure or the interface's end changes it.
 *
 * Must not know: what lives at the addresses.
 */
#include "net/neigh.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/xalloc.h"
#include "net/neigh_impl.h"

#define AGAIN_MS       1000 /* after the first silence */
#define SETTLE_POLL_MS 10

int64_t neighs_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + 1;
}

const char *neigh_state_text(enum neigh_state state)
{
	static const char *const words[] = {
		[NEIGH_ASKING] = "asking",   [NEIGH_KNOWN] = "known",
		[NEIGH_SILENT] = "silent",   [NEIGH_NO_ROUTE] = "no-route",
		[NEIGH_DOWN] = "link-down",  [NEIGH_NO_ETHER] = "no-ether",
		[NEIGH_FULL] = "table-full", [NEIGH_UNWANTED] = "unwanted",
	};

	return words[state];
}

static struct target *find(const struct neighs *n, const struct addr *addr)
{
	struct node *node =
	    table_find(&n->by_addr, table_hash(addr, sizeof(*addr), 0));

	while (node && addr_cmp(&((struct target *)node)->addr, addr) != 0)
		node = node_same(node);
	return (struct target *)node;
}

const struct neigh_path *neighs_get(const struct neighs *n,
				    const struct addr *addr)
{
	static const struct neigh_path none = { .state = NEIGH_UNWANTED };
	const struct target *t = find(n, addr);

	return t ? &t->path : &none;
}

/* ---- what holds */

static bool runs(const struct neighs *n, uint32_t ifindex)
{
	const struct link *l = links_by_index(n->links, ifindex);

	return l && l->running;
}

static void path_of(const struct neighs *n, const struct target *t,
		    struct neigh_path *out)
{
	const struct link *l = links_by_index(n->links, t->ifindex);

	memset(out, 0, sizeof(*out));
	out->state = NEIGH_NO_ROUTE;
	if (!l)
		return;
	out->ifindex = t->ifindex;
	out->state = NEIGH_DOWN;
	if (!l->running)
		return;
	out->state = NEIGH_NO_ETHER;
	if (!t->hop || !l->has_ether)
		return;
	out->state = t->hop->state;
	out->hop = t->hop->addr;
	memcpy(out->ether_from, l->ether, sizeof(out->ether_from));
	if (out->state == NEIGH_KNOWN)
		memcpy(out->ether_to, t->hop->ether, sizeof(out->ether_to));
}

void neighs_tell(struct neighs *n, struct target *t)
{
	struct neigh_path now;

	path_of(n, t, &now);
	if (now.state == NEIGH_ASKING && t->path.state == NEIGH_KNOWN &&
	    runs(n, t->path.ifindex))
		return;
	if (memcmp(&now, &t->path, sizeof(now)) == 0)
		return;
	memcpy(&t->path, &now, sizeof(now));
	if (!n->quiet)
		n->changed(n->ctx, &t->addr, &t->path);
}

void neighs_tell_hop(struct neighs *n, struct hop *h)
{
	for (struct target *t = h->targets; t; t = t->next)
		neighs_tell(n, t);
}

/* ---- what the kernel says of a hop */

static void hop_known(struct neighs *n, struct hop *h,
		      const struct neigh_entry *e)
{
	h->state = NEIGH_KNOWN;
	memcpy(h->ether, e->ether, sizeof(h->ether));
	h->asked = 0;
	h->ask_ms = 0;
	if (e->state & NUD_STALE)
		ask_in(n, h, 0);
}

static void hop_silent(struct neighs *n, struct hop *h)
{
	h->state = NEIGH_SILENT;
	ask_in(n, h, (int64_t)AGAIN_MS << h->asked);
	if (h->asked < 5)
		h->asked++;
}

#define NUD_HAS_ETHER                                                          \
	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE |   \
	 NUD_DELAY)

void neighs_heard(struct neighs *n, const struct neigh_entry *e, bool gone)
{
	struct hop *h = hop_find(n, e->ifindex, &e->addr);

	if (!h)
		return;
	h->kept = e->kept && !gone;
	if (gone)
		ask_in(n, h, 0);
	else if (e->state & NUD_HAS_ETHER && e->has_ether)
		hop_known(n, h, e);
	else if (e->state & (NUD_FAILED | NUD_HAS_ETHER))
		hop_silent(n, h);
	else if (!h->ask_ms) /* being asked, or nothing was done with it */
		ask_in(n, h, 0);
	neighs_tell_hop(n, h);
}

static void message(void *ctx, const struct nlmsghdr *nlh)
{
	struct neighs *n = ctx;
	struct neigh_entry e;

	switch (nlh->nlmsg_type) {
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (parse_neigh(nlh, &e))
			neighs_heard(n, &e, nlh->nlmsg_type == RTM_DELNEIGH);
		break;
	default: /* a route, a rule, a next hop */
		route_soon(n);
		break;
	}
}

static void read_events(struct neighs *n)
{
	if (rtnl_events(&n->events, message, n))
		return;
	ask_kernel(n, true);
	route_soon(n);
}

static void io_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	read_events(w->data);
}

/* ---- interfaces */

/* What the kernel knew of those behind it is forgotten with it. */
static void port_down(struct port *p)
{
	for (struct hop *h = p->hops; h; h = h->next) {
		h->state = NEIGH_ASKING;
		h->asked = 0;
	}
}

static void port_up(struct neighs *n, struct port *p)
{
	for (struct hop *h = p->hops; h; h = h->next)
		if (h->state != NEIGH_KNOWN)
			ask_in(n, h, 0);
}

static void link_changed(struct links_listener *listener,
			 const struct link *old, const struct link *now)
{
	struct neighs *n = (struct neighs *)listener;
	struct port *p = port_find(n, now ? now->ifindex : old->ifindex);
	bool ran = old && old->running, run = now && now->running;

	/* Tunnels come and go by the thousand and are no way to a neighbour. */
	if (ran != run && !(now ? now : old)->tunnel.family)
		route_soon(n);
	if (!p)
		return;
	if (ran && !run)
		port_down(p);
	if (!ran && run)
		port_up(n, p);
	for (struct hop *h = p->hops; h; h = h->next)
		neighs_tell_hop(n, h);
}

/* ---- what is wanted */

static void want(struct neighs *n, const struct addr *addr)
{
	struct target *t = find(n, addr);

	if (!t) {
		t = xcalloc(1, sizeof(*t));
		t->addr = *addr;
		*VEC_PUSH(n->list, n->n, n->cap) = t;
		table_add(&n->by_addr, &t->by_addr,
			  table_hash(addr, sizeof(*addr), 0));
	}
	t->wanted = true;
}

static void drop_unwanted(struct neighs *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->n; i++) {
		struct target *t = n->list[i];

		if (t->wanted) {
			n->list[kept++] = t;
			continue;
		}
		hop_lead(n, t, 0, NULL);
		table_remove(&n->by_addr, &t->by_addr);
		free(t);
	}
	n->n = kept;
}

void neighs_want(struct neighs *n, const struct addr *addrs, size_t naddrs)
{
	for (size_t i = 0; i < n->n; i++)
		n->list[i]->wanted = false;
	for (size_t i = 0; i < naddrs; i++)
		want(n, &addrs[i]);
	drop_unwanted(n);
	n->quiet = true;
	links_read(n->links);
	route_all(n, false);
	ask_kernel(n, false);
	for (size_t i = 0; i < n->n; i++)
		neighs_tell(n, n->list[i]);
	n->quiet = false;
}

static bool settled(const struct neighs *n)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->list[i]->path.state == NEIGH_ASKING)
			return false;
	return true;
}

bool neighs_settle(struct neighs *n, unsigned int timeout_ms)
{
	int64_t end_ms = neighs_now_ms() + timeout_ms;
	struct pollfd fd = { .fd = rtnl_fd(&n->events), .events = POLLIN };

	while (!settled(n) && neighs_now_ms() < end_ms) {
		ask_due(n);
		poll(&fd, 1, SETTLE_POLL_MS);
		links_read(n->links);
		read_events(n);
	}
	return settled(n);
}

/* ---- the outside */

int neighs_open(struct neighs **out, struct ev_loop *loop, struct links *links,
		neighs_changed *changed, void *ctx, struct err *err)
{
	static const unsigned int groups[] = {
		RTNLGRP_NEIGH,     RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
		RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,  RTNLGRP_NEXTHOP,
	};
	struct neighs *n = xcalloc(1, sizeof(*n));
	int ret = rtnl_open(&n->requests, err);

	if (ret == 0)
		ret = rtnl_listen(&n->events, groups,
				  sizeof(groups) / sizeof(groups[0]), err);
	if (ret < 0) {
		rtnl_close(&n->requests);
		free(n);
		return ret;
	}
	n->loop = loop;
	n->links = links;
	n->changed = changed;
	n->ctx = ctx;
	n->listener.changed = link_changed;
	links_listen(links, &n->listener);
	ask_open(n);
	route_open(n);
	ev_io_init(&n->io, io_cb, rtnl_fd(&n->events), EV_READ);
	n->io.data = n;
	ev_io_start(loop, &n->io);
	*out = n;
	return 0;
}

void neighs_close(struct neighs *n)
{
	if (!n)
		return;
	links_leave(n->links, &n->listener);
	ev_io_stop(n->loop, &n->io);
	ask_close(n);
	route_close(n);
	hops_free(n);
	for (size_t i = 0; i < n->n; i++)
		free(n->list[i]);
	free(n->list);
	table_free(&n->by_addr);
	rtnl_close(&n->events);
	rtnl_close(&n->requests);
	free(n);
}
