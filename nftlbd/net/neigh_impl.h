/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neigh*.c only. */
#ifndef NFTLB_NET_NEIGH_IMPL_H
#define NFTLB_NET_NEIGH_IMPL_H

#include "net/neigh.h"
#include "net/parse.h"
#include "net/rtnl.h"
#include "net/table.h"

struct port;

/* Somebody on the link whose ether address is needed. */
struct hop {
	struct node by_key; /* interface and address */
	struct port *port;
	struct hop *next, *prev; /* of the port */
	struct addr addr;
	enum neigh_state state; /* ASKING, KNOWN, SILENT, FULL */
	uint8_t ether[6];       /* KNOWN */
	struct target *targets;
	unsigned int asked; /* so often in a row without an answer */
	int64_t ask_ms;     /* when to ask next; 0 = not */
	int64_t asked_ms;   /* the last time */
	bool kept;          /* others see to it: it is not asked */
};

/* An interface that leads to hops. */
struct port {
	struct node by_index;
	uint32_t ifindex;
	struct hop *hops;
};

/* An address that is wanted. */
struct target {
	struct node by_addr;
	struct addr addr;
	struct neigh_path path;     /* what was told last */
	struct hop *hop;            /* where the routes lead; NULL = nowhere */
	struct target *next, *prev; /* of the hop */
	uint32_t ifindex;           /* where they lead without a hop */
	bool wanted, routed;
};

struct neighs {
	struct links_listener listener; /* first */
	struct ev_loop *loop;
	struct links *links;
	neighs_changed *changed;
	void *ctx;
	ev_io io;
	ev_timer ask;     /* hops have to be asked */
	ev_timer reroute; /* routes may have changed */
	double rerouted_s, reroute_took_s;
	struct rtnl events, requests;
	struct target **list;
	size_t n, cap;
	struct table by_addr, hops, ports;
	bool quiet; /* changes are not told */
};

/* neigh.c */
int64_t neighs_now_ms(void);
/* What holds for @t now: told where it is something else than before. */
void neighs_tell(struct neighs *n, struct target *t);
void neighs_tell_hop(struct neighs *n, struct hop *h);
/* What the kernel says of a hop; @gone: it has forgotten it */
void neighs_heard(struct neighs *n, const struct neigh_entry *e, bool gone);

/* neigh_hops.c */
struct hop *hop_find(const struct neighs *n, uint32_t ifindex,
		     const struct addr *addr);
/* Lead @t to that hop, or (NULL) to an interface without; others may go. */
void hop_lead(struct neighs *n, struct target *t, uint32_t ifindex,
	      const struct addr *addr);
struct port *port_find(const struct neighs *n, uint32_t ifindex);
void hops_free(struct neighs *n);

/* neigh_ask.c */
void ask_open(struct neighs *n);
void ask_close(struct neighs *n);
/* Ask @h in @wait_ms. */
void ask_in(struct neighs *n, struct hop *h, int64_t wait_ms);
/* Ask all that are due now. */
void ask_due(struct neighs *n);
/* What does the kernel know of all hops, or of those that are new? */
void ask_kernel(struct neighs *n, bool all);

/* neigh_route.c */
void route_open(struct neighs *n);
void route_close(struct neighs *n);
void route_soon(struct neighs *n);
/* Look up all targets, or those that never were. */
void route_all(struct neighs *n, bool all);

#endif
