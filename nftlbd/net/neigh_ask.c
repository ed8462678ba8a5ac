/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making the kernel ask. A neighbour that is "used" (NTF_USE) is asked for when
 * it is not known, and asked again when what is known of it is old; nothing
 * else of the entry changes. So those that are not known are used now and then,
 * less and less often, and those that are known when the kernel says that they
 * have grown stale: that way they are either confirmed or found lost, although
 * no packet of the host itself ever goes there.
 *
 * An entry that the operator made permanent is left alone.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "net/neigh_impl.h"

#define AT_ONCE  256 /* questions at a time: each may be a broadcast */
#define PAUSE_MS 50  /* between such */
#define SILENCE_MS                                                             \
	10000 /* the kernel says something before, or has forgotten            \
	       */
#define AGAIN_MIN_MS 1000
#define AGAIN_MAX_MS 30000

static void wake(struct neighs *n, int64_t wait_ms)
{
	double wait_s = (double)wait_ms / 1e3;

	if (ev_is_active(&n->ask)) {
		if (ev_timer_remaining(n->loop, &n->ask) <= wait_s)
			return;
		ev_timer_stop(n->loop, &n->ask);
	}
	ev_timer_set(&n->ask, wait_s, 0);
	ev_timer_start(n->loop, &n->ask);
}

void ask_in(struct neighs *n, struct hop *h, int64_t wait_ms)
{
	int64_t now_ms = neighs_now_ms();

	h->ask_ms = 0;
	if (h->kept) /* using it would make it an entry like others */
		return;
	if (wait_ms < AGAIN_MIN_MS && now_ms - h->asked_ms < AGAIN_MIN_MS)
		wait_ms = AGAIN_MIN_MS;
	h->ask_ms = now_ms + wait_ms;
	wake(n, wait_ms);
}

static void put_hop(struct rtnl_batch *b, uint16_t type, uint16_t flags,
		    uint8_t how, const struct hop *h)
{
	struct ndmsg nd = { .ndm_family = h->addr.family,
			    .ndm_ifindex = (int)h->port->ifindex,
			    .ndm_flags = how };
	struct nlmsghdr *nlh = rtnl_begin(b, type, flags, &nd, sizeof(nd));

	rtnl_put_addr(nlh, NDA_DST, &h->addr);
	rtnl_end(b);
}

/* ---- make the kernel ask them */

struct asking {
	struct neighs *n;
	struct hop *of[AT_ONCE];
	size_t nof;
};

static int64_t back_off_ms(struct hop *h)
{
	int64_t wait_ms = AGAIN_MIN_MS << h->asked;

	if (wait_ms >= AGAIN_MAX_MS)
		return AGAIN_MAX_MS;
	h->asked++;
	return wait_ms;
}

static void asked(void *ctx, size_t i, int error, const char *words,
		  const struct nlmsghdr *reply)
{
	struct asking *a = ctx;
	struct hop *h = a->of[i];

	if (reply)
		return;
	h->asked_ms = neighs_now_ms();
	h->ask_ms = h->asked_ms + (error ? back_off_ms(h) : SILENCE_MS);
	if (error && h->state != NEIGH_KNOWN)
		h->state = error == -ENOBUFS || error == -ENOSPC ? NEIGH_FULL
								 : NEIGH_SILENT;
}

/* The targets are told afterwards: who is told may look at all of them. */
static void ask_these(struct neighs *n, struct asking *a)
{
	struct rtnl_batch b = { 0 };
	enum neigh_state was[AT_ONCE];
	int ret;

	for (size_t i = 0; i < a->nof; i++) {
		was[i] = a->of[i]->state;
		put_hop(&b, RTM_NEWNEIGH, NLM_F_CREATE, NTF_USE, a->of[i]);
	}
	ret = rtnl_send(&n->requests, &b, asked, a);
	if (ret < 0)
		log_warning("neighbours cannot be asked: %s", strerror(-ret));
	buf_free(&b.buf);
	for (size_t i = 0; i < a->nof; i++)
		if (a->of[i]->state != was[i])
			neighs_tell_hop(n, a->of[i]);
}

static bool is_up(const struct neighs *n, const struct hop *h)
{
	const struct link *l = links_by_index(n->links, h->port->ifindex);

	return l && l->running;
}

void ask_due(struct neighs *n)
{
	struct asking a = { .n = n };
	int64_t now_ms = neighs_now_ms(), next_ms = INT64_MAX;

	for (size_t i = 0; i < n->hops.nslots; i++)
		for (struct node *at = n->hops.slots[i]; at; at = at->next) {
			struct hop *h = (struct hop *)at;

			if (!h->ask_ms || !is_up(n, h))
				continue;
			if (h->ask_ms <= now_ms && a.nof < AT_ONCE)
				a.of[a.nof++] = h;
			else if (h->ask_ms < next_ms)
				next_ms = h->ask_ms;
		}
	if (a.nof)
		ask_these(n, &a);
	if (a.nof && next_ms > now_ms + AGAIN_MIN_MS)
		next_ms = now_ms + AGAIN_MIN_MS;
	if (next_ms != INT64_MAX)
		wake(n,
		     next_ms > now_ms + PAUSE_MS ? next_ms - now_ms : PAUSE_MS);
}

static void ask_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	ask_due(w->data);
}

/* ---- what does it know? */

struct knowing {
	struct neighs *n;
	struct hop **of;
};

static void known(void *ctx, size_t i, int error, const char *words,
		  const struct nlmsghdr *reply)
{
	struct knowing *k = ctx;
	struct neigh_entry e;

	if (reply && reply->nlmsg_type == RTM_NEWNEIGH &&
	    parse_neigh(reply, &e))
		neighs_heard(k->n, &e, false);
	else if (!reply && error) /* -ENOENT */
		ask_in(k->n, k->of[i], 0);
}

void ask_kernel(struct neighs *n, bool all)
{
	struct knowing k = { .n = n };
	struct rtnl_batch b = { 0 };
	size_t nof = 0;
	int ret;

	k.of = xcalloc(n->hops.n + 1, sizeof(struct hop *));
	for (size_t i = 0; i < n->hops.nslots; i++)
		for (struct node *at = n->hops.slots[i]; at; at = at->next) {
			struct hop *h = (struct hop *)at;

			if (!all && (h->ask_ms || h->state != NEIGH_ASKING))
				continue;
			put_hop(&b, RTM_GETNEIGH, 0, 0, h);
			k.of[nof++] = h;
		}
	ret = rtnl_send(&n->requests, &b, known, &k);
	if (ret < 0)
		log_warning("neighbours cannot be read: %s", strerror(-ret));
	buf_free(&b.buf);
	free(k.of);
}

void ask_open(struct neighs *n)
{
	ev_init(&n->ask, ask_cb);
	n->ask.data = n;
}

void ask_close(struct neighs *n)
{
	ev_timer_stop(n->loop, &n->ask);
}
