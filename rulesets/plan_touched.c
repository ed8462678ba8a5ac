/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which services does a plan touch? A plan has one unit for each family and
 * table; people think of services.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/plan.h"

static int touched_cmp(const void *a, const void *b)
{
	return strcmp(((const struct plan_touched *)a)->service,
		      ((const struct plan_touched *)b)->service);
}

size_t plan_touched(const struct plan *p, struct plan_touched **out)
{
	struct plan_touched *list = xcalloc(p->nunits + 1, sizeof(*list));
	size_t n = 0, k = 0;

	for (size_t i = 0; i < p->nunits; i++) {
		const struct plan_unit *pu = &p->units[i];

		if (pu->changed)
			list[n++] = (struct plan_touched){
				(pu->have ? pu->have : pu->want)->name,
				!pu->have   ? PLAN_ADDED
				: !pu->want ? PLAN_REMOVED
					    : PLAN_CHANGED
			};
	}
	qsort(list, n, sizeof(*list), touched_cmp);
	for (size_t i = 0; i < n; i++) { /* one of several for each name */
		if (!k || touched_cmp(&list[k - 1], &list[i]))
			list[k++] = list[i];
		else if (list[k - 1].how != list[i].how)
			list[k - 1].how = PLAN_CHANGED;
	}
	*out = list;
	return k;
}
