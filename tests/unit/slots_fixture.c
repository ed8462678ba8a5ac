/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See slots_fixture.h. */
#include "tests/unit/slots_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

static uint64_t seed_state;

void rnd_seed(uint64_t seed)
{
	seed_state = seed;
}

uint32_t rnd(uint32_t below)
{
	seed_state = seed_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed_state >> 33) % below;
}

void make_service(struct make *k, enum rs_scheduler scheduler, size_t n,
		  const uint32_t *weights)
{
	assert_true(n <= MAKE_MAX);
	k->svc = (struct rs_service){ .name = "s",
				      .scheduler = scheduler,
				      .backends = k->backends,
				      .nbackends = n };
	for (size_t i = 0; i < n; i++) {
		snprintf(k->names[i], sizeof(k->names[i]), "b%u",
			 (unsigned int)i + 1);
		k->backends[i] =
		    (struct rs_backend){ .name = k->names[i],
					 .weight = weights ? weights[i] : 1,
					 .usable = true };
	}
}

void make_random(struct make *k, enum rs_scheduler scheduler, size_t n,
		 uint32_t weight_max)
{
	make_service(k, scheduler, n, NULL);
	for (size_t i = 0; i < n; i++)
		k->backends[i].weight = rnd(weight_max + 1);
	k->backends[rnd((uint32_t)n)].weight = 1 + rnd(weight_max);
}

void make_shuffle(struct make *k)
{
	for (size_t i = k->svc.nbackends; i > 1; i--) {
		size_t j = rnd((uint32_t)i);
		struct rs_backend b = k->backends[i - 1];

		k->backends[i - 1] = k->backends[j];
		k->backends[j] = b;
	}
}

struct table table_make(const struct rs_service *svc)
{
	struct table t = { .m = slots_size(svc) };
	bool any = false;

	assert_in_range(t.m, 1, SLOTS_MAX);
	t.owner = xcalloc(t.m, sizeof(*t.owner));
	t.count = xcalloc(svc->nbackends + 1, sizeof(*t.count));
	for (size_t i = 0; i < svc->nbackends; i++)
		any |= svc->backends[i].usable && svc->backends[i].weight;
	slots_fill(svc, t.owner, t.m);
	for (uint32_t i = 0; i < t.m; i++) {
		if (!any) {
			assert_int_equal(t.owner[i], SLOT_NONE);
			continue;
		}
		assert_true(t.owner[i] < svc->nbackends);
		assert_true(svc->backends[t.owner[i]].usable);
		assert_true(svc->backends[t.owner[i]].weight > 0);
		t.count[t.owner[i]]++;
	}
	return t;
}

void table_free(struct table *t)
{
	free(t->owner);
	free(t->count);
	*t = (struct table){ 0 };
}

uint32_t table_max_run(const struct table *t)
{
	uint32_t run = 0, most = 0;

	for (uint32_t i = 0; i < 2 * t->m; i++) {
		uint16_t now = t->owner[i % t->m];

		run = i && now == t->owner[(i - 1) % t->m] ? run + 1 : 1;
		if (run > most)
			most = run;
	}
	return most < t->m ? most : t->m;
}

double table_moved(const struct table *a, const struct rs_service *sa,
		   const struct table *b, const struct rs_service *sb,
		   const char *gone)
{
	uint32_t moved = 0, all = 0;

	assert_int_equal(a->m, b->m);
	for (uint32_t i = 0; i < a->m; i++) {
		const char *before = sa->backends[a->owner[i]].name;
		const char *after = sb->backends[b->owner[i]].name;

		if (gone && strcmp(before, gone) == 0)
			continue;
		all++;
		moved += strcmp(before, after) != 0;
	}
	return all ? (double)moved / all : 0;
}
