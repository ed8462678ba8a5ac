/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces, kept fresh: listen first, then read all, then take each event as
 * it comes. Where events were lost all is read again, and what was not seen by
 * that reading is gone.
 *
 * Invariant: listeners hear of each difference between what they could see
 * before and what they can see now, after it can be seen.
 *
 * Must not know: what anybody wants with an interface.
 */
#include "net/links.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "net/parse.h"
#include "net/rtnl.h"
#include "net/table.h"

/* One interface; in both tables. */
struct held {
	struct node by_index, by_name;
	size_t at;          /* in links.list */
	unsigned int round; /* of the reading that saw it last */
	struct link link;
};

struct links {
	struct ev_loop *loop;
	ev_io io;
	struct rtnl events, requests;
	struct held **list;
	size_t n, cap;
	struct table by_index, by_name;
	unsigned int round;
	struct links_listener *listeners;
	struct links_listener *next; /* to be told, while they are told */
};

/* ---- look up */

#define held_of(node, member)                                                  \
	((struct held *)(void *)((char *)(node)-offsetof(struct held, member)))

static uint32_t hash_index(uint32_t ifindex)
{
	return table_hash(&ifindex, sizeof(ifindex), 0);
}

static uint32_t hash_name(const char *name)
{
	return table_hash(name, strlen(name), 0);
}

static struct held *find(const struct links *l, uint32_t ifindex)
{
	struct node *node = table_find(&l->by_index, hash_index(ifindex));

	while (node && held_of(node, by_index)->link.ifindex != ifindex)
		node = node_same(node);
	return node ? held_of(node, by_index) : NULL;
}

const struct link *links_by_index(const struct links *l, uint32_t ifindex)
{
	const struct held *h = find(l, ifindex);

	return h ? &h->link : NULL;
}

const struct link *links_by_name(const struct links *l, const char *name)
{
	struct node *node = table_find(&l->by_name, hash_name(name));

	while (node && strcmp(held_of(node, by_name)->link.name, name) != 0)
		node = node_same(node);
	return node ? &held_of(node, by_name)->link : NULL;
}

size_t links_count(const struct links *l)
{
	return l->n;
}

const struct link *links_at(const struct links *l, size_t i)
{
	return &l->list[i]->link;
}

/* ---- listeners */

void links_listen(struct links *l, struct links_listener *listener)
{
	listener->next = l->listeners;
	l->listeners = listener;
}

void links_leave(struct links *l, struct links_listener *listener)
{
	struct links_listener **at = &l->listeners;

	if (l->next == listener)
		l->next = listener->next;
	while (*at && *at != listener)
		at = &(*at)->next;
	if (*at)
		*at = listener->next;
}

static void tell(struct links *l, const struct link *old,
		 const struct link *now)
{
	for (struct links_listener *i = l->listeners; i; i = l->next) {
		l->next = i->next;
		i->changed(i, old, now);
	}
	l->next = NULL;
}

/* ---- changes */

static void appear(struct links *l, const struct link *now)
{
	struct held *h = xcalloc(1, sizeof(*h));

	memcpy(&h->link, now, sizeof(*now));
	h->round = l->round;
	h->at = l->n;
	*VEC_PUSH(l->list, l->n, l->cap) = h;
	table_add(&l->by_index, &h->by_index, hash_index(now->ifindex));
	table_add(&l->by_name, &h->by_name, hash_name(now->name));
	tell(l, NULL, &h->link);
}

static void change(struct links *l, struct held *h, const struct link *now)
{
	struct link old;

	h->round = l->round;
	if (memcmp(&h->link, now, sizeof(*now)) == 0)
		return;
	memcpy(&old, &h->link, sizeof(old));
	memcpy(&h->link, now, sizeof(*now));
	if (strcmp(old.name, now->name) != 0) {
		table_remove(&l->by_name, &h->by_name);
		table_add(&l->by_name, &h->by_name, hash_name(now->name));
	}
	tell(l, &old, &h->link);
}

static void vanish(struct links *l, struct held *h)
{
	table_remove(&l->by_index, &h->by_index);
	table_remove(&l->by_name, &h->by_name);
	l->list[h->at] = l->list[--l->n];
	l->list[h->at]->at = h->at;
	tell(l, &h->link, NULL);
	free(h);
}

static void message(void *ctx, const struct nlmsghdr *nlh)
{
	struct links *l = ctx;
	struct link now;
	struct held *h;

	if ((nlh->nlmsg_type != RTM_NEWLINK &&
	     nlh->nlmsg_type != RTM_DELLINK) ||
	    !parse_link(nlh, &now))
		return;
	h = find(l, now.ifindex);
	if (nlh->nlmsg_type == RTM_NEWLINK)
		h ? change(l, h, &now) : appear(l, &now);
	else if (h)
		vanish(l, h);
}

/* ---- the kernel */

static int read_all(struct links *l)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
	int ret;

	l->round++;
	ret = rtnl_dump(&l->requests, RTM_GETLINK, &header, sizeof(header),
			RTEXT_FILTER_SKIP_STATS, message, l);
	for (size_t i = 0; ret == 0 && i < l->n;)
		if (l->list[i]->round != l->round)
			vanish(l, l->list[i]);
		else
			i++;
	return ret;
}

void links_read(struct links *l)
{
	int ret;

	if (rtnl_events(&l->events, message, l))
		return;
	ret = read_all(l);
	if (ret < 0)
		log_warning("interfaces: events were lost, and they cannot be "
			    "read: %s",
			    strerror(-ret));
}

static void io_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	links_read(w->data);
}

int links_open(struct links **out, struct ev_loop *loop, struct err *err)
{
	static const unsigned int groups[] = { RTNLGRP_LINK };
	struct links *l = xcalloc(1, sizeof(*l));
	int ret = rtnl_listen(&l->events, groups, 1, err);

	l->loop = loop;
	if (ret == 0)
		ret = rtnl_open(&l->requests, err);
	if (ret == 0) {
		ret = read_all(l);
		if (ret < 0)
			err_set(err, ret, "cannot read the interfaces: %s",
				strerror(-ret));
	}
	if (ret < 0) {
		links_close(l);
		return ret;
	}
	ev_io_init(&l->io, io_cb, rtnl_fd(&l->events), EV_READ);
	l->io.data = l;
	ev_io_start(loop, &l->io);
	*out = l;
	return 0;
}

void links_close(struct links *l)
{
	if (!l)
		return;
	if (ev_is_active(&l->io))
		ev_io_stop(l->loop, &l->io);
	rtnl_close(&l->events);
	rtnl_close(&l->requests);
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i]);
	free(l->list);
	table_free(&l->by_index);
	table_free(&l->by_name);
	free(l);
}
