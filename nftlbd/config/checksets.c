/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of checks: lists of names as backends and services give them, and the
 * sets that backends end up with. Backends with the same checks share a set; it
 * is found by its content, since a hundred thousand backends may each name
 * theirs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/resolve.h"
#include "config/values.h"
#include "lib/xalloc.h"

bool checks_find(struct resolver *r, const char *names, const char *label,
		 const char *key, struct where where, struct conf_checks *out)
{
	const char *rest = names && strcmp(names, "none") ? names : NULL;
	const struct conf_check *check;
	char item[HC_NAME_MAX + 2];
	size_t i;

	*out = (struct conf_checks){ 0 };
	/* values_read() has counted them */
	while (list_next(&rest, item, sizeof(item))) {
		if (!check_find(r, item, label, key, where, &check))
			return false;
		for (i = 0; check && i < out->n && out->list[i] != check; i++)
			;
		if (check && i == out->n) {
			out->list[out->n++] = check;
			continue;
		}
		report_value(r->report, where, label, key, names,
			     check ? "a check is listed twice"
				   : "none beside a check",
			     "each check once, or none alone");
		return false;
	}
	return true;
}

/* FNV-1a, 64 bits, over words in place of bytes. */
static uint64_t set_hash(const struct conf_checks *set)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < set->n; i++)
		h = (h ^ (uintptr_t)set->list[i]) * UINT64_C(0x100000001b3);
	return (h ^ set->need) * UINT64_C(0x100000001b3);
}

static bool same_set(const struct conf_checks *a, const struct conf_checks *b)
{
	return a->n == b->n && a->need == b->need &&
	       !memcmp(a->list, b->list, a->n * sizeof(a->list[0]));
}

/* Where the set is in the table, or would be. */
static uint32_t *set_slot(struct resolver *r, const struct conf_checks *set)
{
	uint64_t h = set_hash(set);
	size_t mask = r->capsets - 1, i = (size_t)(h ^ h >> 32) & mask;

	while (r->sets[i] && !same_set(r->conf->checksets[r->sets[i] - 1], set))
		i = (i + 1) & mask;
	return &r->sets[i];
}

/* The table is at most half full. */
static void sets_grow(struct resolver *r)
{
	struct conf *c = r->conf;
	size_t i;

	if (c->nchecksets * 2 < r->capsets)
		return;
	free(r->sets);
	r->capsets = r->capsets ? r->capsets * 2 : 64;
	r->sets = xcalloc(r->capsets, sizeof(*r->sets));
	for (i = 0; i < c->nchecksets; i++)
		*set_slot(r, c->checksets[i]) = (uint32_t)i + 1;
}

const struct conf_checks *checks_share(struct resolver *r,
				       const struct conf_checks *set)
{
	struct conf *c = r->conf;
	struct conf_checks *made;
	uint32_t *slot;

	if (!set->n)
		return NULL;
	if (r->set_last && same_set(r->set_last, set))
		return r->set_last;
	sets_grow(r);
	slot = set_slot(r, set);
	if (!*slot) {
		made = xcalloc(1, sizeof(*made));
		*made = *set;
		*VEC_PUSH(c->checksets, c->nchecksets, c->capchecksets) = made;
		*slot = (uint32_t)c->nchecksets;
	}
	r->set_last = c->checksets[*slot - 1];
	return r->set_last;
}
