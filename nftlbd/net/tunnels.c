/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnel devices: those that are wanted against those that are there, reviewed
 * one by one when something may have changed, made many at a time.
 *
 * Invariants: an entry has an ifindex only while a device is up that does what
 * the entry says. A device without our alias is never changed, unless it has
 * none at all and is of the kind and name that ours would have (we were stopped
 * half way). A device that has to be made again and again waits longer and
 * longer. tunnels_work.c talks to the kernel.
 *
 * Must not know: what is sent through them.
 */
#include "net/tunnels.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "net/tunnels_impl.h"

#define AGAIN_MIN_MS 50
#define AGAIN_MAX_MS 10000 /* as long calm: it is like new */

int64_t tunnels_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + 1;
}

/* ---- look up */

#define entry_of(node, member)                                                 \
	((struct entry *)(void *)((char *)(node)-offsetof(struct entry,        \
							  member)))

static uint32_t hash_name(const char *name)
{
	return table_hash(name, strlen(name), 0);
}

static uint32_t hash_pair(const struct tunnel_pair *pair)
{
	return table_hash(pair, sizeof(*pair), 0);
}

static struct entry *find_name(const struct tunnels *t, const char *name)
{
	struct node *node = table_find(&t->by_name, hash_name(name));

	while (node && strcmp(entry_of(node, by_name)->spec.name, name) != 0)
		node = node_same(node);
	return node ? entry_of(node, by_name) : NULL;
}

static bool same_pair(const struct tunnel_pair *a, const struct tunnel_pair *b)
{
	return !addr_cmp(&a->local, &b->local) &&
	       !addr_cmp(&a->remote, &b->remote);
}

static struct entry *find_pair(const struct tunnels *t,
			       const struct tunnel_pair *pair)
{
	struct node *node = table_find(&t->by_pair, hash_pair(pair));

	while (node && !same_pair(&entry_of(node, by_pair)->pair, pair))
		node = node_same(node);
	return node ? entry_of(node, by_pair) : NULL;
}

uint32_t tunnels_ifindex(const struct tunnels *t,
			 const struct tunnel_pair *pair)
{
	const struct entry *e = find_pair(t, pair);

	return e ? e->ifindex : 0;
}

uint32_t tunnels_decap_ifindex(const struct tunnels *t, const char *name)
{
	const struct entry *e = find_name(t, name);

	return e && e->decap ? e->ifindex : 0;
}

const char *tunnels_why(const struct tunnels *t)
{
	return t->why;
}

bool tunnels_wanted(const struct tunnels *t, const char *name)
{
	return find_name(t, name) != NULL;
}

/* ---- review */

static void set_ifindex(struct tunnels *t, struct entry *e, uint32_t ifindex)
{
	t->news |= e->ifindex != ifindex;
	if (ifindex && !e->ifindex && e->again > 1)
		log_info("tunnel %s: made again", e->spec.name);
	if (ifindex)
		e->error = 0;
	e->ifindex = ifindex;
}

/* It has to be made, or made again. Return: false: not yet */
static bool is_due(struct tunnels *t, struct entry *e)
{
	int64_t now_ms = tunnels_now_ms();
	int64_t wait_ms;

	if (e->due_ms)
		return e->due_ms <= now_ms;
	if (!e->made_ms || now_ms - e->made_ms > AGAIN_MAX_MS)
		e->again = 0;
	wait_ms = e->again ? AGAIN_MIN_MS << (e->again - 1) : 0;
	if (wait_ms < AGAIN_MAX_MS)
		e->again++;
	else
		wait_ms = AGAIN_MAX_MS;
	e->due_ms = now_ms + wait_ms;
	return wait_ms == 0;
}

/* May we make it what it should be? */
static bool is_ours(const struct tunnels *t, const struct entry *e,
		    const struct link *l)
{
	return spec_owns(t->owner, l) ||
	       (!l->alias[0] && !strcmp(l->kind, e->spec.kind));
}

enum verdict tunnels_review(struct tunnels *t, struct entry *e)
{
	const struct link *l = links_by_name(t->links, e->spec.name);

	if (l && (spec_is(&e->spec, l) ||
		  (!is_ours(t, e, l) && spec_form_is(&e->spec, l) && l->up))) {
		set_ifindex(t, e, l->ifindex);
		e->due_ms = 0;
		e->recreate = false;
		return VERDICT_FINE;
	}
	set_ifindex(t, e,
		    l && l->up && spec_form_is(&e->spec, l) ? l->ifindex : 0);
	if (!is_due(t, e))
		return VERDICT_LATER;
	e->due_ms = 0;
	e->made_ms = tunnels_now_ms();
	if (l && !is_ours(t, e, l))
		return VERDICT_TAKEN;
	if (l && (e->recreate || strcmp(l->kind, e->spec.kind) != 0))
		return VERDICT_REPLACE;
	return VERDICT_MAKE;
}

/* ---- what is to be reviewed, and when */

void tunnels_queue(struct tunnels *t, struct entry *e)
{
	if (e->queued)
		return;
	e->queued = true;
	*VEC_PUSH(t->queue, t->nqueue, t->capqueue) = e;
	tunnels_wake(t);
}

/* A device is gone: perhaps it was in the way of one that failed. */
static void queue_waiting(struct tunnels *t)
{
	for (size_t i = 0; t->waiting && i < t->n; i++)
		if (t->list[i]->due_ms) {
			t->list[i]->due_ms = 1;
			tunnels_queue(t, t->list[i]);
		}
}

static void link_changed(struct links_listener *listener,
			 const struct link *old, const struct link *now)
{
	struct tunnels *t = (struct tunnels *)listener;
	struct entry *e;

	if (old) {
		e = find_name(t, old->name);
		if (e)
			tunnels_queue(t, e);
	}
	if (now && (!old || strcmp(old->name, now->name) != 0)) {
		e = find_name(t, now->name);
		if (e)
			tunnels_queue(t, e);
	}
	if (old && !now && old->tunnel.family && !find_name(t, old->name))
		queue_waiting(t);
}

/* ---- what is wanted */

static void drop(struct tunnels *t, struct entry *e)
{
	table_remove(&t->by_name, &e->by_name);
	if (!e->decap)
		table_remove(&t->by_pair, &e->by_pair);
	free(e);
}

static struct entry *add(struct tunnels *t, const struct tunnel_spec *spec)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	e->spec = *spec;
	*VEC_PUSH(t->list, t->n, t->cap) = e;
	table_add(&t->by_name, &e->by_name, hash_name(spec->name));
	return e;
}

static void want_pair(struct tunnels *t, const struct tunnel_pair *pair)
{
	struct entry *e = find_pair(t, pair);
	struct tunnel_spec spec;
	unsigned int salt = 0;

	if (!e) {
		do /* eight digits may be those of another pair, once in ages */
			spec_pair(&spec, pair, salt++, t->owner);
		while (find_name(t, spec.name));
		e = add(t, &spec);
		e->pair = *pair;
		table_add(&t->by_pair, &e->by_pair, hash_pair(pair));
	}
	e->wanted = true;
}

static void want_decap(struct tunnels *t, const struct tunnel_decap *decap)
{
	struct entry *e = find_name(t, decap->name);
	struct tunnel_spec spec;

	spec_decap(&spec, decap, t->owner);
	if (!e) {
		e = add(t, &spec);
		e->decap = true;
	}
	e->spec = spec;
	e->wanted = true;
}

static void drop_unwanted(struct tunnels *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->list[i]->wanted)
			t->list[n++] = t->list[i];
		else
			drop(t, t->list[i]);
	t->n = n;
}

void tunnels_want(struct tunnels *t, const struct tunnel_pair *pairs, size_t n,
		  const struct tunnel_decap *decaps, size_t ndecaps)
{
	for (size_t i = 0; i < t->n; i++)
		t->list[i]->wanted = t->list[i]->queued = false;
	t->nqueue = 0;
	for (size_t i = 0; i < ndecaps; i++)
		want_decap(t, &decaps[i]);
	for (size_t i = 0; i < n; i++)
		want_pair(t, &pairs[i]);
	drop_unwanted(t);
	for (size_t i = 0; i < t->n; i++) {
		struct entry *e = t->list[i];
		const struct link *l = links_by_name(t->links, e->spec.name);

		e->ifindex =
		    l && l->up && spec_form_is(&e->spec, l) ? l->ifindex : 0;
		if (!l || !spec_is(&e->spec, l))
			tunnels_queue(t, e);
	}
}

/* ---- the outside */

int tunnels_open(struct tunnels **out, struct ev_loop *loop,
		 struct links *links, const char *owner,
		 tunnels_changed *changed, void *ctx, struct err *err)
{
	struct tunnels *t = xcalloc(1, sizeof(*t));
	int ret = rtnl_open(&t->requests, err);

	if (ret < 0) {
		free(t);
		return ret;
	}
	t->owner = xstrdup(owner);
	t->loop = loop;
	t->links = links;
	t->changed = changed;
	t->ctx = ctx;
	t->listener.changed = link_changed;
	links_listen(links, &t->listener);
	tunnels_work_open(t);
	*out = t;
	return 0;
}

void tunnels_close(struct tunnels *t)
{
	if (!t)
		return;
	links_leave(t->links, &t->listener);
	tunnels_work_close(t);
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i]);
	free(t->list);
	free(t->queue);
	table_free(&t->by_name);
	table_free(&t->by_pair);
	rtnl_close(&t->requests);
	free(t->owner);
	free(t);
}
