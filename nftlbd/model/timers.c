/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers of the model: no queue, but a list of the services that have any, with
 * the first due time of each. A tick with nothing due costs one comparison, one
 * with something due one comparison for each service of the list.
 *
 * Invariants: a service is in the list iff it is timed; one whose next_ms is 0
 * leaves it at the next walk. No timer of a service is due before its next_ms
 * (which may be that of one that was stopped), no next_ms before m->timed_ms
 * (INT64_MAX: all of them are 0).
 */
#include "model/timers.h"

#include "lib/xalloc.h"
#include "model/combine.h"
#include "model/drain.h"
#include "model/flap.h"
#include "model/ramp.h"
#include "model/sticky.h"

/* A hold-down counts only for who could come up now. */
static int64_t hold_next_ms(const struct backend *b)
{
	if (b->hold_ms == 0 || b->health == HEALTH_UP ||
	    combine_health(b) != HEALTH_UP)
		return 0;
	return b->hold_ms;
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
	if (a_ms == 0 || b_ms == 0)
		return a_ms + b_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

static void enlist(struct model *m, struct service *s)
{
	if (s->next_ms == 0)
		return;
	m->timed_ms = m->ntimed ? earlier(m->timed_ms, s->next_ms) : s->next_ms;
	if (s->timed)
		return;
	s->timed = true;
	*VEC_PUSH(m->timed, m->ntimed, m->captimed) = (size_t)(s - m->services);
}

static int64_t backend_next_ms(const struct service *s, const struct backend *b)
{
	int64_t next_ms = earlier(ramp_next_ms(s, b), drain_next_ms(s, b));

	next_ms = earlier(next_ms, flap_next_ms(s, b));
	next_ms = earlier(next_ms, sticky_next_ms(b));
	return earlier(next_ms, hold_next_ms(b));
}

void timers_set(struct model *m, struct service *s)
{
	s->next_ms = 0;
	for (size_t i = 0; i < s->nbackends; i++)
		s->next_ms =
		    earlier(s->next_ms, backend_next_ms(s, &s->backends[i]));
	enlist(m, s);
}

void timers_add(struct model *m, struct service *s, const struct backend *b)
{
	s->next_ms = earlier(s->next_ms, backend_next_ms(s, b));
	enlist(m, s);
}

static void delist(struct model *m, size_t at)
{
	m->services[m->timed[at]].timed = false;
	m->timed[at] = m->timed[--m->ntimed];
}

struct service *timers_due(struct model *m, size_t *at, int64_t now_ms)
{
	if (*at == 0) {
		if (m->ntimed == 0 ||
		    (now_ms < m->timed_ms && m->timed_ms != INT64_MAX))
			return NULL;
		m->timed_ms = INT64_MAX;
	}
	while (*at < m->ntimed) {
		struct service *s = &m->services[m->timed[*at]];

		if (s->next_ms == 0) {
			delist(m, *at);
			continue;
		}
		++*at;
		if (s->next_ms <= now_ms)
			return s; /* enlist() will count its next time */
		m->timed_ms = earlier(m->timed_ms, s->next_ms);
	}
	return NULL;
}
