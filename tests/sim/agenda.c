/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See agenda.h. */
#include "tests/sim/agenda.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lib/xalloc.h"

static bool sooner(const struct event *a, const struct event *b)
{
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us;
	return a->order < b->order;
}

void agenda_add(struct agenda *a, struct event e)
{
	size_t i = a->n;

	e.order = a->order++;
	VEC_PUSH(a->events, a->n, a->cap);
	while (i > 0 && sooner(&e, &a->events[(i - 1) / 2])) {
		a->events[i] = a->events[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	a->events[i] = e;
}

struct event agenda_next(struct agenda *a)
{
	struct event first = a->events[0], last = a->events[--a->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < a->n) {
		if (child + 1 < a->n &&
		    sooner(&a->events[child + 1], &a->events[child]))
			child++;
		if (!sooner(&a->events[child], &last))
			break;
		a->events[i] = a->events[child];
		i = child;
	}
	a->events[i] = last;
	return first;
}

void agenda_free(struct agenda *a)
{
	free(a->events);
}
