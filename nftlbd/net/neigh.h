/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which interface and ether address lead to an address: by the kernel's routes
 * and neighbour tables, watched; the kernel is made to ask where it does not
 * know, and to ask again before what it knows grows old.
 */
#ifndef NFTLB_NET_NEIGH_H
#define NFTLB_NET_NEIGH_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/links.h"

enum neigh_state {
	NEIGH_ASKING,   /* nobody has answered yet */
	NEIGH_KNOWN,    /* all of struct neigh_path counts */
	NEIGH_SILENT,   /* asked, no answer; is asked again */
	NEIGH_NO_ROUTE, /* or it is one of our own, or refused */
	NEIGH_DOWN,     /* the interface is, or has no carrier */
	NEIGH_NO_ETHER, /* the interface has no ether addresses */
	NEIGH_FULL,     /* the kernel's neighbour table is (gc_thresh3) */
	NEIGH_UNWANTED  /* neighs_get(): nobody asked for that address */
};

struct neigh_path {
	enum neigh_state state;
	uint32_t ifindex;      /* 0 = NEIGH_NO_ROUTE */
	uint8_t ether_to[6];   /* the address's own or its router's; never zero
				* where it is known */
	uint8_t ether_from[6]; /* the interface's */
	struct addr hop;       /* whose ether address: itself or a router */
};

struct neighs;

/* @path: what holds now; called where it is not what it was, and where the
 * address becomes known for the first time. From the loop or neighs_settle().
 */
typedef void neighs_changed(void *ctx, const struct addr *addr,
			    const struct neigh_path *path);

int neighs_open(struct neighs **out, struct ev_loop *loop, struct links *links,
		neighs_changed *changed, void *ctx, struct err *err);
void neighs_close(struct neighs *n); /* NULL is fine */

/** neighs_want() - from now on these and no others; may repeat; copied
 * What the kernel knows already is known when it returns, without a call of
 * changed(). */
void neighs_want(struct neighs *n, const struct addr *addrs, size_t naddrs);

/** neighs_settle() - wait until none is NEIGH_ASKING, @timeout_ms at most
 * Return: is that so? */
bool neighs_settle(struct neighs *n, unsigned int timeout_ms);

/** neighs_get() - never NULL; valid until the loop runs */
const struct neigh_path *neighs_get(const struct neighs *n,
				    const struct addr *addr);

/** neigh_state_text() - one word: "asking", "known", "silent", ... */
const char *neigh_state_text(enum neigh_state state);

/* What the kernel would do with a packet to an address. */
struct net_route {
	uint32_t ifindex; /* where it leaves; 0 = it does not */
	struct addr via;  /* router; family 0 = on the link */
	struct addr from; /* source the kernel would take; family 0 = none */
	uint32_t mtu;     /* of the route, or of the interface */
	bool local;       /* it is one of our own addresses */
	int error;        /* -errno of the kernel where ifindex is 0 */
};

/** neighs_route() - ask the kernel, now; 0 or -errno of the asking itself */
int neighs_route(struct neighs *n, const struct addr *to, struct net_route *out,
		 struct err *err);

#endif
