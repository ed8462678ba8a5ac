/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a type of check has once for all its specs: sockets, a handle of a
 * library. Of each kind a loop has at most one, from the first prepare() to
 * the last release() that wants it.
 */
#ifndef HEALTHCHECK_SHARED_H
#define HEALTHCHECK_SHARED_H

#include <ev.h>

/* A kind of shared object; one static const for each type of check. */
struct shared_kind {
	/* make it; NULL = that cannot be */
	void *(*open)(struct ev_loop *loop);
	void (*close)(void *object);
};

/**
 * shared_hold() - the loop's object of @kind, made if there is none
 * Return: the object, ours until shared_drop(); NULL where open said so.
 */
void *shared_hold(struct ev_loop *loop, const struct shared_kind *kind);

/** shared_drop() - not wanted any longer; the last one closes it */
void shared_drop(struct ev_loop *loop, const struct shared_kind *kind);

#endif
