/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel follows the bindings. A change of bindings is a plan of these
 * alone; everything else (start, reload, drift, another address on an uplink)
 * is a scan and a plan of all, which commits nothing where nothing differs.
 *
 * Invariant: what a->bindings says was accepted by the kernel, or the last
 * error says why not and it is tried again.
 */
#include "hvagent/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hvagent/core.h"
#include "lib/log.h"
#include "lib/xalloc.h"

#define COMMIT_TRIES 5

/* ---- plans of all */

static struct plan *plan_all(struct agent *a, struct want *w)
{
	core_uplinks(a->core, a->conf);
	want_all(w, &a->core->ids, &a->bindings, a->conf);
	for (size_t i = 0; i < a->conf->nuplinks; i++)
		want_uplink(w, &a->bindings, a->conf->uplinks[i],
			    &a->core->uplinks[i]);
	for (unsigned int f = 0; f < RS_FAMILIES; f++)
		a->core->crossed[f] = a->bindings.crossed[f] > 0;
	return ruleset_plan(a->ruleset, w->list, w->n, true);
}

int agent_plan(struct agent *a, struct buf *out, struct err *err)
{
	struct want w = { 0 };
	struct plan *p;
	int ret = ruleset_scan(a->ruleset, err);

	if (ret < 0)
		return ret;
	p = plan_all(a, &w);
	if (plan_empty(p))
		buf_printf(out, "nothing to do\n");
	plan_print(p, out);
	plan_free(p);
	want_free(&w);
	return 0;
}

static void note(struct agent *a, int ret, const struct err *err)
{
	const struct ruleset_stats *st = ruleset_stats(a->ruleset);

	a->status.commits = st->commits;
	a->status.refused = st->refused;
	snprintf(a->status.error, sizeof(a->status.error), "%s",
		 ret < 0 ? err->msg : "");
}

/* Return: 1: something was committed; 0: nothing had to be; -errno. */
static int commit_all(struct agent *a, struct err *err)
{
	ev_tstamp begin = ev_time();
	int ret = -EAGAIN;

	for (int i = 0; i < COMMIT_TRIES && ret == -EAGAIN; i++) {
		struct want w = { 0 };
		struct plan *p;

		ret = ruleset_scan(a->ruleset, err);
		if (ret < 0)
			break;
		p = plan_all(a, &w);
		ret = plan_empty(p) ? 0 : 1;
		if (ruleset_commit(a->ruleset, p, err) < 0)
			ret = -EAGAIN;
		plan_free(p);
		want_free(&w);
	}
	if (ret >= 0)
		a->status.commit_s = ev_time() - begin;
	note(a, ret, err);
	a->core->idle = false;
	a->core->known = ret >= 0;
	return ret;
}

int agent_apply(struct agent *a, struct err *err)
{
	int ret = commit_all(a, err);

	core_devices(a);
	if (ret < 0)
		core_later(a);
	return ret < 0 ? ret : 0;
}

int agent_sync(struct agent *a, struct err *err)
{
	int ret = commit_all(a, err);

	if (ret > 0) {
		a->status.repairs++;
		log_warning("the rules were not as they should be: repaired");
	}
	core_devices(a);
	if (ret < 0)
		core_later(a);
	return ret < 0 ? ret : 0;
}

/* ---- plans of what changes */

/* One change: a binding as it was and as it is to be; either may be NULL. */
static void want_change(struct agent *a, struct want *w,
			const struct binding *old, const struct binding *now)
{
	struct vm_ids *ids = &a->core->ids;

	if (now) {
		want_vm(w, ids, &a->bindings, binding_tunnel(now));
		want_vm(w, ids, &a->bindings, &now->vm);
		want_binding(w, ids, now, false);
		want_port(w, &a->bindings, now);
	}
	if (!old)
		return;
	want_port(w, &a->bindings, old);
	if (!now || now->service.family != old->service.family)
		want_binding(w, ids, old, true);
	want_vm(w, ids, &a->bindings, binding_tunnel(old));
	want_vm(w, ids, &a->bindings, &old->vm);
}

static int by_unit(const void *pa, const void *pb)
{
	const struct rs_service *a = pa, *b = pb;
	int c = strcmp(a->name, b->name);

	return c ? c : (int)a->family - (int)b->family;
}

/* Each unit once: several changes may speak of one machine. */
static void want_once(struct want *w)
{
	size_t kept = 0;

	qsort(w->list, w->n, sizeof(*w->list), by_unit);
	for (size_t i = 0; i < w->n; i++)
		if (!kept || by_unit(&w->list[kept - 1], &w->list[i]))
			w->list[kept++] = w->list[i];
	w->n = kept;
}

/* Are there tunnels of a kind that there were none of, or none any more?
 * Devices and uplinks depend on it. */
static bool other_kinds(const struct agent *a)
{
	bool other = false;

	for (unsigned int f = 0; f < RS_FAMILIES; f++)
		other |= a->core->crossed[f] != (a->bindings.crossed[f] > 0);
	return other;
}

/* What the kernel refuses may be due to what others did: look at all. */
static int commit_want(struct agent *a, struct want *w, struct err *err)
{
	ev_tstamp begin = ev_time();
	struct plan *p;
	int ret;

	if (a->core->idle || !a->core->known || other_kinds(a))
		return agent_apply(a, err);
	want_once(w);
	p = ruleset_plan(a->ruleset, w->list, w->n, false);
	ret = ruleset_commit(a->ruleset, p, err);
	plan_free(p);
	if (ret < 0)
		return agent_apply(a, err);
	a->status.commit_s = ev_time() - begin;
	note(a, ret, err);
	return 0;
}

static void changed(struct agent *a)
{
	a->status.changed = ev_time();
	a->status.revision++;
	if (a->changed)
		a->changed(a);
}

/* ---- changes: made in the list, committed, taken back if that fails */

struct change {
	char *name;
	struct binding old, now; /* name NULL: there is none */
};

struct changes {
	struct change *list;
	size_t n, cap;
};

static struct binding copy_of(const struct binding *b)
{
	struct binding copy = { 0 };

	if (b) {
		copy = *b;
		copy.name = xstrdup(b->name);
	}
	return copy;
}

static void remember(struct agent *a, struct changes *c, const char *name,
		     const struct binding *now)
{
	struct change *x = VEC_PUSH(c->list, c->n, c->cap);

	*x = (struct change){ .name = xstrdup(name),
			      .old = copy_of(bindings_find(&a->bindings, name)),
			      .now = copy_of(now) };
}

static void changes_free(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->list[i].name);
		free(c->list[i].old.name);
		free(c->list[i].now.name);
	}
	free(c->list);
}

static void take_back(struct agent *a, struct changes *c)
{
	for (size_t i = c->n; i-- > 0;)
		bindings_remove(&a->bindings, c->list[i].name);
	for (size_t i = c->n; i-- > 0;)
		if (c->list[i].old.name)
			bindings_put(&a->bindings, &c->list[i].old, NULL);
}

static int commit_changes(struct agent *a, struct changes *c, struct err *err)
{
	struct want w = { 0 };
	struct err again;
	int ret;

	for (size_t i = 0; i < c->n; i++) {
		const struct change *x = &c->list[i];

		want_change(a, &w, x->old.name ? &x->old : NULL,
			    x->now.name ? &x->now : NULL);
	}
	ret = c->n ? commit_want(a, &w, err) : 0;
	want_free(&w);
	if (ret == 0) {
		changed(a);
		return 0;
	}
	take_back(a, c);
	agent_apply(a, &again); /* some of it may have been taken */
	note(a, ret, err);
	return ret;
}

static int refuse_file(struct agent *a, const char *name, struct err *err)
{
	const struct binding *b = bindings_find(&a->bindings, name);

	return b && b->origin == BINDING_OF_FILE
		   ? err_set(err, -EPERM,
			     "name: found %s: it is in %s; allowed: change it "
			     "there and reload",
			     name, a->conf_path)
		   : 0;
}

/* What is to be replaced goes first: two may change places. */
static int make_room(struct agent *a, const struct binding *b,
		     struct changes *c, struct err *err)
{
	struct binding mine = *b;
	int ret = refuse_file(a, b->name, err);

	if (ret < 0)
		return ret;
	mine.origin = BINDING_OF_API;
	remember(a, c, b->name, &mine);
	bindings_remove(&a->bindings, b->name);
	return 0;
}

static int put(struct agent *a, const struct binding *b, struct err *err)
{
	struct binding mine = *b;

	mine.origin = BINDING_OF_API;
	return bindings_put(&a->bindings, &mine, err);
}

/* The API's that are not among those that are to be. */
static void drop_others(struct agent *a, struct changes *c,
			const struct bindings *stay)
{
	for (size_t i = a->bindings.n; i-- > 0;) {
		const struct binding *b = a->bindings.list[i];

		if (b->origin == BINDING_OF_FILE ||
		    bindings_find(stay, b->name))
			continue;
		remember(a, c, b->name, NULL);
		bindings_remove(&a->bindings, c->list[c->n - 1].name);
	}
}

int agent_put_list(struct agent *a, const struct binding *list, size_t n,
		   bool only, size_t *bad, struct err *err)
{
	struct bindings stay = { 0 };
	struct changes c = { 0 };
	size_t i;
	int ret = 0;

	/* among themselves first: then others can make room for them */
	for (i = 0; ret == 0 && i < n; i++) {
		if (list[i].name && bindings_find(&stay, list[i].name))
			ret = err_set(err, -EEXIST,
				      "name: found %s a second time; allowed: "
				      "each name once",
				      list[i].name);
		else
			ret = bindings_put(&stay, &list[i], err);
	}
	if (ret == 0 && only)
		drop_others(a, &c, &stay);
	for (i = ret == 0 ? 0 : i; ret == 0 && i < n; i++)
		ret = make_room(a, &list[i], &c, err);
	for (i = ret == 0 ? 0 : i; ret == 0 && i < n; i++)
		ret = put(a, &list[i], err);
	if (ret < 0) {
		*bad = i - 1;
		take_back(a, &c);
	} else {
		*bad = n;
		ret = commit_changes(a, &c, err);
	}
	changes_free(&c);
	bindings_free(&stay);
	return ret;
}

int agent_put(struct agent *a, const struct binding *b, struct err *err)
{
	size_t bad;

	return agent_put_list(a, b, 1, false, &bad, err);
}

int agent_remove(struct agent *a, const char *name, struct err *err)
{
	struct changes c = { 0 };
	int ret = refuse_file(a, name, err);

	if (ret == 0 && !bindings_find(&a->bindings, name))
		ret = err_set(err, -ENOENT, "name: found %s: no such binding",
			      name);
	if (ret < 0)
		return ret;
	remember(a, &c, name, NULL);
	bindings_remove(&a->bindings, name);
	ret = commit_changes(a, &c, err);
	changes_free(&c);
	return ret;
}
