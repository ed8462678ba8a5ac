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
#include "rulesets/encode.h"
#include "rulesets/grace.h"
#include "rulesets/planning.h"
#include "rulesets/ruleset_impl.h"

#define SCAN_TRIES   50
#define COMMIT_TRIES 10

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
	held_free(&rs->held);
	moved_free(&rs->moved);
	free(rs->table);
	free(rs);
}

void ruleset_hooks(struct ruleset *rs, const struct rs_hooks *hooks)
{
	have_hooks(&rs->have, hooks);
}

void ruleset_agent(struct ruleset *rs)
{
	rs->have.own = FEATURE_AGENT;
}

/* ---- scan */

static int scan_once(struct ruleset *rs)
{
	uint32_t before, after;
	int ret = nl_genid(&rs->nl, &before);

	have_clear(&rs->have);
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
	held_take(&rs->held, &rs->have, true);
	return 0;
}

struct plan *ruleset_plan(struct ruleset *rs, const struct rs_service *svc,
			  size_t n, bool whole)
{
	return plan_make(&rs->have, svc, n, whole);
}

struct plan *ruleset_plan_at(struct ruleset *rs, const struct rs_hooks *hooks,
			     const struct rs_service *svc, size_t n)
{
	struct have *h = &rs->have;
	const struct rs_hooks now = h->hooks;
	uint32_t intact[RS_TABLES];
	uint64_t rehook[RS_TABLES];
	struct plan *p;

	for (int t = 0; t < RS_TABLES; t++) {
		intact[t] = h->tab[t].intact;
		rehook[t] = h->tab[t].rehook;
	}
	have_hooks(h, hooks);
	p = plan_make(h, svc, n, true);
	for (int t = 0; t < RS_TABLES; t++) {
		h->tab[t].intact = intact[t];
		h->tab[t].rehook = rehook[t];
	}
	h->hooks = now;
	return p;
}

/* ---- commit */

typedef void encode_fn(struct batch *b, const struct plan *p,
		       const char *table);

/* *genid: ours after it was taken. */
static int send_part(struct ruleset *rs, const struct plan *p, encode_fn *fn,
		     uint32_t expected, uint32_t *genid, struct err *err)
{
	struct batch b;
	int ret;

	batch_begin(&b, &rs->nl, expected);
	fn(&b, p, rs->table);
	ret = nl_commit(&rs->nl, &b, false, err);
	for (unsigned int i = 0; i < b.sent; i++)
		*genid = nl_genid_next(*genid);
	batch_free(&b);
	return ret;
}

int ruleset_try(struct ruleset *rs, const struct plan *p, struct err *err)
{
	struct batch b;
	int ret;

	batch_begin(&b, &rs->nl, 0);
	encode_first(&b, p, rs->table);
	ret = nl_commit(&rs->nl, &b, true, err);
	batch_free(&b);
	return ret;
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
		ret = send_part(rs, p, encode_first, *genid, genid, err);
		if (ret < 0)
			return ret;
		rs->stats.commits++;
	}
	*applied = true;
	if (!plan_has_late(p))
		return 0;
	ruleset_counters_leave(rs, p);
	if (plan_has_first(p))
		grace_wait();
	ret = send_part(rs, p, encode_late, 0, genid, err);
	/* Slots and ids that are free now may be somebody else's next. */
	if (ret == 0 && !plan_has_first(p))
		grace_wait();
	return ret;
}

/* A table that is not ours in form goes with all that is in it, in the
 * transaction that makes it anew. But lists are not in that, and rules that
 * name them would be refused: so it goes first, and who fills them comes next.
 */
static int delete_alien(struct ruleset *rs, const struct plan *p,
			struct err *err)
{
	struct batch b;
	int ret = 0;

	batch_begin(&b, &rs->nl, 0);
	for (unsigned int t = 0; t < RS_TABLES; t++)
		if (p->tab[t].delete_table && rs->have.tab[t].nlists > 0)
			encode_delete_table(&b, rs->table, t);
	if (b.nwhat > 1) {
		watch_leave(&rs->watch);
		ret = nl_commit(&rs->nl, &b, false, err);
		watch_join(&rs->watch);
		if (ret == 0)
			ret = err_set(err, -EAGAIN,
				      "table %s was not ours in form and had "
				      "lists: deleted, to be made anew",
				      rs->table);
	}
	batch_free(&b);
	return ret;
}

/* Without it we balance as well. It is for NAT, and turns it on: where we have
 * no tables that translate there is none. */
static void keep(struct ruleset *rs, const struct plan *p)
{
	for (unsigned int t = 0; t < RS_TABLES; t++)
		if (!rs_table_is_netdev(t) &&
		    (have_own(&rs->have, t) ||
		     p->tab[t].base & FEATURE_BIT(rs->have.own))) {
			keeper_open(&rs->keeper, rs->table, NULL);
			return;
		}
}

int ruleset_commit(struct ruleset *rs, struct plan *p, struct err *err)
{
	uint32_t genid = 0, now = 0;
	bool applied = false;
	int ret;

	keep(rs, p);
	if (plan_empty(p)) {
		plan_take_over(p);
		return 0;
	}
	moved_make_way(rs, p);
	moved_plan(&rs->moved, p);
	ret = delete_alien(rs, p, err);
	if (ret < 0)
		return ret;
	ret = -ERESTART;
	/* Another table's commit between our two looks only costs a retry. */
	for (int i = 0; i < COMMIT_TRIES && ret == -ERESTART; i++) {
		watch_join(&rs->watch);
		ret = commit_parts(rs, p, &genid, &applied, err);
		/* He came while we did not listen: it may have been our table.
		 */
		rs->watch.touched |= ret == -ERESTART;
	}
	watch_join(&rs->watch);
	if (nl_genid(&rs->nl, &now) < 0 || (applied && now != genid))
		rs->watch.touched = true; /* somebody was there as well */
	rs->thorough = ret != 0;
	ruleset_counters_changed(rs, p);
	if (ret < 0) {
		rs->stats.refused++;
		return ret;
	}
	held_plan(&rs->held, p);
	plan_take_over(p);
	held_take(&rs->held, &rs->have, false);
	return 0;
}

int ruleset_send(struct ruleset *rs, struct batch *b, struct err *err)
{
	uint32_t genid = 0, now = 0;
	int ret = nl_genid(&rs->nl, &genid);

	if (ret < 0)
		return err_set(err, ret, "cannot ask for the generation: %s",
			       strerror(-ret));
	watch_leave(&rs->watch);
	ret = nl_commit(&rs->nl, b, false, err);
	for (unsigned int i = 0; i < b->sent; i++)
		genid = nl_genid_next(genid);
	watch_join(&rs->watch);
	if (nl_genid(&rs->nl, &now) < 0 || now != genid)
		rs->watch.touched = true; /* somebody was there as well */
	return ret;
}

int ruleset_flush(struct ruleset *rs, struct err *err)
{
	struct batch b;
	int ret = 0;

	watch_leave(&rs->watch);
	keeper_close(&rs->keeper);
	for (unsigned int t = 0; ret == 0 && t < RS_TABLES; t++) {
		batch_begin(&b, &rs->nl, 0);
		encode_delete_table(&b, rs->table, t);
		ret = nl_commit(&rs->nl, &b, false, err);
		batch_free(&b);
		if (ret == -ENOENT)
			ret = 0;
	}
	watch_join(&rs->watch);
	have_clear(&rs->have);
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

/* Whose slots are asked for. */
struct asked {
	const char *name;
	size_t i; /* its place in the answer */
};

static int asked_cmp(const void *a, const void *b)
{
	return strcmp(((const struct asked *)a)->name,
		      ((const struct asked *)b)->name);
}

/* Slots of each id from *min on: a unit's ids are close to each other, given
 * one after the other among those of all units. */
static uint32_t *count_ids(const struct unit *u, uint32_t *min, uint32_t *max)
{
	uint32_t *counts;

	*min = UINT32_MAX;
	*max = 0;
	for (uint32_t i = 0; i < u->m; i++) {
		*min = u->ids[i] < *min ? u->ids[i] : *min;
		*max = u->ids[i] > *max ? u->ids[i] : *max;
	}
	counts = xcalloc((size_t)(*max - *min) + 1, sizeof(*counts));
	for (uint32_t i = 0; i < u->m; i++)
		counts[u->ids[i] - *min]++;
	return counts;
}

void ruleset_slot_counts(const struct ruleset *rs, const char *service,
			 uint8_t family, const char *const *names, size_t n,
			 uint32_t *counts)
{
	const struct unit *u = have_find(&rs->have, service, family);
	struct asked *sorted, key, *hit;
	uint32_t *of_id, min, max;

	memset(counts, 0, n * sizeof(*counts));
	if (!u || u->m == 0 || n == 0)
		return;
	of_id = count_ids(u, &min, &max);
	sorted = xcalloc(n, sizeof(*sorted));
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct asked){ names[i], i };
	qsort(sorted, n, sizeof(*sorted), asked_cmp);
	for (size_t e = 0; e < u->nelems; e++) {
		const struct elem *el = &u->elems[e];

		if (!elem_is_backend(el) || elem_id(el) < min ||
		    elem_id(el) > max)
			continue;
		key.name = elem_backend_name(el);
		hit = bsearch(&key, sorted, n, sizeof(*sorted), asked_cmp);
		if (hit)
			counts[hit->i] = of_id[elem_id(el) - min];
	}
	free(sorted);
	free(of_id);
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
