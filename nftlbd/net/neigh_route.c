/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the kernel's routes lead: all addresses are looked up, many at a time,
 * whenever a route, a rule or an interface has changed; but while they keep
 * changing (full tables of a BGP speaker) that takes a small part of the time,
 * and now and then although nothing was heard.
 *
 * Must not know: who answers there.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "net/neigh_impl.h"

#define SOON_S   0.02 /* changes come in bursts */
#define PART     50   /* of the time may go into it */
#define ALWAYS_S 30.0 /* next hops can be exchanged without a word */

static void put_question(struct rtnl_batch *b, const struct addr *to)
{
	struct rtmsg rt = { .rtm_family = to->family,
			    .rtm_dst_len = (uint8_t)(addr_len(to) * 8) };
	struct nlmsghdr *nlh = rtnl_begin(b, RTM_GETROUTE, 0, &rt, sizeof(rt));

	rtnl_put_addr(nlh, RTA_DST, to);
	rtnl_end(b);
}

/* ---- all of them */

struct look_up {
	struct neighs *n;
	struct target **of; /* as the requests */
	struct route_answer answer;
	bool answered;
};

static void lead(struct neighs *n, struct target *t,
		 const struct route_answer *a)
{
	const struct link *l = links_by_index(n->links, a->ifindex);

	t->routed = true;
	if (!l || a->type != RTN_UNICAST)
		hop_lead(n, t, 0, NULL);
	else if (!l->has_ether)
		hop_lead(n, t, a->ifindex, NULL);
	else
		hop_lead(n, t, a->ifindex, a->via.family ? &a->via : &t->addr);
}

static void answered(void *ctx, size_t i, int error, const char *words,
		     const struct nlmsghdr *reply)
{
	struct look_up *l = ctx;

	if (reply) {
		l->answered = reply->nlmsg_type == RTM_NEWROUTE &&
			      parse_route(reply, &l->answer);
		return;
	}
	if (error || !l->answered)
		l->answer = (struct route_answer){ 0 };
	l->answered = false;
	lead(l->n, l->of[i], &l->answer);
}

void route_all(struct neighs *n, bool all)
{
	struct look_up l = { .n = n };
	struct rtnl_batch b = { 0 };
	struct target **of;
	size_t nof = 0;
	int ret;

	of = xcalloc(n->n + 1, sizeof(struct target *));
	for (size_t i = 0; i < n->n; i++)
		if (all || !n->list[i]->routed) {
			put_question(&b, &n->list[i]->addr);
			of[nof++] = n->list[i];
		}
	l.of = of;
	ret = rtnl_send(&n->requests, &b, answered, &l);
	if (ret < 0)
		log_warning("routes cannot be looked up: %s", strerror(-ret));
	buf_free(&b.buf);
	free(of);
}

/* ---- when */

static void reroute_in(struct neighs *n, double wait_s)
{
	if (ev_is_active(&n->reroute)) {
		if (ev_timer_remaining(n->loop, &n->reroute) <= wait_s)
			return;
		ev_timer_stop(n->loop, &n->reroute);
	}
	ev_timer_set(&n->reroute, wait_s, 0);
	ev_timer_start(n->loop, &n->reroute);
}

static void reroute_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct neighs *n = w->data;
	ev_tstamp start = ev_time();

	route_all(n, true);
	ask_kernel(n, false);
	for (size_t i = 0; i < n->n; i++)
		neighs_tell(n, n->list[i]);
	n->rerouted_s = ev_time();
	n->reroute_took_s = n->rerouted_s - start;
	reroute_in(n, ALWAYS_S);
}

void route_soon(struct neighs *n)
{
	double since_s = ev_time() - n->rerouted_s;
	double pause_s = n->reroute_took_s * PART;
	double wait_s = pause_s - since_s;

	if (wait_s > pause_s) /* the clock was set */
		wait_s = pause_s;
	reroute_in(n, wait_s > SOON_S ? wait_s : SOON_S);
}

void route_open(struct neighs *n)
{
	ev_init(&n->reroute, reroute_cb);
	n->reroute.data = n;
	reroute_in(n, ALWAYS_S);
}

void route_close(struct neighs *n)
{
	ev_timer_stop(n->loop, &n->reroute);
}

/* ---- one of them, for others */

struct one {
	struct route_answer answer;
	int error;
	bool answered;
};

static void one_answered(void *ctx, size_t i, int error, const char *words,
			 const struct nlmsghdr *reply)
{
	struct one *o = ctx;

	if (reply)
		o->answered = reply->nlmsg_type == RTM_NEWROUTE &&
			      parse_route(reply, &o->answer);
	else
		o->error = error;
}

int neighs_route(struct neighs *n, const struct addr *to, struct net_route *out,
		 struct err *err)
{
	struct rtnl_batch b = { 0 };
	struct one o = { 0 };
	const struct link *l;
	char text[ADDR_STRLEN];
	int ret;

	memset(out, 0, sizeof(*out));
	put_question(&b, to);
	ret = rtnl_send(&n->requests, &b, one_answered, &o);
	buf_free(&b.buf);
	if (ret < 0)
		return err_set(err, ret, "the route to %s: %s",
			       addr_format(to, text), strerror(-ret));
	l = links_by_index(n->links, o.answer.ifindex);
	out->local = o.answer.type == RTN_LOCAL;
	out->error = o.error;
	if (o.error || !o.answered || !l ||
	    (o.answer.type != RTN_UNICAST && !out->local)) {
		out->error = o.error ? o.error : -ENETUNREACH;
		return 0;
	}
	out->ifindex = o.answer.ifindex;
	out->via = o.answer.via;
	out->from = o.answer.from;
	out->mtu = o.answer.mtu ? o.answer.mtu : l->mtu;
	return 0;
}
