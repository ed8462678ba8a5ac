/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * persist-group: services that remember clients in one table. A client that
 * one of them sends to a member of the pool is sent there by all, so they have
 * to agree on the pool, on what makes a client and on the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/service.h"
#include "lib/xalloc.h"

#define GROUP_PORTS_MAX 64
#define PORTS_TEXT      NUMBER_TEXT(GROUP_PORTS_MAX)

static size_t ports_count(const struct conf_service *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nports; i++)
		n += (size_t)(s->ports[i].hi - s->ports[i].lo) + 1;
	return n;
}

void group_judge(struct look *l)
{
	const struct conf_service *s = &l->draft->conf;
	const char *name = l->draft->persist_group;
	const struct {
		bool bad;
		const char *problem, *allowed;
	} rules[] = {
		{ s->persist.kind == RS_PERSIST_NONE,
		  "the service remembers no clients",
		  "with persist other than none" },
		{ !l->draft->pool || !*l->draft->pool || l->r->own.n,
		  "not all of its backends are of a pool",
		  "services with a pool and no backends of their own" },
		{ !s->nports || ports_count(s) > GROUP_PORTS_MAX,
		  "too many ports", "services of up to " PORTS_TEXT " ports" },
	};

	if (!name || !*name)
		return;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].bad)
			look_refuse(l, "persist-group", name, rules[i].problem,
				    rules[i].allowed);
	}
}

/* ---- between services */

static int group_cmp(const void *pa, const void *pb)
{
	const struct conf_service *const *a = pa, *const *b = pb;
	int order = strcmp((*a)->persist_group, (*b)->persist_group);

	return order ? order : *a < *b ? -1 : *a > *b;
}

/* What two services of a group do not agree on; NULL = nothing. */
static const char *group_differs(const struct conf_service *a,
				 const struct conf_service *b)
{
	if (strcmp(a->pool, b->pool) != 0)
		return "pool";
	if (a->persist.kind != b->persist.kind ||
	    a->persist.timeout_ms != b->persist.timeout_ms ||
	    memcmp(a->persist.prefix, b->persist.prefix,
		   sizeof(a->persist.prefix)) != 0)
		return "persist";
	return a->persist_size != b->persist_size ? "persist-size" : NULL;
}

static void pair_judge(struct resolver *r, const struct conf_service *first,
		       const struct conf_service *s)
{
	const char *key = group_differs(first, s);

	if (key)
		report_add(r->report, service_where(r->doc, s),
			   "[service %s] persist-group: found \"%s\": %s is "
			   "not that of [service %s] at %.200s:%u; allowed: "
			   "services of one pool, persist and persist-size",
			   s->name, s->persist_group, key, first->name,
			   first->file, first->line);
}

struct numbered {
	uint32_t number;
	const char *name;
};

static int numbered_cmp(const void *pa, const void *pb)
{
	const struct numbered *a = pa, *b = pb;

	return (a->number > b->number) - (a->number < b->number);
}

/* In the table members of the pool are numbers, made from their names. */
static void numbers_judge(struct resolver *r, const struct conf_service *s)
{
	struct numbered *list = xcalloc(s->nbackends + 1, sizeof(*list));

	for (size_t i = 0; i < s->nbackends; i++)
		list[i] = (struct numbered){ rs_member(s->backends[i].name),
					     s->backends[i].name };
	qsort(list, s->nbackends, sizeof(*list), numbered_cmp);
	for (size_t i = 1; i < s->nbackends; i++) {
		if (list[i - 1].number == list[i].number)
			report_add(r->report, service_where(r->doc, s),
				   "[service %s] persist-group: found \"%s\": "
				   "the names of backends %s and %s make the "
				   "same number; allowed: another name for one "
				   "of them",
				   s->name, s->persist_group, list[i - 1].name,
				   list[i].name);
	}
	free(list);
}

/* The pools of conf and of the resolver are the same, in the same order. */
static void pool_mark(struct resolver *r, const char *name)
{
	r->conf->pools[names_find(&r->pools, name)].grouped = true;
}

void groups_check(struct resolver *r)
{
	const struct conf_service *services = r->conf->services;
	size_t n = r->conf->nservices;
	const struct conf_service **list = xcalloc(n + 1, sizeof(*list));
	const struct conf_service *first = NULL;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (services[i].persist_group)
			list[used++] = &services[i];
	}
	qsort(list, used, sizeof(*list), group_cmp);
	for (size_t i = 0; i < used; i++) {
		if (first &&
		    !strcmp(first->persist_group, list[i]->persist_group)) {
			pair_judge(r, first, list[i]);
			continue;
		}
		first = list[i];
		numbers_judge(r, first);
		pool_mark(r, first->pool);
	}
	free(list);
}
