/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which counters there are, as HAVE knows it, and a last look at those that a
 * plan deletes.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/counters.h"
#include "rulesets/plan.h"
#include "rulesets/ruleset_impl.h"

void ruleset_counters(const struct ruleset *rs, ruleset_counter_fn *fn,
		      void *arg)
{
	for (size_t i = 0; i < rs->have.nunits; i++) {
		const struct unit *u = rs->have.units[i];

		for (size_t j = 0; j < u->nobjs; j++)
			fn(arg, u->table, u->objs[j]);
	}
}

uint64_t ruleset_counters_version(const struct ruleset *rs)
{
	return rs->counters.version + rs->stats.scans;
}

void ruleset_on_counters_leaving(struct ruleset *rs, ruleset_leaving_fn *fn,
				 void *arg)
{
	rs->counters.leaving = fn;
	rs->counters.arg = arg;
}

void ruleset_counters_leave(struct ruleset *rs, const struct plan *p)
{
	struct counter_ask *ask = NULL;
	size_t n = 0, cap = 0;

	for (unsigned int f = 0; f < RS_TABLES; f++) {
		const struct obj_ops *objs = &p->tab[f].late_objs;

		for (size_t i = 0; i < objs->n; i++)
			*VEC_PUSH(ask, n, cap) =
			    (struct counter_ask){ (uint8_t)f,
						  objs->list[i].name };
	}
	if (n && rs->counters.leaving)
		rs->counters.leaving(rs->counters.arg, ask, n);
	free(ask);
}

void ruleset_counters_changed(struct ruleset *rs, const struct plan *p)
{
	for (unsigned int f = 0; f < RS_TABLES; f++)
		if (p->tab[f].objs.n || p->tab[f].late_objs.n) {
			rs->counters.version++;
			return;
		}
}
