/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See fake_counters.h. Answers come from the loop, as the real ones do. */
#include "tests/unit/fake_counters.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/xalloc.h"

struct answer {
	counters_done_fn *done;
	void *arg;
};

static void answer_cb(int revents, void *arg)
{
	struct answer *a = arg;

	a->done(a->arg, true);
	free(a);
}

void counters_read(struct counters *c, const char *service,
		   counters_done_fn *done, void *arg)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	*a = (struct answer){ done, arg };
	c->reads++;
	snprintf(c->asked, sizeof(c->asked), "%s", service ? service : "");
	ev_once(c->loop, -1, 0, 0.001, answer_cb, a);
}

const struct totals_service *counters_next(const struct counters *c,
					   const char *service, size_t *place)
{
	return c ? totals_service_next(&c->totals, service, place) : NULL;
}

const struct totals_service *counters_of(const struct counters *c,
					 const char *service)
{
	return c ? totals_service(&c->totals, service) : NULL;
}

void counters_overflow(const struct counters *c, struct counters_overflow *out)
{
	*out = c ? c->overflow : (struct counters_overflow){ 0 };
}

void fake_count(struct counters *c, const char *name, uint64_t packets)
{
	const struct counter_value v = { .there = true,
					 .packets = packets,
					 .bytes = 100 * packets };

	total_seen(&c->totals, totals_at(&c->totals, name), 0, &v);
}
