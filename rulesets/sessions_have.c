/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session tables as HAVE knows them: where they are, and which ids mean whom.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/xalloc.h"
#include "rulesets/elements.h"
#include "rulesets/ruleset_impl.h"
#include "rulesets/sessions.h"

bool ruleset_session_set(const struct ruleset *rs, const char *name, bool group,
			 unsigned int table, struct session_table *t)
{
	const char *prefix = t->flows ? SET_FLOWS
			     : group  ? SET_GROUP
				      : SET_SESSIONS;
	char unit[RS_NAME_MAX + 2];
	const struct unit *u;

	snprintf(unit, sizeof(unit), "%s%s", group ? "/" : "", name);
	u = have_find_in(&rs->have, unit, table);
	for (size_t i = 0; u && i < u->nsets; i++) {
		const struct unit_set *s = &u->sets[i];

		if (strncmp(s->name, prefix, strlen(prefix)) != 0 ||
		    strlen(s->name) >= sizeof(t->set))
			continue;
		if (t->flows)
			t->key = s->form.key;
		if (key_len(s->form.key, u->family) != session_key_len(t))
			continue;
		strcpy(t->set, s->name);
		t->size = s->form.size;
		t->netdev = rs_table_is_netdev(table);
		return true;
	}
	return false;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Ids that entries may lead to, sorted. */
static size_t sticky_ids(const struct unit *u, uint32_t **out)
{
	size_t n = 0;

	*out = xcalloc(u->nelems + 1, sizeof(**out));
	for (size_t i = 0; i < u->nelems; i++) {
		const struct elem *e = &u->elems[i];

		if (e->map == MAP_PERSISTENT || e->map == MAP_GROUP_BACKENDS)
			memcpy(&(*out)[n++], e->data, sizeof(**out));
	}
	qsort(*out, n, sizeof(**out), by_number);
	return n;
}

size_t ruleset_session_ids(const struct ruleset *rs, const char *service,
			   unsigned int table, struct session_id **out)
{
	const struct unit *u = have_find_in(&rs->have, service, table);
	uint32_t *sticky;
	size_t n = 0, nsticky;

	*out = xcalloc(u ? u->nelems + 1 : 1, sizeof(**out));
	if (!u)
		return 0;
	nsticky = sticky_ids(u, &sticky);
	for (size_t i = 0; i < u->nelems; i++) {
		const struct elem *e = &u->elems[i];
		uint32_t id = elem_id(e);

		if (!elem_is_backend(e))
			continue;
		(*out)[n++] = (struct session_id){ id, elem_backend_name(e),
						   bsearch(&id, sticky, nsticky,
							   sizeof(id),
							   by_number) != NULL };
	}
	free(sticky);
	return n;
}

/* ---- ids of backends that are gone */

/* So many ids were hardly given out and taken back since the last purge. */
#define ID_GAP 4096u

struct claim {
	struct ruleset *rs;
	const char *service;
	unsigned int table; /* enum rs_table */
	int64_t end_ms;
	size_t n;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static int claim_entry(const struct session *e, void *arg)
{
	struct claim *c = arg;
	struct alloc *a = &c->rs->have.tab[c->table].alloc;

	if (alloc_take_id(a, e->data)) {
		alloc_put_id(a, e->data);
		held_add(&c->rs->held, c->service, c->table, e->data);
		held_take(&c->rs->held, &c->rs->have, false);
	}
	return ++c->n % 1024 == 0 && now_ms() > c->end_ms ? -ETIME : 0;
}

void ruleset_sessions_claim(struct ruleset *rs, const char *service,
			    const struct session_table *t, int64_t end_ms)
{
	struct claim c = { rs, service, session_place(t), end_ms, 0 };

	if (now_ms() >= end_ms ||
	    sessions_read(rs->table, t, claim_entry, &c) == -ETIME)
		alloc_skip_ids(&rs->have.tab[c.table].alloc, ID_GAP);
}

bool ruleset_sessions_held(const struct ruleset *rs, const char *service)
{
	return held_any(&rs->held, service);
}

void ruleset_sessions_purging(struct ruleset *rs, const char *service,
			      unsigned int table)
{
	held_mark(&rs->held, service, table);
}

void ruleset_sessions_purged(struct ruleset *rs, const char *service,
			     unsigned int table)
{
	held_release(&rs->held, &rs->have, service, table);
}

uint32_t session_member(const char *name)
{
	return rs_member(name);
}
