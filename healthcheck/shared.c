/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared objects: a short list that hangs on the loop (its userdata, which
 * nobody else uses), so that no global variable is needed.
 *
 * Invariants: an object is in the list while somebody holds it; kinds are
 * compared by address.
 *
 * Must not know what the objects are.
 */
#include "healthcheck/shared.h"

#include <stdlib.h>

#include "lib/xalloc.h"

struct shared {
	struct shared *next;
	const struct shared_kind *kind;
	void *object;
	unsigned int users;
};

void *shared_hold(struct ev_loop *loop, const struct shared_kind *kind)
{
	struct shared *s = ev_userdata(loop);
	void *object;

	while (s && s->kind != kind)
		s = s->next;
	if (s) {
		s->users++;
		return s->object;
	}
	object = kind->open(loop);
	if (!object)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	*s = (struct shared){ ev_userdata(loop), kind, object, 1 };
	ev_set_userdata(loop, s);
	return object;
}

void shared_drop(struct ev_loop *loop, const struct shared_kind *kind)
{
	struct shared *first = ev_userdata(loop), **link = &first, *s;

	while (*link && (*link)->kind != kind)
		link = &(*link)->next;
	s = *link;
	if (!s || --s->users)
		return;
	*link = s->next;
	ev_set_userdata(loop, first);
	kind->close(s->object);
	free(s);
}
