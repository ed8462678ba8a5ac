/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facade: keeps HAVE, makes plans against it, brings them to the kernel.
 *
 * All of a plan's first part is one transaction made of raw netlink messages,
 * structure and elements alike. libnftables would have to declare structure in
 * a transaction of its own and takes 0.05..0.09 ms for each element; encoding
 * it ourselves takes a few microseconds, and a packet sees the old rule set or
 * the new one. What cannot be reached any more goes in a second transaction
 * (see compile.c), because a packet may still be on its way through the old.
 */
#include "rulesets/ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "rulesets/compile.h"
#include "rulesets/encode.h"
#include "rulesets/have.h"
#include "rulesets/keeper.h"
#include "rulesets/watch.h"

#define SCAN_TRIES   50
#define COMMIT_TRIES 10

struct ruleset {
	char *table;
	struct nl nl;
	struct watch watch;
	struct keeper keeper;
	struct have have;
	bool thorough; /* the next scan: a plan that should fit was refused */
	struct ruleset_stats stats;
};

int ruleset_open(struct ruleset **out, const char *table, struct err *err)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));
	int ret;

	rs->table = xstrdup(table);
	have_init(&rs->have);
	ret = nl_open(&rs->nl, err);
	if (ret == 0)
		ret = watch_open(&rs->watch, rs->table, err);
	if (ret < 0) {
		ruleset_close(rs);
		return ret;
	}
	*out = rs;
	return 0;
}

void ruleset_close(struct ruleset *rs)
{
	if (!rs)
		return;
	watch_close(&rs->watch);
	keeper_close(&rs->keeper);
	nl_close(&rs->nl);
	have_free(&rs->have);
	free(rs->table);
	free(rs);
}

/* ---- scan */

static int scan_once(struct ruleset *rs)
{
	uint32_t before, after;
	int ret = nl_genid(&rs->nl, &before);

	have_free(&rs->have);
	have_init(&rs->have);
	if (ret == 0)
		ret = have_scan(&rs->have, &rs->nl, rs->table, rs->thorough);
	if (ret == 0)
		ret = nl_genid(&rs->nl, &after);
	if (ret == 0 && before != after)
		return -EINTR;
	return ret;
}

int ruleset_scan(struct ruleset *rs, struct err *err)
{
	int ret = -EINTR;

	/* Listen first: what changes after the scan is then heard of. */
	watch_join(&rs->watch);
	watch_read(&rs->watch);
	rs->stats.scans++;
	for (int i = 0; i < SCAN_TRIES && ret == -EINTR; i++)
		ret = scan_once(rs);
	if (ret < 0)
		return err_set(err, ret, "cannot read the rule set: %s",
			       ret == -EINTR ? "it keeps changing"
					     : strerror(-ret));
	return 0;
}

/* ---- plan */

static void plan_strays(struct plan *p, struct have_table *t, unsigned int f)
{
	struct plan_table *pt = &p->tab[f];

	for (size_t i = 0; t->strays && i < t->strays->nelems; i++) {
		const struct elem *e = &t->strays->elems[i];

		*VEC_PUSH(pt->del[e->map].list, pt->del[e->map].n,
			  pt->del[e->map].cap) = e;
	}
	for (size_t i = 0; i < t->nstray_slots; i++)
		*VEC_PUSH(pt->slot_del.list, pt->slot_del.n, pt->slot_del.cap) =
		    (struct slot_op){ t->stray_slots[i], 0 };
	for (size_t i = 0; i < t->nstray_chains; i++) {
		struct chain_op *op =
		    VEC_PUSH(pt->late_chains.list, pt->late_chains.n,
			     pt->late_chains.cap);

		memset(op, 0, sizeof(*op));
		strncpy(op->name, t->stray_chains[i], sizeof(op->name) - 1);
	}
	pt->late_sets = (const char *const *)t->stray_sets;
	pt->nlate_sets = t->nstray_sets;
}

/* A table of another form is deleted and made anew, in one transaction: to the
 * diff it is as if there were nothing. */
static void plan_base(struct plan *p, struct have_table *t, unsigned int f)
{
	struct plan_table *pt = &p->tab[f];

	pt->delete_table = t->there && t->alien;
	pt->base = !t->there || t->alien || !t->intact;
	plan_strays(p, t, f);
}

static int svc_cmp(const void *a, const void *b)
{
	const struct rs_service *x = *(const struct rs_service *const *)a;
	const struct rs_service *y = *(const struct rs_service *const *)b;

	return unit_cmp(x->name, x->family, y->name, y->family);
}

/* Units that no service of the complete list @svc asks for. */
static void plan_removals(struct plan *p, struct ruleset *rs,
			  const struct rs_service *svc, size_t n)
{
	const struct rs_service **sorted = xcalloc(n + 1, sizeof(*sorted));
	size_t s = 0;

	for (size_t i = 0; i < n; i++)
		sorted[i] = &svc[i];
	qsort(sorted, n, sizeof(*sorted), svc_cmp);
	for (size_t i = 0; i < rs->have.nunits; i++) {
		struct unit *u = rs->have.units[i];

		while (s < n && unit_cmp(sorted[s]->name, sorted[s]->family,
					 u->name, u->family) < 0)
			s++;
		if (s == n || unit_cmp(sorted[s]->name, sorted[s]->family,
				       u->name, u->family) != 0)
			plan_unit_diff(p, u, NULL);
	}
	free(sorted);
}

struct plan *ruleset_plan(struct ruleset *rs, const struct rs_service *svc,
			  size_t n, bool whole)
{
	struct plan *p = xcalloc(1, sizeof(*p));

	p->rs = rs;
	for (unsigned int f = 0; whole && f < RS_FAMILIES; f++)
		plan_base(p, &rs->have.tab[f], f);
	for (size_t i = 0; i < n; i++) {
		struct alloc *alloc =
		    &rs->have.tab[family_index(svc[i].family)].alloc;
		struct unit *have =
		    have_find(&rs->have, svc[i].name, svc[i].family);

		plan_unit_diff(p, have, compile_unit(&svc[i], have, alloc));
	}
	if (whole)
		plan_removals(p, rs, svc, n);
	plan_settle(p);
	return p;
}

static void elem_ops_free(struct elem_ops *ops)
{
	for (int m = 0; m < MAP_COUNT; m++)
		free(ops[m].list);
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nunits; i++) {
		struct plan_unit *pu = &p->units[i];

		if (!pu->want)
			continue;
		unit_release(
		    pu->want, pu->have,
		    &p->rs->have.tab[family_index(pu->want->family)].alloc);
		unit_free(pu->want);
	}
	free(p->units);
	for (int f = 0; f < RS_FAMILIES; f++) {
		struct plan_table *t = &p->tab[f];

		free(t->chains.list);
		free(t->late_chains.list);
		free(t->slot_del.list);
		free(t->slot_add.list);
		free(t->late_slots.list);
		elem_ops_free(t->del);
		elem_ops_free(t->add);
		elem_ops_free(t->late_del);
	}
	free(p);
}

/* ---- commit */

typedef void encode_fn(struct batch *b, const struct plan *p,
		       const char *table);

static int send_part(struct ruleset *rs, const struct plan *p, encode_fn *fn,
		     uint32_t genid, bool dry, struct err *err)
{
	struct batch b;
	int ret;

	batch_begin(&b, &rs->nl, genid);
	fn(&b, p, rs->table);
	ret = nl_commit(&rs->nl, &b, dry, err);
	batch_free(&b);
	return ret;
}

int ruleset_try(struct ruleset *rs, const struct plan *p, struct err *err)
{
	return plan_has_first(p) ? send_part(rs, p, encode_first, 0, true, err)
				 : 0;
}

/* The kernel counts generations and leaves out 0. */
static uint32_t next_genid(uint32_t genid)
{
	return genid == UINT32_MAX ? 1 : genid + 1;
}

/* Commit both parts while we do not listen; *genid: ours after the last. */
static int commit_parts(struct ruleset *rs, const struct plan *p,
			uint32_t *genid, bool *applied, struct err *err)
{
	int ret = nl_genid(&rs->nl, genid);

	if (ret < 0)
		return err_set(err, ret, "cannot ask for the generation: %s",
			       strerror(-ret));
	watch_leave(&rs->watch);
	if (plan_has_first(p)) {
		ret = send_part(rs, p, encode_first, *genid, false, err);
		if (ret < 0)
			return ret;
		*genid = next_genid(*genid);
		rs->stats.commits++;
	}
	*applied = true;
	if (plan_has_late(p)) {
		ret = send_part(rs, p, encode_late, 0, false, err);
		*genid = next_genid(*genid);
	}
	return ret;
}

/* The kernel took the plan: what we wanted is what we have. */
static void take_over(struct ruleset *rs, struct plan *p)
{
	for (unsigned int f = 0; f < RS_FAMILIES; f++) {
		struct have_table *t = &rs->have.tab[f];

		if (p->tab[f].base) {
			t->there = t->intact = true;
			t->alien = false;
		}
		if (p->tab[f].nlate_sets || p->tab[f].late_chains.n ||
		    t->strays || t->nstray_slots)
			have_forget_strays(t);
	}
	for (size_t i = 0; i < p->nunits; i++) {
		struct plan_unit *pu = &p->units[i];
		uint8_t family = pu->have ? pu->have->family : pu->want->family;

		if (pu->have)
			unit_release(pu->have, pu->want,
				     &rs->have.tab[family_index(family)].alloc);
		have_replace(&rs->have, pu->have, pu->want);
		pu->have = pu->want = NULL;
	}
	p->nunits = 0;
}

int ruleset_commit(struct ruleset *rs, struct plan *p, struct err *err)
{
	uint32_t genid = 0, now = 0;
	bool applied = false;
	int ret = -ERESTART;

	/* Without it we balance as well. */
	keeper_open(&rs->keeper, rs->table, NULL);
	if (plan_empty(p)) {
		take_over(rs, p);
		return 0;
	}
	/* Another table's commit between our two looks only costs a retry. */
	for (int i = 0; i < COMMIT_TRIES && ret == -ERESTART; i++) {
		watch_join(&rs->watch);
		ret = commit_parts(rs, p, &genid, &applied, err);
	}
	watch_join(&rs->watch);
	if (nl_genid(&rs->nl, &now) < 0 || (applied && now != genid))
		rs->watch.touched = true; /* somebody was there as well */
	rs->thorough = ret != 0;
	if (ret == 0)
		take_over(rs, p);
	else
		rs->stats.refused++;
	return ret;
}

int ruleset_flush(struct ruleset *rs, struct err *err)
{
	struct batch b;
	int ret = 0;

	watch_leave(&rs->watch);
	keeper_close(&rs->keeper);
	for (unsigned int f = 0; ret == 0 && f < RS_FAMILIES; f++) {
		batch_begin(&b, &rs->nl, 0);
		encode_delete_table(&b, rs->table, family_of(f));
		ret = nl_commit(&rs->nl, &b, false, err);
		batch_free(&b);
		if (ret == -ENOENT)
			ret = 0;
	}
	watch_join(&rs->watch);
	have_free(&rs->have);
	have_init(&rs->have);
	return ret;
}

/* ---- looking at HAVE */

uint32_t ruleset_slots(const struct ruleset *rs, const char *service,
		       uint8_t family)
{
	const struct unit *u = have_find(&rs->have, service, family);

	return u ? u->m : 0;
}

const char *ruleset_slot(const struct ruleset *rs, const char *service,
			 uint8_t family, uint32_t i)
{
	const struct unit *u = have_find(&rs->have, service, family);
	const struct elem *e =
	    u && i < u->m ? unit_backend(u, u->ids[i]) : NULL;

	return e ? elem_backend_name(e) : NULL;
}

static int count_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Slots of one id in the sorted list of all. */
static uint32_t run_length(const uint32_t *ids, size_t n, uint32_t id)
{
	const uint32_t *hit = bsearch(&id, ids, n, sizeof(*ids), count_id);
	const uint32_t *lo = hit, *hi = hit;

	if (!hit)
		return 0;
	while (lo > ids && lo[-1] == id)
		lo--;
	while (hi + 1 < ids + n && hi[1] == id)
		hi++;
	return (uint32_t)(hi - lo + 1);
}

void ruleset_slot_counts(const struct ruleset *rs, const char *service,
			 uint8_t family, const char *const *names, size_t n,
			 uint32_t *counts)
{
	const struct unit *u = have_find(&rs->have, service, family);
	uint32_t *ids;

	memset(counts, 0, n * sizeof(*counts));
	if (!u || u->m == 0)
		return;
	ids = xmalloc(u->m * sizeof(*ids));
	memcpy(ids, u->ids, u->m * sizeof(*ids));
	qsort(ids, u->m, sizeof(*ids), count_id);
	for (size_t e = 0; e < u->nelems; e++) {
		const struct elem *el = &u->elems[e];

		if (!elem_is_backend(el))
			continue;
		for (size_t i = 0; i < n; i++)
			if (!strcmp(names[i], elem_backend_name(el)))
				counts[i] = run_length(ids, u->m, elem_id(el));
	}
	free(ids);
}

int ruleset_watch_fd(const struct ruleset *rs)
{
	return mnl_socket_get_fd(rs->watch.sock);
}

bool ruleset_watch_read(struct ruleset *rs)
{
	return watch_read(&rs->watch);
}

const struct ruleset_stats *ruleset_stats(const struct ruleset *rs)
{
	return &rs->stats;
}
