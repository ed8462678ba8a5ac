/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reload's lists: what rules will name is made beside what they name now, so
 * that a refused reload has changed nothing. A base in use that changes by
 * little is changed when the rules are in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/committer.h"
#include "daemon/lists_impl.h"
#include "lib/log.h"
#include "lib/xalloc.h"

static void stages_free(struct lists *l)
{
	for (size_t i = 0; i < l->nstages; i++) {
		free(l->stages[i].name);
		nets_free(&l->stages[i].del);
		nets_free(&l->stages[i].add);
	}
	l->nstages = 0;
	l->conf = NULL;
	l->done = NULL;
}

static struct list_stage *stage_add(struct lists *l, enum stage_kind kind,
				    const char *name, unsigned int family,
				    enum list_part part)
{
	struct list_stage *s = VEC_PUSH(l->stages, l->nstages, l->capstages);

	*s = (struct list_stage){ .kind = kind,
				  .name = xstrdup(name),
				  .family = family,
				  .part = part };
	return s;
}

/* ---- staging */

static int stage_base(struct lists *l, const struct list *list,
		      unsigned int family, enum list_part part,
		      const struct nets *want, struct err *err)
{
	char set[LIST_SET_NAME_MAX];

	if (want->n > LIST_ONCE_MAX) {
		lists_job_add(l, list->name, family, part, want);
		return 0;
	}
	list_set_name(list->name, part, set);
	lists_unstale(l, set, family_of(family));
	return lists_fill(l->d->ruleset, set, family_of(family), want, err);
}

/* Its sets are there, with what @have says. */
static int stage_known(struct lists *l, const struct list *list,
		       struct conf_list *c, unsigned int family,
		       const struct nets *have, struct err *err)
{
	enum list_part base = list->side[family].base;
	struct nets del = { 0 }, add = { 0 };
	struct list_stage *s;

	size_t n = nets_distance(have, &c->nets[family], LIST_ONCE_MAX);

	list_set_name(c->name, base, c->set[family]);
	if (n == 0)
		return 0;
	if (n <= LIST_ONCE_MAX) {
		nets_diff(have, &c->nets[family], &del, &add);
		s = stage_add(l, STAGE_CHANGE, c->name, family, base);
		s->del = del;
		s->add = add;
		return 0;
	}
	base = base == LIST_BASE ? LIST_BASE2 : LIST_BASE;
	stage_add(l, STAGE_SWITCH, c->name, family, base);
	list_set_name(c->name, base, c->set[family]);
	return stage_base(l, list, family, base, &c->nets[family], err);
}

static int stage_side(struct lists *l, struct conf_list *c, unsigned int family,
		      struct err *err)
{
	const struct conf_list *old = lists_conf(l->d->model->conf, c->name);
	const struct list *list = lists_get(l, c->name);
	int ret;

	c->closed[family] = false;
	if (old && list->side[family].there && !list->side[family].closed)
		return stage_known(l, list, c, family, &old->nets[family], err);
	stage_add(l, STAGE_CREATE, c->name, family, LIST_BASE);
	list_set_name(c->name, LIST_BASE, c->set[family]);
	ret = lists_make_side(l, list, family, LIST_BASE, NULL, err);
	return ret < 0 ? ret
		       : stage_base(l, list, family, LIST_BASE,
				    &c->nets[family], err);
}

int lists_stage(struct lists *l, struct conf *conf, lists_staged_fn *done,
		struct err *err)
{
	int ret = 0;

	if (l->njobs > 0 || l->conf)
		return err_set(err, -EAGAIN,
			       "a large list is being loaded, try again in a "
			       "few seconds; nothing was changed");
	lists_name(l, conf);
	l->conf = conf;
	for (size_t i = 0; i < conf->nlists && ret == 0; i++)
		for (unsigned int f = 0; f < RS_FAMILIES && ret == 0; f++)
			if (lists_needed(conf, &conf->lists[i], f))
				ret = stage_side(l, &conf->lists[i], f, err);
	if (ret < 0) {
		lists_unstage(l);
		return ret;
	}
	if (l->njobs == 0)
		return 0;
	l->done = done;
	lists_jobs_start(l);
	return 1;
}

void lists_stage_over(struct lists *l, int ret, const struct err *err)
{
	lists_staged_fn *done = l->done;

	l->done = NULL;
	if (done)
		done(l->d, ret, err);
}

void lists_stage_marks(const struct lists *l, struct model *m)
{
	for (size_t i = 0; i < l->nstages; i++) {
		const struct conf_list *c =
		    lists_conf(m->conf, l->stages[i].name);

		if (l->stages[i].kind == STAGE_CHANGE)
			continue;
		for (size_t k = 0; k < m->nservices; k++)
			if (lists_used_by(m->services[k].conf, c))
				model_mark_dirty(m, &m->services[k]);
	}
}

/* ---- after the commit */

static void stale_side(struct lists *l, const char *name, unsigned int family,
		       enum list_part base)
{
	lists_stale(l, name, base, family);
	lists_stale(l, name, LIST_ADDED, family);
	lists_stale(l, name, LIST_REMOVED, family);
}

void lists_unstage(struct lists *l)
{
	lists_jobs_drop(l);
	for (size_t i = 0; i < l->nstages; i++) {
		const struct list_stage *s = &l->stages[i];

		if (s->kind == STAGE_SWITCH)
			lists_stale(l, s->name, s->part, s->family);
		if (s->kind == STAGE_CREATE)
			stale_side(l, s->name, s->family, s->part);
	}
	stages_free(l);
	lists_committed(l); /* no rule names them */
}

/* Sides and lists that are not needed any more. */
static void drop_unneeded(struct lists *l, const struct conf *conf)
{
	bool gone = false;
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct list *list = &l->list[i];
		const struct conf_list *c = lists_conf(conf, list->name);

		for (unsigned int f = 0; f < RS_FAMILIES; f++) {
			struct list_side *side = &list->side[f];

			if (side->there && !(c && lists_needed(conf, c, f))) {
				stale_side(l, list->name, f, side->base);
				*side = (struct list_side){ 0 };
			}
			if (!c)
				overlay_free(&list->overlay[f]);
		}
		if (c) {
			l->list[kept++] = *list;
			continue;
		}
		free(list->name);
		gone = true;
	}
	l->n = kept;
	if (gone)
		list_keep_all(l->keep, l);
}

static int adopt_change(struct lists *l, struct list_stage *s, struct err *err)
{
	char set[LIST_SET_NAME_MAX];
	struct list_change change = {
		.name = list_set_name(s->name, s->part, set),
		.family = family_of(s->family),
		.del = s->del,
		.add = s->add,
	};

	return lists_change(l->d->ruleset, &change, 1, err);
}

/* The overlay may have changed since the sets were made. */
static int adopt_create(struct lists *l, struct list_stage *s, struct err *err)
{
	const struct list *list = lists_get(l, s->name);
	char set[LIST_SET_NAME_MAX];
	int ret;

	ret = lists_fill(l->d->ruleset, list_set_name(s->name, LIST_ADDED, set),
			 family_of(s->family), &list->overlay[s->family].added,
			 err);
	return ret < 0 ? ret
		       : lists_fill(l->d->ruleset,
				    list_set_name(s->name, LIST_REMOVED, set),
				    family_of(s->family),
				    &list->overlay[s->family].removed, err);
}

static int adopt_stage(struct lists *l, struct list_stage *s, struct err *err)
{
	struct list_side *side = &lists_get(l, s->name)->side[s->family];
	int ret = 0;

	switch (s->kind) {
	case STAGE_CREATE:
		ret = adopt_create(l, s, err);
		break;
	case STAGE_SWITCH:
		lists_stale(l, s->name, side->base, s->family);
		break;
	case STAGE_CHANGE:
		ret = adopt_change(l, s, err);
		break;
	}
	side->base = s->part;
	side->closed = false;
	side->there = ret == 0;
	return ret;
}

void lists_adopt(struct lists *l)
{
	struct err err = { "" };
	int ret = 0;

	for (size_t i = 0; i < l->nstages && ret == 0; i++)
		ret = adopt_stage(l, &l->stages[i], &err);
	stages_free(l);
	drop_unneeded(l, l->d->model->conf);
	lists_name(l, l->d->model->conf);
	lists_committed(l);
	lists_remember(l);
	if (ret < 0)
		committer_retry(l->d->committer, &err);
}

/* ---- what would the kernel say? */

static void add_missing(struct list_finds *missing,
			const struct list_finds *finds,
			const struct conf_list *c, unsigned int family)
{
	char added[LIST_SET_NAME_MAX], removed[LIST_SET_NAME_MAX];
	const char *const sets[] = {
		c->set[family],
		list_set_name(c->name, LIST_ADDED, added),
		list_set_name(c->name, LIST_REMOVED, removed),
	};

	for (size_t i = 0; i < 3; i++)
		if (!list_find(finds, sets[i], family_of(family)))
			*VEC_PUSH(missing->list, missing->n, missing->cap) =
			    (struct list_found){
				    .name = xstrdup(sets[i]),
				    .family = family_of(family),
			    };
}

int lists_try(struct lists *l, const struct conf *conf, const struct plan *p,
	      struct err *err)
{
	struct list_finds finds = { 0 }, missing = { 0 };
	int ret = lists_scan(l->d->ruleset, &finds, err);

	for (size_t i = 0; i < conf->nlists && ret == 0; i++)
		for (unsigned int f = 0; f < RS_FAMILIES; f++)
			if (lists_needed(conf, &conf->lists[i], f))
				add_missing(&missing, &finds, &conf->lists[i],
					    f);
	if (ret == 0)
		ret = lists_try_plan(l->d->ruleset, &missing, p, err);
	list_finds_free(&missing);
	list_finds_free(&finds);
	return ret;
}
