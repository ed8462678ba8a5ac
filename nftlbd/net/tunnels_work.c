/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tunnels.c has found out is done here: a batch of requests in each turn
 * of the loop, so that nothing else waits for long. Making a device costs the
 * kernel little; removing one costs it a grace period, so those that go are put
 * into a group and go together.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "net/tunnels_impl.h"

#define BATCH       64 /* devices */
#define LATER_MS    50 /* those that wait are looked at so often */
#define GROUP_FIRST 0x6e6c6200u

void tunnels_wake(struct tunnels *t)
{
	if (ev_is_active(&t->timer))
		return;
	ev_timer_set(&t->timer, 0, 0);
	ev_timer_start(t->loop, &t->timer);
}

static void wait_for(struct tunnels *t)
{
	t->waiting = true;
	if (ev_is_active(&t->later))
		return;
	ev_timer_set(&t->later, LATER_MS / 1e3, 0);
	ev_timer_start(t->loop, &t->later);
}

/* ---- words */

/* The same words again are no news. */
static void failed(struct tunnels *t, const char *name, const char *words)
{
	char why[sizeof(t->why)];

	snprintf(why, sizeof(why), "tunnel %s: %s", name, words);
	if (strcmp(why, t->why) == 0)
		return;
	/* Thousands fail for the same reason: one of them is said. */
	if (!t->why[0] || strcmp(strstr(t->why, ": "), strstr(why, ": ")) != 0)
		log_warning("%s; trying again", why);
	memcpy(t->why, why, sizeof(t->why));
}

static const char *in_the_way(const struct tunnels *t, const struct entry *e)
{
	for (size_t i = 0; i < links_count(t->links); i++) {
		const struct link *l = links_at(t->links, i);

		if (!strcmp(l->kind, e->spec.kind) &&
		    !addr_cmp(&l->tunnel.local, &e->spec.form.local) &&
		    !addr_cmp(&l->tunnel.remote, &e->spec.form.remote) &&
		    l->tunnel.external == e->spec.form.external)
			return l->name;
	}
	return "another one";
}

static void refused(struct tunnels *t, struct entry *e, int error,
		    const char *words)
{
	char text[256];

	if (e->error == error)
		return;
	e->error = error;
	if (error == -EOPNOTSUPP)
		snprintf(text, sizeof(text),
			 "this kernel makes no devices of kind %s (is there a "
			 "module? modprobe %s)",
			 e->spec.kind,
			 strcmp(e->spec.kind, "ip6tnl") ? e->spec.kind
							: "ip6_tunnel");
	else if (error == -EEXIST)
		snprintf(text, sizeof(text),
			 "device %s, which is not ours, has these addresses",
			 in_the_way(t, e));
	else
		snprintf(text, sizeof(text), "%s%s%s", strerror(-error),
			 words[0] ? ": " : "", words);
	failed(t, e->spec.name, text);
}

/* ---- devices that are made */

struct making {
	struct tunnels *t;
	struct entry *of[BATCH];
	size_t n;
};

static void made(void *ctx, size_t i, int error, const char *words,
		 const struct nlmsghdr *reply)
{
	struct making *m = ctx;
	struct entry *e = m->of[i / SPEC_REQUESTS];

	if (reply || !error || i % SPEC_REQUESTS == SPEC_MAY_FAIL)
		return;
	/* Without the device the rest of its requests fail too. */
	if (i % SPEC_REQUESTS && error == -ENODEV)
		return;
	if (links_by_name(m->t->links, e->spec.name))
		e->recreate = true; /* as it is, it cannot be changed */
	refused(m->t, e, error, words);
}

static void take(struct making *m, struct rtnl_batch *batch,
		 struct rtnl_batch *gone, struct entry *e)
{
	struct tunnels *t = m->t;

	e->queued = false;
	switch (tunnels_review(t, e)) {
	case VERDICT_FINE:
		return;
	case VERDICT_LATER:
		wait_for(t);
		return;
	case VERDICT_TAKEN:
		failed(t, e->spec.name,
		       "a device that is not ours has its "
		       "name");
		tunnels_queue(t, e); /* it will wait */
		return;
	case VERDICT_REPLACE:
		spec_remove(gone,
			    links_by_name(t->links, e->spec.name)->ifindex);
		break;
	case VERDICT_MAKE:
		break;
	}
	spec_make(&e->spec, batch);
	m->of[m->n++] = e;
}

/* The queue may grow while links are read: what was taken is cut off before. */
static void make_some(struct tunnels *t)
{
	struct making m = { .t = t };
	struct rtnl_batch batch = { 0 }, gone = { 0 };
	size_t n = 0;
	int ret;

	links_read(t->links);
	while (n < t->nqueue && m.n < BATCH)
		take(&m, &batch, &gone, t->queue[n++]);
	t->nqueue -= n;
	memmove(t->queue, t->queue + n, t->nqueue * sizeof(*t->queue));
	ret = rtnl_send(&t->requests, &gone, NULL, NULL);
	if (ret == 0)
		ret = rtnl_send(&t->requests, &batch, made, &m);
	if (ret < 0)
		failed(t, "devices", strerror(-ret));
	buf_free(&gone.buf);
	buf_free(&batch.buf);
	for (size_t i = 0; i < m.n; i++)
		tunnels_queue(t, m.of[i]); /* is it what it should be? */
	links_read(t->links);
}

/* ---- devices that go */

/* A number that no device's group has. */
static uint32_t free_group(const struct tunnels *t)
{
	uint32_t group = GROUP_FIRST;

	for (size_t i = 0; i < links_count(t->links); i++)
		if (links_at(t->links, i)->group == group) {
			group++;
			i = (size_t)-1;
		}
	return group;
}

static void sweep_some(struct tunnels *t)
{
	uint32_t group = free_group(t);
	struct rtnl_batch batch = { 0 };
	size_t before = links_count(t->links);
	int ret;

	for (size_t i = 0; i < links_count(t->links) && batch.n < BATCH; i++) {
		const struct link *l = links_at(t->links, i);

		if (spec_owns(t->owner, l) && !tunnels_wanted(t, l->name))
			spec_group(&batch, l->ifindex, group);
	}
	if (batch.n == 0) {
		t->sweeping = false;
		return;
	}
	spec_remove_group(&batch, group);
	ret = rtnl_send(&t->requests, &batch, NULL, NULL);
	if (ret < 0)
		log_warning("tunnels: cannot be removed: %s", strerror(-ret));
	buf_free(&batch.buf);
	links_read(t->links);
	if (links_count(t->links) >= before)
		t->sweeping = false; /* they do not go */
}

void tunnels_sweep(struct tunnels *t)
{
	t->sweeping = true;
	tunnels_wake(t);
}

/* ---- turns */

static void tell(struct tunnels *t)
{
	if (!t->news)
		return;
	t->news = false;
	t->changed(t->ctx);
}

static void work(struct tunnels *t)
{
	if (t->nqueue)
		make_some(t);
	else if (t->sweeping)
		sweep_some(t);
	if (t->nqueue || t->sweeping)
		tunnels_wake(t);
}

static void timer_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct tunnels *t = w->data;

	work(t);
	if (t->nqueue)
		return;
	if (!t->waiting)
		t->why[0] = '\0';
	tell(t);
}

static void queue_due(struct tunnels *t)
{
	int64_t now_ms = tunnels_now_ms();

	t->waiting = false;
	for (size_t i = 0; i < t->n; i++) {
		struct entry *e = t->list[i];

		if (e->due_ms && e->due_ms <= now_ms)
			tunnels_queue(t, e);
		else if (e->due_ms)
			wait_for(t);
	}
}

static void later_cb(struct ev_loop *loop, ev_timer *w, int revents)
{
	queue_due(w->data);
}

bool tunnels_settle(struct tunnels *t, unsigned int timeout_ms)
{
	int64_t end_ms = tunnels_now_ms() + timeout_ms;
	bool all = true;

	while (t->nqueue && tunnels_now_ms() < end_ms)
		make_some(t);
	for (size_t i = 0; i < t->n; i++)
		all &= t->list[i]->ifindex != 0;
	if (all)
		t->why[0] = '\0';
	tell(t);
	return all;
}

void tunnels_work_open(struct tunnels *t)
{
	ev_init(&t->timer, timer_cb);
	ev_init(&t->later, later_cb);
	t->timer.data = t->later.data = t;
}

void tunnels_work_close(struct tunnels *t)
{
	ev_timer_stop(t->loop, &t->timer);
	ev_timer_stop(t->loop, &t->later);
}
