/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tunnels*.c only. */
#ifndef NFTLB_NET_TUNNELS_IMPL_H
#define NFTLB_NET_TUNNELS_IMPL_H

#include "net/rtnl.h"
#include "net/table.h"
#include "net/tunnel_spec.h"
#include "net/tunnels.h"

/* A device that is wanted. */
struct entry {
	struct node by_name, by_pair;
	struct tunnel_spec spec;
	struct tunnel_pair pair; /* unless decap */
	bool decap, wanted;
	bool queued;        /* for a review */
	bool recreate;      /* the kernel would not change it */
	int error;          /* why it was refused; said once */
	unsigned int again; /* so often in a row it had to be made */
	int64_t made_ms;    /* the last time; 0 = never */
	int64_t due_ms;     /* it waits until then; 0 = it does not wait */
	uint32_t ifindex;   /* 0 = not usable */
};

struct tunnels {
	struct links_listener listener; /* first */
	struct ev_loop *loop;
	struct links *links;
	char *owner;
	tunnels_changed *changed;
	void *ctx;
	struct rtnl requests;
	struct entry **list;
	size_t n, cap;
	struct table by_name, by_pair;
	struct entry **queue;
	size_t nqueue, capqueue;
	ev_timer timer; /* there is work */
	ev_timer later; /* for those that wait */
	bool waiting;   /* some do */
	bool sweeping;  /* devices that nobody wants are to be removed */
	bool news;      /* an ifindex is not what it was: changed() is due */
	char why[512];
};

enum verdict {
	VERDICT_FINE,
	VERDICT_LATER,   /* it waits */
	VERDICT_TAKEN,   /* another device has its name */
	VERDICT_REPLACE, /* remove, then make */
	VERDICT_MAKE     /* make, or change */
};

/* tunnels.c */
enum verdict tunnels_review(struct tunnels *t, struct entry *e);
void tunnels_queue(struct tunnels *t, struct entry *e);
bool tunnels_wanted(const struct tunnels *t, const char *name);
int64_t tunnels_now_ms(void); /* monotonic, never 0 */

/* tunnels_work.c */
void tunnels_work_open(struct tunnels *t);
void tunnels_work_close(struct tunnels *t);
void tunnels_wake(struct tunnels *t); /* work comes with the loop's next turn */

#endif
