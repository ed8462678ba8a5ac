/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Totals that never go back: what was seen of a kernel's counter that is no
 * more is added to what was seen of those before it.
 *
 * Invariants: lists are sorted by name; a total is the sum of all kernel
 * counters that ever had its name, as far as they were seen.
 * Pure. Must not know: when counters are read, files.
 */
#include "daemon/counters_totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

/* ---- names */

/* The service's part of @name; false where it is no name of ours. */
static bool service_of(const char *name, char service[RS_NAME_MAX + 1])
{
	const char *dot = strchr(name, '.');
	size_t len = dot ? strcspn(dot + 1, "/") : 0;

	if (len == 0 || len > RS_NAME_MAX || strlen(name) >= TOTAL_NAME_MAX)
		return false;
	memcpy(service, dot + 1, len);
	service[len] = '\0';
	return true;
}

/* ---- sorted lists */

/* Where @name is, or belongs, in a list whose elements begin with their name.
 * The end is looked at first: lists are mostly made in order. */
static size_t place_of(void *const *list, size_t n, const char *name,
		       bool *found)
{
	size_t lo = 0, hi = n;

	*found = false;
	if (n > 0 && strcmp(*(char *const *)list[n - 1], name) < 0)
		return n;
	while (lo < hi && !*found) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(*(char *const *)list[mid], name);

		*found = order == 0;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return *found ? hi : lo;
}

static struct totals_service *service_at(struct totals *t, const char *name)
{
	struct totals_service *s;
	bool found;
	size_t i = place_of((void *const *)t->list, t->n, name, &found);

	if (found)
		return t->list[i];
	s = xcalloc(1, sizeof(*s));
	s->name = xstrdup(name);
	(void)VEC_PUSH(t->list, t->n, t->cap);
	memmove(t->list + i + 1, t->list + i,
		(t->n - 1 - i) * sizeof(*t->list));
	t->list[i] = s;
	return s;
}

struct total *totals_at(struct totals *t, const char *name)
{
	char service[RS_NAME_MAX + 1];
	struct totals_service *s;
	struct total *at;
	bool found;
	size_t i;

	if (!service_of(name, service))
		return NULL;
	s = service_at(t, service);
	i = place_of((void *const *)s->list, s->n, name, &found);
	if (found)
		return s->list[i];
	/* the name lies beside the values: who looks for one wants the other */
	at = xcalloc(1, sizeof(*at) + strlen(name) + 1);
	at->name = strcpy((char *)(at + 1), name);
	(void)VEC_PUSH(s->list, s->n, s->cap);
	memmove(s->list + i + 1, s->list + i,
		(s->n - 1 - i) * sizeof(*s->list));
	s->list[i] = at;
	s->bounded |= overflow_set_of(name) >= 0;
	return at;
}

struct totals_service *totals_service(const struct totals *t,
				      const char *service)
{
	bool found;
	size_t i = place_of((void *const *)t->list, t->n, service, &found);

	return found ? t->list[i] : NULL;
}

struct totals_service *totals_service_next(const struct totals *t,
					   const char *service, size_t *place)
{
	bool found;

	/* it is asked for again, or the one after it is */
	for (size_t i = *place; i < t->n && i <= *place + 1; i++) {
		if (strcmp(t->list[i]->name, service) != 0)
			continue;
		*place = i;
		return t->list[i];
	}
	*place = place_of((void *const *)t->list, t->n, service, &found);
	return found ? t->list[*place] : NULL;
}

struct totals_service *totals_service_of(const struct totals *t,
					 const char *name)
{
	char service[RS_NAME_MAX + 1];

	return service_of(name, service) ? totals_service(t, service) : NULL;
}

/* printf() takes longer than the search; lengths: name_valid(), and our own
 * words. */
static void name_put(char name[TOTAL_NAME_MAX], const char *prefix,
		     const char *service, const char *backend)
{
	char *to = stpcpy(name, prefix);

	*to++ = '.';
	to = stpcpy(to, service);
	if (backend) {
		*to++ = '/';
		stpcpy(to, backend);
	}
}

_Static_assert(TOTAL_NAME_MAX > 16 + 2 * (RS_NAME_MAX + 1), "names have room");

/* Is that the name? All that are in @s have its name in theirs. */
static bool is_of(const struct totals_service *s, const char *name,
		  const char *prefix, const char *backend)
{
	size_t len = strlen(prefix);

	if (strncmp(name, prefix, len) != 0 || name[len] != '.')
		return false;
	name += len + 1 + strlen(s->name);
	return *name == '/' && !strcmp(name + 1, backend);
}

struct total *totals_find_next(const struct totals_service *s,
			       const char *prefix, const char *backend,
			       size_t *place)
{
	char name[TOTAL_NAME_MAX];
	bool found;

	if (!s)
		return NULL;
	if (backend && *place < s->n &&
	    is_of(s, s->list[*place]->name, prefix, backend))
		return s->list[(*place)++];
	name_put(name, prefix, s->name, backend);
	*place = place_of((void *const *)s->list, s->n, name, &found);
	return found ? s->list[(*place)++] : NULL;
}

struct total *totals_find(const struct totals_service *s, const char *prefix,
			  const char *backend)
{
	size_t anywhere = SIZE_MAX;

	return totals_find_next(s, prefix, backend, &anywhere);
}

/* Where the names "PREFIX." begin: @past = false; where they end: true. */
static size_t edge_of(const struct totals_service *s, const char *prefix,
		      bool past)
{
	size_t lo = 0, hi = s->n, len = strlen(prefix);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *name = s->list[mid]->name;
		int order = strncmp(name, prefix, len);

		if (order == 0)
			order = (unsigned char)name[len] - '.';
		if (order < 0 || (past && order == 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool totals_sum(const struct totals_service *s, const char *prefix,
		uint64_t *packets, uint64_t *bytes)
{
	size_t begin = s ? edge_of(s, prefix, false) : 0;
	size_t end = s ? edge_of(s, prefix, true) : 0;

	*packets = *bytes = 0;
	for (size_t i = begin; i < end; i++) {
		*packets += total_packets(s->list[i]);
		*bytes += total_bytes(s->list[i]);
	}
	return begin < end;
}

/* ---- values */

uint64_t total_packets(const struct total *t)
{
	uint64_t n = t->packets;

	for (unsigned int i = 0; i < RS_TABLES; i++)
		n += t->here[i].packets;
	return n;
}

uint64_t total_bytes(const struct total *t)
{
	uint64_t n = t->bytes;

	for (unsigned int i = 0; i < RS_TABLES; i++)
		n += t->here[i].bytes;
	return n;
}

/* The kernel's counter is no more. */
static void here_ends(struct total *at, unsigned int table)
{
	at->packets += at->here[table].packets;
	at->bytes += at->here[table].bytes;
	at->here[table] = (struct counter_value){ 0 };
}

static bool goes_on(const struct counter_value *old,
		    const struct counter_value *v)
{
	return old->table == v->table && old->handle == v->handle &&
	       old->packets <= v->packets && old->bytes <= v->bytes;
}

bool total_seen(struct totals *t, struct total *at, unsigned int table,
		const struct counter_value *v)
{
	uint64_t before = total_packets(at);

	if (at->here[table].there &&
	    !(v->there && goes_on(&at->here[table], v))) {
		here_ends(at, table);
		t->changed = true;
	}
	if (v->there) {
		if (!at->here[table].there)
			t->changed = true;
		at->here[table] = *v;
	}
	if (total_packets(at) != before)
		t->changed = true;
	return total_packets(at) != before;
}

/* ---- what the kernel has */

void totals_round(struct totals *t)
{
	t->round++;
}

struct total *totals_list(struct totals *t, const char *name,
			  unsigned int table)
{
	struct total *at = totals_at(t, name);

	if (!at)
		return NULL;
	at->listed[table] = t->round;
	return at;
}

bool total_is_read(const struct totals *t, const struct total *at,
		   unsigned int table)
{
	return at->here[table].there || at->listed[table] == t->round;
}

/* ---- what the model has no longer */

static void service_free(struct totals_service *s)
{
	free(s->list);
	free(s->name);
	free(s);
}

static void kill_total(struct totals *t, struct total *at)
{
	*VEC_PUSH(t->dead, t->ndead, t->capdead) = at;
	t->changed = true;
}

void totals_bury(struct totals *t)
{
	for (size_t i = 0; i < t->ndead; i++)
		free(t->dead[i]);
	t->ndead = 0;
}

static void kill_service(struct totals *t, struct totals_service *s)
{
	for (size_t i = 0; i < s->n; i++)
		kill_total(t, s->list[i]);
	service_free(s);
}

void totals_free(struct totals *t)
{
	for (size_t i = 0; i < t->n; i++)
		kill_service(t, t->list[i]);
	totals_bury(t);
	free(t->dead);
	free(t->list);
	*t = (struct totals){ 0 };
}

/* Of a backend that its service does not have, nor the kernel a counter? */
static bool orphan(const struct totals *t, const struct total *at,
		   const struct service *svc)
{
	const char *slash = strchr(at->name, '/');

	for (unsigned int i = 0; i < RS_TABLES; i++)
		if (at->listed[i] == t->round)
			return false;
	return slash && !service_backend(svc, slash + 1);
}

/* What it counted is its service's from here on. It is in no list any more. */
static void fold(struct totals *t, struct total *at)
{
	char name[TOTAL_NAME_MAX];
	struct total *to;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(at->name, "/"),
		 at->name);
	to = totals_at(t, name);
	to->packets += total_packets(at);
	to->bytes += total_bytes(at);
	kill_total(t, at);
}

static void trim_service(struct totals *t, struct totals_service *s,
			 const struct service *svc)
{
	struct total **orphans = xcalloc(s->n + 1, sizeof(*orphans));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (orphan(t, s->list[i], svc))
			orphans[n++] = s->list[i];
		else
			s->list[kept++] = s->list[i];
	}
	s->n = kept;
	for (size_t i = 0; i < n; i++)
		fold(t, orphans[i]);
	free(orphans);
}

/* The list is whole before anything is looked up in it. */
void totals_trim(struct totals *t, const struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct totals_service *s = t->list[i];

		if (model_service(m, s->name))
			t->list[n++] = s;
		else
			kill_service(t, s);
	}
	t->n = n;
	for (size_t i = 0; i < t->n; i++)
		trim_service(t, t->list[i], model_service(m, t->list[i]->name));
}
